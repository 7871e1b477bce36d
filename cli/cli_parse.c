/* SPDX-License-Identifier: Apache-2.0 */
#include "cli_parse.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* strtoll and strtod skip white space; a value must begin with itself. */
static bool starts_value(const char *text) { return *text && !isspace((unsigned char)*text); }

static bool read_int(const char *text, char **end, int64_t *out) {
    if (!starts_value(text)) return false;
    errno = 0;
    const long long value = strtoll(text, end, 10);
    if (errno != 0 || *end == text) return false;
    *out = value;
    return true;
}

static bool read_real(const char *text, char **end, double *out) {
    if (!starts_value(text)) return false;
    const double value = strtod(text, end);
    if (*end == text || !isfinite(value)) return false;
    *out = value;
    return true;
}

bool parse_int(const char *text, int64_t *out) {
    char *end;
    int64_t value;
    if (!read_int(text, &end, &value) || *end) return false;
    *out = value;
    return true;
}

bool parse_real(const char *text, double *out) {
    char *end;
    double value;
    if (!read_real(text, &end, &value) || *end) return false;
    *out = value;
    return true;
}

bool parse_percent(const char *text, double *out) {
    char *end;
    double value;
    if (!read_real(text, &end, &value)) return false;
    if (*end == '%') end++;
    if (*end) return false;
    *out = value;
    return true;
}

bool parse_size(const char *text, uint64_t *out) {
    static const char suffixes[] = "KMGT";
    char *end;
    double value;
    if (!read_real(text, &end, &value) || value < 0) return false;
    const char *suffix = *end ? strchr(suffixes, toupper((unsigned char)*end)) : NULL;
    if (suffix) {
        value = ldexp(value, 10 * (int)(suffix - suffixes + 1));
        end++;
        if (strcasecmp(end, "iB") == 0 || strcasecmp(end, "B") == 0) end += strlen(end);
    }
    if (*end || value >= 0x1p63) return false;
    *out = (uint64_t)value;
    return true;
}

bool parse_reals(const char *text, real_list *out) {
    real_list list = {.count = 0};
    char *end = NULL;
    for (const char *s = text; list.count < REAL_LIST_MAX; s = end + 1) {
        if (!read_real(s, &end, &list.item[list.count++])) return false;
        if (*end != ',') break;
    }
    if (*end) return false;
    *out = list;
    return true;
}

bool parse_extent(const char *text, extent *out) {
    char *end;
    extent value;
    if (!read_int(text, &end, &value.width) || *end != 'x') return false;
    if (!parse_int(end + 1, &value.height)) return false;
    const int64_t most = INT32_MAX;
    if (value.width < 1 || value.width > most || value.height < 1 || value.height > most)
        return false;
    *out = value;
    return true;
}

bool parse_choice(const char *text, const char *names, int64_t *out) {
    int64_t position = 1;
    for (const char *s = names;; position++) {
        const size_t n = strcspn(s, "|");
        if (strlen(text) == n && strncmp(s, text, n) == 0) break;
        if (!s[n]) return false;
        s += n + 1;
    }
    *out = position;
    return true;
}

/* One dimension, "?" or a number of at least -1. */
static bool read_dim(const char *text, char **end, int64_t *out) {
    if (*text == '?') {
        *out = -1;
        *end = (char *)text + 1;
        return true;
    }
    return read_int(text, end, out) && *out >= -1;
}

bool parse_dims(const char *text, int32_t *rank, int64_t dim[HONE_MAX_RANK]) {
    int64_t value[HONE_MAX_RANK] = {0};
    int32_t count = 0;
    char *end = (char *)text;
    for (const char *s = text; *text && count < HONE_MAX_RANK; s = end + 1) {
        if (!read_dim(s, &end, &value[count++])) return false;
        if (*end != ',' && *end != 'x') break;
    }
    if (*end) return false;
    *rank = count;
    memcpy(dim, value, sizeof value);
    return true;
}
