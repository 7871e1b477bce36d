/* SPDX-License-Identifier: Apache-2.0
 *
 * Reductions over axes: one row of the table each, over the fold engine. Axes were an attribute
 * before opset 13 (ReduceSum) or 18 (the others).
 */
#include "checked.h"
#include "elementwise.h"
#include "fold.h"

typedef struct reduce_params {
    bool keepdims, noop_with_empty_axes;
} reduce_params;

static const attr_spec reduce_attrs[] = {
    ATTR_ROW(BOOL, reduce_params, keepdims, .i = 1),
    ATTR_ROW(BOOL, reduce_params, noop_with_empty_axes, .i = 0),
};

static hone_status axes_to_input(builder *b, draft *d) {
    return draft_ints_to_input(b, d, "axes", 1);
}
static const op_version sum_versions[] = {{1, axes_to_input}, {13, NULL}};
static const op_version reduce_versions[] = {{1, axes_to_input}, {18, NULL}};

/* Bits of the reduced axes. `axes` is the value of input 1, or NULL when it is omitted. */
static hone_status reduced_axes(const ctx *c, const reduce_params *p, const tensor *axes,
                                int32_t rank, uint32_t *out) {
    const uint32_t all = (1u << rank) - 1;
    if (axes && tensor_count(axes) > 0) return fold_axes(c, axes, rank, out);
    *out = p->noop_with_empty_axes ? 0 : all;
    return HONE_OK;
}

/* The result when the axes are not known: as much as their number tells. */
static shape shape_of_unknown(const infer *f, const reduce_params *p) {
    const int32_t rank = infer_rank(f, 0);
    const shape *axes = infer_shape(f, 1);
    if (p->keepdims || rank == 0) return shape_of_rank(rank);
    if (axes->rank != 1 || axes->dim[0] <= 0 || axes->dim[0] > rank) return shape_unknown();
    return shape_of_rank(rank - (int32_t)axes->dim[0]);
}

static hone_status reduce_infer(infer *f) {
    const reduce_params *p = f->params;
    const shape *in = infer_shape(f, 0);
    const tensor *axes = infer_value(f, 1);
    shape out = {.rank = 0};
    uint32_t bits;
    if (in->rank < 0) {
        infer_set(f, 0, infer_dtype(f, 0), in);
        return HONE_OK;
    }
    TRY(infer_check_rank(f, 1, 0, 1));
    if (infer_has(f, 1) && !axes) {
        out = shape_of_unknown(f, p);
        infer_set(f, 0, infer_dtype(f, 0), &out);
        return HONE_OK;
    }
    TRY(reduced_axes(f->c, p, axes, in->rank, &bits));
    for (int32_t a = 0; a < in->rank; a++) {
        if (!(bits >> a & 1u))
            out.dim[out.rank++] = in->dim[a];
        else if (p->keepdims)
            out.dim[out.rank++] = 1;
    }
    infer_set(f, 0, infer_dtype(f, 0), &out);
    return HONE_OK;
}

bool reduces_last_axes(const node *n, int32_t *first) {
    const reduce_params *p = n->params;
    const value *axes = node_in(n, 1);
    const int32_t rank = node_in(n, 0)->type.shape.rank;
    const ctx quiet = {0};
    uint32_t bits;
    if (n->op->infer != reduce_infer || !p->keepdims || rank < 1 || (axes && !axes->constant))
        return false;
    if (reduced_axes(&quiet, p, axes ? axes->constant : NULL, rank, &bits) != HONE_OK || !bits)
        return false;
    for (*first = -1; *first > -rank && bits >> (rank + *first - 1) & 1u;) --*first;
    return bits == ((1u << rank) - (1u << (rank + *first)));
}

static void reduce_axes(const node *n, axis_map *m) {
    const reduce_params *p = n->params;
    const int32_t rank = node_in(n, 0)->type.shape.rank;
    const value *axes = node_in(n, 1);
    const ctx quiet = {0};
    uint32_t bits;
    int32_t out = 0;
    if ((axes && !axes->constant) ||
        reduced_axes(&quiet, p, axes ? axes->constant : NULL, rank, &bits) != HONE_OK) {
        m->opaque = true;
        return;
    }
    for (int32_t a = 0; a < rank; a++) {
        const bool reduced = (bits >> a & 1u) != 0;
        const bool stays = !reduced || p->keepdims;
        axis_add(m, 0, a, 0, stays ? out : -1, reduced ? AXIS_REDUCED : AXIS_SAME);
        if (stays) out++;
    }
}

/* Without keepdims the result has no place for every axis. */
static bool reduce_permute(builder *b, node *n, const int32_t *to, int32_t rank) {
    const reduce_params *p = n->params;
    return p->keepdims && permute_axes_input(b, n, to, rank);
}

static hone_status reduce_plan(plan_ctx *p, step *s) {
    const int32_t rank = s->in[0].shape.rank;
    const tensor *axes = step_has(s, 1) ? &s->in[1] : NULL;
    uint32_t bits;
    TRY(reduced_axes(p->c, step_params(s), axes, rank, &bits));
    return fold_plan(p, s, s->node->op->row, bits);
}

static uint64_t reduce_flops(const step *s) { return (uint64_t)tensor_count(&s->in[0]); }

/* v, shaped like the result, as a tensor that broadcasts to the input. */
static value *widened(const gradient *g, value *v) {
    const reduce_params *p = g->node->params;
    value *axes = node_in(g->node, 1);
    return p->keepdims || !axes ? v : emit(g->b, "Unsqueeze", IN(v, axes), NO_ATTRS);
}

static value *expanded(const gradient *g, value *v) {
    value *dims = emit(g->b, "Shape", IN(node_in(g->node, 0)), NO_ATTRS);
    return emit(g->b, "Expand", IN(widened(g, v), dims), NO_ATTRS);
}

static hone_status sum_grad(gradient *g) {
    g->dx[0] = expanded(g, g->dy[0]);
    return g->b->status;
}

static hone_status mean_grad(gradient *g) {
    builder *b = g->b;
    value *x = node_in(g->node, 0);
    value *from = emit(b, "Size", IN(x), NO_ATTRS);
    value *to = emit(b, "Size", IN(g->node->out[0]), NO_ATTRS);
    value *count = emit(b, "Div", IN(from, to), NO_ATTRS);
    value *divisor = emit(b, "Cast", IN(count), ATTRS(A_INT("to", x->type.dtype)));
    g->dx[0] = expanded(g, emit(b, "Div", IN(g->dy[0], divisor), NO_ATTRS));
    return b->status;
}

/* Elements that equal the extreme share its gradient. */
static hone_status extreme_grad(gradient *g) {
    builder *b = g->b;
    value *x = node_in(g->node, 0);
    value *same = emit(b, "Equal", IN(x, widened(g, g->node->out[0])), NO_ATTRS);
    value *mask = emit(b, "Cast", IN(same), ATTRS(A_INT("to", x->type.dtype)));
    value *ties = emit(b, "ReduceSum", IN(mask, node_in(g->node, 1)), ATTRS(A_INT("keepdims", 1)));
    value *share = emit(b, "Div", IN(widened(g, g->dy[0]), ties), NO_ATTRS);
    g->dx[0] = emit(b, "Mul", IN(mask, share), NO_ATTRS);
    return b->status;
}

static hone_status sumsq_grad(gradient *g) {
    builder *b = g->b;
    value *twice = emit(b, "Add", IN(g->dy[0], g->dy[0]), NO_ATTRS);
    g->dx[0] = emit(b, "Mul", IN(node_in(g->node, 0), widened(g, twice)), NO_ATTRS);
    return b->status;
}

static hone_status sumabs_grad(gradient *g) {
    builder *b = g->b;
    value *sign = emit(b, "Sign", IN(node_in(g->node, 0)), NO_ATTRS);
    g->dx[0] = emit(b, "Mul", IN(sign, widened(g, g->dy[0])), NO_ATTRS);
    return b->status;
}

#define AXES                                                                                       \
    { "axes", DT_INDEX, 0, ARG_OPTIONAL }
static const op_arg number_in[] = {{"data", DT_NUMBERS, 'T', 0}, AXES};
static const op_arg number_out[] = {{"reduced", DT_NUMBERS, 'T', 0}};
static const op_arg ordered_in[] = {{"data", DT_NUMBERS | DT_BOOL, 'T', 0}, AXES};
static const op_arg ordered_out[] = {{"reduced", DT_NUMBERS | DT_BOOL, 'T', 0}};

static const char *const number_cases[] = {"f32[2,3,4]",
                                           "f32[2,3,4] i64{1}",
                                           "f32[2,3,4] i64{0,2} keepdims=0",
                                           "f32[5,7] i64{-1}",
                                           "f32[100000]",
                                           "f32[70000,3] i64{0}",
                                           "f32[2,8,40,40] i64{2,3}",
                                           "f32[2,40,40,8] i64{1,2}",
                                           "f16[3,700] i64{1}",
                                           "bf16[700,3] i64{0}",
                                           "f64[4,5] i64{0}",
                                           "i32[4,5] i64{1}",
                                           "f32[0,3] i64{0}",
                                           "f32[]",
                                           NULL};
static const char *const ordered_cases[] = {"f32[2,3,4] i64{1}", "f32[2,3,4] i64{0,2} keepdims=0",
                                            "u8[5,7] i64{0}",    "bool[5,7] i64{1}",
                                            "bool[5,7] i64{0}",  "f16[3,700] i64{1}",
                                            "f32[100000]",       NULL};

/* Slots: of a run, of partial results, of rows, of rows of bool; then what happens before and
 * after. */
#define RULE(fold, joins, row_slot, bool_slot, mapping, is_mean)                                   \
    .row = &(const fold_rule) {                                                                    \
        SLOT_OF(reduce_##fold), SLOT_OF(reduce_##joins), SLOT_OF(row_slot), SLOT_OF(bool_slot),    \
            mapping, is_mean                                                                       \
    }
#define REDUCE(ident, label, since, args, ...)                                                     \
    const op op_reduce_##ident = {.name = label,                                                   \
                                  .domain = "",                                                    \
                                  OP_VERSIONS(since),                                              \
                                  OP_ARGS_IN(args##_in),                                           \
                                  OP_ARGS_OUT(args##_out),                                         \
                                  OP_ATTRS(reduce_attrs, reduce_params),                           \
                                  .infer = reduce_infer,                                           \
                                  .axes = reduce_axes,                                             \
                                  .permute = reduce_permute,                                       \
                                  .plan = reduce_plan,                                             \
                                  .run = fold_run,                                                 \
                                  .flops = reduce_flops,                                           \
                                  .cases = args##_cases,                                           \
                                  __VA_ARGS__}
#define SUMS    .tolerance = {TOL_SUM, 1}
#define EXACT   .tolerance = {TOL_EXACT, 0}
#define PRODUCT .tolerance = {TOL_ULP, 64}

REDUCE(sum, "ReduceSum", sum_versions, number, SUMS, RULE(sum, sum, add, add, FOLD_PLAIN, false),
       .grad = sum_grad);
REDUCE(mean, "ReduceMean", reduce_versions, number, SUMS,
       RULE(sum, sum, add, add, FOLD_PLAIN, true), .grad = mean_grad);
REDUCE(max, "ReduceMax", reduce_versions, ordered, EXACT,
       RULE(max, max, max, lor, FOLD_PLAIN, false), .grad = extreme_grad);
REDUCE(min, "ReduceMin", reduce_versions, ordered, EXACT,
       RULE(min, min, min, land, FOLD_PLAIN, false), .grad = extreme_grad);
REDUCE(prod, "ReduceProd", reduce_versions, number, PRODUCT,
       RULE(prod, prod, mul, mul, FOLD_PLAIN, false), .grad = NULL);
REDUCE(l1, "ReduceL1", reduce_versions, number, SUMS, RULE(sumabs, sum, add, add, FOLD_ABS, false),
       .grad = sumabs_grad);
REDUCE(sum_square, "ReduceSumSquare", reduce_versions, number, SUMS,
       RULE(sumsq, sum, add, add, FOLD_SQUARE, false), .grad = sumsq_grad);

static const op *const members[] = {&op_reduce_sum,       &op_reduce_mean, &op_reduce_max,
                                    &op_reduce_min,       &op_reduce_prod, &op_reduce_l1,
                                    &op_reduce_sum_square};
const op_family family_reduce = {members, COUNT_OF(members)};
