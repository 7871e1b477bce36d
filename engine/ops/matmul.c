/* SPDX-License-Identifier: Apache-2.0
 *
 * hone::MatMul, the one product of matrices: Y = activation(A * B + bias + residual).
 *
 *   A         [.., M, K], or [K] for one row
 *   B         [.., K, N] ([.., N, K] with trans_b), or [K] for one column; batch axes broadcast
 *   bias      [N]
 *   residual  the shape of Y
 *
 * float32 goes through the packed kernels, 16-bit floats are widened to it around the same path.
 * float64 has a kernel of its own; integers take plain loops.
 */
#include "matmul.h"

#include <math.h>

#include "gemm/gemm_f32.h"
#include "gemm/gemm_f64.h"
#include "wide.h"

static const attr_spec matmul_attrs[] = {ATTR_ROW(BOOL, matmul_params, trans_b, .i = 0),
                                         FUSED_ATTRS(matmul_params)};
#define TYPES (DT_FLOATS | DT(HONE_I32) | DT(HONE_U32) | DT(HONE_I64) | DT(HONE_U64))
static const op_arg matmul_in[] = {{"A", TYPES, 'T', 0},
                                   {"B", TYPES, 'T', 0},
                                   {"bias", DT(HONE_F32) | DT_FLOAT16S, 'T', ARG_OPTIONAL},
                                   {"residual", DT(HONE_F32), 'T', ARG_OPTIONAL}};
static const op_arg matmul_out[] = {{"Y", TYPES, 'T', 0}};

/* Sizes of a product. Batch axes are those of the broadcast batch shape. */
typedef struct product {
    int64_t m, n, k;
    shape batch;
    int64_t a_step[HONE_MAX_RANK], b_step[HONE_MAX_RANK]; /* matrices to skip per batch axis */
    bool row, column; /* A or B is a vector: its axis is missing in Y */
} product;

static shape batch_of(const shape *s) { return shape_make(s->rank > 2 ? s->rank - 2 : 0, s->dim); }

static hone_status product_shape(const infer *f, const shape *a, const shape *b, bool trans_b,
                                 product *p) {
    char ta[SHAPE_TEXT], tb[SHAPE_TEXT];
    const shape batch_a = batch_of(a), batch_b = batch_of(b);
    p->row = a->rank == 1;
    p->column = b->rank == 1;
    p->k = a->dim[a->rank - 1];
    p->m = p->row ? 1 : a->dim[a->rank - 2];
    const int64_t k = p->column ? b->dim[0] : b->dim[b->rank - (trans_b ? 1 : 2)];
    p->n = p->column ? 1 : b->dim[b->rank - (trans_b ? 2 : 1)];
    if (!dim_compatible(p->k, k) || !shape_broadcast(&batch_a, &batch_b, &p->batch))
        return infer_fail(f, "shapes %s and %s do not multiply", shape_text(ta, sizeof ta, a),
                          shape_text(tb, sizeof tb, b));
    return HONE_OK;
}

/* Shape of A * B. */
static shape product_result(const product *p) {
    shape y = p->batch;
    if (!p->row) y.dim[y.rank++] = p->m;
    if (!p->column) y.dim[y.rank++] = p->n;
    return y;
}

static hone_status matmul_infer(infer *f) {
    const matmul_params *mp = f->params;
    const shape *a = infer_shape(f, 0), *b = infer_shape(f, 1);
    product p;
    if (a->rank == 0 || b->rank == 0) return infer_fail(f, "a scalar has no matrix product");
    if (a->rank < 0 || b->rank < 0) {
        const shape unknown = shape_unknown();
        return fused_infer(f, &mp->fused, infer_dtype(f, 0), &unknown);
    }
    TRY(product_shape(f, a, b, mp->trans_b, &p));
    if (b->rank == 1 && infer_has(f, MATMUL_BIAS))
        return infer_fail(f, "a product with a vector has no columns that a bias could belong to");
    const shape y = product_result(&p);
    return fused_infer(f, &mp->fused, infer_dtype(f, 0), &y);
}

static void matmul_axes(const node *n, axis_map *m) {
    const bool trans_b = ((const matmul_params *)n->params)->trans_b;
    const int32_t a = n->in[0].value->type.shape.rank, b = n->in[1].value->type.shape.rank;
    const int32_t y = n->out[0]->type.shape.rank;
    if (a < 2 || b < 2) {
        m->opaque = true;
        return;
    }
    for (int32_t i = 0; i < a - 1; i++) axis_add(m, 0, i, 0, i + y - a, AXIS_SAME);
    for (int32_t i = 0; i < b - 2; i++) axis_add(m, 1, i, 0, i + y - b, AXIS_SAME);
    axis_add(m, 0, a - 1, 0, -1, AXIS_CONTRACTED);
    axis_add(m, 1, trans_b ? b - 1 : b - 2, 0, -1, AXIS_CONTRACTED);
    axis_add(m, 1, trans_b ? b - 2 : b - 1, 0, y - 1, AXIS_SAME);
    if (node_in(n, MATMUL_BIAS)) axis_add(m, MATMUL_BIAS, 0, 0, y - 1, AXIS_SAME);
    for (int32_t i = 0; node_in(n, MATMUL_RESIDUAL) && i < y; i++)
        axis_add(m, MATMUL_RESIDUAL, i, 0, i, AXIS_SAME);
}

static layout matmul_pack(const node *n, int32_t input) {
    const bool trans_b = ((const matmul_params *)n->params)->trans_b;
    const value *b = node_in(n, MATMUL_B);
    if (input != MATMUL_B || b->type.dtype != HONE_F32 || b->type.shape.rank < 2)
        return (layout){LAYOUT_DENSE, 1};
    if (trans_b && b->type.shape.rank != 2) return (layout){LAYOUT_DENSE, 1};
    return (layout){trans_b ? LAYOUT_PANELS_NK : LAYOUT_PANELS_KN, 1};
}

/* What plan leaves for run. */
typedef struct matmul_state {
    product p;
    shape result; /* of A * B, before a residual */
    bool late;    /* the residual is added afterwards */
    int64_t batches;
    gemm_b_form form;
    gemm_sweep sweep;
    size_t worker_bytes;      /* scratch of one worker */
    wide_block a, b, bias, y; /* y also when a residual is added late */
} matmul_state;

/* Steps of a matrix of shape s along each axis of the batch shape. */
static void batch_steps(const shape *s, const shape *batch, int64_t *step_by) {
    const shape own = batch_of(s);
    for (int32_t i = 0; i < batch->rank; i++) {
        const int32_t a = i - (batch->rank - own.rank);
        step_by[i] = a < 0 || own.dim[a] == 1 ? 0 : shape_span(&own, a + 1, own.rank);
    }
}

static gemm_b_form form_of(const step *s) {
    const uint8_t kind = s->in[MATMUL_B].layout.kind;
    if (kind != LAYOUT_DENSE) return GEMM_B_PACKED;
    const bool trans_b = ((const matmul_params *)step_params(s))->trans_b;
    return trans_b && s->in[MATMUL_B].shape.rank > 1 ? GEMM_B_COLUMNS : GEMM_B_ROWS;
}

static gemm_f32_args matmul_args(const matmul_state *st) {
    const product *p = &st->p;
    return (gemm_f32_args){.m = (size_t)p->m,
                           .n = (size_t)p->n,
                           .k = (size_t)p->k,
                           .lda = (size_t)p->k,
                           .ldb = (size_t)(st->form == GEMM_B_COLUMNS ? p->k : p->n),
                           .form = st->form,
                           .ldc = (size_t)p->n};
}

static hone_status book_scratch(plan_ctx *p, step *s, matmul_state *st) {
    const tensor result = {.dtype = s->in[0].dtype, .shape = st->result};
    TRY(scratch_book_workers(p, s, st->sweep.scratch, &st->worker_bytes));
    TRY(wide_book(p, s, &s->in[MATMUL_A], &st->a));
    TRY(wide_book(p, s, &s->in[MATMUL_B], &st->b));
    if (step_has(s, MATMUL_BIAS)) TRY(wide_book(p, s, &s->in[MATMUL_BIAS], &st->bias));
    return st->late ? wide_book_always(p, s, &result, &st->y) : wide_book(p, s, &result, &st->y);
}

static hone_status matmul_plan(plan_ctx *pc, step *s) {
    matmul_state *st = plan_state(pc, s, sizeof *st);
    if (!st) return HONE_E_NOMEM;
    const infer f = {.c = pc->c, .node = s->node};
    const bool trans_b = ((const matmul_params *)step_params(s))->trans_b;
    const shape *a = &s->in[0].shape, *b = &s->in[1].shape;
    product *p = &st->p;
    TRY(product_shape(&f, a, b, trans_b, p));
    st->result = product_result(p);
    st->late = fused_is_late(s, &st->result);
    if (b->rank <= 2) { /* one B for all: the batch is more rows */
        p->m = shape_span(a, 0, a->rank - 1);
        p->batch.rank = 0;
    }
    st->batches = shape_span(&p->batch, 0, p->batch.rank);
    batch_steps(a, &p->batch, p->a_step);
    batch_steps(b, &p->batch, p->b_step);
    st->form = form_of(s);
    const hone_dtype t = s->in[0].dtype;
    if (t == HONE_F64) {
        plan_kernel(pc, s, "gemm_f64_%s", isa_name(s->k->level));
        return scratch_book_workers(pc, s, GEMM_F64_SCRATCH, &st->worker_bytes);
    }
    if (!dtype_in(t, DT(HONE_F32) | DT_FLOAT16S)) {
        s->kernel = "plain loops";
        plan_decline(pc, s, s->k->gemm_f32.name, "elements are %s", hone_dtype_name(t));
        return HONE_OK;
    }
    const gemm_f32_args args = matmul_args(st);
    st->sweep = gemm_f32_plan(s->k, &args);
    s->kernel = st->sweep.kernel ? st->sweep.kernel->name : s->kernel;
    if (st->form != GEMM_B_PACKED)
        plan_decline(pc, s, "packed weights", "B is %s",
                     s->in[MATMUL_B].data ? "a constant that was not packed"
                                          : "computed at run time");
    return book_scratch(pc, s, st);
}

typedef struct matmul_job {
    const step *s;
    const matmul_state *st;
    const float *a, *b;
    float *y;
    epilogue_f32 ep;
    size_t b_matrix; /* floats from one B to the next */
    int64_t tasks;   /* of one product */
    char *scratch;
} matmul_job;

/* Matrix numbers of A and B for batch `index`. */
static void batch_matrices(const product *p, int64_t index, int64_t *a, int64_t *b) {
    *a = *b = 0;
    for (int32_t i = p->batch.rank - 1; i >= 0; i--) {
        const int64_t at = index % p->batch.dim[i];
        index /= p->batch.dim[i];
        *a += at * p->a_step[i];
        *b += at * p->b_step[i];
    }
}

static void matmul_tasks(void *arg, int64_t first, int64_t last, int32_t worker) {
    const matmul_job *job = arg;
    const product *p = &job->st->p;
    while (first < last) {
        const int64_t batch = first / job->tasks, task = first % job->tasks;
        const int64_t end = task + (last - first) < job->tasks ? task + (last - first) : job->tasks;
        gemm_f32_args args = matmul_args(job->st);
        int64_t a, b;
        batch_matrices(p, batch, &a, &b);
        args.a = job->a + a * p->m * p->k;
        args.b = job->b + (size_t)b * job->b_matrix;
        args.c = job->y + batch * p->m * p->n;
        epilogue_f32 ep = job->ep;
        if (ep.residual) ep.residual += batch * p->m * p->n;
        args.ep = &ep;
        gemm_f32_run(&job->st->sweep, &args, (size_t)task, (size_t)end,
                     job->scratch + (size_t)worker * job->st->worker_bytes);
        first += end - task;
    }
}

static void matmul_f32(run_ctx *r, const step *s, const matmul_state *st) {
    const matmul_params *mp = step_params(s);
    const product *p = &st->p;
    char *scratch = r->scratch;
    matmul_job job = {.s = s, .st = st, .scratch = scratch, .ep = fused_epilogue(&mp->fused, s->k)};
    job.a = wide_read(&st->a, s->k, &s->in[MATMUL_A], scratch);
    job.b = wide_read(&st->b, s->k, &s->in[MATMUL_B], scratch);
    if (step_has(s, MATMUL_BIAS))
        job.ep.bias = wide_read(&st->bias, s->k, &s->in[MATMUL_BIAS], scratch);
    if (step_has(s, MATMUL_RESIDUAL)) job.ep.residual = s->in[MATMUL_RESIDUAL].data;
    job.ep.ldr = (size_t)p->n;
    if (st->late) job.ep = (epilogue_f32){.bias = job.ep.bias, .lo = -INFINITY, .hi = INFINITY};
    job.y = wide_result(&st->y, &s->out[0], scratch);
    job.b_matrix = st->form == GEMM_B_PACKED ? gemm_f32_packed_floats((size_t)p->k, (size_t)p->n)
                                             : (size_t)(p->k * p->n);
    job.tasks = (int64_t)gemm_sweep_tasks(&st->sweep);
    if (job.tasks > 0) team_run(r->team, st->batches * job.tasks, 1, matmul_tasks, &job);
    if (st->late)
        fused_finish(r, s, &mp->fused, &st->result, job.y);
    else
        wide_write(&st->y, s->k, &s->out[0], scratch);
}

typedef struct matmul_f64_job {
    const step *s;
    int64_t tasks; /* of one product */
    char *scratch;
} matmul_f64_job;

static void matmul_f64_tasks(void *arg, int64_t first, int64_t last, int32_t worker) {
    const matmul_f64_job *job = arg;
    const step *s = job->s;
    const matmul_state *st = s->state;
    const product *p = &st->p;
    for (int64_t i = first; i < last; i++) {
        const int64_t batch = i / job->tasks;
        const size_t task = (size_t)(i % job->tasks);
        int64_t a, b;
        batch_matrices(p, batch, &a, &b);
        const gemm_f64_args args = {.m = (size_t)p->m,
                                    .n = (size_t)p->n,
                                    .k = (size_t)p->k,
                                    .a = (const double *)s->in[MATMUL_A].data + a * p->m * p->k,
                                    .b = (const double *)s->in[MATMUL_B].data + b * p->k * p->n,
                                    .c = (double *)s->out[0].data + batch * p->m * p->n,
                                    .lda = (size_t)p->k,
                                    .ldb = (size_t)(st->form == GEMM_B_COLUMNS ? p->k : p->n),
                                    .form = st->form,
                                    .ldc = (size_t)p->n};
        gemm_f64_run(s->k, &args, task, task + 1, job->scratch + (size_t)worker * st->worker_bytes);
    }
}

static void matmul_f64(run_ctx *r, const step *s, const matmul_state *st) {
    matmul_f64_job job = {s, (int64_t)gemm_f64_tasks((size_t)st->p.m, (size_t)st->p.n), r->scratch};
    if (job.tasks > 0) team_run(r->team, st->batches * job.tasks, 1, matmul_f64_tasks, &job);
}

/* y[m, n] = sum over k of a * b, in the element type itself; integers wrap. */
#define PLAIN_PRODUCT(type, acc)                                                                   \
    static void plain_##type(const product *p, bool trans_b, const type *a, const type *b,         \
                             type *y) {                                                            \
        for (int64_t i = 0; i < p->m; i++)                                                         \
            for (int64_t j = 0; j < p->n; j++) {                                                   \
                acc sum = 0;                                                                       \
                for (int64_t l = 0; l < p->k; l++)                                                 \
                    sum +=                                                                         \
                        (acc)a[i * p->k + l] * (acc)(trans_b ? b[j * p->k + l] : b[l * p->n + j]); \
                y[i * p->n + j] = (type)sum;                                                       \
            }                                                                                      \
    }
PLAIN_PRODUCT(uint32_t, uint32_t)
PLAIN_PRODUCT(uint64_t, uint64_t)

static void matmul_plain(const step *s, const matmul_state *st) {
    const product *p = &st->p;
    const bool trans_b = st->form == GEMM_B_COLUMNS;
    const size_t size = dtype_size(s->in[0].dtype);
    for (int64_t i = 0; i < st->batches; i++) {
        int64_t ia, ib;
        batch_matrices(p, i, &ia, &ib);
        const void *a = (const char *)s->in[0].data + (size_t)(ia * p->m * p->k) * size;
        const void *b = (const char *)s->in[1].data + (size_t)(ib * p->k * p->n) * size;
        void *y = (char *)s->out[0].data + (size_t)(i * p->m * p->n) * size;
        if (size == 4)
            plain_uint32_t(p, trans_b, a, b, y);
        else
            plain_uint64_t(p, trans_b, a, b, y);
    }
}

static hone_status matmul_run(run_ctx *r, const step *s) {
    const matmul_state *st = s->state;
    if (tensor_count(&s->out[0]) == 0) return HONE_OK; /* of however many matrices */
    if (st->sweep.kernel)
        matmul_f32(r, s, st);
    else if (s->in[0].dtype == HONE_F64)
        matmul_f64(r, s, st);
    else
        matmul_plain(s, st);
    return HONE_OK;
}

/* The last two axes of v in turn. */
static value *swapped(builder *b, value *v) {
    const int32_t rank = v ? v->type.shape.rank : 0;
    int64_t perm[HONE_MAX_RANK];
    for (int32_t a = 0; a < rank; a++) perm[a] = a < rank - 2 ? a : 2 * rank - 3 - a;
    return emit(b, "Transpose", IN(v), ATTRS(A_INTS("perm", perm, rank)));
}

/* Y = A * B: dA = dY * B^T, dB = A^T * dY, summed over broadcast batch axes. */
static hone_status matmul_grad(gradient *g) {
    builder *b = g->b;
    const matmul_params *mp = g->node->params;
    value *x = node_in(g->node, 0), *w = node_in(g->node, 1), *dy = g->dy[0];
    if (fused_any(&mp->fused) || x->type.shape.rank < 2 || w->type.shape.rank < 2)
        return builder_fail(b, HONE_E_UNSUPPORTED, "fused or vector products have no gradient");
    value *dx = emit(b, "hone::MatMul", IN(dy, w), ATTRS(A_INT("trans_b", !mp->trans_b)));
    g->dx[0] = emit(b, "hone::SumTo", IN(dx, x), NO_ATTRS);
    value *dw = mp->trans_b ? emit(b, "hone::MatMul", IN(swapped(b, dy), x), NO_ATTRS)
                            : emit(b, "hone::MatMul", IN(swapped(b, x), dy), NO_ATTRS);
    g->dx[1] = emit(b, "hone::SumTo", IN(dw, w), NO_ATTRS);
    if (node_in(g->node, MATMUL_BIAS))
        g->dx[2] = emit(b, "hone::SumTo", IN(dy, node_in(g->node, MATMUL_BIAS)), NO_ATTRS);
    if (node_in(g->node, MATMUL_RESIDUAL)) g->dx[3] = dy;
    return b->status;
}

static uint64_t matmul_flops(const step *s) {
    const shape *a = &s->in[0].shape;
    const int64_t k = a->rank ? a->dim[a->rank - 1] : 1;
    return 2 * (uint64_t)tensor_count(&s->out[0]) * (uint64_t)k;
}

static const op_quant matmul_quant = {QUANT_REQUANT, 3, MATMUL_B, -1, NULL};
static const char *const matmul_cases[] = {"f32[3,4] f32[4,5]",
                                           "f32[2,3,4] f32[4,5] f32[5]",
                                           "f32[2,1,3,4] f32[5,4,6]",
                                           "f32[4] f32[4,5]",
                                           "f32[3,4] f32[4]",
                                           "f32[4] f32[4]",
                                           "f32[7,33] f32[17,33] trans_b=1",
                                           "f32[3,0] f32[0,5]",
                                           "f16[9,8] f16[8,7]",
                                           "i32[3,4] i32[4,5]",
                                           "f64[3,4] f64[4,5]",
                                           "f64[2,17,30] f64[2,19,30] trans_b=1",
                                           "f64[131,300] f64[300,12]",
                                           "f64[2,0] f64[0,3]",
                                           "f32[128,96] f32[96,160]",
                                           "f32[1,576] f32[576,1024]",
                                           NULL};

const op op_matmul = {.name = "MatMul",
                      .domain = "hone",
                      OP_ARGS_IN(matmul_in),
                      OP_ARGS_OUT(matmul_out),
                      OP_ATTRS(matmul_attrs, matmul_params),
                      .infer = matmul_infer,
                      .axes = matmul_axes,
                      .plan = matmul_plan,
                      .run = matmul_run,
                      .grad = matmul_grad,
                      .quant = &matmul_quant,
                      .flops = matmul_flops,
                      .pack = matmul_pack,
                      .fused = offsetof(matmul_params, fused) + 1,
                      .tolerance = {TOL_SUM, 4},
                      .cases = matmul_cases};
