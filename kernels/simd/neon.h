/* SPDX-License-Identifier: Apache-2.0
 *
 * The vector vocabulary over AArch64 NEON. scalar.h states the contracts.
 */
#ifndef HONE_SIMD_NEON_H
#define HONE_SIMD_NEON_H

#include <arm_neon.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "simd_common.h"

#define SIMD_ISA        neon
#define SIMD_NAME(base) base##_neon
#define VF_LANES        4
#define VD_LANES        2

typedef float32x4_t vf;
typedef float64x2_t vd;
typedef int32x4_t vi;
typedef uint32x4_t vm; /* all ones or all zeros in a lane */

SIMD_INLINE vm vm_first(size_t n) {
    static const uint32_t lane[VF_LANES] = {0, 1, 2, 3};
    return vcltq_u32(vld1q_u32(lane), vdupq_n_u32((uint32_t)n));
}

/* ---- Memory ---------------------------------------------------------------------------------- */

SIMD_INLINE vf vf_load(const float *p) { return vld1q_f32(p); }
SIMD_INLINE void vf_store(float *p, vf v) { vst1q_f32(p, v); }
SIMD_INLINE vf vf_load_n(const float *p, size_t n) {
    if (n & 4) return vld1q_f32(p);
    float32x2_t low = vdup_n_f32(0.0f), high = low;
    if (n & 2) {
        low = vld1_f32(p);
        if (n & 1) high = vld1_lane_f32(p + 2, high, 0);
    } else if (n & 1) {
        low = vld1_lane_f32(p, low, 0);
    }
    return vcombine_f32(low, high);
}
SIMD_INLINE void vf_store_n(float *p, size_t n, vf v) {
    if (n & 4) {
        vst1q_f32(p, v);
        return;
    }
    float32x2_t rest = vget_low_f32(v);
    if (n & 2) {
        vst1_f32(p, rest);
        rest = vget_high_f32(v);
        p += 2;
    }
    if (n & 1) vst1_lane_f32(p, rest, 0);
}
SIMD_INLINE vi vi_load_u16(const uint16_t *p) {
    return vreinterpretq_s32_u32(vmovl_u16(vld1_u16(p)));
}
SIMD_INLINE void vi_store_u16(uint16_t *p, vi v) {
    vst1_u16(p, vmovn_u32(vreinterpretq_u32_s32(v)));
}
SIMD_INLINE vi vi_load_u8(const uint8_t *p) {
    uint32_t four;
    memcpy(&four, p, sizeof four);
    return vreinterpretq_s32_u32(vmovl_u16(vget_low_u16(vmovl_u8(vcreate_u8(four)))));
}
SIMD_INLINE vi vi_load_i8(const int8_t *p) {
    uint32_t four;
    memcpy(&four, p, sizeof four);
    return vmovl_s16(vget_low_s16(vmovl_s8(vcreate_s8(four))));
}
SIMD_INLINE void vi_store_u8(uint8_t *p, vi v) {
    const uint16x4_t words = vmovn_u32(vreinterpretq_u32_s32(v));
    const uint8x8_t bytes = vmovn_u16(vcombine_u16(words, words));
    const uint32_t four = vget_lane_u32(vreinterpret_u32_u8(bytes), 0);
    memcpy(p, &four, sizeof four);
}
SIMD_INLINE vm vm_load_u8(const uint8_t *p) {
    uint32_t four;
    memcpy(&four, p, sizeof four);
    const uint16x8_t words = vmovl_u8(vcreate_u8(four));
    const uint32x4_t lanes = vmovl_u16(vget_low_u16(words));
    return vtstq_u32(lanes, lanes);
}
SIMD_INLINE void vm_store_u8(uint8_t *p, vm m) {
    const uint16x4_t words = vmovn_u32(vshrq_n_u32(m, 31));
    const uint8x8_t bytes = vmovn_u16(vcombine_u16(words, words));
    const uint32_t four = vget_lane_u32(vreinterpret_u32_u8(bytes), 0);
    memcpy(p, &four, sizeof four);
}

/* ---- Constants and bit patterns -------------------------------------------------------------- */

SIMD_INLINE vf vf_set1(float x) { return vdupq_n_f32(x); }
SIMD_INLINE vf vf_zero(void) { return vdupq_n_f32(0.0f); }
SIMD_INLINE vi vi_set1(int32_t x) { return vdupq_n_s32(x); }
SIMD_INLINE vi vi_from_bits(vf v) { return vreinterpretq_s32_f32(v); }
SIMD_INLINE vf vf_from_bits(vi v) { return vreinterpretq_f32_s32(v); }

/* ---- Arithmetic ------------------------------------------------------------------------------ */

SIMD_INLINE vf vf_add(vf a, vf b) { return vaddq_f32(a, b); }
SIMD_INLINE vf vf_sub(vf a, vf b) { return vsubq_f32(a, b); }
SIMD_INLINE vf vf_mul(vf a, vf b) { return vmulq_f32(a, b); }
SIMD_INLINE vf vf_div(vf a, vf b) { return vdivq_f32(a, b); }
SIMD_INLINE vf vf_fma(vf a, vf b, vf c) { return vfmaq_f32(c, a, b); }
SIMD_INLINE vf vf_fnma(vf a, vf b, vf c) { return vfmsq_f32(c, a, b); }
SIMD_INLINE vf vf_sqrt(vf a) { return vsqrtq_f32(a); }
SIMD_INLINE vf vf_abs(vf a) { return vabsq_f32(a); }
SIMD_INLINE vf vf_neg(vf a) { return vnegq_f32(a); }
SIMD_INLINE vf vf_copysign(vf magnitude, vf sign) {
    return vbslq_f32(vdupq_n_u32(0x80000000u), sign, magnitude);
}
SIMD_INLINE vf vf_select(vm m, vf a, vf b) { return vbslq_f32(m, a, b); }
/* Not fmin and fmax: their answers for NaN and for zeros of both signs differ from the contract. */
SIMD_INLINE vf vf_min(vf a, vf b) { return vbslq_f32(vcltq_f32(a, b), a, b); }
SIMD_INLINE vf vf_max(vf a, vf b) { return vbslq_f32(vcgtq_f32(a, b), a, b); }
SIMD_INLINE vm vf_isnan(vf a) { return vmvnq_u32(vceqq_f32(a, a)); }
SIMD_INLINE vf vf_min_nan(vf a, vf b) { return vf_select(vf_isnan(a), a, vf_min(a, b)); }
SIMD_INLINE vf vf_max_nan(vf a, vf b) { return vf_select(vf_isnan(a), a, vf_max(a, b)); }
SIMD_INLINE vf vf_floor(vf a) { return vrndmq_f32(a); }
SIMD_INLINE vf vf_ceil(vf a) { return vrndpq_f32(a); }
SIMD_INLINE vf vf_round(vf a) { return vrndnq_f32(a); }
/* Two factors, because 2^n itself can lie outside the range of a float. */
SIMD_INLINE vf vf_scale2(vf x, vf n) {
    const int32x4_t bias = vdupq_n_s32(127);
    const int32x4_t e = vcvtnq_s32_f32(n);
    const int32x4_t half = vshrq_n_s32(e, 1);
    const int32x4_t rest = vsubq_s32(e, half);
    const int32x4_t f0 = vshlq_n_s32(vaddq_s32(half, bias), 23);
    const int32x4_t f1 = vshlq_n_s32(vaddq_s32(rest, bias), 23);
    return vf_mul(vf_mul(x, vf_from_bits(f0)), vf_from_bits(f1));
}

/* ---- Comparisons and masks ------------------------------------------------------------------- */

SIMD_INLINE vm vf_eq(vf a, vf b) { return vceqq_f32(a, b); }
SIMD_INLINE vm vf_lt(vf a, vf b) { return vcltq_f32(a, b); }
SIMD_INLINE vm vf_le(vf a, vf b) { return vcleq_f32(a, b); }
SIMD_INLINE vm vi_eq(vi a, vi b) { return vceqq_s32(a, b); }
SIMD_INLINE vm vm_and(vm a, vm b) { return vandq_u32(a, b); }
SIMD_INLINE vm vm_or(vm a, vm b) { return vorrq_u32(a, b); }
SIMD_INLINE vm vm_not(vm a) { return vmvnq_u32(a); }
SIMD_INLINE bool vm_any(vm a) { return vmaxvq_u32(a) != 0; }

/* ---- Integers -------------------------------------------------------------------------------- */

SIMD_INLINE vi vi_from_vf(vf a) { return vcvtnq_s32_f32(a); }
SIMD_INLINE vf vf_from_vi(vi a) { return vcvtq_f32_s32(a); }
SIMD_INLINE vi vi_add(vi a, vi b) { return vaddq_s32(a, b); }
SIMD_INLINE vi vi_sub(vi a, vi b) { return vsubq_s32(a, b); }
SIMD_INLINE vi vi_and(vi a, vi b) { return vandq_s32(a, b); }
SIMD_INLINE vi vi_or(vi a, vi b) { return vorrq_s32(a, b); }
SIMD_INLINE vi vi_xor(vi a, vi b) { return veorq_s32(a, b); }
#define vi_shl(a, count) vshlq_n_s32(a, count)
#define vi_shr(a, count) vreinterpretq_s32_u32(vshrq_n_u32(vreinterpretq_u32_s32(a), count))
#define vi_sra(a, count) vshrq_n_s32(a, count)

/* ---- Across lanes ---------------------------------------------------------------------------- */

/* Lanes moved by 2 and by 1, so that lane 0 has met every other. */
SIMD_INLINE vf vf_rotate2(vf a) { return vextq_f32(a, a, 2); }
SIMD_INLINE vf vf_rotate1(vf a) { return vrev64q_f32(a); }
SIMD_INLINE float vf_hsum(vf a) {
    a = vf_add(a, vf_rotate2(a));
    return vgetq_lane_f32(vf_add(a, vf_rotate1(a)), 0);
}
SIMD_INLINE float vf_hmax(vf a) {
    a = vf_max_nan(a, vf_rotate2(a));
    return vgetq_lane_f32(vf_max_nan(a, vf_rotate1(a)), 0);
}
SIMD_INLINE float vf_hmin(vf a) {
    a = vf_min_nan(a, vf_rotate2(a));
    return vgetq_lane_f32(vf_min_nan(a, vf_rotate1(a)), 0);
}

SIMD_INLINE void vf_transpose(vf rows[VF_LANES]) {
    const float32x4x2_t top = vtrnq_f32(rows[0], rows[1]);
    const float32x4x2_t bottom = vtrnq_f32(rows[2], rows[3]);
    rows[0] = vcombine_f32(vget_low_f32(top.val[0]), vget_low_f32(bottom.val[0]));
    rows[1] = vcombine_f32(vget_low_f32(top.val[1]), vget_low_f32(bottom.val[1]));
    rows[2] = vcombine_f32(vget_high_f32(top.val[0]), vget_high_f32(bottom.val[0]));
    rows[3] = vcombine_f32(vget_high_f32(top.val[1]), vget_high_f32(bottom.val[1]));
}

/* ---- Doubles --------------------------------------------------------------------------------- */

SIMD_INLINE vd vd_load(const double *p) { return vld1q_f64(p); }
SIMD_INLINE void vd_store(double *p, vd v) { vst1q_f64(p, v); }
SIMD_INLINE vd vd_set1(double x) { return vdupq_n_f64(x); }
SIMD_INLINE vd vd_fma(vd a, vd b, vd c) { return vfmaq_f64(c, a, b); }

/* ---- Half precision -------------------------------------------------------------------------- */

SIMD_INLINE vf vf_load_f16(const uint16_t *p) {
    return vcvt_f32_f16(vreinterpret_f16_u16(vld1_u16(p)));
}
SIMD_INLINE void vf_store_f16(uint16_t *p, vf v) {
    vst1_u16(p, vreinterpret_u16_f16(vcvt_f16_f32(v)));
}

#endif
