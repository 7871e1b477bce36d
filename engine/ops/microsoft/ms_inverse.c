/* SPDX-License-Identifier: Apache-2.0
 *
 * com.microsoft Inverse: inverses of square matrices, by elimination with partial pivoting in
 * double precision. A matrix without an inverse gives infinities or NaN.
 */
#include <math.h>

#include "checked.h"
#include "wide.h"

static const op_arg inverse_in[] = {{"X", DT(HONE_F16) | DT(HONE_F32) | DT(HONE_F64), 'T', 0}};
static const op_arg inverse_out[] = {{"Y", DT(HONE_F16) | DT(HONE_F32) | DT(HONE_F64), 'T', 0}};
static const op_version inverse_versions[] = {{1, NULL}};

static hone_status inverse_infer(infer *f) {
    const shape *x = infer_shape(f, 0);
    TRY(infer_check_rank(f, 0, 2, HONE_MAX_RANK));
    if (x->rank >= 2 && !dim_compatible(x->dim[x->rank - 2], x->dim[x->rank - 1]))
        return infer_fail(f, "matrices of %lld x %lld are not square",
                          (long long)x->dim[x->rank - 2], (long long)x->dim[x->rank - 1]);
    return infer_same(f, 0);
}

/* Each worker has the matrix beside the unit matrix: n rows of 2 n. */
static hone_status inverse_plan(plan_ctx *p, step *s) {
    const shape *x = &s->in[0].shape;
    const size_t n = (size_t)x->dim[x->rank - 1];
    size_t *each = plan_state(p, s, sizeof *each), bytes;
    if (!each) return HONE_E_NOMEM;
    if (!size_mul(n, n, &bytes) || !size_mul(bytes, 2 * sizeof(double), &bytes)) bytes = SIZE_MAX;
    return scratch_book_workers(p, s, bytes, each);
}

static void swap_rows(double *a, double *b, int64_t n) {
    for (int64_t i = 0; i < n && a != b; i++) {
        const double t = a[i];
        a[i] = b[i];
        b[i] = t;
    }
}

/* Turns the left half of m into the unit matrix. */
static void eliminate(double *m, int64_t n) {
    const int64_t width = 2 * n;
    for (int64_t c = 0; c < n; c++) {
        int64_t best = c;
        for (int64_t i = c + 1; i < n; i++)
            if (fabs(m[i * width + c]) > fabs(m[best * width + c])) best = i;
        double *row = m + c * width;
        swap_rows(row, m + best * width, width);
        const double factor = 1 / row[c];
        for (int64_t j = c; j < width; j++) row[j] *= factor;
        for (int64_t i = 0; i < n; i++) {
            const double f = m[i * width + c];
            for (int64_t j = c; j < width && i != c; j++) m[i * width + j] -= f * row[j];
        }
    }
}

typedef struct inverse_job {
    const step *s;
    int64_t n;
    char *scratch;
    size_t each;
} inverse_job;

static void do_matrices(void *arg, int64_t first, int64_t last, int32_t worker) {
    const inverse_job *j = arg;
    const int64_t n = j->n, size = n * n;
    double *m = (double *)(void *)(j->scratch + (size_t)worker * j->each);
    for (int64_t i = first; i < last; i++) {
        for (int64_t k = 0; k < size; k++) {
            m[k / n * 2 * n + k % n] = tensor_f64(&j->s->in[0], i * size + k);
            m[k / n * 2 * n + n + k % n] = k / n == k % n;
        }
        eliminate(m, n);
        for (int64_t k = 0; k < size; k++)
            tensor_set_f64(&j->s->out[0], i * size + k, m[k / n * 2 * n + n + k % n]);
    }
}

static hone_status inverse_run(run_ctx *r, const step *s) {
    const shape *x = &s->in[0].shape;
    inverse_job j = {
        .s = s, .n = x->dim[x->rank - 1], .scratch = r->scratch, .each = *(const size_t *)s->state};
    if (j.n > 0) team_run(r->team, tensor_count(&s->out[0]) / (j.n * j.n), 1, do_matrices, &j);
    return HONE_OK;
}

static uint64_t inverse_flops(const step *s) {
    const shape *x = &s->in[0].shape;
    return (uint64_t)tensor_count(&s->in[0]) * (uint64_t)x->dim[x->rank - 1] * 2;
}

static const char *const inverse_cases[] = {"f32[3,3]", "f64[2,5,5]", "f32[1,1]",
                                            "f16[2,2]", "f32[2,0,0]", NULL};

const op op_ms_inverse = {.name = "Inverse",
                          .domain = "com.microsoft",
                          OP_VERSIONS(inverse_versions),
                          OP_ARGS_IN(inverse_in),
                          OP_ARGS_OUT(inverse_out),
                          .infer = inverse_infer,
                          .plan = inverse_plan,
                          .run = inverse_run,
                          .flops = inverse_flops,
                          .tolerance = {TOL_REL, 1e-5},
                          .cases = inverse_cases};
