/* SPDX-License-Identifier: Apache-2.0
 *
 * The f32 unary formulas that gain from vectors. Include after a simd header.
 *
 * y may equal x: a vector is read before it is written, and no element is read twice.
 */
#include "math_f32_body.h"

/* p0 and p1 are the formula's constants; unused ones are 0. */
typedef vf unary_formula(vf x, vf p0, vf p1);
typedef vm unary_test(vf x, vf p0, vf p1);

SIMD_INLINE void unary_map(size_t n, const float *x, float *y, const double *param, int params,
                           unary_formula *f) {
    const vf p0 = vf_set1(params > 0 ? (float)param[0] : 0.0f);
    const vf p1 = vf_set1(params > 1 ? (float)param[1] : 0.0f);
    size_t i = 0;
    for (; n - i >= VF_LANES; i += VF_LANES) vf_store(y + i, f(vf_load(x + i), p0, p1));
    if (i < n) vf_store_n(y + i, n - i, f(vf_load_n(x + i, n - i), p0, p1));
}

/* One byte out. The bytes of y never reach x elements that are still to be read. */
SIMD_INLINE void unary_test_map(size_t n, const float *x, uint8_t *y, const double *param,
                                int params, unary_test *f) {
    const vf p0 = vf_set1(params > 0 ? (float)param[0] : 0.0f);
    const vf p1 = vf_set1(params > 1 ? (float)param[1] : 0.0f);
    size_t i = 0;
    for (; n - i >= VF_LANES; i += VF_LANES) vm_store_u8(y + i, f(vf_load(x + i), p0, p1));
    if (i < n) {
        uint8_t rest[VF_LANES];
        vm_store_u8(rest, f(vf_load_n(x + i, n - i), p0, p1));
        for (size_t j = 0; i < n; i++, j++) y[i] = rest[j];
    }
}

/* UNARY(slot, number of constants, formula of x, p0 and p1) defines <slot>_f32_<isa>. */
#define UNARY(name, params, formula)                                                               \
    SIMD_INLINE vf SIMD_NAME(name##_formula)(vf x, vf p0, vf p1) {                                 \
        (void)p0, (void)p1;                                                                        \
        return formula;                                                                            \
    }                                                                                              \
    static void SIMD_NAME(name##_f32)(size_t n, const void *x, void *y, const double *param) {     \
        unary_map(n, x, y, param, params, SIMD_NAME(name##_formula));                              \
    }
#define UNARY_TEST(name, params, formula)                                                          \
    SIMD_INLINE vm SIMD_NAME(name##_formula)(vf x, vf p0, vf p1) {                                 \
        (void)p0, (void)p1;                                                                        \
        return formula;                                                                            \
    }                                                                                              \
    static void SIMD_NAME(name##_f32)(size_t n, const void *x, void *y, const double *param) {     \
        unary_test_map(n, x, y, param, params, SIMD_NAME(name##_formula));                         \
    }

/* x > 0 ? x : slope * (exp(x / width) - 1) */
SIMD_INLINE vf vf_elu(vf x, vf slope, vf width) {
    const vf below = vf_mul(slope, vf_expm1(vf_div(vf_min(vf_zero(), x), width)));
    return vf_select(vf_lt(vf_zero(), x), x, below);
}
/* x * (1 + tanh(u)) / 2 = x * sigmoid(2 u) without the cancellation in 1 + tanh(u). */
SIMD_INLINE vf vf_gelu_tanh(vf x) {
    const vf cubic = vf_fma(vf_mul(x, x), vf_set1(0.07135481627f), vf_set1(1.5957691216f));
    return vf_mul(x, vf_sigmoid(vf_mul(x, cubic)));
}
SIMD_INLINE vf vf_gelu(vf x) {
    const vf half = vf_mul(x, vf_set1(0.5f));
    return vf_fma(half, vf_erf(vf_mul(x, vf_set1(0.7071067812f))), half);
}
/* tanh(log(1 + e)) = (e^2 + 2e) / (e^2 + 2e + 2), which is 1 long before e^2 overflows. */
SIMD_INLINE vf vf_mish(vf x) {
    const vf e = vf_exp(vf_min(vf_set1(40.0f), x));
    const vf t = vf_mul(e, vf_add(e, vf_set1(2.0f)));
    return vf_mul(x, vf_div(t, vf_add(t, vf_set1(2.0f))));
}
SIMD_INLINE vf vf_sign(vf x) {
    const vf one = vf_copysign(vf_set1(1.0f), x);
    return vf_select(vf_lt(vf_zero(), vf_abs(x)), one, vf_add(x, vf_zero())); /* +0 or NaN */
}
SIMD_INLINE vf vf_shrink(vf x, vf limit, vf bias) {
    const vf high = vf_select(vf_lt(limit, x), vf_sub(x, bias), vf_zero());
    return vf_select(vf_lt(x, vf_neg(limit)), vf_add(x, bias), high);
}
/* p0 != 0: +inf counts, p1 != 0: -inf counts. */
SIMD_INLINE vm vf_isinf(vf x, vf p0, vf p1) {
    const vm plus = vm_and(vf_eq(x, vf_set1(INFINITY)), vm_not(vf_eq(p0, vf_zero())));
    const vm minus = vm_and(vf_eq(x, vf_set1(-INFINITY)), vm_not(vf_eq(p1, vf_zero())));
    return vm_or(plus, minus);
}

UNARY(abs, 0, vf_abs(x))
UNARY(neg, 0, vf_neg(x))
UNARY(sign, 0, vf_sign(x))
UNARY(relu, 0, vf_max(vf_zero(), x))
UNARY(floor, 0, vf_floor(x))
UNARY(ceil, 0, vf_ceil(x))
UNARY(round, 0, vf_round(x))
UNARY(sqrt, 0, vf_sqrt(x))
UNARY(reciprocal, 0, vf_div(vf_set1(1.0f), x))
UNARY(exp, 0, vf_exp(x))
UNARY(log, 0, vf_log(x))
UNARY(sin, 0, vf_sin(x))
UNARY(cos, 0, vf_cos(x))
UNARY(tanh, 0, vf_tanh(x))
UNARY(erf, 0, vf_erf(x))
UNARY(sigmoid, 0, vf_sigmoid(x))
UNARY(softplus, 0, vf_softplus(x))
UNARY(softsign, 0, vf_div(x, vf_add(vf_set1(1.0f), vf_abs(x))))
UNARY(silu, 1, vf_mul(x, vf_sigmoid(vf_mul(p0, x))))
UNARY(gelu, 0, vf_gelu(x))
UNARY(gelu_tanh, 0, vf_gelu_tanh(x))
UNARY(hardsigmoid, 2, vf_clamp(vf_fma(p0, x, p1), 0.0f, 1.0f))
UNARY(hardswish, 2, vf_mul(x, vf_clamp(vf_fma(p0, x, p1), 0.0f, 1.0f)))
UNARY(affine, 2, vf_add(vf_mul(p0, x), p1))
UNARY(mish, 0, vf_mish(x))
UNARY(elu, 1, vf_elu(x, p0, vf_set1(1.0f)))
UNARY(selu, 2, vf_mul(p1, vf_elu(x, p0, vf_set1(1.0f))))
UNARY(celu, 1, vf_elu(x, p0, p0))
UNARY(leaky_relu, 1, vf_select(vf_le(vf_zero(), x), x, vf_mul(p0, x)))
UNARY(thresholded_relu, 1, vf_select(vf_lt(p0, x), x, vf_zero()))
UNARY(shrink, 2, vf_shrink(x, p0, p1))
UNARY(clip, 2, vf_min(p1, vf_max(p0, x)))
UNARY_TEST(isnan, 0, vf_isnan(x))
UNARY_TEST(isinf, 2, vf_isinf(x, p0, p1))
#undef UNARY
#undef UNARY_TEST

static void fill_unary_f32(kernels *k) {
#define SET(name) k->name[KT_F32] = SIMD_NAME(name##_f32)
    SET(abs), SET(neg), SET(sign), SET(relu), SET(floor), SET(ceil), SET(round), SET(sqrt);
    SET(reciprocal), SET(exp), SET(log), SET(sin), SET(cos), SET(tanh), SET(erf), SET(sigmoid);
    SET(softplus), SET(softsign), SET(silu), SET(gelu), SET(gelu_tanh), SET(hardsigmoid);
    SET(hardswish), SET(mish), SET(elu), SET(selu), SET(celu), SET(leaky_relu);
    SET(thresholded_relu), SET(shrink), SET(clip), SET(affine), SET(isnan), SET(isinf);
#undef SET
}
