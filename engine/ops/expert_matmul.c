/* SPDX-License-Identifier: Apache-2.0
 *
 * hone::ExpertMatMul: the product of each row with the matrix of its expert,
 *
 *   A        [R, K]
 *   B        [E, K, N]
 *   experts  [R], in rising order: rows of one expert lie together and are one product
 *   bias     [E, N]
 *   Y        [R, N]
 */
#include <math.h>

#include "gemm/gemm_f32.h"
#include "op.h"
#include "wide.h"

enum { A, B, EXPERTS, BIAS };

static const op_arg expert_in[] = {{"A", DT(HONE_F32), 0, 0},
                                   {"B", DT(HONE_F32), 0, 0},
                                   {"experts", DT(HONE_I64), 0, 0},
                                   {"bias", DT(HONE_F32), 0, ARG_OPTIONAL}};
static const op_arg expert_out[] = {{"Y", DT(HONE_F32), 0, 0}};

static hone_status expert_infer(infer *f) {
    static const int32_t ranks[] = {2, 3, 1, 2};
    const shape *a = infer_shape(f, A), *b = infer_shape(f, B), *e = infer_shape(f, EXPERTS);
    const shape *bias = infer_shape(f, BIAS);
    shape y = shape_of_rank(2);
    for (int32_t i = A; i <= BIAS; i++) TRY(infer_check_rank(f, i, ranks[i], ranks[i]));
    if (a->rank == 2) y.dim[0] = a->dim[0];
    if (b->rank == 3) y.dim[1] = b->dim[2];
    if (a->rank == 2 && b->rank == 3 && !dim_compatible(a->dim[1], b->dim[1]))
        return infer_fail(f, "rows of %lld elements meet matrices of %lld rows",
                          (long long)a->dim[1], (long long)b->dim[1]);
    if (a->rank == 2 && e->rank == 1 && !dim_compatible(a->dim[0], e->dim[0]))
        return infer_fail(f, "%lld rows have %lld experts", (long long)a->dim[0],
                          (long long)e->dim[0]);
    if (b->rank == 3 && bias->rank == 2 &&
        (!dim_compatible(b->dim[0], bias->dim[0]) || !dim_compatible(b->dim[2], bias->dim[1])))
        return infer_fail(f, "'bias' is not one row of %lld elements an expert",
                          (long long)b->dim[2]);
    infer_set(f, 0, HONE_F32, &y);
    return HONE_OK;
}

static layout expert_pack(const node *n, int32_t input) {
    const value *b = node_in(n, B);
    const bool packs = input == B && b->type.dtype == HONE_F32 && b->type.shape.rank == 3;
    return (layout){packs ? LAYOUT_PANELS_KN : LAYOUT_DENSE, 1};
}

typedef struct expert_state {
    gemm_b_form form;
    size_t budget; /* scratch of one sweep */
    size_t worker_bytes;
    size_t b_matrix; /* floats from one matrix to the next */
} expert_state;

static gemm_f32_args sizes_of(const step *s, const expert_state *st, int64_t rows) {
    const shape *b = &s->in[B].shape;
    return (gemm_f32_args){.m = (size_t)rows,
                           .k = (size_t)b->dim[1],
                           .n = (size_t)b->dim[2],
                           .lda = (size_t)b->dim[1],
                           .ldb = (size_t)b->dim[2],
                           .ldc = (size_t)b->dim[2],
                           .form = st->form};
}

static hone_status expert_plan(plan_ctx *p, step *s) {
    expert_state *st = plan_state(p, s, sizeof *st);
    if (!st) return HONE_E_NOMEM;
    st->form = s->in[B].layout.kind == LAYOUT_DENSE ? GEMM_B_ROWS : GEMM_B_PACKED;
    const int64_t rows = s->in[A].shape.dim[0];
    const gemm_f32_args one = sizes_of(s, st, 1), all = sizes_of(s, st, rows ? rows : 1);
    const gemm_sweep low = gemm_f32_plan(s->k, &one), high = gemm_f32_plan(s->k, &all);
    st->budget = low.scratch > high.scratch ? low.scratch : high.scratch;
    st->b_matrix = st->form == GEMM_B_PACKED ? gemm_f32_packed_floats(one.k, one.n) : one.k * one.n;
    s->kernel = high.kernel->name;
    return scratch_book_workers(p, s, st->budget, &st->worker_bytes);
}

typedef struct expert_job {
    const expert_state *st;
    gemm_sweep sweep;
    gemm_f32_args args;
    char *scratch;
} expert_job;

static void do_tasks(void *arg, int64_t first, int64_t last, int32_t worker) {
    const expert_job *j = arg;
    gemm_f32_run(&j->sweep, &j->args, (size_t)first, (size_t)last,
                 j->scratch + (size_t)worker * j->st->worker_bytes);
}

/* `count` rows of one expert, in pieces where all at once would need more scratch than there is. */
static void run_rows(run_ctx *r, const step *s, int64_t first, int64_t count) {
    const expert_state *st = s->state;
    const int64_t expert = ((const int64_t *)s->in[EXPERTS].data)[first];
    const shape *b = &s->in[B].shape;
    const float *bias = step_has(s, BIAS) ? s->in[BIAS].data : NULL;
    const epilogue_f32 ep = {
        .bias = bias ? bias + expert * b->dim[2] : NULL, .lo = -INFINITY, .hi = INFINITY};
    while (count > 0) {
        int64_t rows = count;
        expert_job j = {.st = st, .scratch = r->scratch};
        for (;;) {
            j.args = sizes_of(s, st, rows);
            j.sweep = gemm_f32_plan(s->k, &j.args);
            if (rows == 1 || j.sweep.scratch <= st->budget) break;
            rows = (rows + 1) / 2;
        }
        j.args.a = (const float *)s->in[A].data + first * b->dim[1];
        j.args.b = (const float *)s->in[B].data + (size_t)expert * st->b_matrix;
        j.args.c = (float *)s->out[0].data + first * b->dim[2];
        j.args.ep = &ep;
        const int64_t tasks = (int64_t)gemm_sweep_tasks(&j.sweep);
        if (tasks > 0) team_run(r->team, tasks, 1, do_tasks, &j);
        first += rows;
        count -= rows;
    }
}

static hone_status expert_run(run_ctx *r, const step *s) {
    const int64_t rows = s->in[A].shape.dim[0], experts = s->in[B].shape.dim[0];
    const int64_t *at = s->in[EXPERTS].data;
    for (int64_t i = 0; i < rows; i++)
        if (at[i] < (i ? at[i - 1] : 0) || at[i] >= experts)
            return run_fail(r, "expert %lld of row %lld is out of order or not below %lld",
                            (long long)at[i], (long long)i, (long long)experts);
    for (int64_t i = 0, end; i < rows; i = end) {
        for (end = i + 1; end < rows && at[end] == at[i]; end++) continue;
        run_rows(r, s, i, end - i);
    }
    return HONE_OK;
}

static uint64_t expert_flops(const step *s) {
    return 2 * (uint64_t)tensor_count(&s->out[0]) * (uint64_t)s->in[A].shape.dim[1];
}

static const char *const expert_cases[] = {
    "f32[5,4] f32[3,4,6] i64{0,0,1,2,2} f32[3,6]", "f32[9,33] f32[2,33,17] i64{0,1,1,1,1,1,1,1,1}",
    "f32[2,4] f32[1,4,3] i64{0,0}", "f32[0,4] f32[2,4,3] i64{}", NULL};

const op op_expert_matmul = {.name = "ExpertMatMul",
                             .domain = "hone",
                             OP_ARGS_IN(expert_in),
                             OP_ARGS_OUT(expert_out),
                             .infer = expert_infer,
                             .plan = expert_plan,
                             .run = expert_run,
                             .pack = expert_pack,
                             .flops = expert_flops,
                             .tolerance = {TOL_SUM, 4},
                             .cases = expert_cases};
