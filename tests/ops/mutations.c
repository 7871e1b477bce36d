/* SPDX-License-Identifier: Apache-2.0 */
#include "mutations.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE = 512, TOKEN = 256, MAX_TOKENS = 32 };

typedef struct mutation {
    char token[MAX_TOKENS][TOKEN];
    int32_t n;
    void (*visit)(void *arg, const char *line);
    void *arg;
} mutation;

/* Visits the line with token i replaced; i == n appends it. */
static void replace(const mutation *m, int32_t i, const char *text) {
    char line[LINE] = "";
    size_t at = 0;
    for (int32_t j = 0; j < m->n + (i == m->n) && at < sizeof line; j++)
        at += (size_t)snprintf(line + at, sizeof line - at, "%s%s", j ? " " : "",
                               j == i ? text : m->token[j]);
    if (at < sizeof line) m->visit(m->arg, line);
}

/* The same with text made of three parts. */
static void replace_parts(const mutation *m, int32_t i, const char *head, size_t head_length,
                          const char *middle, const char *tail) {
    char text[TOKEN];
    const int n = snprintf(text, sizeof text, "%.*s%s%s", (int)head_length, head, middle, tail);
    if (n > 0 && n < TOKEN) replace(m, i, text);
}

static const char *const types[] = {"f32", "f64", "f16", "u8", "i64", "bool", "str", "i4", "c64"};
static const char *const sizes[] = {"0", "1", "3", "2147483648", "4611686018427387904"};
static const char *const numbers[] = {
    "0", "-1", "1", "-9", "2147483647", "9223372036854775807", "-9223372036854775808", "nan"};

/* Each number of a list between `from` and the first of `ends` replaced by each of `by`. */
static void mutate_list(const mutation *m, int32_t i, const char *from, const char *ends,
                        const char *const *by, size_t n_by) {
    const char *token = m->token[i];
    for (const char *at = from; *at && !strchr(ends, *at);) {
        const char *next = at + strcspn(at, ",]}");
        for (size_t j = 0; j < n_by; j++)
            replace_parts(m, i, token, (size_t)(at - token), by[j], next);
        at = next + (*next == ',');
    }
}

static int32_t count_of(const char *list, const char *end) {
    int32_t n = end > list;
    for (const char *c = list; c < end; c++) n += *c == ',';
    return n;
}

static void mutate_dims(const mutation *m, int32_t i, const char *dims) {
    const char *token = m->token[i], *end = strchr(dims, ']');
    const size_t head = (size_t)(dims - token);
    char longer[TOKEN];
    mutate_list(m, i, dims, "]", sizes, sizeof sizes / sizeof *sizes);
    replace_parts(m, i, token, head, "", end);
    replace_parts(m, i, token, head, "1,1,1,1,1,1,1,2", end);
    replace_parts(m, i, token, head, "2,0,2,0", end);
    snprintf(longer, sizeof longer, "%.*s%s2", (int)(end - dims), dims, end == dims ? "" : ",");
    if (count_of(dims, end) < HONE_MAX_RANK) replace_parts(m, i, token, head, longer, end);
    const char *comma = strchr(dims, ',');
    if (comma && comma < end) replace_parts(m, i, token, head, "", comma + 1);
}

static void mutate_input(const mutation *m, int32_t i) {
    const char *token = m->token[i], *dims = strchr(token, '['), *values = strchr(token, '{');
    const size_t name = strcspn(token, "[{");
    const bool text = values && strncmp(token, "str", 3) == 0;
    replace(m, i, "_");
    for (size_t j = 0; j < sizeof types / sizeof *types; j++)
        replace_parts(m, i, "", 0, types[j], text ? "{1,2}" : token + name);
    if (dims && !values) mutate_dims(m, i, dims + 1);
    if (!values) return;
    const char *end = strchr(values, '}');
    if (!text) mutate_list(m, i, values + 1, "}", numbers, sizeof numbers / sizeof *numbers);
    if (dims) return;
    const size_t head = (size_t)(values + 1 - token);
    replace_parts(m, i, token, head, "", end);
    replace_parts(m, i, token, head, "1,1,1,1,1,1,1,1,1,1", end);
    replace_parts(m, i, token, name, "[]{1}", "");
    replace_parts(m, i, token, name, "[1,1]{1}", "");
}

static void mutate_attr(const mutation *m, int32_t i) {
    const char *token = m->token[i], *text = strchr(token, '=') + 1;
    const size_t head = (size_t)(text - token);
    if (strpbrk(text, "[{")) return; /* a tensor */
    if (isalpha((unsigned char)*text)) {
        replace_parts(m, i, token, head, "bogus", "");
        return;
    }
    mutate_list(m, i, text, "", numbers, sizeof numbers / sizeof *numbers - 1);
    replace_parts(m, i, token, head, "1,1,1,1,1,1,1,1,1,1", "");
    replace_parts(m, i, token, head, "1", "");
}

static bool has_attr(const mutation *m, const char *name) {
    const size_t length = strlen(name);
    for (int32_t i = 0; i < m->n; i++)
        if (strncmp(m->token[i], name, length) == 0 && m->token[i][length] == '=') return true;
    return false;
}

/* Attributes that the line leaves to their defaults. */
static void add_attrs(const mutation *m, const op *o) {
    static const char *const values[] = {
        "0", "-1", "1", "3", "9223372036854775807", "-9223372036854775808", "1,1,1,1,1,1,1,1,1"};
    for (int32_t i = 0; i < o->n_attrs; i++) {
        const attr_spec *s = &o->attrs[i];
        if (has_attr(m, s->name) || s->kind == ATTR_GRAPH || s->kind == ATTR_TENSOR) continue;
        for (size_t j = 0; j < sizeof values / sizeof *values; j++) {
            char text[TOKEN];
            snprintf(text, sizeof text, "%s=%s", s->name, values[j]);
            replace(m, m->n, text);
        }
        for (const char *const *c = s->choices; c && *c; c++) {
            char text[TOKEN];
            snprintf(text, sizeof text, "%s=%s", s->name, *c);
            replace(m, m->n, text);
        }
    }
}

void mutate_line(const op *o, const char *line, void (*visit)(void *arg, const char *line),
                 void *arg) {
    mutation m = {.visit = visit, .arg = arg};
    char copy[LINE];
    snprintf(copy, sizeof copy, "%s", line);
    for (char *t = strtok(copy, " "); t && m.n < MAX_TOKENS; t = strtok(NULL, " "))
        snprintf(m.token[m.n++], TOKEN, "%s", t);
    visit(arg, line);
    for (int32_t i = 0; i < m.n; i++) {
        if (m.token[i][0] == '>' || m.token[i][0] == '_') continue;
        if (strchr(m.token[i], '='))
            mutate_attr(&m, i);
        else
            mutate_input(&m, i);
    }
    add_attrs(&m, o);
    replace(&m, m.n, "f32[2]"); /* one input more */
    replace(&m, m.n, ">1");
    replace(&m, m.n, ">8");
}
