/* SPDX-License-Identifier: Apache-2.0
 *
 * Typed template for integers; see typed_loops.h. Further parameters:
 *
 *   T_WRAP         unsigned type of at least 32 bits and at least the width of T, in which sums and
 *                  products wrap instead of overflowing
 *   T_LOW, T_HIGH  the range
 *   T_SIGNED       1 or 0
 *   T_HAS_POW      1 if the pow slot has this type
 */
#include "typed_loops.h"

#define T_BITS (8 * sizeof(T))
#if T_SIGNED
#define IS_NEGATIVE(x)  ((x) < 0)
#define IS_MINUS_ONE(x) ((x) == -1)
#else
#define IS_NEGATIVE(x)  false
#define IS_MINUS_ONE(x) false
#endif
#define NEGATED(x) (0 - (T_WRAP)(x))

/* Cut towards zero, the nearest of the range when outside; NaN gives 0. T_HIGH may round up to
 * T_HIGH + 1 as a double, which is the first value that does not fit. */
static inline T T_NAME(from_double)(double v) {
    if (v >= (double)T_HIGH) return T_HIGH;
    if (v <= (double)T_LOW) return T_LOW;
    return v == v ? (T)v : 0;
}
static inline T T_NAME(divide)(T a, T b) {
    if (b == 0) return 0;
    if (IS_MINUS_ONE(b)) return (T)NEGATED(a); /* T_LOW / -1 would trap */
    return (T)(a / b);
}
static inline T T_NAME(remainder)(T a, T b) {
    if (b == 0 || IS_MINUS_ONE(b)) return 0;
    return (T)(a % b);
}
static inline T T_NAME(floor_mod)(T a, T b) {
    const T r = T_NAME(remainder)(a, b);
    return r != 0 && IS_NEGATIVE(r) != IS_NEGATIVE(b) ? (T)(r + b) : r;
}
static inline T T_NAME(shrunk)(T x, double limit, double bias) {
    const double v = (double)x;
    return v < -limit  ? T_NAME(from_double)(v + bias)
           : v > limit ? T_NAME(from_double)(v - bias)
                       : 0;
}
static inline T T_NAME(clamp)(T x, T lo, T hi) {
    const T above = x < lo ? lo : x;
    return above > hi ? hi : above;
}
static void T_NAME(clip)(size_t n, const void *xv, void *yv, const double *param) {
    const T *xs = xv;
    T *ys = yv;
    const T lo = T_NAME(from_double)(param[0]), hi = T_NAME(from_double)(param[1]);
    for (size_t i = 0; i < n; i++) ys[i] = T_NAME(clamp)(xs[i], lo, hi);
}

UNARY(abs, IS_NEGATIVE(x) ? NEGATED(x) : (T_WRAP)x)
UNARY(sign, (x != 0) - 2 * IS_NEGATIVE(x))
UNARY(bitnot, ~x)
UNARY(shrink, T_NAME(shrunk)(x, param[0], param[1]))

BINARY(add, (T_WRAP)a + (T_WRAP)b)
BINARY(sub, (T_WRAP)a - (T_WRAP)b)
BINARY(mul, ((T_WRAP)a * (T_WRAP)b))
BINARY(div, T_NAME(divide)(a, b))
BINARY(mod, T_NAME(floor_mod)(a, b))
BINARY(fmod, T_NAME(remainder)(a, b))
BINARY(min, a < b ? a : b)
BINARY(max, a > b ? a : b)
BINARY(prelu, IS_NEGATIVE(a) ? (T_WRAP)a *(T_WRAP)b : (T_WRAP)a)
BINARY(bitand, (a & b))
BINARY(bitor, a | b)
BINARY(bitxor, a ^ b)
BINARY_AS(uint8_t, equal, a == b)
BINARY_AS(uint8_t, less, a < b)
BINARY_AS(uint8_t, less_equal, a <= b)
SELECT

FOLD(reduce_sum, T_WRAP, 0, acc + (T_WRAP)x)
FOLD(reduce_sumsq, T_WRAP, 0, acc + (T_WRAP)x * (T_WRAP)x)
FOLD(reduce_sumabs, T_WRAP, 0, acc + (IS_NEGATIVE(x) ? NEGATED(x) : (T_WRAP)x))
FOLD(reduce_prod, T_WRAP, 1, (acc * (T_WRAP)x))
FOLD(reduce_max, T, T_LOW, x > acc ? x : acc)
FOLD(reduce_min, T, T_HIGH, x < acc ? x : acc)

#if T_SIGNED
UNARY(neg, NEGATED(x))
UNARY(relu, x < 0 ? 0 : x)
#else
BINARY(shl, b < T_BITS ? (T_WRAP)a << b : 0)
BINARY(shr, b < T_BITS ? a >> b : 0)
#endif

#if T_HAS_POW
/* By squaring. 1 / a^|b| is cut to an integer: only 1 and -1 leave something. 0 to a negative power
 * is 0. */
static inline T T_NAME(power)(T a, T b) {
    if (b < 0) return a == 1 || (a == -1 && b % 2 == 0) ? 1 : a == -1 ? -1 : 0;
    T_WRAP result = 1;
    for (T_WRAP square = (T_WRAP)a; b > 0; b /= 2, square *= square)
        if (b % 2) result *= square;
    return (T)result;
}
BINARY(pow, T_NAME(power)(a, b))
#endif

static void T_FILL(kernels *k) {
    SET(abs), SET(sign), SET(bitnot), SET(shrink), SET(clip);
    SET(add), SET(sub), SET(mul), SET(div), SET(mod), SET(fmod), SET(min), SET(max), SET(prelu);
    SET(bitand), SET(bitor), SET(bitxor), SET(equal), SET(less), SET(less_equal), SET(select);
    SET(reduce_sum), SET(reduce_sumsq), SET(reduce_sumabs), SET(reduce_prod);
    SET(reduce_max), SET(reduce_min);
#if T_SIGNED
    SET(neg), SET(relu);
#else
    SET(shl), SET(shr);
#endif
#if T_HAS_POW
    SET(pow);
#endif
}

#undef T_BITS
#undef IS_NEGATIVE
#undef IS_MINUS_ONE
#undef NEGATED
#undef T
#undef T_KT
#undef T_NAME
#undef T_FILL
#undef T_WRAP
#undef T_LOW
#undef T_HIGH
#undef T_SIGNED
#undef T_HAS_POW
