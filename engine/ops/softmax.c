/* SPDX-License-Identifier: Apache-2.0
 *
 * Softmax and LogSoftmax along one axis. Before opset 13 everything from `axis` on was one row: the
 * upgrade flattens around today's meaning.
 */
#include <math.h>
#include <string.h>

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

static hone_status softmax_plan(plan_ctx *p, step *s) {
    return rows_plan(p, s, ((const softmax_params *)step_params(s))->axis);
}

/* Softmax along an axis that is not the last one takes many columns at once, whose sums are plain
 * float sums: not for longer axes. */
enum { MOST_IN_COLUMN = 256, COLUMNS = 256, COLUMN_GRAIN = 16 };

/* The shape as [outer, n, inner]. */
typedef struct columns {
    int64_t outer, n, inner;
} columns;

static columns columns_of(const step *s) {
    const shape *x = &s->in[0].shape;
    int32_t a = 0;
    if (x->rank == 0 ||
        !axis_normalize(((const softmax_params *)step_params(s))->axis, x->rank, &a))
        return (columns){1, 1, 1};
    return (columns){shape_span(x, 0, a), x->dim[a], shape_span(x, a + 1, x->rank)};
}

static bool takes_columns(const step *s) {
    const columns c = columns_of(s);
    return s->in[0].dtype == HONE_F32 && c.inner >= COLUMN_GRAIN && c.n <= MOST_IN_COLUMN;
}

static hone_status softmax_columns_plan(plan_ctx *p, step *s) {
    if (!takes_columns(s)) return softmax_plan(p, s);
    plan_kernel(p, s, "columns");
    return HONE_OK;
}

/* `width` columns from x on, `inner` apart along the axis. */
static void softmax_columns(const step *s, const columns *c, size_t width, const float *x,
                            float *y) {
    const kernels *k = s->k;
    float most[COLUMNS], sum[COLUMNS] = {0};
    memcpy(most, x, width * sizeof *most);
    for (int64_t j = 1; j < c->n; j++) k->max[KT_F32](width, most, 1, x + j * c->inner, 1, most);
    for (int64_t j = 0; j < c->n; j++) {
        float *row = y + j * c->inner;
        k->sub[KT_F32](width, x + j * c->inner, 1, most, 1, row);
        k->exp[KT_F32](width, row, row, NULL);
        k->add[KT_F32](width, sum, 1, row, 1, sum);
    }
    k->reciprocal[KT_F32](width, sum, sum, NULL);
    for (int64_t j = 0; j < c->n; j++) {
        float *row = y + j * c->inner;
        k->mul[KT_F32](width, row, 1, sum, 1, row);
    }
}

/* Items are COLUMN_GRAIN columns. */
typedef struct columns_job {
    const step *s;
    columns c;
    int64_t items; /* of one outer index */
} columns_job;

static void do_columns(void *arg, int64_t first, int64_t last, int32_t worker) {
    const columns_job *job = arg;
    const columns *c = &job->c;
    (void)worker;
    while (first < last) {
        const int64_t outer = first / job->items, at = first % job->items * COLUMN_GRAIN;
        int64_t width = (last - first) * COLUMN_GRAIN;
        if (width > COLUMNS) width = COLUMNS;
        if (width > c->inner - at) width = c->inner - at;
        const int64_t offset = outer * c->n * c->inner + at;
        softmax_columns(job->s, c, (size_t)width, (const float *)job->s->in[0].data + offset,
                        (float *)job->s->out[0].data + offset);
        first += (width + COLUMN_GRAIN - 1) / COLUMN_GRAIN;
    }
}

static void run_columns(run_ctx *r, const step *s) {
    columns_job job = {.s = s, .c = columns_of(s)};
    job.items = (job.c.inner + COLUMN_GRAIN - 1) / COLUMN_GRAIN;
    if (tensor_count(&s->out[0]) == 0) return;
    team_run(r->team, job.c.outer * job.items, 4096 / (COLUMN_GRAIN * job.c.n) + 1, do_columns,
             &job);
}

static void softmax_row(const step *s, int64_t n, const float *x, float *y) {
    s->k->softmax_f32((size_t)n, x, y);
}

static void logsoftmax_row(const step *s, int64_t n, const float *x, float *y) {
    s->k->logsoftmax_f32((size_t)n, x, y);
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

static hone_status softmax_run(run_ctx *r, const step *s) {
    static const row_fns fns = {softmax_row, softmax_row_f64};
    if (takes_columns(s))
        run_columns(r, s);
    else
        rows_run(r, s, &fns);
    return HONE_OK;
}

static hone_status logsoftmax_run(run_ctx *r, const step *s) {
    static const row_fns fns = {logsoftmax_row, logsoftmax_row_f64};
    rows_run(r, s, &fns);
    return HONE_OK;
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
                                            "f32[0,4]",
                                            "f32[4,0]",
                                            "f32[2,12,33,33]",
                                            "f32[2,16,4,75] axis=1",
                                            "f32[3,1,17] axis=1",
                                            "f32[2,300,20] axis=1",
                                            NULL};

#define SOFTMAX(ident, label, plan_fn, run_fn, grad_fn)                                            \
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
                           .run = run_fn,                                                          \
                           .grad = grad_fn,                                                        \
                           .inplace = 1,                                                           \
                           .flops = softmax_flops,                                                 \
                           .tolerance = {TOL_ULP, 16},                                             \
                           .cases = softmax_cases}
SOFTMAX(softmax, "Softmax", softmax_columns_plan, softmax_run, softmax_grad);
SOFTMAX(logsoftmax, "LogSoftmax", softmax_plan, logsoftmax_run, logsoftmax_grad);

static const op *const members[] = {&op_softmax, &op_logsoftmax};
const op_family family_softmax = {members, COUNT_OF(members)};
