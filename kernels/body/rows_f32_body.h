/* SPDX-License-Identifier: Apache-2.0
 *
 * Softmax and normalisation of one row. Include after a simd header.
 *
 * Each is a few passes over a row that stays in the first-level cache between them: fewer passes
 * would need the less accurate one-pass formulas.
 */
#include "loops_f32_body.h"
#include "math_f32_body.h"

/* x[i] - max; the largest of a row without NaN becomes 0, so that exp never overflows. */
SIMD_INLINE float row_max(size_t n, const float *x) {
    return vf_hmax(fold_run(n, x, step_max, vf_set1(-INFINITY)));
}

SIMD_INLINE vf step_exp(vf acc, vf x, vf max) {
    return vf_add(acc, vf_exp_negative(vf_sub(x, max)));
}

/* y = exp(x - max); returns the sum. y may equal x. */
SIMD_INLINE double exp_run(size_t n, const float *x, vf max, float *y) {
    double total = 0.0;
    for (size_t start = 0; start < n; start += FOLD_BLOCK) {
        const size_t end = n - start < FOLD_BLOCK ? n : start + FOLD_BLOCK;
        vf sum = vf_zero();
        size_t i = start;
        for (; end - i >= VF_LANES; i += VF_LANES) {
            const vf e = vf_exp_negative(vf_sub(vf_load(x + i), max));
            vf_store(y + i, e);
            sum = vf_add(sum, e);
        }
        if (i < end) {
            const vf e =
                vf_exp_negative(vf_sub(load_filled(x + i, end - i, vf_set1(-INFINITY)), max));
            vf_store_n(y + i, end - i, e);
            sum = vf_add(sum, e); /* lanes past the end hold exp(-inf) */
        }
        total += (double)vf_hsum(sum);
    }
    return total;
}

/* A row that holds NaN or +inf, or nothing but -inf, becomes NaN. */
static void SIMD_NAME(softmax_f32)(size_t n, const float *x, float *y) {
    const double total = exp_run(n, x, vf_set1(row_max(n, x)), y);
    const vf scale = vf_set1((float)(1.0 / total));
    size_t i = 0;
    for (; n - i >= VF_LANES; i += VF_LANES) vf_store(y + i, vf_mul(vf_load(y + i), scale));
    if (i < n) vf_store_n(y + i, n - i, vf_mul(vf_load_n(y + i, n - i), scale));
}

/* x = x * scale + mask; returns the largest, which skips NaN. Called with a constant `masked`. */
SIMD_INLINE float scale_run(size_t n, float *x, float scale, const float *mask, bool masked) {
    const vf s = vf_set1(scale);
    vf max = vf_set1(-INFINITY);
    size_t i = 0;
    for (; n - i >= VF_LANES; i += VF_LANES) {
        const vf v = vf_fma(vf_load(x + i), s, load_step(mask, masked, vf_zero(), i, VF_LANES));
        vf_store(x + i, v);
        max = vf_max(v, max);
    }
    if (i < n) {
        const vf v =
            vf_fma(vf_load_n(x + i, n - i), s, load_step(mask, masked, vf_zero(), i, n - i));
        vf_store_n(x + i, n - i, v);
        max = vf_max(vf_select(vm_first(n - i), v, vf_set1(-INFINITY)), max);
    }
    return vf_hmax(max);
}

/* While nothing but -inf has been seen, powers are taken of differences from 0. */
static float SIMD_NAME(softmax_block_f32)(size_t n, float *x, float scale, const float *mask,
                                          softmax_state *state) {
    const float old = state->max;
    const float block =
        mask ? scale_run(n, x, scale, mask, true) : scale_run(n, x, scale, NULL, false);
    state->max = block > old ? block : old;
    const float base = state->max == -INFINITY ? 0.0f : state->max;
    const float shrink = vf_hmax(vf_exp_negative(vf_set1(old - base)));
    state->sum = state->sum * (double)shrink + exp_run(n, x, vf_set1(base), x);
    return shrink;
}

/* x - max - log(sum of exp(x - max)). */
static void SIMD_NAME(logsoftmax_f32)(size_t n, const float *x, float *y) {
    const vf max = vf_set1(row_max(n, x));
    const double total = sum_run(n, x, step_exp, max, vf_set1(-INFINITY));
    const vf log_total = vf_set1((float)log(total));
    size_t i = 0;
    for (; n - i >= VF_LANES; i += VF_LANES)
        vf_store(y + i, vf_sub(vf_sub(vf_load(x + i), max), log_total));
    if (i < n) {
        const vf shifted = vf_sub(vf_load_n(x + i, n - i), max);
        vf_store_n(y + i, n - i, vf_sub(shifted, log_total));
    }
}

/* (x - mean) * inv_std * scale + bias over a row; called with constant `scaled` and `biased`, so
 * that each combination becomes a loop of its own. */
SIMD_INLINE void normalize_loop(size_t n, const float *x, vf mean, vf inv_std, const float *scale,
                                bool scaled, const float *bias, bool biased, float *y) {
    const vf one = vf_set1(1.0f);
    size_t i = 0;
    for (; n - i >= VF_LANES; i += VF_LANES) {
        const vf v = vf_mul(vf_sub(vf_load(x + i), mean), inv_std);
        const vf s = load_step(scale, scaled, one, i, VF_LANES);
        vf_store(y + i, vf_fma(v, s, load_step(bias, biased, vf_zero(), i, VF_LANES)));
    }
    const size_t rest = n - i;
    if (rest) {
        const vf v = vf_mul(vf_sub(vf_load_n(x + i, rest), mean), inv_std);
        const vf s = load_step(scale, scaled, one, i, rest);
        vf_store_n(y + i, rest, vf_fma(v, s, load_step(bias, biased, vf_zero(), i, rest)));
    }
}

SIMD_INLINE void normalize_row(size_t n, const float *x, float mean, float inv_std,
                               const float *scale, const float *bias, float *y, float *stats) {
    if (stats) stats[0] = mean, stats[1] = inv_std;
    const vf m = vf_set1(mean), s = vf_set1(inv_std);
    if (scale && bias)
        normalize_loop(n, x, m, s, scale, true, bias, true, y);
    else if (scale)
        normalize_loop(n, x, m, s, scale, true, NULL, false, y);
    else
        normalize_loop(n, x, m, s, NULL, false, bias, bias != NULL, y);
}

static void SIMD_NAME(layernorm_f32)(size_t n, const float *x, const float *scale,
                                     const float *bias, float eps, float *y, float *stats) {
    const float mean = (float)(sum_run(n, x, step_sum, vf_zero(), vf_zero()) / (double)n);
    const vf m = vf_set1(mean);
    const double variance = sum_run(n, x, step_variance, m, m) / (double)n;
    normalize_row(n, x, mean, (float)(1.0 / sqrt(variance + (double)eps)), scale, bias, y, stats);
}

static void SIMD_NAME(rmsnorm_f32)(size_t n, const float *x, const float *scale, const float *bias,
                                   float eps, float *y, float *stats) {
    const double square = sum_run(n, x, step_sumsq, vf_zero(), vf_zero()) / (double)n;
    normalize_row(n, x, 0.0f, (float)(1.0 / sqrt(square + (double)eps)), scale, bias, y, stats);
}

static void SIMD_NAME(blend_f32)(size_t n, size_t taps, const float *const *rows, const float *w,
                                 float *y) {
    size_t i = 0;
    for (; n - i >= VF_LANES; i += VF_LANES) {
        vf sum = vf_zero();
        for (size_t t = 0; t < taps; t++) sum = vf_fma(vf_set1(w[t]), vf_load(rows[t] + i), sum);
        vf_store(y + i, sum);
    }
    if (i == n) return;
    vf sum = vf_zero();
    for (size_t t = 0; t < taps; t++)
        sum = vf_fma(vf_set1(w[t]), vf_load_n(rows[t] + i, n - i), sum);
    vf_store_n(y + i, n - i, sum);
}

static void fill_rows_f32(kernels *k) {
    k->softmax_f32 = SIMD_NAME(softmax_f32);
    k->softmax_block_f32 = SIMD_NAME(softmax_block_f32);
    k->logsoftmax_f32 = SIMD_NAME(logsoftmax_f32);
    k->layernorm_f32 = SIMD_NAME(layernorm_f32);
    k->rmsnorm_f32 = SIMD_NAME(rmsnorm_f32);
    k->blend_f32 = SIMD_NAME(blend_f32);
}
