/* SPDX-License-Identifier: Apache-2.0
 *
 * Reductions that are formulas over others. Types narrower than float32 are computed in it, and
 * integers in float64, because intermediate results leave their range.
 */
#include "composite.h"
#include "op.h"

static hone_status axes_to_input(builder *b, draft *d) {
    return draft_ints_to_input(b, d, "axes", 1);
}
static const op_arg reduce_in[] = {{"data", DT_NUMBERS, 'T', 0},
                                   {"axes", DT_INDEX, 0, ARG_OPTIONAL}};
static const op_arg reduce_out[] = {{"reduced", DT_NUMBERS, 'T', 0}};
static const op_version versions[] = {{1, axes_to_input}, {18, NULL}};

typedef struct reduce_log_params {
    bool keepdims, noop_with_empty_axes;
} reduce_log_params;

static const attr_spec attrs[] = {ATTR_ROW(BOOL, reduce_log_params, keepdims, .i = 1),
                                  ATTR_ROW(BOOL, reduce_log_params, noop_with_empty_axes)};

static value *reduce(builder *b, const draft *d, const char *name, value *x) {
    return emit(b, name, IN(x, draft_in(d, 1)), d->attrs, d->n_attrs);
}

/* Emits formula(x) in a type that is wide enough, then back in x's own type. */
static hone_status in_wide_type(builder *b, draft *d,
                                value *formula(builder *b, const draft *d, value *x)) {
    value *x = draft_in(d, 0);
    const hone_dtype t = x->type.dtype;
    const hone_dtype wide = dtype_in(t, DT_INTS)       ? HONE_F64
                            : dtype_in(t, DT_FLOAT16S) ? HONE_F32
                                                       : t;
    value *from = expand_cast(b, x, wide);
    value *y = from ? formula(b, d, from) : NULL;
    return draft_done(b, d, expand_cast(b, y, t));
}

static value *l2(builder *b, const draft *d, value *x) {
    return emit(b, "Sqrt", IN(reduce(b, d, "ReduceSumSquare", x)), NO_ATTRS);
}

static value *log_sum(builder *b, const draft *d, value *x) {
    return emit(b, "Log", IN(reduce(b, d, "ReduceSum", x)), NO_ATTRS);
}

/* log(sum(exp(x - max))) + max, where an infinite maximum counts as 0. */
static value *log_sum_exp(builder *b, const draft *d, value *x) {
    const reduce_log_params *p = d->params;
    const attr keep[] = {A_INT("keepdims", 1),
                         A_INT("noop_with_empty_axes", p->noop_with_empty_axes)};
    value *zero = emit_scalar(b, x->type.dtype, 0);
    value *max = emit(b, "ReduceMax", IN(x, draft_in(d, 1)), keep, 2);
    value *infinite = emit(b, "IsInf", IN(max), NO_ATTRS);
    value *shift = emit(b, "Where", IN(infinite, zero, max), NO_ATTRS);
    value *e = emit(b, "Exp", IN(emit(b, "Sub", IN(x, shift), NO_ATTRS)), NO_ATTRS);
    value *log = log_sum(b, d, e);
    /* The axes have size 1 by now: this only drops them when the result has to. */
    return emit(b, "Add", IN(log, reduce(b, d, "ReduceSum", shift)), NO_ATTRS);
}

static hone_status l2_expand(builder *b, draft *d) { return in_wide_type(b, d, l2); }

static const char *const l2_cases[] = {"f32[2,3,4] i64{-1}",
                                       "f32[2,3] keepdims=0",
                                       "f16[3,4] i64{0}",
                                       "i32[2,3] i64{1} keepdims=0",
                                       "f32[0,3] i64{0}",
                                       "f32[]",
                                       "f32[2,3] i64{} noop_with_empty_axes=1",
                                       NULL};
static hone_status log_sum_expand(builder *b, draft *d) { return in_wide_type(b, d, log_sum); }

static const char *const log_sum_cases[] = {"f32[2,3,4]+ i64{-1}",
                                            "f64[2,3]+ keepdims=0",
                                            "f16[3,4]+ i64{0}",
                                            "f32[0,3] i64{0}",
                                            "f32[]+",
                                            "f32[2,3]+ i64{} noop_with_empty_axes=1",
                                            NULL};
static hone_status log_sum_exp_expand(builder *b, draft *d) {
    return in_wide_type(b, d, log_sum_exp);
}

static const char *const log_sum_exp_cases[] = {"f32[2,3,4] i64{-1}",
                                                "f64[2,3] keepdims=0",
                                                "bf16[3,4] i64{0}",
                                                "i32[2,3] i64{1} keepdims=0",
                                                "f32[]",
                                                "f32[2,3] i64{} noop_with_empty_axes=1",
                                                NULL};

#define COMPOSITE(ident, label, ...)                                                               \
    static const op op_##ident = {.name = label,                                                   \
                                  .domain = "",                                                    \
                                  OP_VERSIONS(versions),                                           \
                                  OP_ATTRS(attrs, reduce_log_params),                              \
                                  .expand = ident##_expand,                                        \
                                  __VA_ARGS__}
COMPOSITE(l2, "ReduceL2", OP_SLOTS(reduce), .tolerance = {TOL_REL, 1e-5}, .cases = l2_cases);
COMPOSITE(log_sum, "ReduceLogSum", OP_SLOTS(reduce), .tolerance = {TOL_REL, 1e-5},
          .cases = log_sum_cases);
COMPOSITE(log_sum_exp, "ReduceLogSumExp", OP_SLOTS(reduce), .tolerance = {TOL_REL, 1e-5},
          .cases = log_sum_exp_cases);

static const op *const members[] = {&op_l2, &op_log_sum, &op_log_sum_exp};
const op_family family_reduce_log = {members, COUNT_OF(members)};
