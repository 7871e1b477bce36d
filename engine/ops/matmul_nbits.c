/* SPDX-License-Identifier: Apache-2.0
 *
 * Products with weights of few bits (nbits.h):
 *
 *   hone::MatMulNBits      Y [.., N] = A [.., K] * W^T + bias, W [N, K] rows `first` and on of
 * those that there are codes for; the bias has an element for each of those too
 *   hone::DequantizeNBits  [.., K] from codes [.., bytes] and scales [.., blocks]
 *
 * The weights stay packed in memory. A task is some columns of Y: it decodes their rows of W into
 * scratch and multiplies them by the float32 kernels, so that each weight is decoded once a run. On
 * a core with AVX-512 that takes as long as some 20 rows of A: with one row, as when a language
 * model writes a word after the other, it is four fifths of the time. Kernels that multiply codes
 * as integers would save it, at the price of rounding A.
 */
#include <math.h>

#include "checked.h"
#include "gemm/gemm_f32.h"
#include "nbits.h"
#include "wide.h"

enum { A, WEIGHTS, BIAS = WEIGHTS + NBITS_INPUTS };
enum { COLUMNS = 64, GRAIN = 16 };

typedef struct matmul_nbits_params {
    nbits_params form;
    int64_t n;
    int64_t first, rows; /* rows: 0 stands for n */
} matmul_nbits_params;

static const attr_spec matmul_attrs[] = {
    NBITS_ATTRS(matmul_nbits_params),
    ATTR_NAMED(INT, "N", matmul_nbits_params, n, .required = true, .min = 1, .max = INT32_MAX),
    ATTR_ROW(INT, matmul_nbits_params, first, .min = 0, .max = INT32_MAX),
    ATTR_ROW(INT, matmul_nbits_params, rows, .min = 0, .max = INT32_MAX),
};
static const attr_spec dequantize_attrs[] = {NBITS_ATTRS(matmul_nbits_params)};

#define REALS (DT(HONE_F32) | DT_FLOAT16S)
static const op_arg matmul_in[] = {
    {"A", REALS, 'T', 0}, NBITS_ARGS, {"bias", DT(HONE_F32), 0, ARG_OPTIONAL}};
static const op_arg matmul_out[] = {{"Y", REALS, 'T', 0}};
static const op_arg dequantize_in[] = {NBITS_ARGS};
static const op_arg dequantize_out[] = {{"Y", DT(HONE_F32), 0, 0}};

static int64_t rows_of_weights(const matmul_nbits_params *p) { return p->rows ? p->rows : p->n; }

static hone_status matmul_infer(infer *f) {
    const matmul_nbits_params *p = f->params;
    const int32_t rank = infer_rank(f, A);
    int64_t bias;
    shape y = *infer_shape(f, A);
    if (rank == 0 || (rank > 0 && !dim_compatible(y.dim[rank - 1], p->form.k)))
        return infer_fail(f, "the last axis of A does not have K = %lld elements",
                          (long long)p->form.k);
    const int64_t rows = rows_of_weights(p);
    if (p->first + p->n > rows)
        return infer_fail(f, "rows %lld to %lld of %lld", (long long)p->first,
                          (long long)(p->first + p->n), (long long)rows);
    TRY(nbits_check(f, WEIGHTS, &p->form, rows, 0));
    if (shape_count(infer_shape(f, BIAS), &bias) && bias != rows)
        return infer_fail(f, "bias has %lld elements: expected %lld", (long long)bias,
                          (long long)rows);
    if (rank > 0) y.dim[rank - 1] = p->n;
    infer_set(f, 0, infer_dtype(f, A), &y);
    return HONE_OK;
}

static void matmul_axes(const node *n, axis_map *m) {
    const int32_t rank = n->out[0]->type.shape.rank;
    for (int32_t a = 0; a < rank - 1; a++) axis_add(m, A, a, 0, a, AXIS_SAME);
    axis_add(m, A, rank - 1, 0, -1, AXIS_CONTRACTED);
}

typedef struct matmul_nbits {
    int64_t m;
    gemm_sweep whole, rest; /* of COLUMNS columns, and of the last ones */
    size_t at_weights;      /* decoded ones, in the scratch of a worker */
    size_t worker_bytes;
    wide_block a, y;
} matmul_nbits;

static gemm_f32_args args_of(const matmul_nbits_params *p, int64_t m, int64_t columns) {
    return (gemm_f32_args){.m = (size_t)m,
                           .n = (size_t)columns,
                           .k = (size_t)p->form.k,
                           .lda = (size_t)p->form.k,
                           .ldb = (size_t)p->form.k,
                           .form = GEMM_B_COLUMNS,
                           .ldc = (size_t)p->n};
}

static hone_status matmul_plan(plan_ctx *pc, step *s) {
    const matmul_nbits_params *p = step_params(s);
    matmul_nbits *st = plan_state(pc, s, sizeof *st);
    if (!st) return HONE_E_NOMEM;
    st->m = shape_span(&s->in[A].shape, 0, s->in[A].shape.rank - 1);
    const int64_t columns = p->n < COLUMNS ? p->n : COLUMNS;
    const gemm_f32_args whole = args_of(p, st->m, columns),
                        rest = args_of(p, st->m, p->n % columns);
    st->whole = gemm_f32_plan(s->k, &whole);
    st->rest = gemm_f32_plan(s->k, &rest);
    if (st->whole.kernel) s->kernel = st->whole.kernel->name;
    size_t floats, bytes;
    st->at_weights = st->whole.scratch > st->rest.scratch ? st->whole.scratch : st->rest.scratch;
    if (!size_mul((size_t)(columns * p->form.k), sizeof(float), &floats) ||
        !size_add(st->at_weights, floats, &bytes))
        return fail(pc->c, HONE_E_LIMIT, "the weights are too large");
    TRY(scratch_book_workers(pc, s, bytes, &st->worker_bytes));
    TRY(wide_book(pc, s, &s->in[A], &st->a));
    return wide_book(pc, s, &s->out[0], &st->y);
}

typedef struct matmul_nbits_job {
    const matmul_nbits_params *p;
    const matmul_nbits *st;
    nbits_weights w;
    const float *a, *bias;
    float *y;
    char *scratch;
} matmul_nbits_job;

static void multiply_columns(void *arg, int64_t first, int64_t last, int32_t worker) {
    const matmul_nbits_job *job = arg;
    const matmul_nbits *st = job->st;
    char *scratch = job->scratch + (size_t)worker * st->worker_bytes;
    float *weights = (float *)(void *)(scratch + st->at_weights);
    for (int64_t i = first; i < last; i++) {
        const int64_t column = i * COLUMNS, left = job->p->n - column;
        const int64_t columns = left < COLUMNS ? left : COLUMNS;
        const gemm_sweep *sweep = (size_t)columns == st->whole.n ? &st->whole : &st->rest;
        const epilogue_f32 ep = {
            .bias = job->bias ? job->bias + column : NULL, .lo = -INFINITY, .hi = INFINITY};
        gemm_f32_args args = args_of(job->p, st->m, columns);
        args.a = job->a;
        args.b = weights;
        args.c = job->y + column;
        args.ep = &ep;
        const int64_t row = job->p->first + column;
        nbits_decode(&job->w, row, row + columns, weights);
        gemm_f32_run(sweep, &args, 0, gemm_sweep_tasks(sweep), scratch);
    }
}

static hone_status matmul_run(run_ctx *r, const step *s) {
    const matmul_nbits_params *p = step_params(s);
    const matmul_nbits *st = s->state;
    char *scratch = r->scratch;
    matmul_nbits_job job = {.p = p, .st = st, .scratch = scratch};
    job.w = (nbits_weights){.p = &p->form, .s.rows = rows_of_weights(p)};
    TRY(nbits_weights_of(r, s, WEIGHTS, &job.w));
    if (st->m == 0) return HONE_OK;
    job.a = wide_read(&st->a, s->k, &s->in[A], scratch);
    if (step_has(s, BIAS)) job.bias = (const float *)s->in[BIAS].data + p->first;
    job.y = wide_result(&st->y, &s->out[0], scratch);
    team_run(r->team, (p->n + COLUMNS - 1) / COLUMNS, 1, multiply_columns, &job);
    wide_write(&st->y, s->k, &s->out[0], scratch);
    return HONE_OK;
}

static uint64_t matmul_flops(const step *s) {
    const matmul_nbits_params *p = step_params(s);
    return 2 * (uint64_t)tensor_count(&s->out[0]) * (uint64_t)p->form.k;
}

/* Rows of codes, and the bytes of one. */
static int64_t rows_of(const shape *codes, int64_t *row_bytes) {
    *row_bytes = codes->rank > 0 ? codes->dim[codes->rank - 1] : DIM_UNKNOWN;
    return shape_known(codes) && codes->rank > 0 ? shape_span(codes, 0, codes->rank - 1)
                                                 : DIM_UNKNOWN;
}

static hone_status dequantize_infer(infer *f) {
    const matmul_nbits_params *p = f->params;
    int64_t row_bytes;
    shape y = *infer_shape(f, NBITS_CODES);
    if (y.rank == 0) return infer_fail(f, "the codes are a scalar");
    const int64_t rows = rows_of(&y, &row_bytes);
    TRY(nbits_check(f, 0, &p->form, rows, row_bytes));
    if (y.rank > 0) y.dim[y.rank - 1] = p->form.k;
    infer_set(f, 0, HONE_F32, &y);
    return HONE_OK;
}

typedef struct dequantize_job {
    nbits_weights w;
    float *y;
} dequantize_job;

static void decode_rows(void *arg, int64_t first, int64_t last, int32_t worker) {
    const dequantize_job *job = arg;
    (void)worker;
    nbits_decode(&job->w, first, last, job->y + first * job->w.p->k);
}

static hone_status dequantize_run(run_ctx *r, const step *s) {
    const matmul_nbits_params *p = step_params(s);
    dequantize_job job = {.w.p = &p->form, .y = s->out[0].data};
    const int64_t rows = rows_of(&s->in[NBITS_CODES].shape, &job.w.s.row_bytes);
    job.w.s.rows = rows;
    TRY(nbits_weights_of(r, s, 0, &job.w));
    if (rows > 0) team_run(r->team, rows, GRAIN, decode_rows, &job);
    return HONE_OK;
}

static const char *const matmul_cases[] = {
    "f32[3,40] u8[70,3,8] f32[70,3] N=70 K=40 block_size=16",
    "f32[2,2,32] u8[5,2,16] f32[10] u8[5,2] _ f32[5] N=5 K=32 block_size=16 bits=8",
    "f32[1,64] u8[3,2,8] f32[3,2] f32[3,2] N=3 K=64 block_size=32 bits=2",
    "bf16[2,16] u8[3,1,8] f32[3,1] N=3 K=16 block_size=16",
    "f16[5,33] u8[4,3,8] f32[4,3] u8[4,2] N=4 K=33 block_size=16",
    "f32[2,20] u8[4,2,8] f32[4,2] _ i32{0,1,0,1,0,1,0,1,0,1,0,1,0,1,0,1,0,1,0,1} N=4 K=20 "
    "block_size=16",
    "f32[2,7] u8[18] f32[3] N=5 K=7 block_size=16 flat=1 "
    "table=0,0.5,1,2,3,4,5,6,-1,-2,-3,-4,-5,-6,-7,-8",
    "f32[3,32] u8[7,2,8] f32[7,2] u8[7,1] _ f32[7] N=2 K=32 block_size=16 first=3 rows=7",
    "f32[0,16] u8[2,1,8] f32[2,1] N=2 K=16 block_size=16",
    NULL};
static const char *const dequantize_cases[] = {
    "u8[3,9] f32[3,2] K=18 block_size=16",
    "u8[2,3,8] f32[2,3,1] u8[2,3,1] K=30 block_size=32 bits=2",
    "u8[0,16] f32[0,1] K=16 block_size=16 bits=8", NULL};

static const op op_matmul_nbits = {.name = "MatMulNBits",
                                   .domain = "hone",
                                   OP_ARGS_IN(matmul_in),
                                   OP_ARGS_OUT(matmul_out),
                                   OP_ATTRS(matmul_attrs, matmul_nbits_params),
                                   .infer = matmul_infer,
                                   .axes = matmul_axes,
                                   .plan = matmul_plan,
                                   .run = matmul_run,
                                   .flops = matmul_flops,
                                   .tolerance = {TOL_SUM, 4},
                                   .cases = matmul_cases};
static const op op_dequantize_nbits = {.name = "DequantizeNBits",
                                       .domain = "hone",
                                       OP_ARGS_IN(dequantize_in),
                                       OP_ARGS_OUT(dequantize_out),
                                       OP_ATTRS(dequantize_attrs, matmul_nbits_params),
                                       .infer = dequantize_infer,
                                       .run = dequantize_run,
                                       .cases = dequantize_cases};

static const op *const members[] = {&op_matmul_nbits, &op_dequantize_nbits};
const op_family family_matmul_nbits = {members, COUNT_OF(members)};
