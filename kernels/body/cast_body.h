/* SPDX-License-Identifier: Apache-2.0
 *
 * Floats to integers, as loops that the compiler's vectoriser takes where the level converts
 * vectors to 64 bits. Include after a simd header.
 */
#include "kernels.h"

/* Cut towards zero, to the nearest of the range when outside; NaN gives 0. Without branches, and
 * without converting what does not fit. */
SIMD_INLINE int64_t cast_to_i64(float x) {
    const bool fits = x >= -0x1p63f && x < 0x1p63f;
    const int64_t v = (int64_t)(fits ? x : 0.0f);
    const int64_t low = x < -0x1p63f ? INT64_MIN : v;
    return x >= 0x1p63f ? INT64_MAX : low;
}

#define CAST(name, type)                                                                           \
    static void SIMD_NAME(name)(size_t n, const float *x, void *yv) {                              \
        type *y = yv;                                                                              \
        for (size_t i = 0; i < n; i++) y[i] = (type)cast_to_i64(x[i]);                             \
    }
CAST(cast_f32_i64, int64_t)
CAST(cast_f32_i32, int32_t)
CAST(cast_f32_8, uint8_t)
#undef CAST

static void fill_cast(kernels *k) {
    k->cast_f32_i64 = SIMD_NAME(cast_f32_i64);
    k->cast_f32_i32 = SIMD_NAME(cast_f32_i32);
    k->cast_f32_8 = SIMD_NAME(cast_f32_8);
}
