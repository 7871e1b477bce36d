/* SPDX-License-Identifier: Apache-2.0
 *
 * Cast: converts to another element type, also to and from decimal text. CastLike takes the type
 * from a second input.
 */
#include <string.h>

#include "convert.h"
#include "items.h"
#include "movement.h"
#include "number_text.h"

typedef struct cast_params {
    hone_dtype to;
    bool saturate;
    int32_t round_mode;
} cast_params;

static const char *const round_modes[] = {"up", "down", "nearest", NULL}; /* as e8m0_rounding */
#define TYPES (DT_ALL & ~(DT(HONE_C64) | DT(HONE_C128)))
static const attr_spec cast_attrs[] = {
    ATTR_ROW(DTYPE, cast_params, to, .required = true),
    ATTR_ROW(BOOL, cast_params, saturate, .i = 1),
    ATTR_ROW(CHOICE, cast_params, round_mode, .choices = round_modes),
};
static const op_arg cast_in[] = {{"input", TYPES, 0, 0}};
static const op_arg cast_out[] = {{"output", TYPES, 0, 0}};
/* The type was text; some writers use the numbers of later versions all the same. */
static hone_status cast_upgrade(builder *b, draft *d) {
    static const char *const names[] = {"FLOAT",  "UINT8",  "INT8",   "UINT16",    "INT16",
                                        "INT32",  "INT64",  "STRING", "BOOL",      "FLOAT16",
                                        "DOUBLE", "UINT32", "UINT64", "COMPLEX64", "COMPLEX128"};
    const attr *number = attr_find(d->attrs, d->n_attrs, "to");
    if (number && number->kind == ATTR_INT) return HONE_OK;
    const char *to = draft_string(d, "to", "");
    char name[64];
    for (int32_t i = 0; i < COUNT_OF(names); i++)
        if (strcmp(names[i], to) == 0) return draft_set_attr(b, d, A_INT("to", HONE_F32 + i));
    return builder_fail(b, HONE_E_FORMAT, "attribute 'to' is '%s', which is no element type",
                        escape_name(name, sizeof name, to));
}

static const op_version cast_versions[] = {{1, cast_upgrade}, {6, NULL}};

static hone_status cast_infer(infer *f) {
    const cast_params *p = f->params;
    if (!dtype_in(p->to, TYPES))
        return fail(f->c, HONE_E_UNSUPPORTED, "casts to %s are not supported",
                    hone_dtype_name(p->to));
    infer_set(f, 0, p->to, infer_shape(f, 0));
    return HONE_OK;
}

static hone_status cast_plan(plan_ctx *p, step *s) {
    (void)p;
    s->keeps_bytes = s->in[0].dtype == s->out[0].dtype;
    return HONE_OK;
}

typedef struct cast_job {
    const step *s;
    convert_rules rules;
    int64_t n;
} cast_job;

static void do_cast(void *arg, int64_t first, int64_t last, int32_t worker) {
    const cast_job *j = arg;
    const int64_t end = last * CONVERT_BLOCK;
    (void)worker;
    convert_range(j->s->k, &j->s->in[0], &j->s->out[0], &j->rules, first * CONVERT_BLOCK,
                  end < j->n ? end : j->n);
}

/* The pool of the run, where text goes, belongs to one thread. */
static hone_status to_text(run_ctx *r, const tensor *x, const tensor *y) {
    char buf[NUMBER_TEXT];
    for (int64_t i = 0; i < tensor_count(x); i++) {
        const char *text = run_text(r, buf, number_to_text(buf, x, i));
        if (!text) return HONE_E_NOMEM;
        ((const char **)y->data)[i] = text;
    }
    return HONE_OK;
}

static hone_status from_text(run_ctx *r, const tensor *x, const tensor *y) {
    char escaped[64];
    for (int64_t i = 0; i < tensor_count(x); i++)
        if (!number_from_text(y, i, tensor_string(x, i)))
            return run_fail(r, "element %lld is '%s': expected a number", (long long)i,
                            escape_name(escaped, sizeof escaped, tensor_string(x, i)));
    return HONE_OK;
}

static hone_status cast_text(run_ctx *r, const step *s) {
    const locale_t before = number_locale_enter();
    if (!before) return fail_nomem(r->c, 0);
    const hone_status status = s->in[0].dtype == HONE_STRING ? from_text(r, &s->in[0], &s->out[0])
                                                             : to_text(r, &s->in[0], &s->out[0]);
    number_locale_leave(before);
    return status;
}

static hone_status cast_run(run_ctx *r, const step *s) {
    const cast_params *p = step_params(s);
    if (s->in[0].dtype == s->out[0].dtype) {
        move_bytes(r, s->out[0].data, s->in[0].data, s->out[0].bytes);
        return HONE_OK;
    }
    if (s->in[0].dtype == HONE_STRING || s->out[0].dtype == HONE_STRING) return cast_text(r, s);
    cast_job j = {
        .s = s, .rules = {p->saturate, (e8m0_rounding)p->round_mode}, .n = tensor_count(&s->in[0])};
    team_run(r->team, (j.n + CONVERT_BLOCK - 1) / CONVERT_BLOCK, 32, do_cast, &j);
    return HONE_OK;
}

static hone_status cast_grad(gradient *g) {
    const hone_dtype t = node_in(g->node, 0)->type.dtype;
    if (!dtype_in(t, DT_FLOATS) || !dtype_in(g->node->out[0]->type.dtype, DT_FLOATS))
        return HONE_OK; /* steps have no slope */
    g->dx[0] = emit(g->b, "Cast", IN(g->dy[0]), ATTRS(A_INT("to", t)));
    return g->b->status;
}

static const char *const cast_cases[] = {"f32[2,3] to=7",
                                         "i64[5] to=1",
                                         "u8[37] to=1",
                                         "f16[37] to=1",
                                         "f64[37] to=10",
                                         "bool[5] to=6",
                                         "f32[2,3] to=11",
                                         "f16[4] to=8",
                                         "str{1.5,-2,INF} to=1",
                                         "str{-9007199254740993,7} to=7",
                                         "bool[3] to=8",
                                         "str[0]{} to=6",
                                         NULL};

const op op_cast = {.name = "Cast",
                    .domain = "",
                    OP_VERSIONS(cast_versions),
                    OP_ARGS_IN(cast_in),
                    OP_ARGS_OUT(cast_out),
                    OP_ATTRS(cast_attrs, cast_params),
                    .infer = cast_infer,
                    .axes = axes_elementwise,
                    .permute = permute_elementwise,
                    .plan = cast_plan,
                    .run = cast_run,
                    .grad = cast_grad,
                    .inplace = 1,
                    .tolerance = {TOL_EXACT, 0},
                    .cases = cast_cases};
