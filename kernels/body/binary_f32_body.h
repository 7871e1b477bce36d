/* SPDX-License-Identifier: Apache-2.0
 *
 * f32 formulas of two inputs, and select. Include after a simd header.
 *
 * An input whose step is 0 is read once, before anything is written.
 */
#include "loops_f32_body.h"

typedef vf binary_formula(vf a, vf b);
typedef vm binary_test(vf a, vf b);

/* Called with constant steps, so that each combination becomes a loop of its own. */
SIMD_INLINE void binary_loop(size_t n, const float *a, bool astep, const float *b, bool bstep,
                             float *y, binary_formula *f) {
    if (n == 0) return;
    const vf a0 = vf_set1(*a), b0 = vf_set1(*b);
    size_t i = 0;
    for (; n - i >= VF_LANES; i += VF_LANES)
        vf_store(y + i,
                 f(load_step(a, astep, a0, i, VF_LANES), load_step(b, bstep, b0, i, VF_LANES)));
    const size_t rest = n - i;
    if (rest)
        vf_store_n(y + i, rest,
                   f(load_step(a, astep, a0, i, rest), load_step(b, bstep, b0, i, rest)));
}

SIMD_INLINE void binary_test_loop(size_t n, const float *a, bool astep, const float *b, bool bstep,
                                  uint8_t *y, binary_test *f) {
    if (n == 0) return;
    const vf a0 = vf_set1(*a), b0 = vf_set1(*b);
    size_t i = 0;
    for (; n - i >= VF_LANES; i += VF_LANES)
        vm_store_u8(y + i,
                    f(load_step(a, astep, a0, i, VF_LANES), load_step(b, bstep, b0, i, VF_LANES)));
    const size_t rest = n - i;
    if (rest) {
        uint8_t bytes[VF_LANES];
        vm_store_u8(bytes, f(load_step(a, astep, a0, i, rest), load_step(b, bstep, b0, i, rest)));
        for (size_t j = 0; j < rest; j++) y[i + j] = bytes[j];
    }
}

/* Steps are 0 or 1. */
#define STEP_CASES(loop, f)                                                                        \
    if (astep && bstep)                                                                            \
        loop(n, a, true, b, true, y, f);                                                           \
    else if (bstep)                                                                                \
        loop(n, a, false, b, true, y, f);                                                          \
    else if (astep)                                                                                \
        loop(n, a, true, b, false, y, f);                                                          \
    else                                                                                           \
        loop(n, a, false, b, false, y, f)

#define BINARY(name, formula)                                                                      \
    SIMD_INLINE vf SIMD_NAME(name##_formula)(vf a, vf b) { return formula; }                       \
    static void SIMD_NAME(name##_f32)(size_t n, const void *a, size_t astep, const void *b,        \
                                      size_t bstep, void *y) {                                     \
        STEP_CASES(binary_loop, SIMD_NAME(name##_formula));                                        \
    }
#define BINARY_TEST(name, formula)                                                                 \
    SIMD_INLINE vm SIMD_NAME(name##_formula)(vf a, vf b) { return formula; }                       \
    static void SIMD_NAME(name##_f32)(size_t n, const void *a, size_t astep, const void *b,        \
                                      size_t bstep, void *y) {                                     \
        STEP_CASES(binary_test_loop, SIMD_NAME(name##_formula));                                   \
    }

BINARY(add, vf_add(a, b))
BINARY(sub, vf_sub(a, b))
BINARY(mul, vf_mul(a, b))
BINARY(div, vf_div(a, b))
BINARY(min, vf_min_nan(a, b))
BINARY(max, vf_max_nan(a, b))
BINARY(prelu, vf_select(vf_lt(a, vf_zero()), vf_mul(a, b), a))
BINARY_TEST(equal, vf_eq(a, b))
BINARY_TEST(less, vf_lt(a, b))
BINARY_TEST(less_equal, vf_le(a, b))
#undef BINARY
#undef BINARY_TEST
#undef STEP_CASES

SIMD_INLINE void select_loop(size_t n, const uint8_t *c, const float *a, bool astep, const float *b,
                             bool bstep, float *y) {
    const vf a0 = vf_set1(*a), b0 = vf_set1(*b);
    size_t i = 0;
    for (; n - i >= VF_LANES; i += VF_LANES)
        vf_store(y + i, vf_select(vm_load_u8(c + i), load_step(a, astep, a0, i, VF_LANES),
                                  load_step(b, bstep, b0, i, VF_LANES)));
    const size_t rest = n - i;
    if (rest == 0) return;
    uint8_t bytes[VF_LANES] = {0};
    for (size_t j = 0; j < rest; j++) bytes[j] = c[i + j];
    vf_store_n(y + i, rest,
               vf_select(vm_load_u8(bytes), load_step(a, astep, a0, i, rest),
                         load_step(b, bstep, b0, i, rest)));
}

/* Moves bits only, so it serves every 4-byte type. */
static void SIMD_NAME(select_f32)(size_t n, const uint8_t *c, size_t cstep, const void *a,
                                  size_t astep, const void *b, size_t bstep, void *y) {
    if (n == 0) return;
    if (cstep == 0) {
        const float *chosen = *c ? a : b;
        const bool step = (*c ? astep : bstep) != 0;
        const vf repeated = vf_set1(*chosen);
        float *out = y;
        for (size_t i = 0; i < n; i += VF_LANES) {
            const size_t rest = n - i < VF_LANES ? n - i : VF_LANES;
            vf_store_n(out + i, rest, load_step(chosen, step, repeated, i, rest));
        }
    } else if (astep && bstep) {
        select_loop(n, c, a, true, b, true, y);
    } else if (bstep) {
        select_loop(n, c, a, false, b, true, y);
    } else if (astep) {
        select_loop(n, c, a, true, b, false, y);
    } else {
        select_loop(n, c, a, false, b, false, y);
    }
}

static void fill_binary_f32(kernels *k) {
#define SET(name) k->name[KT_F32] = SIMD_NAME(name##_f32)
    SET(add), SET(sub), SET(mul), SET(div), SET(min), SET(max), SET(prelu);
    SET(equal), SET(less), SET(less_equal), SET(select);
#undef SET
    k->select[KT_I32] = k->select[KT_U32] = SIMD_NAME(select_f32);
}
