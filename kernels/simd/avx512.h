/* SPDX-License-Identifier: Apache-2.0
 *
 * The vector vocabulary over AVX-512 F, BW, DQ and VL. scalar.h states the contracts.
 */
#ifndef HONE_SIMD_AVX512_H
#define HONE_SIMD_AVX512_H

#include <immintrin.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "simd_common.h"

#define SIMD_ISA        avx512
#define SIMD_NAME(base) base##_avx512
#define VF_LANES        16
#define VD_LANES        8

typedef __m512 vf;
typedef __m512d vd;
typedef __m512i vi;
typedef __mmask16 vm;

SIMD_INLINE vm vm_first(size_t n) { return (vm)((1u << n) - 1u); }

/* ---- Memory ---------------------------------------------------------------------------------- */

SIMD_INLINE vf vf_load(const float *p) { return _mm512_loadu_ps(p); }
SIMD_INLINE void vf_store(float *p, vf v) { _mm512_storeu_ps(p, v); }
SIMD_INLINE vf vf_load_n(const float *p, size_t n) { return _mm512_maskz_loadu_ps(vm_first(n), p); }
SIMD_INLINE void vf_store_n(float *p, size_t n, vf v) { _mm512_mask_storeu_ps(p, vm_first(n), v); }
SIMD_INLINE vi vi_load_u16(const uint16_t *p) {
    return _mm512_cvtepu16_epi32(_mm256_loadu_si256((const __m256i *)(const void *)p));
}
SIMD_INLINE void vi_store_u16(uint16_t *p, vi v) {
    _mm256_storeu_si256((__m256i *)(void *)p, _mm512_cvtepi32_epi16(v));
}
SIMD_INLINE vi vi_load_u8(const uint8_t *p) {
    return _mm512_cvtepu8_epi32(_mm_loadu_si128((const __m128i *)(const void *)p));
}
SIMD_INLINE vi vi_load_i8(const int8_t *p) {
    return _mm512_cvtepi8_epi32(_mm_loadu_si128((const __m128i *)(const void *)p));
}
SIMD_INLINE void vi_store_u8(uint8_t *p, vi v) {
    _mm_storeu_si128((__m128i *)(void *)p, _mm512_cvtepi32_epi8(v));
}
SIMD_INLINE vm vm_load_u8(const uint8_t *p) {
    const __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)p);
    return _mm_test_epi8_mask(bytes, bytes);
}
SIMD_INLINE void vm_store_u8(uint8_t *p, vm m) {
    _mm_storeu_si128((__m128i *)(void *)p, _mm_maskz_set1_epi8(m, 1));
}

/* ---- Constants and bit patterns -------------------------------------------------------------- */

SIMD_INLINE vf vf_set1(float x) { return _mm512_set1_ps(x); }
SIMD_INLINE vf vf_zero(void) { return _mm512_setzero_ps(); }
SIMD_INLINE vi vi_set1(int32_t x) { return _mm512_set1_epi32(x); }
SIMD_INLINE vi vi_from_bits(vf v) { return _mm512_castps_si512(v); }
SIMD_INLINE vf vf_from_bits(vi v) { return _mm512_castsi512_ps(v); }

/* ---- Arithmetic ------------------------------------------------------------------------------ */

SIMD_INLINE vf vf_add(vf a, vf b) { return _mm512_add_ps(a, b); }
SIMD_INLINE vf vf_sub(vf a, vf b) { return _mm512_sub_ps(a, b); }
SIMD_INLINE vf vf_mul(vf a, vf b) { return _mm512_mul_ps(a, b); }
SIMD_INLINE vf vf_div(vf a, vf b) { return _mm512_div_ps(a, b); }
SIMD_INLINE vf vf_fma(vf a, vf b, vf c) { return _mm512_fmadd_ps(a, b, c); }
SIMD_INLINE vf vf_fnma(vf a, vf b, vf c) { return _mm512_fnmadd_ps(a, b, c); }
SIMD_INLINE vf vf_sqrt(vf a) { return _mm512_sqrt_ps(a); }
SIMD_INLINE vf vf_abs(vf a) { return _mm512_andnot_ps(_mm512_set1_ps(-0.0f), a); }
SIMD_INLINE vf vf_neg(vf a) { return _mm512_xor_ps(_mm512_set1_ps(-0.0f), a); }
SIMD_INLINE vf vf_copysign(vf magnitude, vf sign) {
    const __m512 bit = _mm512_set1_ps(-0.0f);
    return _mm512_or_ps(_mm512_andnot_ps(bit, magnitude), _mm512_and_ps(bit, sign));
}
SIMD_INLINE vf vf_min(vf a, vf b) { return _mm512_min_ps(a, b); }
SIMD_INLINE vf vf_max(vf a, vf b) { return _mm512_max_ps(a, b); }
SIMD_INLINE vm vf_isnan(vf a) { return _mm512_cmp_ps_mask(a, a, _CMP_UNORD_Q); }
SIMD_INLINE vf vf_select(vm m, vf a, vf b) { return _mm512_mask_blend_ps(m, b, a); }
SIMD_INLINE vf vf_min_nan(vf a, vf b) { return vf_select(vf_isnan(a), a, vf_min(a, b)); }
SIMD_INLINE vf vf_max_nan(vf a, vf b) { return vf_select(vf_isnan(a), a, vf_max(a, b)); }
SIMD_INLINE vf vf_floor(vf a) {
    return _mm512_roundscale_ps(a, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC);
}
SIMD_INLINE vf vf_ceil(vf a) {
    return _mm512_roundscale_ps(a, _MM_FROUND_TO_POS_INF | _MM_FROUND_NO_EXC);
}
SIMD_INLINE vf vf_round(vf a) {
    return _mm512_roundscale_ps(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}
SIMD_INLINE vf vf_scale2(vf x, vf n) { return _mm512_scalef_ps(x, n); }

/* ---- Comparisons and masks ------------------------------------------------------------------- */

SIMD_INLINE vm vf_eq(vf a, vf b) { return _mm512_cmp_ps_mask(a, b, _CMP_EQ_OQ); }
SIMD_INLINE vm vf_lt(vf a, vf b) { return _mm512_cmp_ps_mask(a, b, _CMP_LT_OQ); }
SIMD_INLINE vm vf_le(vf a, vf b) { return _mm512_cmp_ps_mask(a, b, _CMP_LE_OQ); }
SIMD_INLINE vm vi_eq(vi a, vi b) { return _mm512_cmpeq_epi32_mask(a, b); }
SIMD_INLINE vm vm_and(vm a, vm b) { return (vm)(a & b); }
SIMD_INLINE vm vm_or(vm a, vm b) { return (vm)(a | b); }
SIMD_INLINE vm vm_not(vm a) { return (vm)~a; }
SIMD_INLINE bool vm_any(vm a) { return a != 0; }

/* ---- Integers -------------------------------------------------------------------------------- */

SIMD_INLINE vi vi_from_vf(vf a) { return _mm512_cvtps_epi32(a); }
SIMD_INLINE vf vf_from_vi(vi a) { return _mm512_cvtepi32_ps(a); }
SIMD_INLINE vi vi_add(vi a, vi b) { return _mm512_add_epi32(a, b); }
SIMD_INLINE vi vi_sub(vi a, vi b) { return _mm512_sub_epi32(a, b); }
SIMD_INLINE vi vi_and(vi a, vi b) { return _mm512_and_si512(a, b); }
SIMD_INLINE vi vi_or(vi a, vi b) { return _mm512_or_si512(a, b); }
SIMD_INLINE vi vi_xor(vi a, vi b) { return _mm512_xor_si512(a, b); }
#define vi_shl(a, count) _mm512_slli_epi32(a, count)
#define vi_shr(a, count) _mm512_srli_epi32(a, count)
#define vi_sra(a, count) _mm512_srai_epi32(a, count)

/* ---- Across lanes ---------------------------------------------------------------------------- */

/* Lanes moved by 8, 4, 2 and 1, so that lane 0 has met every other. */
SIMD_INLINE vf vf_rotate8(vf a) { return _mm512_shuffle_f32x4(a, a, 0x4e); }
SIMD_INLINE vf vf_rotate4(vf a) { return _mm512_shuffle_f32x4(a, a, 0xb1); }
SIMD_INLINE vf vf_rotate2(vf a) { return _mm512_permute_ps(a, 0x4e); }
SIMD_INLINE vf vf_rotate1(vf a) { return _mm512_permute_ps(a, 0xb1); }
SIMD_INLINE float vf_hsum(vf a) {
    a = vf_add(a, vf_rotate8(a));
    a = vf_add(a, vf_rotate4(a));
    a = vf_add(a, vf_rotate2(a));
    return _mm512_cvtss_f32(vf_add(a, vf_rotate1(a)));
}
SIMD_INLINE float vf_hmax(vf a) {
    a = vf_max_nan(a, vf_rotate8(a));
    a = vf_max_nan(a, vf_rotate4(a));
    a = vf_max_nan(a, vf_rotate2(a));
    return _mm512_cvtss_f32(vf_max_nan(a, vf_rotate1(a)));
}
SIMD_INLINE float vf_hmin(vf a) {
    a = vf_min_nan(a, vf_rotate8(a));
    a = vf_min_nan(a, vf_rotate4(a));
    a = vf_min_nan(a, vf_rotate2(a));
    return _mm512_cvtss_f32(vf_min_nan(a, vf_rotate1(a)));
}

/* Four 4 x 4 transposes, one in each 128-bit quarter q: t[j] holds column 4 q + j there. */
SIMD_INLINE void vf_transpose4_quarters(const vf r[4], vf t[4]) {
    const vf a = _mm512_unpacklo_ps(r[0], r[1]), b = _mm512_unpackhi_ps(r[0], r[1]);
    const vf c = _mm512_unpacklo_ps(r[2], r[3]), d = _mm512_unpackhi_ps(r[2], r[3]);
    t[0] = _mm512_shuffle_ps(a, c, 0x44);
    t[1] = _mm512_shuffle_ps(a, c, 0xee);
    t[2] = _mm512_shuffle_ps(b, d, 0x44);
    t[3] = _mm512_shuffle_ps(b, d, 0xee);
}
/* Then column 4 q + j is quarter q of t[0][j], t[1][j], t[2][j], t[3][j]: 4 x 4 transposes of
 * quarters, by picking the even (0x88) and the odd (0xdd) ones twice. */
SIMD_INLINE void vf_transpose(vf rows[VF_LANES]) {
    vf t[4][4];
    for (int i = 0; i < 4; i++) vf_transpose4_quarters(rows + 4 * i, t[i]);
    for (int j = 0; j < 4; j++) {
        const vf even0 = _mm512_shuffle_f32x4(t[0][j], t[1][j], 0x88);
        const vf even1 = _mm512_shuffle_f32x4(t[2][j], t[3][j], 0x88);
        const vf odd0 = _mm512_shuffle_f32x4(t[0][j], t[1][j], 0xdd);
        const vf odd1 = _mm512_shuffle_f32x4(t[2][j], t[3][j], 0xdd);
        rows[j] = _mm512_shuffle_f32x4(even0, even1, 0x88);
        rows[4 + j] = _mm512_shuffle_f32x4(odd0, odd1, 0x88);
        rows[8 + j] = _mm512_shuffle_f32x4(even0, even1, 0xdd);
        rows[12 + j] = _mm512_shuffle_f32x4(odd0, odd1, 0xdd);
    }
}

/* ---- Doubles --------------------------------------------------------------------------------- */

SIMD_INLINE vd vd_load(const double *p) { return _mm512_loadu_pd(p); }
SIMD_INLINE void vd_store(double *p, vd v) { _mm512_storeu_pd(p, v); }
SIMD_INLINE vd vd_set1(double x) { return _mm512_set1_pd(x); }
SIMD_INLINE vd vd_fma(vd a, vd b, vd c) { return _mm512_fmadd_pd(a, b, c); }

/* ---- Half precision -------------------------------------------------------------------------- */

SIMD_INLINE vf vf_load_f16(const uint16_t *p) {
    return _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)(const void *)p));
}
SIMD_INLINE void vf_store_f16(uint16_t *p, vf v) {
    _mm256_storeu_si256((__m256i *)(void *)p, _mm512_cvtps_ph(v, _MM_FROUND_TO_NEAREST_INT));
}

#endif
