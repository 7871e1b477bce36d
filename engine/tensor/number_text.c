/* SPDX-License-Identifier: Apache-2.0 */
#include "number_text.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

locale_t number_locale_enter(void) {
    const locale_t plain = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    return plain ? uselocale(plain) : (locale_t)0;
}

void number_locale_leave(locale_t before) { freelocale(uselocale(before)); }

static bool is_float(hone_dtype t) { return dtype_in(t, DT_FLOATS | DT_FLOAT8S | DT(HONE_F4E2M1)); }

/* The fewest digits that the type reads back as v. */
static size_t float_to_text(char *buf, hone_dtype t, double v) {
    uint64_t room = 0;
    const tensor one = {.dtype = t, .shape = shape_scalar(), .data = &room};
    if (isnan(v)) return (size_t)snprintf(buf, NUMBER_TEXT, "NaN");
    if (isinf(v)) return (size_t)snprintf(buf, NUMBER_TEXT, v < 0 ? "-INF" : "INF");
    int length = 0;
    for (int digits = 1; digits <= 17; digits++) {
        length = snprintf(buf, NUMBER_TEXT, "%.*g", digits, v);
        tensor_set_f64(&one, 0, strtod(buf, NULL));
        if (tensor_f64(&one, 0) == v) break;
    }
    return (size_t)length;
}

size_t number_to_text(char buf[NUMBER_TEXT], const tensor *t, int64_t i) {
    if (is_float(t->dtype)) return float_to_text(buf, t->dtype, tensor_f64(t, i));
    if (t->dtype == HONE_U64)
        return (size_t)snprintf(buf, NUMBER_TEXT, "%" PRIu64, ((const uint64_t *)t->data)[i]);
    return (size_t)snprintf(buf, NUMBER_TEXT, "%" PRId64, tensor_i64(t, i));
}

static bool is_blank(const char *text) { return text[strspn(text, " \t\n\v\f\r")] == '\0'; }

/* Whole numbers, which float64 would round. */
static bool whole_from_text(const tensor *t, int64_t i, const char *text) {
    char *end;
    errno = 0;
    if (t->dtype == HONE_U64 && !strchr(text, '-')) {
        const unsigned long long v = strtoull(text, &end, 10);
        if (errno || end == text || !is_blank(end)) return false;
        ((uint64_t *)t->data)[i] = v;
        return true;
    }
    const long long v = strtoll(text, &end, 10);
    if (errno || end == text || !is_blank(end)) return false;
    tensor_set_i64(t, i, v);
    return true;
}

bool number_from_text(const tensor *t, int64_t i, const char *text) {
    char *end;
    text += strspn(text, " \t\n\v\f\r");
    /* strtod() reads hexadecimal and "nan(...)" as well. */
    if (strcspn(text, "xX(") != strlen(text)) return false;
    if (!is_float(t->dtype) && whole_from_text(t, i, text)) return true;
    const double v = strtod(text, &end);
    if (end == text || !is_blank(end) || (!is_float(t->dtype) && !isfinite(v))) return false;
    tensor_set_f64(t, i, is_float(t->dtype) || t->dtype == HONE_BOOL ? v : trunc(v));
    return true;
}
