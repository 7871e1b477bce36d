/* SPDX-License-Identifier: Apache-2.0
 *
 * Det: determinants of square matrices, by elimination with partial pivoting in double precision.
 */
#include <math.h>

#include "checked.h"
#include "wide.h"

static const op_arg det_in[] = {{"X", DT_FLOATS, 'T', 0}};
static const op_arg det_out[] = {{"Y", DT_FLOATS, 'T', 0}};
static const op_version det_versions[] = {{11, NULL}};

static hone_status det_infer(infer *f) {
    const shape *x = infer_shape(f, 0);
    shape y = *x;
    TRY(infer_check_rank(f, 0, 2, HONE_MAX_RANK));
    if (x->rank >= 2) {
        if (!dim_compatible(x->dim[x->rank - 2], x->dim[x->rank - 1]))
            return infer_fail(f, "matrices of %lld x %lld are not square",
                              (long long)x->dim[x->rank - 2], (long long)x->dim[x->rank - 1]);
        y.rank -= 2;
    }
    infer_set(f, 0, infer_dtype(f, 0), &y);
    return HONE_OK;
}

static hone_status det_plan(plan_ctx *p, step *s) {
    const shape *x = &s->in[0].shape;
    const size_t n = (size_t)x->dim[x->rank - 1];
    size_t *each = plan_state(p, s, sizeof *each), bytes;
    if (!each) return HONE_E_NOMEM;
    if (!size_mul(n, n, &bytes) || !size_mul(bytes, sizeof(double), &bytes)) bytes = SIZE_MAX;
    return scratch_book_workers(p, s, bytes, each);
}

/* Brings the largest element of column c below row c into row c; true if rows changed places. */
static bool pivot(double *m, int64_t n, int64_t c) {
    int64_t best = c;
    for (int64_t i = c + 1; i < n; i++)
        if (fabs(m[i * n + c]) > fabs(m[best * n + c])) best = i;
    for (int64_t j = c; j < n && best != c; j++) {
        const double t = m[c * n + j];
        m[c * n + j] = m[best * n + j];
        m[best * n + j] = t;
    }
    return best != c;
}

static double determinant(double *m, int64_t n) {
    double det = 1.0;
    for (int64_t c = 0; c < n; c++) {
        if (pivot(m, n, c)) det = -det;
        det *= m[c * n + c];
        if (m[c * n + c] == 0.0) return det;
        for (int64_t i = c + 1; i < n; i++) {
            const double f = m[i * n + c] / m[c * n + c];
            for (int64_t j = c + 1; j < n; j++) m[i * n + j] -= f * m[c * n + j];
        }
    }
    return det;
}

typedef struct det_job {
    const step *s;
    int64_t n;
    char *scratch;
    size_t each;
} det_job;

static void do_matrices(void *arg, int64_t first, int64_t last, int32_t worker) {
    const det_job *j = arg;
    const int64_t size = j->n * j->n;
    double *m = (double *)(void *)(j->scratch + (size_t)worker * j->each);
    for (int64_t i = first; i < last; i++) {
        for (int64_t k = 0; k < size; k++) m[k] = tensor_f64(&j->s->in[0], i * size + k);
        tensor_set_f64(&j->s->out[0], i, determinant(m, j->n));
    }
}

static hone_status det_run(run_ctx *r, const step *s) {
    const shape *x = &s->in[0].shape;
    det_job j = {
        .s = s, .n = x->dim[x->rank - 1], .scratch = r->scratch, .each = *(const size_t *)s->state};
    team_run(r->team, tensor_count(&s->out[0]), 1, do_matrices, &j);
    return HONE_OK;
}

/* A third of n^3 multiply-adds. */
static uint64_t det_flops(const step *s) {
    const shape *x = &s->in[0].shape;
    return (uint64_t)tensor_count(&s->in[0]) * (uint64_t)x->dim[x->rank - 1] * 2 / 3;
}

static const char *const det_cases[] = {"f32[3,3]", "f64[2,5,5]", "f32[1,1]", "f16[4,2,2]", NULL};

const op op_det = {.name = "Det",
                   .domain = "",
                   OP_VERSIONS(det_versions),
                   OP_ARGS_IN(det_in),
                   OP_ARGS_OUT(det_out),
                   .infer = det_infer,
                   .plan = det_plan,
                   .run = det_run,
                   .flops = det_flops,
                   .tolerance = {TOL_REL, 1e-5},
                   .cases = det_cases};
