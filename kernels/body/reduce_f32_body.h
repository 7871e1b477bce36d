/* SPDX-License-Identifier: Apache-2.0
 *
 * f32 folds of a contiguous run. Include after a simd header.
 */
#include "loops_f32_body.h"

static void SIMD_NAME(reduce_sum_f32)(size_t n, const void *x, void *y) {
    *(float *)y = (float)sum_run(n, x, step_sum, vf_zero(), vf_zero());
}
static void SIMD_NAME(reduce_sumsq_f32)(size_t n, const void *x, void *y) {
    *(float *)y = (float)sum_run(n, x, step_sumsq, vf_zero(), vf_zero());
}
static void SIMD_NAME(reduce_sumabs_f32)(size_t n, const void *x, void *y) {
    *(float *)y = (float)sum_run(n, x, step_sumabs, vf_zero(), vf_zero());
}
static void SIMD_NAME(reduce_max_f32)(size_t n, const void *x, void *y) {
    *(float *)y = vf_hmax(fold_run(n, x, step_max_nan, vf_set1(-INFINITY)));
}
static void SIMD_NAME(reduce_min_f32)(size_t n, const void *x, void *y) {
    *(float *)y = vf_hmin(fold_run(n, x, step_min_nan, vf_set1(INFINITY)));
}

/* reduce_prod stays with the typed kernel, whose double accumulator keeps intermediate products in
 * range. */
static void fill_reduce_f32(kernels *k) {
    k->reduce_sum[KT_F32] = SIMD_NAME(reduce_sum_f32);
    k->reduce_sumsq[KT_F32] = SIMD_NAME(reduce_sumsq_f32);
    k->reduce_sumabs[KT_F32] = SIMD_NAME(reduce_sumabs_f32);
    k->reduce_max[KT_F32] = SIMD_NAME(reduce_max_f32);
    k->reduce_min[KT_F32] = SIMD_NAME(reduce_min_f32);
}
