/* SPDX-License-Identifier: Apache-2.0
 *
 * Scalar conversions of the narrow element types, as the ONNX specification defines them. Rounding
 * is to nearest even throughout.
 */
#ifndef HONE_NARROW_H
#define HONE_NARROW_H

#include <stdbool.h>
#include <stdint.h>

#include "hone/hone.h"

float f16_to_f32(uint16_t h);
uint16_t f32_to_f16(float f);
float bf16_to_f32(uint16_t b);
uint16_t f32_to_bf16(float f);
/* `t` is one of the five 8-bit floating-point types. saturate: out-of-range values become the
 * largest finite one instead of NaN or infinity. */
float f8_to_f32(hone_dtype t, uint8_t bits);
uint8_t f32_to_f8(hone_dtype t, float f, bool saturate);
/* E8M0 holds powers of two. Values between two of them round away from zero, towards zero, or to
 * the nearest with ties away from zero. Zero and what lies outside of the range: the nearest power
 * when saturating, else NaN. */
typedef enum e8m0_rounding { E8M0_UP, E8M0_DOWN, E8M0_NEAREST } e8m0_rounding;
uint8_t f32_to_e8m0(float f, bool saturate, e8m0_rounding round);
/* `t` is one of the floats of 4 or 6 bits, which have no infinities and no NaN: what is too large
 * becomes the largest, NaN becomes -0. */
float mini_to_f32(hone_dtype t, uint8_t bits);
uint8_t f32_to_mini(hone_dtype t, float f);

/* Element i of an array of fields of 2, 4 or 6 bits, low bits first. */
int64_t packed_get(const void *p, int64_t i, int bits, bool is_signed);
void packed_set(void *p, int64_t i, int bits, uint8_t v);

/* Truncates towards zero; NaN gives 0, values out of range saturate. */
static inline int64_t f64_to_i64(double v) {
    if (v > -9223372036854775808.0 && v < 9223372036854775808.0) return (int64_t)v;
    return v != v ? 0 : v < 0 ? INT64_MIN : INT64_MAX;
}

static inline int64_t clamp_i64(int64_t v, int64_t lo, int64_t hi) {
    return v < lo ? lo : v > hi ? hi : v;
}

#endif
