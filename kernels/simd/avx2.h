/* SPDX-License-Identifier: Apache-2.0
 *
 * The vector vocabulary over AVX2 with FMA and F16C. scalar.h states the contracts.
 */
#ifndef HONE_SIMD_AVX2_H
#define HONE_SIMD_AVX2_H

#include <immintrin.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "simd_common.h"

#define SIMD_ISA        avx2
#define SIMD_NAME(base) base##_avx2
#define VF_LANES        8
#define VD_LANES        4

typedef __m256 vf;
typedef __m256d vd;
typedef __m256i vi;
typedef __m256 vm; /* all ones or all zeros in a lane */

SIMD_INLINE vm vm_first(size_t n) {
    const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    return _mm256_castsi256_ps(_mm256_cmpgt_epi32(_mm256_set1_epi32((int)n), lane));
}

/* ---- Memory ---------------------------------------------------------------------------------- */

SIMD_INLINE vf vf_load(const float *p) { return _mm256_loadu_ps(p); }
SIMD_INLINE void vf_store(float *p, vf v) { _mm256_storeu_ps(p, v); }
SIMD_INLINE vf vf_load_n(const float *p, size_t n) {
    return _mm256_maskload_ps(p, _mm256_castps_si256(vm_first(n)));
}
/* In pieces: masked stores take tens of micro-operations on several AVX2 machines. */
SIMD_INLINE void vf_store_n(float *p, size_t n, vf v) {
    if (n & 8) {
        _mm256_storeu_ps(p, v);
        return;
    }
    __m128 rest = _mm256_castps256_ps128(v);
    if (n & 4) {
        _mm_storeu_ps(p, rest);
        rest = _mm256_extractf128_ps(v, 1);
        p += 4;
    }
    if (n & 2) {
        _mm_storel_pi((__m64 *)(void *)p, rest);
        rest = _mm_movehl_ps(rest, rest);
        p += 2;
    }
    if (n & 1) _mm_store_ss(p, rest);
}
SIMD_INLINE vi vi_load_u16(const uint16_t *p) {
    return _mm256_cvtepu16_epi32(_mm_loadu_si128((const __m128i *)(const void *)p));
}
SIMD_INLINE void vi_store_u16(uint16_t *p, vi v) {
    const __m128i low = _mm256_castsi256_si128(v);
    const __m128i high = _mm256_extracti128_si256(v, 1);
    _mm_storeu_si128((__m128i *)(void *)p, _mm_packus_epi32(low, high));
}
SIMD_INLINE vi vi_load_u8(const uint8_t *p) {
    return _mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)(const void *)p));
}
SIMD_INLINE vi vi_load_i8(const int8_t *p) {
    return _mm256_cvtepi8_epi32(_mm_loadl_epi64((const __m128i *)(const void *)p));
}
SIMD_INLINE void vi_store_u8(uint8_t *p, vi v) {
    const __m256i low = _mm256_and_si256(v, _mm256_set1_epi32(255));
    const __m128i words =
        _mm_packus_epi32(_mm256_castsi256_si128(low), _mm256_extracti128_si256(low, 1));
    _mm_storel_epi64((__m128i *)(void *)p, _mm_packus_epi16(words, words));
}
SIMD_INLINE vm vm_load_u8(const uint8_t *p) {
    const __m128i bytes = _mm_loadl_epi64((const __m128i *)(const void *)p);
    return _mm256_castsi256_ps(
        _mm256_cmpgt_epi32(_mm256_cvtepu8_epi32(bytes), _mm256_setzero_si256()));
}
SIMD_INLINE void vm_store_u8(uint8_t *p, vm m) {
    const __m256i lanes = _mm256_castps_si256(m);
    const __m128i words =
        _mm_packs_epi32(_mm256_castsi256_si128(lanes), _mm256_extracti128_si256(lanes, 1));
    const __m128i bytes = _mm_packs_epi16(words, words);
    _mm_storel_epi64((__m128i *)(void *)p, _mm_and_si128(bytes, _mm_set1_epi8(1)));
}

/* ---- Constants and bit patterns -------------------------------------------------------------- */

SIMD_INLINE vf vf_set1(float x) { return _mm256_set1_ps(x); }
SIMD_INLINE vf vf_zero(void) { return _mm256_setzero_ps(); }
SIMD_INLINE vi vi_set1(int32_t x) { return _mm256_set1_epi32(x); }
SIMD_INLINE vi vi_from_bits(vf v) { return _mm256_castps_si256(v); }
SIMD_INLINE vf vf_from_bits(vi v) { return _mm256_castsi256_ps(v); }

/* ---- Arithmetic ------------------------------------------------------------------------------ */

SIMD_INLINE vf vf_add(vf a, vf b) { return _mm256_add_ps(a, b); }
SIMD_INLINE vf vf_sub(vf a, vf b) { return _mm256_sub_ps(a, b); }
SIMD_INLINE vf vf_mul(vf a, vf b) { return _mm256_mul_ps(a, b); }
SIMD_INLINE vf vf_div(vf a, vf b) { return _mm256_div_ps(a, b); }
SIMD_INLINE vf vf_fma(vf a, vf b, vf c) { return _mm256_fmadd_ps(a, b, c); }
SIMD_INLINE vf vf_fnma(vf a, vf b, vf c) { return _mm256_fnmadd_ps(a, b, c); }
SIMD_INLINE vf vf_sqrt(vf a) { return _mm256_sqrt_ps(a); }
SIMD_INLINE vf vf_abs(vf a) { return _mm256_andnot_ps(_mm256_set1_ps(-0.0f), a); }
SIMD_INLINE vf vf_neg(vf a) { return _mm256_xor_ps(_mm256_set1_ps(-0.0f), a); }
SIMD_INLINE vf vf_copysign(vf magnitude, vf sign) {
    const __m256 bit = _mm256_set1_ps(-0.0f);
    return _mm256_or_ps(_mm256_andnot_ps(bit, magnitude), _mm256_and_ps(bit, sign));
}
SIMD_INLINE vf vf_min(vf a, vf b) { return _mm256_min_ps(a, b); }
SIMD_INLINE vf vf_max(vf a, vf b) { return _mm256_max_ps(a, b); }
SIMD_INLINE vm vf_isnan(vf a) { return _mm256_cmp_ps(a, a, _CMP_UNORD_Q); }
SIMD_INLINE vf vf_select(vm m, vf a, vf b) { return _mm256_blendv_ps(b, a, m); }
SIMD_INLINE vf vf_min_nan(vf a, vf b) { return vf_select(vf_isnan(a), a, vf_min(a, b)); }
SIMD_INLINE vf vf_max_nan(vf a, vf b) { return vf_select(vf_isnan(a), a, vf_max(a, b)); }
SIMD_INLINE vf vf_floor(vf a) { return _mm256_floor_ps(a); }
SIMD_INLINE vf vf_ceil(vf a) { return _mm256_ceil_ps(a); }
SIMD_INLINE vf vf_round(vf a) {
    return _mm256_round_ps(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}
/* Two factors, because 2^n itself can lie outside the range of a float. */
SIMD_INLINE vf vf_scale2(vf x, vf n) {
    const __m256i bias = _mm256_set1_epi32(127);
    const __m256i e = _mm256_cvtps_epi32(n);
    const __m256i half = _mm256_srai_epi32(e, 1);
    const __m256i rest = _mm256_sub_epi32(e, half);
    const __m256i f0 = _mm256_slli_epi32(_mm256_add_epi32(half, bias), 23);
    const __m256i f1 = _mm256_slli_epi32(_mm256_add_epi32(rest, bias), 23);
    return vf_mul(vf_mul(x, vf_from_bits(f0)), vf_from_bits(f1));
}

/* ---- Comparisons and masks ------------------------------------------------------------------- */

SIMD_INLINE vm vf_eq(vf a, vf b) { return _mm256_cmp_ps(a, b, _CMP_EQ_OQ); }
SIMD_INLINE vm vf_lt(vf a, vf b) { return _mm256_cmp_ps(a, b, _CMP_LT_OQ); }
SIMD_INLINE vm vf_le(vf a, vf b) { return _mm256_cmp_ps(a, b, _CMP_LE_OQ); }
SIMD_INLINE vm vi_eq(vi a, vi b) { return _mm256_castsi256_ps(_mm256_cmpeq_epi32(a, b)); }
SIMD_INLINE vm vm_and(vm a, vm b) { return _mm256_and_ps(a, b); }
SIMD_INLINE vm vm_or(vm a, vm b) { return _mm256_or_ps(a, b); }
SIMD_INLINE vm vm_not(vm a) { return _mm256_xor_ps(a, _mm256_castsi256_ps(_mm256_set1_epi32(-1))); }
SIMD_INLINE bool vm_any(vm a) { return _mm256_movemask_ps(a) != 0; }

/* ---- Integers -------------------------------------------------------------------------------- */

SIMD_INLINE vi vi_from_vf(vf a) { return _mm256_cvtps_epi32(a); }
SIMD_INLINE vf vf_from_vi(vi a) { return _mm256_cvtepi32_ps(a); }
SIMD_INLINE vi vi_add(vi a, vi b) { return _mm256_add_epi32(a, b); }
SIMD_INLINE vi vi_sub(vi a, vi b) { return _mm256_sub_epi32(a, b); }
SIMD_INLINE vi vi_and(vi a, vi b) { return _mm256_and_si256(a, b); }
SIMD_INLINE vi vi_or(vi a, vi b) { return _mm256_or_si256(a, b); }
SIMD_INLINE vi vi_xor(vi a, vi b) { return _mm256_xor_si256(a, b); }
#define vi_shl(a, count) _mm256_slli_epi32(a, count)
#define vi_shr(a, count) _mm256_srli_epi32(a, count)
#define vi_sra(a, count) _mm256_srai_epi32(a, count)

/* ---- Across lanes ---------------------------------------------------------------------------- */

SIMD_INLINE float vf_hsum(vf a) {
    __m128 s = _mm_add_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1));
    s = _mm_add_ps(s, _mm_movehl_ps(s, s));
    return _mm_cvtss_f32(_mm_add_ss(s, _mm_movehdup_ps(s)));
}
/* Lanes moved by 4, by 2 and by 1, so that lane 0 has met every other. */
SIMD_INLINE vf vf_rotate4(vf a) { return _mm256_permute2f128_ps(a, a, 1); }
SIMD_INLINE vf vf_rotate2(vf a) { return _mm256_permute_ps(a, 0x4e); }
SIMD_INLINE vf vf_rotate1(vf a) { return _mm256_permute_ps(a, 0xb1); }
SIMD_INLINE float vf_hmax(vf a) {
    a = vf_max_nan(a, vf_rotate4(a));
    a = vf_max_nan(a, vf_rotate2(a));
    return _mm256_cvtss_f32(vf_max_nan(a, vf_rotate1(a)));
}
SIMD_INLINE float vf_hmin(vf a) {
    a = vf_min_nan(a, vf_rotate4(a));
    a = vf_min_nan(a, vf_rotate2(a));
    return _mm256_cvtss_f32(vf_min_nan(a, vf_rotate1(a)));
}

/* Two 4 x 4 transposes, one in each 128-bit half: t[j] = column j of the low half, column 4 + j of
 * the high half. */
SIMD_INLINE void vf_transpose4_halves(const vf r[4], vf t[4]) {
    const vf a = _mm256_unpacklo_ps(r[0], r[1]), b = _mm256_unpackhi_ps(r[0], r[1]);
    const vf c = _mm256_unpacklo_ps(r[2], r[3]), d = _mm256_unpackhi_ps(r[2], r[3]);
    t[0] = _mm256_shuffle_ps(a, c, 0x44);
    t[1] = _mm256_shuffle_ps(a, c, 0xee);
    t[2] = _mm256_shuffle_ps(b, d, 0x44);
    t[3] = _mm256_shuffle_ps(b, d, 0xee);
}
SIMD_INLINE void vf_transpose(vf rows[VF_LANES]) {
    vf top[4], bottom[4];
    vf_transpose4_halves(rows, top);
    vf_transpose4_halves(rows + 4, bottom);
    for (int j = 0; j < 4; j++) {
        rows[j] = _mm256_permute2f128_ps(top[j], bottom[j], 0x20);
        rows[4 + j] = _mm256_permute2f128_ps(top[j], bottom[j], 0x31);
    }
}

/* ---- Doubles --------------------------------------------------------------------------------- */

SIMD_INLINE vd vd_load(const double *p) { return _mm256_loadu_pd(p); }
SIMD_INLINE void vd_store(double *p, vd v) { _mm256_storeu_pd(p, v); }
SIMD_INLINE vd vd_set1(double x) { return _mm256_set1_pd(x); }
SIMD_INLINE vd vd_fma(vd a, vd b, vd c) { return _mm256_fmadd_pd(a, b, c); }

/* ---- Half precision -------------------------------------------------------------------------- */

SIMD_INLINE vf vf_load_f16(const uint16_t *p) {
    return _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)(const void *)p));
}
SIMD_INLINE void vf_store_f16(uint16_t *p, vf v) {
    _mm_storeu_si128((__m128i *)(void *)p, _mm256_cvtps_ph(v, _MM_FROUND_TO_NEAREST_INT));
}

#endif
