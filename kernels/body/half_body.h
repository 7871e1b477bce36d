/* SPDX-License-Identifier: Apache-2.0
 *
 * Conversions between f32 and the two 16-bit floats. Include after a simd header.
 */

/* One vector of 16-bit floats at the given pointers. */
typedef vf half_load(const uint16_t *x);
typedef void half_store(uint16_t *y, vf v);

SIMD_INLINE void widen_map(size_t n, const uint16_t *x, float *y, half_load *load) {
    size_t i = 0;
    for (; n - i >= VF_LANES; i += VF_LANES) vf_store(y + i, load(x + i));
    if (i == n) return;
    uint16_t rest[VF_LANES] = {0};
    for (size_t j = 0; j < n - i; j++) rest[j] = x[i + j];
    vf_store_n(y + i, n - i, load(rest));
}

SIMD_INLINE void narrow_map(size_t n, const float *x, uint16_t *y, half_store *store) {
    size_t i = 0;
    for (; n - i >= VF_LANES; i += VF_LANES) store(y + i, vf_load(x + i));
    if (i == n) return;
    uint16_t rest[VF_LANES];
    store(rest, vf_load_n(x + i, n - i));
    for (size_t j = 0; i < n; i++, j++) y[i] = rest[j];
}

/* A bfloat16 is the upper half of a float. */
SIMD_INLINE vf load_bf16(const uint16_t *x) { return vf_from_bits(vi_shl(vi_load_u16(x), 16)); }

/* Adding half a unit, or one less than that before an even upper half, carries into it exactly when
 * it must round up. NaN is cut instead: the carry could turn it into infinity or zero. */
SIMD_INLINE void store_bf16(uint16_t *y, vf v) {
    const vi bits = vi_from_bits(v);
    const vi odd = vi_and(vi_shr(bits, 16), vi_set1(1));
    const vi rounded = vi_add(bits, vi_add(vi_set1(0x7fff), odd));
    const vi quiet = vi_or(bits, vi_set1(0x400000));
    const vf chosen = vf_select(vf_isnan(v), vf_from_bits(quiet), vf_from_bits(rounded));
    vi_store_u16(y, vi_shr(vi_from_bits(chosen), 16));
}

static void SIMD_NAME(widen_f16)(size_t n, const uint16_t *x, float *y) {
    widen_map(n, x, y, vf_load_f16);
}
static void SIMD_NAME(narrow_f16)(size_t n, const float *x, uint16_t *y) {
    narrow_map(n, x, y, vf_store_f16);
}
static void SIMD_NAME(widen_bf16)(size_t n, const uint16_t *x, float *y) {
    widen_map(n, x, y, load_bf16);
}
static void SIMD_NAME(narrow_bf16)(size_t n, const float *x, uint16_t *y) {
    narrow_map(n, x, y, store_bf16);
}

static void fill_half(kernels *k) {
    k->widen_f16 = SIMD_NAME(widen_f16);
    k->narrow_f16 = SIMD_NAME(narrow_f16);
    k->widen_bf16 = SIMD_NAME(widen_bf16);
    k->narrow_bf16 = SIMD_NAME(narrow_bf16);
}
