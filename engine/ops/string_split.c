/* SPDX-License-Identifier: Apache-2.0
 *
 * StringSplit: the parts of every text between delimiters, along a new last axis that is as long as
 * the most parts; missing ones are empty. Without a delimiter, runs of white space separate and
 * those at the ends are dropped, also behind what maxsplit leaves together.
 */
#include <string.h>

#include "checked.h"
#include "items.h"
#include "op.h"

typedef struct split_params {
    const char *delimiter;
    int64_t maxsplit; /* INT64_MAX: no bound */
} split_params;

static const attr_spec split_attrs[] = {
    ATTR_ROW(STRING, split_params, delimiter),
    ATTR_ROW(INT, split_params, maxsplit, .i = INT64_MAX, .min = 0, .max = INT64_MAX)};
static const op_arg split_in[] = {{"X", DT(HONE_STRING), 0, 0}};
static const op_arg split_out[] = {{"Y", DT(HONE_STRING), 0, 0}, {"Z", DT(HONE_I64), 0, 0}};
static const op_version split_versions[] = {{20, NULL}};

static hone_status split_infer(infer *f) {
    const shape *x = infer_shape(f, 0);
    shape y = *x;
    TRY(infer_check_rank(f, 0, 0, HONE_MAX_RANK - 1));
    if (y.rank >= 0) y.dim[y.rank++] = DIM_UNKNOWN;
    infer_set(f, 0, HONE_STRING, &y);
    infer_set(f, 1, HONE_I64, x);
    return HONE_OK;
}

/* What is left of a text to split. */
typedef struct splitter {
    const char *at; /* NULL: nothing is left */
    const char *delimiter;
    int64_t splits; /* still allowed */
} splitter;

static bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

static splitter splitter_begin(const char *text, const split_params *p) {
    const bool spaces = !p->delimiter || !*p->delimiter;
    splitter s = {text, spaces ? NULL : p->delimiter, p->maxsplit};
    if (!spaces) return s;
    while (is_space(*s.at)) s.at++;
    if (!*s.at) s.at = NULL;
    return s;
}

/* The part up to the next run of white space. */
static size_t next_word(splitter *s) {
    const char *from = s->at;
    size_t length = 0;
    while (from[length] && !is_space(from[length])) length++;
    const char *next = from + length;
    while (is_space(*next)) next++;
    if (s->splits-- == 0) { /* the rest, without white space behind it */
        length = strlen(from);
        while (length && is_space(from[length - 1])) length--;
        next = "";
    }
    s->at = *next ? next : NULL;
    return length;
}

static size_t next_part(splitter *s) {
    if (!s->delimiter) return next_word(s);
    const char *from = s->at, *end = s->splits-- > 0 ? strstr(from, s->delimiter) : NULL;
    s->at = end ? end + strlen(s->delimiter) : NULL;
    return end ? (size_t)(end - from) : strlen(from);
}

static int64_t count_parts(const char *text, const split_params *p) {
    int64_t n = 0;
    for (splitter s = splitter_begin(text, p); s.at; n++) next_part(&s);
    return n;
}

static hone_status put_parts(run_ctx *r, const char *text, const split_params *p,
                             const char **out) {
    for (splitter s = splitter_begin(text, p); s.at; out++) {
        const char *from = s.at;
        const size_t length = next_part(&s);
        *out = run_text(r, from, length);
        if (!*out) return HONE_E_NOMEM;
    }
    return HONE_OK;
}

static hone_status split_run(run_ctx *r, const step *s) {
    const split_params *p = step_params(s);
    const tensor *x = &s->in[0];
    const int64_t count = tensor_count(x);
    int64_t *parts, most = 0;
    shape y = x->shape;
    TRY(run_output(r, s, 1, &x->shape));
    parts = s->out[1].data;
    for (int64_t i = 0; i < count; i++) {
        parts[i] = count_parts(tensor_string(x, i), p);
        if (parts[i] > most) most = parts[i];
    }
    y.dim[y.rank++] = most;
    TRY(run_output(r, s, 0, &y));
    const char **out = s->out[0].data;
    for (int64_t i = 0; i < count; i++) {
        for (int64_t j = parts[i]; j < most; j++) out[i * most + j] = "";
        TRY(put_parts(r, tensor_string(x, i), p, out + i * most));
    }
    return HONE_OK;
}

static const char *const split_cases[] = {"str{a.b,c} delimiter=dot >2",
                                          "str[2,1]{a_b_c,_d_} maxsplit=1 >2", "str[]{a__b} >2",
                                          "str[0,2]{} >2", NULL};

const op op_string_split = {.name = "StringSplit",
                            .domain = "",
                            OP_VERSIONS(split_versions),
                            OP_ARGS_IN(split_in),
                            OP_ARGS_OUT(split_out),
                            OP_ATTRS(split_attrs, split_params),
                            .flags = OP_DYNAMIC,
                            .infer = split_infer,
                            .run = split_run,
                            .tolerance = {TOL_EXACT, 0},
                            .cases = split_cases};
