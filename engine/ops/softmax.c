/* SPDX-License-Identifier: Apache-2.0
 *
 * Softmax and LogSoftmax along one axis. Before opset 13 everything from `axis` on was one row: the
 * upgrade flattens around today's meaning.
 */
#include <math.h>

#include "composite.h"
#include "rows.h"
#include "softmax.h"

typedef struct softmax_params {
    int64_t axis;
} softmax_params;

static const attr_spec softmax_attrs[] = {ATTR_ROW(AXIS, softmax_params, axis, .i = -1)};
static const op_arg softmax_in[] = {{"input", DT_FLOATS, 'T', 0}};
static const op_arg softmax_out[] = {{"output", DT_FLOATS, 'T', 0}};

static const op_version softmax_versions[] = {{1, expand_flat_rows}, {13, NULL}};

static hone_status softmax_infer(infer *f) {
    const softmax_params *p = f->params;
    const int32_t rank = infer_rank(f, 0);
    int32_t axis;
    if (rank > 0) TRY(infer_axis(f, p->axis, rank, &axis));
    return infer_same(f, 0);
}

bool softmax_is_last(const node *n) {
    const int32_t rank = n->out[0]->type.shape.rank;
    int32_t axis;
    return n->op == &op_softmax &&
           axis_normalize(((const softmax_params *)n->params)->axis, rank, &axis) &&
           axis == rank - 1;
}

static void softmax_axes(const node *n, axis_map *m) {
    const softmax_params *p = n->params;
    const int32_t rank = n->out[0]->type.shape.rank;
    int32_t axis = 0;
    axis_normalize(p->axis, rank, &axis);
    for (int32_t a = 0; a < rank; a++) axis_add(m, 0, a, 0, a, a == axis ? AXIS_MIXED : AXIS_SAME);
}

static void softmax_row(const step *s, int64_t n, const float *x, float *y) {
    s->k->softmax_f32((size_t)n, x, y);
}

static void logsoftmax_row(const step *s, int64_t n, const float *x, float *y) {
    s->k->logsoftmax_f32((size_t)n, x, y);
}

static void softmax_columns(const step *s, int64_t n, int64_t cols, int64_t ld, const float *x,
                            float *y) {
    s->k->softmax_columns_f32((size_t)n, (size_t)cols, (size_t)ld, x, y);
}

static void logsoftmax_columns(const step *s, int64_t n, int64_t cols, int64_t ld, const float *x,
                               float *y) {
    s->k->logsoftmax_columns_f32((size_t)n, (size_t)cols, (size_t)ld, x, y);
}

/* The largest element and the sum of exp(x - largest). */
static double exponentials(int64_t n, const double *x, double *max) {
    double sum = 0;
    *max = -INFINITY;
    for (int64_t i = 0; i < n; i++)
        if (x[i] > *max) *max = x[i];
    for (int64_t i = 0; i < n; i++) sum += exp(x[i] - *max);
    return sum;
}

static void softmax_row_f64(const step *s, int64_t n, const double *x, double *y) {
    double max;
    const double sum = exponentials(n, x, &max);
    (void)s;
    for (int64_t i = 0; i < n; i++) y[i] = exp(x[i] - max) / sum;
}

static void logsoftmax_row_f64(const step *s, int64_t n, const double *x, double *y) {
    double max;
    const double log_sum = log(exponentials(n, x, &max));
    (void)s;
    for (int64_t i = 0; i < n; i++) y[i] = x[i] - max - log_sum;
}

static hone_status softmax_plan(plan_ctx *p, step *s) {
    static const row_fns fns = {softmax_row, softmax_row_f64, softmax_columns};
    return rows_plan(p, s, ((const softmax_params *)step_params(s))->axis, &fns);
}

static hone_status logsoftmax_plan(plan_ctx *p, step *s) {
    static const row_fns fns = {logsoftmax_row, logsoftmax_row_f64, logsoftmax_columns};
    return rows_plan(p, s, ((const softmax_params *)step_params(s))->axis, &fns);
}

/* sum of v along the axis, kept. */
static value *sum_axis(builder *b, const node *n, value *v) {
    const int64_t axis = ((const softmax_params *)n->params)->axis;
    return emit(b, "ReduceSum", IN(v, emit_i64s(b, &axis, 1)), ATTRS(A_INT("keepdims", 1)));
}

/* y = softmax(x): dx = y * (dy - sum(dy * y)). */
static hone_status softmax_grad(gradient *g) {
    builder *b = g->b;
    value *y = g->node->out[0], *dy = g->dy[0];
    value *sum = sum_axis(b, g->node, emit(b, "Mul", IN(dy, y), NO_ATTRS));
    g->dx[0] = emit(b, "Mul", IN(y, emit(b, "Sub", IN(dy, sum), NO_ATTRS)), NO_ATTRS);
    return b->status;
}

/* y = log softmax(x): dx = dy - exp(y) * sum(dy). */
static hone_status logsoftmax_grad(gradient *g) {
    builder *b = g->b;
    value *y = g->node->out[0], *dy = g->dy[0];
    value *part =
        emit(b, "Mul", IN(emit(b, "Exp", IN(y), NO_ATTRS), sum_axis(b, g->node, dy)), NO_ATTRS);
    g->dx[0] = emit(b, "Sub", IN(dy, part), NO_ATTRS);
    return b->status;
}

/* max, subtract, exp, sum, divide. */
static uint64_t softmax_flops(const step *s) { return 5 * (uint64_t)tensor_count(&s->in[0]); }

static const char *const softmax_cases[] = {"f32[1]",
                                            "f32[2,3,4] axis=1",
                                            "f32[2,3,4] axis=0",
                                            "f32[5,1000]",
                                            "f16[3,17]",
                                            "f64[3,17] axis=0",
                                            "bf16[3,17] axis=0",
                                            "f32[2,16,150] axis=1",
                                            "f32[3000,70] axis=0",
                                            "f32[4,1,35] axis=1",
                                            "f16[2,5,3,66] axis=1",
                                            "f32[2,4,0] axis=1",
                                            "f32[2,16,4,75] axis=1",
                                            "f32[3,1,17] axis=1",
                                            "f32[2,300,20] axis=1",
                                            "f32[0,4]",
                                            "f32[4,0]",
                                            "f32[2,12,33,33]",
                                            NULL};

#define SOFTMAX(ident, label, plan_fn, grad_fn)                                                    \
    const op op_##ident = {.name = label,                                                          \
                           .domain = "",                                                           \
                           OP_VERSIONS(softmax_versions),                                          \
                           OP_ARGS_IN(softmax_in),                                                 \
                           OP_ARGS_OUT(softmax_out),                                               \
                           OP_ATTRS(softmax_attrs, softmax_params),                                \
                           .infer = softmax_infer,                                                 \
                           .axes = softmax_axes,                                                   \
                           .permute = permute_attrs,                                               \
                           .plan = plan_fn,                                                        \
                           .run = rows_run,                                                        \
                           .grad = grad_fn,                                                        \
                           .inplace = 1,                                                           \
                           .flops = softmax_flops,                                                 \
                           .tolerance = {TOL_ULP, 16},                                             \
                           .cases = softmax_cases}
SOFTMAX(softmax, "Softmax", softmax_plan, softmax_grad);
SOFTMAX(logsoftmax, "LogSoftmax", logsoftmax_plan, logsoftmax_grad);

static const op *const members[] = {&op_softmax, &op_logsoftmax};
const op_family family_softmax = {members, COUNT_OF(members)};
