/* SPDX-License-Identifier: Apache-2.0
 *
 * Pieces that the f32 loops share: loads of tails and of repeated values, and folds. Include after
 * a simd header.
 *
 * Order of a sum: elements go round four vectors of accumulators, which are joined pairwise after
 * every FOLD_BLOCK elements and added to a double. It depends on n only, and no float is the sum of
 * more than FOLD_BLOCK / VF_LANES terms, so the error does not grow with n.
 */
#ifndef HONE_LOOPS_F32_BODY_H
#define HONE_LOOPS_F32_BODY_H

#include <math.h>

#define FOLD_BLOCK (256 * (size_t)VF_LANES)

/* The vector at p, or its first n elements where n is less. */
SIMD_INLINE vf load_some(const float *p, size_t n) {
    return n < VF_LANES ? vf_load_n(p, n) : vf_load(p);
}
SIMD_INLINE void store_some(float *p, size_t n, vf v) {
    if (n < VF_LANES)
        vf_store_n(p, n, v);
    else
        vf_store(p, v);
}

/* The vector at p + i, or the one that a step of 0 repeats. `rest` is the number of elements
 * left. */
SIMD_INLINE vf load_step(const float *p, bool step, vf repeated, size_t i, size_t rest) {
    if (!step) return repeated;
    return load_some(p + i, rest);
}

/* acc joined with the next vector; c is a constant of the caller. */
typedef vf fold_step(vf acc, vf x, vf c);

/* The vector at p, whose lanes from n on are `fill`. */
SIMD_INLINE vf load_filled(const float *p, size_t n, vf fill) {
    return vf_select(vm_first(n), vf_load_n(p, n), fill);
}

/* Sum of step over at most FOLD_BLOCK elements. Lanes past the end hold `fill`, for which step must
 * add 0. */
SIMD_INLINE float sum_block(size_t n, const float *x, fold_step *step, vf c, vf fill) {
    vf acc[4] = {vf_zero(), vf_zero(), vf_zero(), vf_zero()};
    size_t i = 0;
    for (; n - i >= 4 * VF_LANES; i += 4 * VF_LANES)
        for (size_t j = 0; j < 4; j++) acc[j] = step(acc[j], vf_load(x + i + j * VF_LANES), c);
    for (; n - i >= VF_LANES; i += VF_LANES) acc[0] = step(acc[0], vf_load(x + i), c);
    if (i < n) acc[1] = step(acc[1], load_filled(x + i, n - i, fill), c);
    return vf_hsum(vf_add(vf_add(acc[0], acc[2]), vf_add(acc[1], acc[3])));
}

SIMD_INLINE double sum_run(size_t n, const float *x, fold_step *step, vf c, vf fill) {
    double total = 0.0;
    while (n > 0) {
        const size_t block = n < FOLD_BLOCK ? n : FOLD_BLOCK;
        total += (double)sum_block(block, x, step, c, fill);
        n -= block, x += block;
    }
    return total;
}

/* Folds with an idempotent step (max, min); `fill` is its neutral element. */
SIMD_INLINE vf fold_run(size_t n, const float *x, fold_step *step, vf fill) {
    vf acc[4] = {fill, fill, fill, fill};
    size_t i = 0;
    for (; n - i >= 4 * VF_LANES; i += 4 * VF_LANES)
        for (size_t j = 0; j < 4; j++) acc[j] = step(acc[j], vf_load(x + i + j * VF_LANES), fill);
    for (; n - i >= VF_LANES; i += VF_LANES) acc[0] = step(acc[0], vf_load(x + i), fill);
    if (i < n) acc[1] = step(acc[1], load_filled(x + i, n - i, fill), fill);
    return step(step(acc[0], acc[2], fill), step(acc[1], acc[3], fill), fill);
}

SIMD_INLINE vf step_sum(vf acc, vf x, vf c) { return (void)c, vf_add(acc, x); }
SIMD_INLINE vf step_sumsq(vf acc, vf x, vf c) { return (void)c, vf_fma(x, x, acc); }
SIMD_INLINE vf step_sumabs(vf acc, vf x, vf c) { return (void)c, vf_add(acc, vf_abs(x)); }
/* The squared distance from c. */
SIMD_INLINE vf step_variance(vf acc, vf x, vf c) {
    const vf d = vf_sub(x, c);
    return vf_fma(d, d, acc);
}
SIMD_INLINE vf step_max_nan(vf acc, vf x, vf c) { return (void)c, vf_max_nan(acc, x); }
SIMD_INLINE vf step_min_nan(vf acc, vf x, vf c) { return (void)c, vf_min_nan(acc, x); }
/* Skips NaN. */
SIMD_INLINE vf step_max(vf acc, vf x, vf c) { return (void)c, vf_max(x, acc); }

#endif
