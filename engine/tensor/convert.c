/* SPDX-License-Identifier: Apache-2.0
 *
 * A block of elements is loaded into one of three intermediate types and stored from there:
 *
 *     int64    integers to integers and to floats that hold them directly; low bits are what counts
 *     uint64   the same for uint64 to floats, where the sign matters
 *     double   everything from or to a real type
 */
#include "convert.h"

#include <string.h>

/* What loads and stores need to know besides the pointers. */
typedef struct conversion {
    const kernels *k;
    hone_dtype from, to;
    convert_rules rules;
} conversion;

typedef void load_fn(const conversion *c, const void *src, int64_t first, int64_t n, void *mid);
typedef void store_fn(const conversion *c, const void *mid, int64_t n, void *dst, int64_t first);

#define LOAD(name, type, middle)                                                                   \
    static void name(const conversion *c, const void *src, int64_t first, int64_t n, void *mid) {  \
        const type *x = (const type *)src + first;                                                 \
        middle *m = mid;                                                                           \
        (void)c;                                                                                   \
        for (int64_t i = 0; i < n; i++) m[i] = (middle)x[i];                                       \
    }
#define LOAD_INT(suffix, type)                                                                     \
    LOAD(load_##suffix##_i64, type, int64_t)                                                       \
    LOAD(load_##suffix##_f64, type, double)

LOAD_INT(i8, int8_t)
LOAD_INT(i16, int16_t)
LOAD_INT(i32, int32_t)
LOAD_INT(i64, int64_t)
LOAD_INT(u8, uint8_t)
LOAD_INT(u16, uint16_t)
LOAD_INT(u32, uint32_t)
LOAD_INT(u64, uint64_t)
LOAD(load_f32, float, double)
LOAD(load_f64, double, double)

static void load_half(const conversion *c, const void *src, int64_t first, int64_t n, void *mid) {
    widen_fn *widen = c->from == HONE_F16 ? c->k->widen_f16 : c->k->widen_bf16;
    float wide[CONVERT_BLOCK];
    double *m = mid;
    widen((size_t)n, (const uint16_t *)src + first, wide);
    for (int64_t i = 0; i < n; i++) m[i] = (double)wide[i];
}

static void load_f8(const conversion *c, const void *src, int64_t first, int64_t n, void *mid) {
    const uint8_t *x = (const uint8_t *)src + first;
    double *m = mid;
    for (int64_t i = 0; i < n; i++) m[i] = (double)f8_to_f32(c->from, x[i]);
}

static void load_mini(const conversion *c, const void *src, int64_t first, int64_t n, void *mid) {
    const int bits = (int)hone_dtype_bits(c->from);
    double *m = mid;
    for (int64_t i = 0; i < n; i++)
        m[i] = (double)mini_to_f32(c->from, (uint8_t)packed_get(src, first + i, bits, false));
}

static bool packed_signed(hone_dtype t) { return dtype_in(t, DT(HONE_I4) | DT(HONE_I2)); }

static void load_packed_i64(const conversion *c, const void *src, int64_t first, int64_t n,
                            void *mid) {
    const int bits = (int)hone_dtype_bits(c->from);
    int64_t *m = mid;
    for (int64_t i = 0; i < n; i++) m[i] = packed_get(src, first + i, bits, packed_signed(c->from));
}

static void load_packed_f64(const conversion *c, const void *src, int64_t first, int64_t n,
                            void *mid) {
    const int bits = (int)hone_dtype_bits(c->from);
    double *m = mid;
    for (int64_t i = 0; i < n; i++)
        m[i] = (double)packed_get(src, first + i, bits, packed_signed(c->from));
}

/* Rounds to odd: what is cut off leaves a mark in the last bit, so that rounding once more to a
 * shorter type gives what rounding the double would. */
static float narrow_odd(double v) {
    float f = (float)v;
    const double back = (double)f;
    uint32_t u;
    memcpy(&u, &f, sizeof u);
    if (back == v || v != v || (u & 1) || (u & 0x7FFFFFFF) == 0x7F800000) return f;
    /* f is even and not exact: the odd neighbour on v's side is the answer. */
    u += (back < v) == (back >= 0 && v >= 0) ? 1u : UINT32_MAX;
    memcpy(&f, &u, sizeof f);
    return f;
}

#define STORE(name, middle, type, value)                                                           \
    static void name(const conversion *c, const void *mid, int64_t n, void *dst, int64_t first) {  \
        const middle *m = mid;                                                                     \
        type *y = (type *)dst + first;                                                             \
        (void)c;                                                                                   \
        for (int64_t i = 0; i < n; i++) y[i] = (type)(value);                                      \
    }
#define STORE_INT(suffix, type)                                                                    \
    STORE(store_i64_##suffix, int64_t, type, m[i])                                                 \
    STORE(store_f64_##suffix, double, type, f64_to_i64(m[i]))

STORE_INT(8, uint8_t)
STORE_INT(16, uint16_t)
STORE_INT(32, uint32_t)
STORE_INT(64, uint64_t)
STORE(store_i64_bool, int64_t, uint8_t, m[i] != 0)
STORE(store_f64_bool, double, uint8_t, m[i] != 0.0)
STORE(store_i64_f32, int64_t, float, m[i])
STORE(store_i64_f64, int64_t, double, m[i])
STORE(store_u64_f32, uint64_t, float, m[i])
STORE(store_u64_f64, uint64_t, double, m[i])
STORE(store_f64_f32, double, float, m[i])
STORE(store_f64_f64, double, double, m[i])
/* Reals from 2^63 on have their own way into uint64. */
STORE(store_f64_u64, double, uint64_t,
      m[i] < 9223372036854775808.0    ? (uint64_t)f64_to_i64(m[i])
      : m[i] < 18446744073709551616.0 ? (uint64_t)m[i]
      : m[i] == m[i]                  ? UINT64_MAX
                                      : 0)

static void store_f64_half(const conversion *c, const void *mid, int64_t n, void *dst,
                           int64_t first) {
    narrow_fn *narrow = c->to == HONE_F16 ? c->k->narrow_f16 : c->k->narrow_bf16;
    const double *m = mid;
    float wide[CONVERT_BLOCK];
    for (int64_t i = 0; i < n; i++) wide[i] = narrow_odd(m[i]);
    narrow((size_t)n, wide, (uint16_t *)dst + first);
}

static void store_f64_f8(const conversion *c, const void *mid, int64_t n, void *dst,
                         int64_t first) {
    const double *m = mid;
    uint8_t *y = (uint8_t *)dst + first;
    for (int64_t i = 0; i < n; i++) y[i] = f32_to_f8(c->to, narrow_odd(m[i]), c->rules.saturate);
}

static void store_f64_e8m0(const conversion *c, const void *mid, int64_t n, void *dst,
                           int64_t first) {
    const double *m = mid;
    uint8_t *y = (uint8_t *)dst + first;
    for (int64_t i = 0; i < n; i++)
        y[i] = f32_to_e8m0(narrow_odd(m[i]), c->rules.saturate, c->rules.e8m0_round);
}

/* Bits of the last byte that no element has are zeros. */
static void clear_last(void *dst, int64_t first, int64_t n, int bits) {
    if ((first + n) * bits % 8) ((uint8_t *)dst)[(first + n) * bits / 8] = 0;
}

static void store_f64_mini(const conversion *c, const void *mid, int64_t n, void *dst,
                           int64_t first) {
    const int bits = (int)hone_dtype_bits(c->to);
    const double *m = mid;
    clear_last(dst, first, n, bits);
    for (int64_t i = 0; i < n; i++)
        packed_set(dst, first + i, bits, f32_to_mini(c->to, narrow_odd(m[i])));
}

static void store_i64_packed(const conversion *c, const void *mid, int64_t n, void *dst,
                             int64_t first) {
    const int bits = (int)hone_dtype_bits(c->to);
    const int64_t *m = mid;
    clear_last(dst, first, n, bits);
    for (int64_t i = 0; i < n; i++) packed_set(dst, first + i, bits, (uint8_t)m[i]);
}

static void store_f64_packed(const conversion *c, const void *mid, int64_t n, void *dst,
                             int64_t first) {
    const int bits = (int)hone_dtype_bits(c->to);
    const double *m = mid;
    clear_last(dst, first, n, bits);
    for (int64_t i = 0; i < n; i++) packed_set(dst, first + i, bits, (uint8_t)f64_to_i64(m[i]));
}

/* By type: from and to int64, from and to double. */
typedef struct convert_row {
    load_fn *load_i64, *load_f64;
    store_fn *store_i64, *store_f64;
} convert_row;

#define ROW_INT(from, width)                                                                       \
    { load_##from##_i64, load_##from##_f64, store_i64_##width, store_f64_##width }
#define ROW_F8                                                                                     \
    { NULL, load_f8, NULL, store_f64_f8 }
#define ROW_MINI                                                                                   \
    { NULL, load_mini, NULL, store_f64_mini }
#define ROW_PACKED                                                                                 \
    { load_packed_i64, load_packed_f64, store_i64_packed, store_f64_packed }

static const convert_row rows[HONE_DTYPE_COUNT] = {
    [HONE_F32] = {NULL, load_f32, store_i64_f32, store_f64_f32},
    [HONE_F64] = {NULL, load_f64, store_i64_f64, store_f64_f64},
    [HONE_F16] = {NULL, load_half, NULL, store_f64_half},
    [HONE_BF16] = {NULL, load_half, NULL, store_f64_half},
    [HONE_I8] = ROW_INT(i8, 8),
    [HONE_I16] = ROW_INT(i16, 16),
    [HONE_I32] = ROW_INT(i32, 32),
    [HONE_I64] = ROW_INT(i64, 64),
    [HONE_U8] = ROW_INT(u8, 8),
    [HONE_U16] = ROW_INT(u16, 16),
    [HONE_U32] = ROW_INT(u32, 32),
    [HONE_U64] = {load_u64_i64, load_u64_f64, store_i64_64, store_f64_u64},
    [HONE_BOOL] = {load_u8_i64, load_u8_f64, store_i64_bool, store_f64_bool},
    [HONE_F8E4M3FN] = ROW_F8,
    [HONE_F8E4M3FNUZ] = ROW_F8,
    [HONE_F8E5M2] = ROW_F8,
    [HONE_F8E5M2FNUZ] = ROW_F8,
    [HONE_F8E8M0] = {NULL, load_f8, NULL, store_f64_e8m0},
    [HONE_F4E2M1] = ROW_MINI,
    [HONE_F6E2M3] = ROW_MINI,
    [HONE_F6E3M2] = ROW_MINI,
    [HONE_U4] = ROW_PACKED,
    [HONE_I4] = ROW_PACKED,
    [HONE_U2] = ROW_PACKED,
    [HONE_I2] = ROW_PACKED,
};

bool convert_has(hone_dtype t) { return t < HONE_DTYPE_COUNT && rows[t].load_f64 != NULL; }

/* Chooses the two halves of a conversion. */
static void choose(hone_dtype from, hone_dtype to, load_fn **load, store_fn **store) {
    const convert_row *x = &rows[from], *y = &rows[to];
    const bool real = dtype_in(to, DT(HONE_F32) | DT(HONE_F64));
    if (!x->load_i64 || !y->store_i64) {
        *load = x->load_f64;
        *store = y->store_f64;
        return;
    }
    *load = x->load_i64;
    *store = y->store_i64;
    if (from == HONE_U64 && real) *store = to == HONE_F32 ? store_u64_f32 : store_u64_f64;
}

/* Pairs that models convert often, without the detour. Every conversion is what the detour does. */
typedef void direct_fn(const void *src, void *dst, int64_t n);
#define DIRECT(from, to, from_type, to_type, value)                                                \
    static void from##_to_##to(const void *src, void *dst, int64_t n) {                            \
        const from_type *x = src;                                                                  \
        to_type *y = dst;                                                                          \
        for (int64_t i = 0; i < n; i++) y[i] = (to_type)(value);                                   \
    }
DIRECT(u8, f32, uint8_t, float, x[i]) /* and bool */
DIRECT(i8, f32, int8_t, float, x[i])
DIRECT(i32, f32, int32_t, float, x[i])
DIRECT(i64, f32, int64_t, float, x[i])
DIRECT(f32, bool, float, uint8_t, x[i] != 0.0f)
DIRECT(i32, i64, int32_t, int64_t, x[i])
DIRECT(i64, i32, int64_t, int32_t, x[i])
DIRECT(u8, i32, uint8_t, int32_t, x[i])
DIRECT(u8, i64, uint8_t, int64_t, x[i])
DIRECT(i64, bool, int64_t, uint8_t, x[i] != 0)
DIRECT(i32, bool, int32_t, uint8_t, x[i] != 0)

static const struct {
    hone_dtype from, to;
    direct_fn *fn;
} direct[] = {
    {HONE_U8, HONE_F32, u8_to_f32},     {HONE_BOOL, HONE_F32, u8_to_f32},
    {HONE_I8, HONE_F32, i8_to_f32},     {HONE_I32, HONE_F32, i32_to_f32},
    {HONE_I64, HONE_F32, i64_to_f32},   {HONE_F32, HONE_BOOL, f32_to_bool},
    {HONE_I32, HONE_I64, i32_to_i64},   {HONE_I64, HONE_I32, i64_to_i32},
    {HONE_BOOL, HONE_I32, u8_to_i32},   {HONE_U8, HONE_I32, u8_to_i32},
    {HONE_BOOL, HONE_I64, u8_to_i64},   {HONE_U8, HONE_I64, u8_to_i64},
    {HONE_I64, HONE_BOOL, i64_to_bool}, {HONE_I32, HONE_BOOL, i32_to_bool},
};

static bool convert_direct(const tensor *x, const tensor *y, int64_t first, int64_t n) {
    for (size_t i = 0; i < sizeof direct / sizeof direct[0]; i++) {
        if (direct[i].from != x->dtype || direct[i].to != y->dtype) continue;
        direct[i].fn((const char *)x->data + (size_t)first * dtype_size(x->dtype),
                     (char *)y->data + (size_t)first * dtype_size(y->dtype), n);
        return true;
    }
    return false;
}

/* The pair that 16-bit models meet at every step has kernels of its own. */
static bool convert_half(const kernels *k, const tensor *x, const tensor *y, int64_t first,
                         int64_t n) {
    if (x->dtype == HONE_F32 && dtype_in(y->dtype, DT_FLOAT16S))
        (y->dtype == HONE_F16 ? k->narrow_f16 : k->narrow_bf16)(
            (size_t)n, (const float *)x->data + first, (uint16_t *)y->data + first);
    else if (y->dtype == HONE_F32 && dtype_in(x->dtype, DT_FLOAT16S))
        (x->dtype == HONE_F16 ? k->widen_f16 : k->widen_bf16)(
            (size_t)n, (const uint16_t *)x->data + first, (float *)y->data + first);
    else
        return false;
    return true;
}

/* So have floats to integers. */
static bool convert_cut(const kernels *k, const tensor *x, const tensor *y, int64_t first,
                        int64_t n) {
    const bool byte = y->dtype == HONE_U8 || y->dtype == HONE_I8;
    cast_fn *fn = y->dtype == HONE_I64   ? k->cast_f32_i64
                  : y->dtype == HONE_I32 ? k->cast_f32_i32
                  : byte                 ? k->cast_f32_8
                                         : NULL;
    if (x->dtype != HONE_F32 || !fn) return false;
    fn((size_t)n, (const float *)x->data + first,
       (char *)y->data + (size_t)first * dtype_size(y->dtype));
    return true;
}

void convert_range(const kernels *k, const tensor *x, const tensor *y, const convert_rules *rules,
                   int64_t first, int64_t last) {
    uint64_t mid[CONVERT_BLOCK];
    load_fn *load;
    store_fn *store;
    const int64_t count = last - first;
    if (convert_half(k, x, y, first, count) || convert_cut(k, x, y, first, count) ||
        convert_direct(x, y, first, count))
        return;
    const conversion c = {.k = k, .from = x->dtype, .to = y->dtype, .rules = *rules};
    choose(x->dtype, y->dtype, &load, &store);
    for (int64_t at = first; at < last; at += CONVERT_BLOCK) {
        const int64_t n = last - at < CONVERT_BLOCK ? last - at : CONVERT_BLOCK;
        load(&c, x->data, at, n, mid);
        store(&c, mid, n, y->data, at);
    }
}
