/* SPDX-License-Identifier: Apache-2.0 */
#include "output_names.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_safe(char ch) {
    const bool is_letter = (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z');
    return is_letter || (ch >= '0' && ch <= '9') || ch == '-' || ch == '_' || ch == '.';
}

file_name safe_name(const char *name) {
    enum { LONGEST = 180 }; /* leaves room for a suffix within the limit of file systems */
    file_name out = {""};
    size_t n = 0;
    for (; name[n] && n < LONGEST; n++) out.s[n] = is_safe(name[n]) ? name[n] : '_';
    out.s[n] = '\0';
    if (out.s[0] == '\0' || out.s[0] == '.') {
        memmove(out.s + 1, out.s, n + 1);
        out.s[0] = '_';
    }
    return out;
}

static bool is_taken(const file_name *names, int32_t count, const char *name) {
    for (int32_t i = 0; i < count; i++)
        if (strcmp(names[i].s, name) == 0) return true;
    return false;
}

file_name *output_names(const hone_model *model) {
    const int32_t count = hone_model_output_count(model);
    file_name *names = calloc(count > 0 ? (size_t)count : 1, sizeof *names);
    if (!names) return NULL;
    for (int32_t i = 0; i < count; i++) {
        hone_port port = {.name = ""};
        hone_model_output(model, i, &port, NULL);
        const file_name plain = safe_name(port.name);
        names[i] = plain;
        for (int suffix = 2; is_taken(names, i, names[i].s); suffix++)
            snprintf(names[i].s, sizeof names[i].s, "%.180s_%d", plain.s, suffix);
    }
    return names;
}

char *part_name(const char *name, const hone_view *list, int64_t i) {
    char *part = NULL;
    const int n = list->kind == HONE_MAP
                      ? asprintf(&part, "%s_%s", name, i == 0 ? "keys" : "values")
                      : asprintf(&part, "%s_%lld", name, (long long)i);
    return n < 0 ? NULL : part;
}

char *path_of_tensor(const char *dir, const char *name) {
    char *path = NULL;
    return asprintf(&path, "%s/%s.npy", dir, name) < 0 ? NULL : path;
}
