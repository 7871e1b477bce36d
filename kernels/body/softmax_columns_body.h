/* SPDX-License-Identifier: Apache-2.0
 *
 * Softmax down the columns of a matrix. Include after a simd header.
 *
 *          c ..          a strip: some vectors of neighbouring columns, whose maxima and sums are
 *   j = 0  [ v ][ v ]    registers. Its n lines stay in the first-level cache between the passes,
 *   j = 1  [ v ][ v ]    where n is not too large.
 *   ..      ld apart
 */
#include "loops_f32_body.h"
#include "math_f32_body.h"

/* Vectors of a strip: their chains hide the latency of the sums. */
#define STRIP_VECS 4
/* Lines that are summed up plainly. */
#define STRIP_LINES 32

/* A sum of such sums with what it has lost by rounding (Kahan): its error does not grow with n. */
typedef struct column_sum {
    vf total, lost;
} column_sum;

SIMD_INLINE void column_add(column_sum *s, vf x) {
    const vf exact = vf_sub(x, s->lost), total = vf_add(s->total, exact);
    s->lost = vf_sub(vf_sub(total, s->total), exact);
    s->total = total;
}

/* Adds exp(x - max) of n lines, n <= STRIP_LINES, to the sums; y, unless NULL, becomes it. */
SIMD_INLINE void exp_strip(size_t n, size_t cols, size_t ld, const float *x, float *y,
                           const vf max[], column_sum sum[], const int vecs) {
    vf part[STRIP_VECS];
    SIMD_UNROLL for (int v = 0; v < vecs; v++) part[v] = vf_zero();
    for (size_t j = 0; j < n; j++) {
        SIMD_UNROLL for (int v = 0; v < vecs; v++) {
            const size_t at = j * ld + (size_t)(v * VF_LANES);
            const vf e = vf_exp_negative(vf_sub(load_some(x + at, cols), max[v]));
            if (y) store_some(y + at, cols, e);
            part[v] = vf_add(part[v], e);
        }
    }
    SIMD_UNROLL for (int v = 0; v < vecs; v++) column_add(&sum[v], part[v]);
}

/* What becomes of x - max: a multiple of its exponential, which y holds, or a difference. */
SIMD_INLINE void finish_strip(size_t n, size_t cols, size_t ld, const float *x, float *y,
                              const vf max[], const vf scale[], const int vecs, const bool log) {
    for (size_t j = 0; j < n; j++) {
        SIMD_UNROLL for (int v = 0; v < vecs; v++) {
            const size_t at = j * ld + (size_t)(v * VF_LANES);
            const vf z = log ? vf_sub(vf_sub(load_some(x + at, cols), max[v]), scale[v])
                             : vf_mul(load_some(y + at, cols), scale[v]);
            store_some(y + at, cols, z);
        }
    }
}

/* vecs vectors of columns, whole ones unless cols < VF_LANES. */
SIMD_INLINE void softmax_strip(size_t n, size_t cols, size_t ld, const float *x, float *y,
                               const int vecs, const bool log) {
    vf max[STRIP_VECS], scale[STRIP_VECS];
    column_sum sum[STRIP_VECS];
    SIMD_UNROLL for (int v = 0; v < vecs; v++) {
        max[v] = vf_set1(-INFINITY);
        sum[v] = (column_sum){vf_zero(), vf_zero()};
    }
    for (size_t j = 0; j < n; j++) {
        SIMD_UNROLL for (int v = 0; v < vecs; v++) {
            max[v] = vf_max(load_some(x + j * ld + (size_t)(v * VF_LANES), cols), max[v]);
        }
    }
    for (size_t j = 0; j < n; j += STRIP_LINES) {
        const size_t lines = n - j < STRIP_LINES ? n - j : STRIP_LINES;
        exp_strip(lines, cols, ld, x + j * ld, log ? NULL : y + j * ld, max, sum, vecs);
    }
    SIMD_UNROLL for (int v = 0; v < vecs; v++) {
        scale[v] = log ? vf_log(sum[v].total) : vf_div(vf_set1(1.0f), sum[v].total);
    }
    finish_strip(n, cols, ld, x, y, max, scale, vecs, log);
}

SIMD_INLINE void softmax_strips(size_t n, size_t cols, size_t ld, const float *x, float *y,
                                const bool log) {
    size_t c = 0;
    for (; cols - c >= STRIP_VECS * VF_LANES; c += STRIP_VECS * VF_LANES)
        softmax_strip(n, VF_LANES, ld, x + c, y + c, STRIP_VECS, log);
    for (; cols - c >= VF_LANES; c += VF_LANES)
        softmax_strip(n, VF_LANES, ld, x + c, y + c, 1, log);
    if (c < cols) softmax_strip(n, cols - c, ld, x + c, y + c, 1, log);
}

/* As rows do: a column that holds NaN or +inf, or nothing but -inf, becomes NaN. */
static void SIMD_NAME(softmax_columns_f32)(size_t n, size_t cols, size_t ld, const float *x,
                                           float *y) {
    softmax_strips(n, cols, ld, x, y, false);
}

static void SIMD_NAME(logsoftmax_columns_f32)(size_t n, size_t cols, size_t ld, const float *x,
                                              float *y) {
    softmax_strips(n, cols, ld, x, y, true);
}

static void fill_softmax_columns(kernels *k) {
    k->softmax_columns_f32 = SIMD_NAME(softmax_columns_f32);
    k->logsoftmax_columns_f32 = SIMD_NAME(logsoftmax_columns_f32);
}
