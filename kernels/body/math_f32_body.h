/* SPDX-License-Identifier: Apache-2.0
 *
 * Elementary functions over the vector vocabulary; include after one of the simd headers.
 *
 * Each function states its largest error in ulp (units in the last place of the exact result) as
 * measured over the whole range of float with a fused multiply-add. Special values are those of
 * C's Annex F unless stated: exp(-inf) = 0, log(0) = -inf, log(x < 0) = NaN, NaN gives NaN.
 *
 * The polynomials are minimax fits whose coefficients were rounded to float one by one.
 */
#ifndef HONE_MATH_F32_BODY_H
#define HONE_MATH_F32_BODY_H

#include <math.h>

#define COUNT_OF(array) (sizeof(array) / sizeof(array)[0])

/* c[0] + c[1] x + ... + c[count - 1] x^(count - 1). */
SIMD_INLINE vf vf_poly(vf x, const float *c, size_t count) {
    vf sum = vf_set1(c[count - 1]);
    for (size_t i = count - 1; i-- > 0;) sum = vf_fma(sum, x, vf_set1(c[i]));
    return sum;
}

/* x limited to [lo, hi]; NaN stays. */
SIMD_INLINE vf vf_clamp(vf x, float lo, float hi) {
    return vf_min(vf_set1(hi), vf_max(vf_set1(lo), x));
}

/* 2^n for integral n in [-126, 127]. */
SIMD_INLINE vf vf_pow2(vf n) {
    return vf_from_bits(vi_shl(vi_add(vi_from_vf(n), vi_set1(127)), 23));
}

/* ---- Exponentials ---------------------------------------------------------------------------- */

/* ln 2 in two parts. The first has 15 bits, so that its product with an exponent is exact even
 * without a fused multiply-add. */
#define LN2_HI 0x1.62e4p-1f
#define LN2_LO 0x1.7f7d1cp-20f

/* x = n ln 2 + r with integral n and |r| <= ln 2 / 2. */
typedef struct exp_parts {
    vf n;
    vf expm1_r; /* exp(r) - 1 */
} exp_parts;

SIMD_INLINE exp_parts vf_exp_parts(vf x) {
    static const float c[] = {0x1.fffffcp-2f, 0x1.55548cp-3f, 0x1.555858p-5f, 0x1.123dep-7f,
                              0x1.6ac74ep-10f};
    const vf n = vf_round(vf_mul(x, vf_set1(0x1.715476p+0f)));
    vf r = vf_fnma(n, vf_set1(LN2_HI), x);
    r = vf_fnma(n, vf_set1(LN2_LO), r);
    const vf p = vf_poly(r, c, COUNT_OF(c));
    return (exp_parts){n, vf_fma(vf_mul(r, r), p, r)};
}

/* exp(x), subnormal results included. Error below 1.1 ulp. Results that underflow to 0 are not
 * computed: like subnormal ones, they would take a processor many times as long as others. */
SIMD_INLINE vf vf_exp(vf x) {
    const vm none = vf_lt(x, vf_set1(-104.0f));
    const exp_parts e = vf_exp_parts(vf_select(none, vf_zero(), vf_min(vf_set1(89.0f), x)));
    return vf_select(none, vf_zero(), vf_scale2(vf_add(e.expm1_r, vf_set1(1.0f)), e.n));
}

/* exp(x) where that is neither subnormal nor above 2^127; cheaper than vf_scale2 where that is not
 * one instruction. */
SIMD_INLINE vf vf_exp_normal(exp_parts e) {
#if VF_LANES == 16
    return vf_scale2(vf_add(e.expm1_r, vf_set1(1.0f)), e.n);
#else
    const vf scale = vf_pow2(e.n);
    return vf_fma(scale, e.expm1_r, scale);
#endif
}

/* exp(x) for x <= 0, with 0 in place of results below the normal range. */
SIMD_INLINE vf vf_exp_negative(vf x) {
    const vf least = vf_set1(-87.0f);
    const exp_parts e = vf_exp_parts(vf_max(least, x));
    return vf_select(vf_lt(x, least), vf_zero(), vf_exp_normal(e));
}

/* exp(x) - 1 for x <= 80. Error below 2 ulp. */
SIMD_INLINE vf vf_expm1(vf x) {
    const exp_parts e = vf_exp_parts(vf_max(vf_set1(-20.0f), x));
    const vf scale = vf_pow2(e.n);
    return vf_fma(scale, e.expm1_r, vf_sub(scale, vf_set1(1.0f)));
}

/* 1 / (1 + exp(-x)), with 0 in place of results below the normal range. From 30 on exp(-x) does not
 * count. Error below 2.5 ulp. */
SIMD_INLINE vf vf_sigmoid(vf x) {
    const vf one = vf_set1(1.0f), least = vf_set1(-87.3f);
    const exp_parts e = vf_exp_parts(vf_neg(vf_min(vf_set1(30.0f), vf_max(least, x))));
    const vf y = vf_div(one, vf_add(one, vf_exp_normal(e)));
    return vf_select(vf_lt(x, least), vf_zero(), y);
}

/* An odd polynomial near zero; further out 1 - 2 / (exp(2|x|) + 1), in which exp(2|x|) + 1 is
 * rounded once. Error below 1.5 ulp. */
SIMD_INLINE vf vf_tanh(vf x) {
    static const float c[] = {-0x1.55554ap-2f, 0x1.110d20p-3f, -0x1.b92874p-5f, 0x1.593cfap-6f,
                              -0x1.9b307ap-8f};
    const vf one = vf_set1(1.0f), t = vf_abs(x);
    const vf square = vf_mul(x, x);
    const vf inside = vf_fma(vf_mul(x, square), vf_poly(square, c, COUNT_OF(c)), x);
    /* From 10 on, tanh rounds to 1. */
    const exp_parts e = vf_exp_parts(vf_min(vf_set1(20.0f), vf_add(t, t)));
    const vf scale = vf_pow2(e.n);
    const vf divisor = vf_fma(scale, e.expm1_r, vf_add(scale, one));
    const vf outside = vf_sub(one, vf_div(vf_set1(2.0f), divisor));
    return vf_select(vf_lt(t, vf_set1(0.55f)), inside, vf_copysign(outside, x));
}

/* ---- Logarithms ------------------------------------------------------------------------------ */

/* log(2^k (1 + f)) for f in [sqrt(1/2) - 1, sqrt(2) - 1]. */
SIMD_INLINE vf vf_log_parts(vf k, vf f) {
    static const float c[] = {0x1.555554p-2f, -0x1.000226p-2f, 0x1.99a008p-3f, -0x1.547250p-3f,
                              0x1.22da68p-3f, -0x1.0d860ep-3f, 0x1.055d9ap-3f, -0x1.38bd38p-4f};
    const vf square = vf_mul(f, f);
    vf r = vf_mul(k, vf_set1(LN2_LO));
    r = vf_fma(vf_mul(f, square), vf_poly(f, c, COUNT_OF(c)), r);
    r = vf_fnma(square, vf_set1(0.5f), r);
    return vf_fma(k, vf_set1(LN2_HI), vf_add(f, r));
}

/* log(x), subnormal arguments included. Error below 1.2 ulp. */
SIMD_INLINE vf vf_log(vf x) {
    const vm tiny = vf_lt(x, vf_set1(0x1p-126f));
    const vf normal = vf_select(tiny, vf_mul(x, vf_set1(0x1p23f)), x);
    const vi bits = vi_from_bits(normal);
    const vi k = vi_sra(vi_sub(bits, vi_set1(0x3f3504f3)), 23); /* floor(log2(x / sqrt(1/2))) */
    const vf f = vf_sub(vf_from_bits(vi_sub(bits, vi_shl(k, 23))), vf_set1(1.0f));
    const vf exponent = vf_sub(vf_from_vi(k), vf_select(tiny, vf_set1(23.0f), vf_zero()));
    const vf value = vf_log_parts(exponent, f);

    const vm finite = vm_and(vf_lt(vf_zero(), x), vf_lt(x, vf_set1(INFINITY)));
    const vf negative = vf_select(vf_lt(x, vf_zero()), vf_set1(NAN), x); /* or inf, NaN */
    const vf other = vf_select(vf_eq(x, vf_zero()), vf_set1(-INFINITY), negative);
    return vf_select(finite, value, other);
}

/* log(1 + x) for x in [0, 1]: the reduction of log, without the rounding of 1 + x. */
SIMD_INLINE vf vf_log1p_unit(vf x) {
    const vm above = vf_lt(vf_set1(0x1.a82798p-2f), x); /* sqrt(2) - 1 */
    const vf half = vf_fma(x, vf_set1(0.5f), vf_set1(-0.5f));
    const vf k = vf_select(above, vf_set1(1.0f), vf_zero());
    return vf_log_parts(k, vf_select(above, half, x));
}

/* log(1 + exp(x)) = max(x, 0) + log(1 + exp(-|x|)). Error below 2 ulp. */
SIMD_INLINE vf vf_softplus(vf x) {
    const vf e = vf_exp(vf_neg(vf_abs(x)));
    return vf_add(vf_max(vf_zero(), x), vf_log1p_unit(e));
}

/* ---- Error function -------------------------------------------------------------------------- */

/* An odd polynomial near zero; further out 1 - exp(-g(|x|)) with g fitted to -log(erfc), whose
 * error the exponential damps. Error below 1.5 ulp. */
SIMD_INLINE vf vf_erf(vf x) {
    static const float near[] = {0x1.06eba8p-3f, -0x1.812744p-2f,  0x1.ce2e26p-4f, -0x1.b810e2p-6f,
                                 0x1.54df28p-8f, -0x1.ab0facp-11f, 0x1.5f9572p-14f};
    static const float far[] = {0x1.5d11d2p-13f, 0x1.20b752p+0f, 0x1.4621bap-1f,  0x1.aa7320p-4f,
                                -0x1.6d9cd0p-6f, 0x1.91ccd6p-9f, -0x1.9fb292p-13f};
    const vf t = vf_abs(x);
    const vf inside = vf_fma(vf_poly(vf_mul(x, x), near, COUNT_OF(near)), x, x);
    /* From 3.95 on, erf rounds to 1. */
    const vf g = vf_poly(vf_min(vf_set1(3.95f), t), far, COUNT_OF(far));
    const exp_parts e = vf_exp_parts(vf_neg(g));
    const vf scale = vf_pow2(e.n);
    const vf outside = vf_sub(vf_set1(1.0f), vf_fma(scale, e.expm1_r, scale));
    return vf_select(vf_lt(t, vf_set1(0.92f)), inside, vf_copysign(outside, x));
}

/* ---- Circular functions ---------------------------------------------------------------------- */

/* Up to here x - n pi / 2 is exact enough with pi / 2 in three parts and a fused multiply-add. */
#define CIRCULAR_LIMIT 1e5f

/* sin(x + quarter * pi / 2) for |x| <= CIRCULAR_LIMIT. */
SIMD_INLINE vf vf_sin_reduced(vf x, int32_t quarter) {
    static const float s[] = {-0x1.555546p-3f, 0x1.11077cp-7f, -0x1.9955b6p-13f};
    static const float c[] = {0x1.55554ap-5f, -0x1.6c0c1ap-10f, 0x1.99e0eep-16f};
    const vf n = vf_round(vf_mul(x, vf_set1(0x1.45f306p-1f)));
    vf r = vf_fnma(n, vf_set1(0x1.921fb6p+0f), x);
    r = vf_fnma(n, vf_set1(-0x1.777a5cp-25f), r);
    r = vf_fnma(n, vf_set1(-0x1.ee59dap-50f), r);

    const vf square = vf_mul(r, r);
    const vf sine = vf_fma(vf_mul(r, square), vf_poly(square, s, COUNT_OF(s)), r);
    const vf tail = vf_fma(square, vf_poly(square, c, COUNT_OF(c)), vf_set1(-0.5f));
    const vf cosine = vf_fma(square, tail, vf_set1(1.0f));

    const vi quadrant = vi_add(vi_from_vf(n), vi_set1(quarter));
    const vm even = vi_eq(vi_and(quadrant, vi_set1(1)), vi_set1(0));
    const vi sign = vi_shl(vi_and(quadrant, vi_set1(2)), 30);
    return vf_from_bits(vi_xor(vi_from_bits(vf_select(even, sine, cosine)), sign));
}

/* Lanes beyond the limit go through the C library: they are rare, and reducing them takes hundreds
 * of bits of pi. Error below 1.6 ulp. */
SIMD_INLINE vf vf_circular(vf x, int32_t quarter, float (*libm)(float)) {
    vf y = vf_sin_reduced(x, quarter);
    const vm beyond = vf_lt(vf_set1(CIRCULAR_LIMIT), vf_abs(x));
    if (__builtin_expect(vm_any(beyond), 0)) {
        float lane[VF_LANES];
        vf_store(lane, x);
        for (size_t i = 0; i < VF_LANES; i++) lane[i] = libm(lane[i]);
        y = vf_select(beyond, vf_load(lane), y);
    }
    return y;
}
SIMD_INLINE vf vf_sin(vf x) {
    /* -0 would lose its sign in the reduction. */
    return vf_select(vf_eq(x, vf_zero()), x, vf_circular(x, 0, sinf));
}
SIMD_INLINE vf vf_cos(vf x) { return vf_circular(x, 1, cosf); }

#endif
