/* SPDX-License-Identifier: Apache-2.0
 *
 * Typed template for float and double; see typed_loops.h. Further parameters:
 *
 *   T_FN(base)     the C library's function: base or base##f
 */
#include "typed_loops.h"

#define P0 ((T)param[0])
#define P1 ((T)param[1])

/* Written over exp(-|x|), which cannot overflow. */
static inline T T_NAME(logistic)(T x) {
    const T e = T_FN(exp)(-T_FN(fabs)(x));
    return (x < 0 ? e : (T)1) / (1 + e);
}
static inline T T_NAME(swish)(T x, T slope) { return x * T_NAME(logistic)(slope * x); }
/* tanh(log(1 + e)) = (e^2 + 2e) / (e^2 + 2e + 2), which is 1 long before e^2 overflows. */
static inline T T_NAME(tanh_softplus)(T x) {
    const T e = T_FN(exp)(x < 40 ? x : (T)40);
    const T t = e * (e + 2);
    return t / (t + 2);
}
/* (1 + tanh(u)) / 2 = logistic(2 u) without the cancellation in 1 + tanh(u); this is 2 u. */
static inline T T_NAME(gelu_argument)(T x) {
    return x * ((T)1.5957691216057307 + (T)0.07135481627260025 * x * x);
}
static inline T T_NAME(clamp)(T x, T lo, T hi) {
    const T above = x < lo ? lo : x;
    return above > hi ? hi : above;
}
static inline T T_NAME(floor_mod)(T a, T b) {
    const T r = T_FN(fmod)(a, b);
    if (r == 0) return T_FN(copysign)(r, b);
    return (r < 0) != (b < 0) ? r + b : r;
}

UNARY(abs, T_FN(fabs)(x))
UNARY(neg, -x)
UNARY(sign, x > 0 ? 1 : x < 0 ? -1 : x + 0) /* +0 or NaN */
UNARY(relu, x < 0 ? 0 : x)
UNARY(floor, T_FN(floor)(x))
UNARY(ceil, T_FN(ceil)(x))
UNARY(round, T_FN(rint)(x))
UNARY(sqrt, T_FN(sqrt)(x))
UNARY(reciprocal, 1 / x)
UNARY(exp, T_FN(exp)(x))
UNARY(log, T_FN(log)(x))
UNARY(sin, T_FN(sin)(x))
UNARY(cos, T_FN(cos)(x))
UNARY(tan, T_FN(tan)(x))
UNARY(asin, T_FN(asin)(x))
UNARY(acos, T_FN(acos)(x))
UNARY(atan, T_FN(atan)(x))
UNARY(sinh, T_FN(sinh)(x))
UNARY(cosh, T_FN(cosh)(x))
UNARY(asinh, T_FN(asinh)(x))
UNARY(acosh, T_FN(acosh)(x))
UNARY(atanh, T_FN(atanh)(x))
UNARY(tanh, T_FN(tanh)(x))
UNARY(erf, T_FN(erf)(x))
UNARY(sigmoid, T_NAME(logistic)(x))
UNARY(softplus, (x < 0 ? 0 : x) + T_FN(log1p)(T_FN(exp)(-T_FN(fabs)(x))))
UNARY(softsign, x / (1 + T_FN(fabs)(x)))
UNARY(silu, T_NAME(swish)(x, P0))
UNARY(gelu, (1 + T_FN(erf)(x * (T)0.70710678118654752440)) / 2 * x)
UNARY(gelu_tanh, T_NAME(logistic)(T_NAME(gelu_argument)(x)) * x)
UNARY(hardsigmoid, T_NAME(clamp)((P0 * x) + P1, 0, 1))
UNARY(hardswish, T_NAME(clamp)((P0 * x) + P1, 0, 1) * x)
UNARY(affine, (P0 * x) + P1)
UNARY(mish, T_NAME(tanh_softplus)(x) * x)
UNARY(elu, x > 0 ? x : P0 * T_FN(expm1)(x))
UNARY(selu, (x > 0 ? x : P0 * T_FN(expm1)(x)) * P1)
UNARY(celu, x > 0 ? x : P0 * T_FN(expm1)(x / P0))
UNARY(leaky_relu, x >= 0 ? x : P0 * x)
UNARY(thresholded_relu, x > P0 ? x : 0)
UNARY(shrink, (x < -P0) ? x + P1 : (x > P0) ? x - P1 : 0)
UNARY(clip, T_NAME(clamp)(x, P0, P1))
UNARY_AS(uint8_t, isnan, x != x)
UNARY_AS(uint8_t, isinf,
         (x == (T)INFINITY && param[0] != 0) || (x == -(T)INFINITY && param[1] != 0))

BINARY(add, a + b)
BINARY(sub, a - b)
BINARY(mul, (a * b))
BINARY(div, a / b)
BINARY(mod, T_NAME(floor_mod)(a, b))
BINARY(fmod, T_FN(fmod)(a, b))
BINARY(pow, T_FN(pow)(a, b))
BINARY(min, a < b || a != a ? a : b)
BINARY(max, a > b || a != a ? a : b)
BINARY(prelu, a < 0 ? a * b : a)
BINARY_AS(uint8_t, equal, a == b)
BINARY_AS(uint8_t, less, a < b)
BINARY_AS(uint8_t, less_equal, a <= b)
SELECT

FOLD(reduce_sum, double, 0, acc + (double)x)
FOLD(reduce_sumsq, double, 0, acc + (double)x * (double)x)
FOLD(reduce_sumabs, double, 0, acc + fabs((double)x))
FOLD(reduce_prod, double, 1, (acc * (double)x))
FOLD(reduce_max, T, -(T)INFINITY, x > acc || x != x ? x : acc)
FOLD(reduce_min, T, (T)INFINITY, x < acc || x != x ? x : acc)

static void T_FILL(kernels *k) {
    SET(abs), SET(neg), SET(sign), SET(relu), SET(floor), SET(ceil), SET(round), SET(sqrt);
    SET(reciprocal), SET(exp), SET(log), SET(sin), SET(cos), SET(tan), SET(asin), SET(acos);
    SET(atan), SET(sinh), SET(cosh), SET(asinh), SET(acosh), SET(atanh), SET(tanh), SET(erf);
    SET(sigmoid), SET(softplus), SET(softsign), SET(silu), SET(gelu), SET(gelu_tanh);
    SET(hardsigmoid), SET(hardswish), SET(mish), SET(elu), SET(selu), SET(celu), SET(leaky_relu);
    SET(thresholded_relu), SET(shrink), SET(clip), SET(affine), SET(isnan), SET(isinf);

    SET(add), SET(sub), SET(mul), SET(div), SET(mod), SET(fmod), SET(pow), SET(min), SET(max);
    SET(prelu), SET(equal), SET(less), SET(less_equal), SET(select);

    SET(reduce_sum), SET(reduce_sumsq), SET(reduce_sumabs), SET(reduce_prod);
    SET(reduce_max), SET(reduce_min);
}

#undef P0
#undef P1
#undef T
#undef T_KT
#undef T_NAME
#undef T_FILL
#undef T_FN
