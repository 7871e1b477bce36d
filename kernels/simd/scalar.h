/* SPDX-License-Identifier: Apache-2.0
 *
 * The vector vocabulary on a machine without vectors, and the contract of every name in it.
 *
 *   vf   VF_LANES floats
 *   vd   VD_LANES doubles
 *   vi   VF_LANES 32-bit integers; arithmetic wraps
 *   vm   VF_LANES truth values
 *
 * Pointers need the alignment of their element only. Names ending in _n touch the first n elements,
 * 0 <= n <= VF_LANES, and nothing else in memory. Arithmetic is IEEE, round to nearest even.
 */
#ifndef HONE_SIMD_SCALAR_H
#define HONE_SIMD_SCALAR_H

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "simd_common.h"

#define SIMD_ISA        scalar
#define SIMD_NAME(base) base##_scalar
#define VF_LANES        1
#define VD_LANES        1

typedef float vf;
typedef double vd;
typedef int32_t vi;
typedef bool vm;

/* ---- Memory ---------------------------------------------------------------------------------- */

SIMD_INLINE vf vf_load(const float *p) { return *p; }
SIMD_INLINE void vf_store(float *p, vf v) { *p = v; }
/* Lanes from n on are 0. */
SIMD_INLINE vf vf_load_n(const float *p, size_t n) { return n ? *p : 0.0f; }
SIMD_INLINE void vf_store_n(float *p, size_t n, vf v) {
    if (n) *p = v;
}
/* VF_LANES 16-bit integers, zero-extended; stores keep the low half and expect the high half to be
 * zero. */
SIMD_INLINE vi vi_load_u16(const uint16_t *p) { return *p; }
SIMD_INLINE void vi_store_u16(uint16_t *p, vi v) { *p = (uint16_t)v; }
/* The same of bytes, zero-extended or with their sign; stores keep the low byte. */
SIMD_INLINE vi vi_load_u8(const uint8_t *p) { return *p; }
SIMD_INLINE vi vi_load_i8(const int8_t *p) { return *p; }
SIMD_INLINE void vi_store_u8(uint8_t *p, vi v) { *p = (uint8_t)v; }
/* One byte a lane: a lane is true where its byte is not 0; stores write 0 or 1. */
SIMD_INLINE vm vm_load_u8(const uint8_t *p) { return *p != 0; }
SIMD_INLINE void vm_store_u8(uint8_t *p, vm m) { *p = m; }

/* ---- Constants and bit patterns -------------------------------------------------------------- */

SIMD_INLINE vf vf_set1(float x) { return x; }
SIMD_INLINE vf vf_zero(void) { return 0.0f; }
SIMD_INLINE vi vi_set1(int32_t x) { return x; }
SIMD_INLINE vi vi_from_bits(vf v) {
    vi r;
    memcpy(&r, &v, sizeof r);
    return r;
}
SIMD_INLINE vf vf_from_bits(vi v) {
    vf r;
    memcpy(&r, &v, sizeof r);
    return r;
}

/* ---- Arithmetic ------------------------------------------------------------------------------ */

SIMD_INLINE vf vf_add(vf a, vf b) { return a + b; }
SIMD_INLINE vf vf_sub(vf a, vf b) { return a - b; }
SIMD_INLINE vf vf_mul(vf a, vf b) { return a * b; }
SIMD_INLINE vf vf_div(vf a, vf b) { return a / b; }
/* a * b + c and c - a * b, rounded once; rounded twice on scalar targets without a fused
 * instruction, where the C library's fmaf would cost a hundred times more. */
#ifdef FP_FAST_FMAF
SIMD_INLINE vf vf_fma(vf a, vf b, vf c) { return fmaf(a, b, c); }
SIMD_INLINE vf vf_fnma(vf a, vf b, vf c) { return fmaf(-a, b, c); }
#else
SIMD_INLINE vf vf_fma(vf a, vf b, vf c) { return a * b + c; }
SIMD_INLINE vf vf_fnma(vf a, vf b, vf c) { return c - a * b; }
#endif
SIMD_INLINE vf vf_sqrt(vf a) { return sqrtf(a); }
SIMD_INLINE vf vf_abs(vf a) { return fabsf(a); }
SIMD_INLINE vf vf_neg(vf a) { return -a; }
/* |magnitude| with the sign bit of `sign`. */
SIMD_INLINE vf vf_copysign(vf magnitude, vf sign) { return copysignf(magnitude, sign); }
/* The second operand when either is NaN or both are zeros: min is a < b ? a : b, max is
 * a > b ? a : b. */
SIMD_INLINE vf vf_min(vf a, vf b) { return a < b ? a : b; }
SIMD_INLINE vf vf_max(vf a, vf b) { return a > b ? a : b; }
/* The same, but NaN when either operand is NaN. */
SIMD_INLINE vf vf_min_nan(vf a, vf b) { return a < b || a != a ? a : b; }
SIMD_INLINE vf vf_max_nan(vf a, vf b) { return a > b || a != a ? a : b; }
/* To an integral value; round takes ties to even. */
SIMD_INLINE vf vf_floor(vf a) { return floorf(a); }
SIMD_INLINE vf vf_ceil(vf a) { return ceilf(a); }
SIMD_INLINE vf vf_round(vf a) { return rintf(a); }
/* x * 2^n for integral n in [-252, 254] and |x| in [0.5, 2): overflow gives an infinity and results
 * below the normal range are rounded once. NaN x stays NaN whatever n is. */
SIMD_INLINE vf vf_scale2(vf x, vf n) {
    const int32_t e = (int32_t)lrintf(n);
    const int32_t half = e >> 1;
    return x * vf_from_bits((half + 127) << 23) * vf_from_bits((e - half + 127) << 23);
}

/* ---- Comparisons and masks ------------------------------------------------------------------- */

/* Comparisons with NaN are false. */
SIMD_INLINE vm vf_eq(vf a, vf b) { return a == b; }
SIMD_INLINE vm vf_lt(vf a, vf b) { return a < b; }
SIMD_INLINE vm vf_le(vf a, vf b) { return a <= b; }
SIMD_INLINE vm vf_isnan(vf a) { return a != a; }
SIMD_INLINE vm vi_eq(vi a, vi b) { return a == b; }
/* True in the first n lanes. */
SIMD_INLINE vm vm_first(size_t n) { return n != 0; }
SIMD_INLINE vm vm_and(vm a, vm b) { return a && b; }
SIMD_INLINE vm vm_or(vm a, vm b) { return a || b; }
SIMD_INLINE vm vm_not(vm a) { return !a; }
SIMD_INLINE bool vm_any(vm a) { return a; }
/* m ? a : b, bit for bit. */
SIMD_INLINE vf vf_select(vm m, vf a, vf b) { return m ? a : b; }

/* ---- Integers -------------------------------------------------------------------------------- */

/* Round to nearest even. Lanes outside int32 give an unspecified number, never a trap. */
SIMD_INLINE vi vi_from_vf(vf a) { return (int32_t)lrintf(a); }
SIMD_INLINE vf vf_from_vi(vi a) { return (float)a; }
SIMD_INLINE vi vi_add(vi a, vi b) { return (int32_t)((uint32_t)a + (uint32_t)b); }
SIMD_INLINE vi vi_sub(vi a, vi b) { return (int32_t)((uint32_t)a - (uint32_t)b); }
SIMD_INLINE vi vi_and(vi a, vi b) { return a & b; }
SIMD_INLINE vi vi_or(vi a, vi b) { return a | b; }
SIMD_INLINE vi vi_xor(vi a, vi b) { return a ^ b; }
/* Shifts by a constant in [0, 31]: left, right with zeros, right with the sign. Macros, because
 * some ISAs want an immediate operand. */
#define vi_shl(a, count) ((vi)((uint32_t)(a) << (count)))
#define vi_shr(a, count) ((vi)((uint32_t)(a) >> (count)))
#define vi_sra(a, count) ((vi)((a) >> (count)))

/* ---- Across lanes ---------------------------------------------------------------------------- */

/* Folds by halves: lane i with lane i + VF_LANES / 2, and so on down to one. max and min give NaN
 * when any lane is NaN. */
SIMD_INLINE float vf_hsum(vf a) { return a; }
SIMD_INLINE float vf_hmax(vf a) { return a; }
SIMD_INLINE float vf_hmin(vf a) { return a; }
/* Transposes a VF_LANES x VF_LANES block held in rows, bit for bit. */
SIMD_INLINE void vf_transpose(vf rows[VF_LANES]) { (void)rows; }

/* ---- Doubles --------------------------------------------------------------------------------- */

SIMD_INLINE vd vd_load(const double *p) { return *p; }
SIMD_INLINE void vd_store(double *p, vd v) { *p = v; }
SIMD_INLINE vd vd_set1(double x) { return x; }
/* a * b + c, rounded as vf_fma is. */
#ifdef FP_FAST_FMA
SIMD_INLINE vd vd_fma(vd a, vd b, vd c) { return fma(a, b, c); }
#else
SIMD_INLINE vd vd_fma(vd a, vd b, vd c) { return a * b + c; }
#endif

/* ---- Half precision -------------------------------------------------------------------------- */

/* VF_LANES IEEE halves; signalling NaNs become quiet, NaNs keep the top of their payload. */
SIMD_INLINE vf vf_load_f16(const uint16_t *p) {
    const uint32_t h = *p;
    const uint32_t sign = (h & 0x8000u) << 16;
    const uint32_t magnitude = h & 0x7fffu;
    if (magnitude > 0x7c00u) return vf_from_bits((vi)(sign | 0x7fc00000u | (magnitude << 13)));
    if (magnitude == 0x7c00u) return vf_from_bits((vi)(sign | 0x7f800000u));
    /* The exponent is rebased by a multiplication, which normalises subnormals on the way. */
    const vf scaled = vf_from_bits((vi)(magnitude << 13)) * 0x1p112f;
    return vf_from_bits((vi)(sign | (uint32_t)vi_from_bits(scaled)));
}
/* Round to nearest even; too large becomes infinity. */
SIMD_INLINE void vf_store_f16(uint16_t *p, vf v) {
    const uint32_t bits = (uint32_t)vi_from_bits(v);
    const uint32_t sign = (bits >> 16) & 0x8000u;
    const uint32_t magnitude = bits & 0x7fffffffu;
    uint32_t h;
    if (magnitude > 0x7f800000u) {
        h = 0x7e00u | ((magnitude >> 13) & 0x3ffu);
    } else if (magnitude >= 0x477ff000u) { /* 65520 rounds up to 2^16 */
        h = 0x7c00u;
    } else if (magnitude < 0x38800000u) { /* below 2^-14: the sum's low bits are the subnormal */
        h = (uint32_t)vi_from_bits(vf_from_bits((vi)magnitude) + 0.5f) - 0x3f000000u;
    } else {
        h = (magnitude - 0x38000000u + 0xfffu + ((magnitude >> 13) & 1u)) >> 13;
    }
    *p = (uint16_t)(sign | h);
}

#endif
