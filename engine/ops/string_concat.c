/* SPDX-License-Identifier: Apache-2.0
 *
 * StringConcat: joins the texts of two tensors, which broadcast; hone::TextJoin does it for two of
 * one shape.
 */
#include <string.h>

#include "checked.h"
#include "composite.h"
#include "items.h"
#include "op.h"

static const op_arg concat_in[] = {{"X", DT(HONE_STRING), 0, 0}, {"Y", DT(HONE_STRING), 0, 0}};
static const op_arg concat_out[] = {{"Z", DT(HONE_STRING), 0, 0}};
static const op_version since_20[] = {{20, NULL}};

static hone_status join_infer(infer *f) {
    const shape *x = infer_shape(f, 0), *y = infer_shape(f, 1);
    char a[SHAPE_TEXT], b[SHAPE_TEXT];
    if (shape_known(x) && shape_known(y) && !shape_equal(x, y))
        return infer_fail(f, "shapes %s and %s differ", shape_text(a, sizeof a, x),
                          shape_text(b, sizeof b, y));
    infer_set(f, 0, HONE_STRING, shape_known(x) ? x : y);
    return HONE_OK;
}

static const char *joined(run_ctx *r, const char *a, const char *b) {
    const size_t n = strlen(a), m = strlen(b);
    size_t length;
    char *text = run_text_room(r, size_add(n, m, &length) ? length : SIZE_MAX);
    if (!text) return NULL;
    memcpy(text, a, n);
    memcpy(text + n, b, m);
    return text;
}

static hone_status join_run(run_ctx *r, const step *s) {
    const char **out = s->out[0].data;
    for (int64_t i = 0; i < tensor_count(&s->out[0]); i++) {
        out[i] = joined(r, tensor_string(&s->in[0], i), tensor_string(&s->in[1], i));
        if (!out[i]) return HONE_E_NOMEM;
    }
    return HONE_OK;
}

static const char *const join_cases[] = {"str{,a,b} str{c,,d}", "str[0,2]{} str[0,2]{}", NULL};

static const op text_join = {.name = "TextJoin",
                             .domain = "hone",
                             OP_ARGS_IN(concat_in),
                             OP_ARGS_OUT(concat_out),
                             .infer = join_infer,
                             .run = join_run,
                             .tolerance = {TOL_EXACT, 0},
                             .cases = join_cases};

/* v as often as the other one has elements along axes of size 1. */
static value *spread(builder *b, value *v, value *other) {
    return expand_binary(b, "Expand", v, expand_unary(b, "Shape", other));
}

static hone_status concat_expand(builder *b, draft *d) {
    value *x = d->in[0], *y = d->in[1];
    return draft_done(b, d, expand_binary(b, "hone::TextJoin", spread(b, x, y), spread(b, y, x)));
}

static const char *const concat_cases[] = {"str{a,b,c} str{d,e,f}", "str[2,1]{a,b} str{c,d,e}",
                                           "str[]{a} str[2,0]{}", "str[]{a} str[]{b_c}", NULL};

static const op string_concat = {.name = "StringConcat",
                                 .domain = "",
                                 OP_VERSIONS(since_20),
                                 OP_ARGS_IN(concat_in),
                                 OP_ARGS_OUT(concat_out),
                                 .expand = concat_expand,
                                 .tolerance = {TOL_EXACT, 0},
                                 .cases = concat_cases};

static const op *const members[] = {&text_join, &string_concat};
const op_family family_string_concat = {members, COUNT_OF(members)};
