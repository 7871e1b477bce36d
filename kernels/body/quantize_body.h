/* SPDX-License-Identifier: Apache-2.0
 *
 * Between f32 and bytes by a scale and a zero point. Include after a simd header.
 *
 * Every step is an IEEE operation that is rounded once, in one order, so all levels give the same
 * bytes.
 */
#include "kernels.h"
#include "loops_f32_body.h"

/* Where the scale and the zero point of an element are: one for all, or with the element. */
typedef struct quantize_by {
    const float *scale, *zero;
    vf one_scale, one_zero;
} quantize_by;

SIMD_INLINE quantize_by quantize_start(const float *scale, const float *zero) {
    return (quantize_by){scale, zero, vf_set1(*scale), zero ? vf_set1(*zero) : vf_zero()};
}

/* Bytes from lo to hi; NaN has none and becomes 0. */
SIMD_INLINE vi quantize_vector(vf x, const quantize_by *q, bool scales, bool zeros, size_t i,
                               size_t rest, vf lo, vf hi) {
    const vf v = vf_round(vf_div(x, load_step(q->scale, scales, q->one_scale, i, rest)));
    const vf at = vf_add(v, load_step(q->zero, zeros, q->one_zero, i, rest));
    const vf cut = vf_min(hi, vf_max(lo, at));
    return vi_from_vf(vf_select(vf_isnan(cut), vf_zero(), cut));
}

SIMD_INLINE void quantize_loop(size_t n, const float *x, const quantize_by *q, bool scales,
                               bool zeros, float low, float high, uint8_t *y) {
    const vf lo = vf_set1(low), hi = vf_set1(high);
    size_t i = 0;
    for (; n - i >= VF_LANES; i += VF_LANES)
        vi_store_u8(y + i, quantize_vector(vf_load(x + i), q, scales, zeros, i, VF_LANES, lo, hi));
    if (i == n) return;
    uint8_t bytes[VF_LANES];
    const vf last = vf_load_n(x + i, n - i);
    vi_store_u8(bytes, quantize_vector(last, q, scales, zeros, i, n - i, lo, hi));
    for (size_t j = 0; i < n; i++, j++) y[i] = bytes[j];
}

SIMD_INLINE void quantize_bytes(size_t n, const float *x, const float *scale, const float *zero,
                                size_t by, float low, float high, uint8_t *y) {
    if (n == 0) return;
    const quantize_by q = quantize_start(scale, zero);
    if (!by)
        quantize_loop(n, x, &q, false, false, low, high, y);
    else if (!zero)
        quantize_loop(n, x, &q, true, false, low, high, y);
    else
        quantize_loop(n, x, &q, true, true, low, high, y);
}

/* VF_LANES bytes as integers. */
typedef vi byte_load(const uint8_t *x);
SIMD_INLINE vi byte_load_u8(const uint8_t *x) { return vi_load_u8(x); }
SIMD_INLINE vi byte_load_i8(const uint8_t *x) { return vi_load_i8((const int8_t *)x); }

SIMD_INLINE vf dequantize_vector(vi x, const quantize_by *q, bool scales, bool zeros, size_t i,
                                 size_t rest) {
    const vf v = vf_sub(vf_from_vi(x), load_step(q->zero, zeros, q->one_zero, i, rest));
    return vf_mul(v, load_step(q->scale, scales, q->one_scale, i, rest));
}

SIMD_INLINE void dequantize_loop(size_t n, const uint8_t *x, const quantize_by *q, bool scales,
                                 bool zeros, byte_load *load, float *y) {
    size_t i = 0;
    for (; n - i >= VF_LANES; i += VF_LANES)
        vf_store(y + i, dequantize_vector(load(x + i), q, scales, zeros, i, VF_LANES));
    if (i == n) return;
    uint8_t bytes[VF_LANES] = {0};
    for (size_t j = 0; j < n - i; j++) bytes[j] = x[i + j];
    vf_store_n(y + i, n - i, dequantize_vector(load(bytes), q, scales, zeros, i, n - i));
}

SIMD_INLINE void dequantize_bytes(size_t n, const uint8_t *x, const float *scale, const float *zero,
                                  size_t by, byte_load *load, float *y) {
    if (n == 0) return;
    const quantize_by q = quantize_start(scale, zero);
    if (!by)
        dequantize_loop(n, x, &q, false, false, load, y);
    else if (!zero)
        dequantize_loop(n, x, &q, true, false, load, y);
    else
        dequantize_loop(n, x, &q, true, true, load, y);
}

static void SIMD_NAME(quantize_u8)(size_t n, const float *x, const float *scale, const float *zero,
                                   size_t by, void *y) {
    quantize_bytes(n, x, scale, zero, by, 0.0f, 255.0f, y);
}
static void SIMD_NAME(quantize_i8)(size_t n, const float *x, const float *scale, const float *zero,
                                   size_t by, void *y) {
    quantize_bytes(n, x, scale, zero, by, -128.0f, 127.0f, y);
}
static void SIMD_NAME(dequantize_u8)(size_t n, const void *x, const float *scale, const float *zero,
                                     size_t by, float *y) {
    dequantize_bytes(n, x, scale, zero, by, byte_load_u8, y);
}
static void SIMD_NAME(dequantize_i8)(size_t n, const void *x, const float *scale, const float *zero,
                                     size_t by, float *y) {
    dequantize_bytes(n, x, scale, zero, by, byte_load_i8, y);
}

static void fill_quantize(kernels *k) {
    k->quantize_u8 = SIMD_NAME(quantize_u8);
    k->quantize_i8 = SIMD_NAME(quantize_i8);
    k->dequantize_u8 = SIMD_NAME(dequantize_u8);
    k->dequantize_i8 = SIMD_NAME(dequantize_i8);
}
