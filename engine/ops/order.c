/* SPDX-License-Identifier: Apache-2.0 */
#include "order.h"

#include <string.h>

/* Integers shift their range up to start at 0. */
#define INT_KEYS(name, type)                                                                       \
    static inline void name(const void *x, int64_t apart, int64_t n, uint64_t *keys) {             \
        const type *v = x;                                                                         \
        for (int64_t i = 0; i < n; i++)                                                            \
            keys[i] = (uint64_t)(int64_t)v[i * apart] ^ (UINT64_C(1) << 63);                       \
    }

/* Floats are read as a sign and a magnitude, which compare like the number that both make. NaN,
 * whose magnitude is above that of infinity, sets all bits. Masks instead of choices, for the
 * vectoriser. */
#define FLOAT_KEYS(name, type, whole, infinity)                                                    \
    static inline void name(const void *x, int64_t apart, int64_t n, uint64_t *keys) {             \
        const type *v = x, sign = (type)((type)1 << (8 * sizeof(type) - 1));                       \
        for (int64_t i = 0; i < n; i++) {                                                          \
            const type code = v[i * apart];                                                        \
            const whole magnitude = (whole)(code & (type)~sign),                                   \
                        negative = -(whole)(code >= sign);                                         \
            const whole number = (magnitude ^ negative) - negative;                                \
            const whole is_nan = -(whole)(magnitude > (whole)(infinity));                          \
            keys[i] = (type)((type)number ^ sign) | (uint64_t)(int64_t)is_nan;                     \
        }                                                                                          \
    }

INT_KEYS(keys_i8, int8_t)
INT_KEYS(keys_i16, int16_t)
INT_KEYS(keys_i32, int32_t)
INT_KEYS(keys_i64, int64_t)
INT_KEYS(keys_u8, uint8_t)
INT_KEYS(keys_u16, uint16_t)
INT_KEYS(keys_u32, uint32_t)
FLOAT_KEYS(keys_f16, uint16_t, int32_t, 0x7C00)
FLOAT_KEYS(keys_bf16, uint16_t, int32_t, 0x7F80)
FLOAT_KEYS(keys_f32, uint32_t, int32_t, 0x7F800000)
FLOAT_KEYS(keys_f64, uint64_t, int64_t, INT64_C(0x7FF0000000000000))

static inline void keys_u64(const void *x, int64_t apart, int64_t n, uint64_t *keys) {
    const uint64_t *v = x;
    for (int64_t i = 0; i < n; i++) keys[i] = v[i * apart];
}

/* Called with a constant 1 where elements are neighbours, so that those loops are vectors. */
static inline void keys_of(hone_dtype t, const void *x, int64_t apart, int64_t n, uint64_t *keys) {
    switch (t) {
    case HONE_I8: keys_i8(x, apart, n, keys); break;
    case HONE_I16: keys_i16(x, apart, n, keys); break;
    case HONE_I32: keys_i32(x, apart, n, keys); break;
    case HONE_I64: keys_i64(x, apart, n, keys); break;
    case HONE_U16: keys_u16(x, apart, n, keys); break;
    case HONE_U32: keys_u32(x, apart, n, keys); break;
    case HONE_U64: keys_u64(x, apart, n, keys); break;
    case HONE_F16: keys_f16(x, apart, n, keys); break;
    case HONE_BF16: keys_bf16(x, apart, n, keys); break;
    case HONE_F32: keys_f32(x, apart, n, keys); break;
    case HONE_F64: keys_f64(x, apart, n, keys); break;
    default: keys_u8(x, apart, n, keys); break; /* and bool */
    }
}

void order_keys(hone_dtype t, const void *x, int64_t apart, int64_t n, uint64_t *keys) {
    if (apart == 1)
        keys_of(t, x, 1, n, keys);
    else
        keys_of(t, x, apart, n, keys);
}

static bool before(ranked a, ranked b) {
    return a.key < b.key || (a.key == b.key && a.index < b.index);
}

/* Lets v sink from `at` to where nothing below it comes after it. */
static void sink(ranked *heap, int64_t n, int64_t at, ranked v) {
    for (int64_t child; (child = 2 * at + 1) < n; at = child) {
        if (child + 1 < n && before(heap[child], heap[child + 1])) child++;
        if (!before(v, heap[child])) break;
        heap[at] = heap[child];
    }
    heap[at] = v;
}

void ranking_push(ranking *r, ranked v) {
    if (r->count == r->capacity) {
        if (r->count > 0 && before(v, r->heap[0])) sink(r->heap, r->count, 0, v);
        return;
    }
    int64_t at = r->count++;
    for (int64_t parent; at > 0 && before(r->heap[parent = (at - 1) / 2], v); at = parent)
        r->heap[at] = r->heap[parent];
    r->heap[at] = v;
}

ranked ranking_take(ranking *r) {
    const ranked front = r->heap[0], end = r->heap[--r->count];
    sink(r->heap, r->count, 0, end);
    return front;
}

void ranking_sort(ranking *r) {
    for (int64_t n = r->count - 1; n > 0; n--) {
        const ranked last = r->heap[n];
        r->heap[n] = r->heap[0];
        sink(r->heap, n, 0, last);
    }
}

/* Merges the sorted runs [0, half) and [half, n) of `from` into `to`. */
static void merge(const int64_t *from, int64_t half, int64_t n, int64_t *to, order_less *less,
                  const void *arg) {
    int64_t a = 0, b = half;
    for (int64_t i = 0; i < n; i++) {
        const bool second = a == half || (b < n && less(arg, from[b], from[a]));
        to[i] = second ? from[b++] : from[a++];
    }
}

void order_sort(int64_t *v, int64_t *tmp, int64_t n, order_less *less, const void *arg) {
    for (int64_t run = 1; run < n; run *= 2) {
        for (int64_t at = 0; at < n; at += 2 * run) {
            const int64_t left = n - at, half = left < run ? left : run;
            merge(v + at, half, left < 2 * run ? left : 2 * run, tmp + at, less, arg);
        }
        memcpy(v, tmp, (size_t)n * sizeof *v);
    }
}

/* Puts the n numbers in `from` in the order of one byte of their keys, into `to`. */
static void sort_byte(const uint64_t *keys, int64_t n, int shift, const int64_t *from,
                      int64_t *to) {
    int64_t next[256] = {0}, sum = 0;
    for (int64_t i = 0; i < n; i++) next[keys[i] >> shift & 255]++;
    for (int b = 0; b < 256; b++) {
        const int64_t count = next[b];
        next[b] = sum;
        sum += count;
    }
    for (int64_t i = 0; i < n; i++) to[next[keys[from[i]] >> shift & 255]++] = from[i];
}

void order_by_keys(const uint64_t *keys, int64_t n, int64_t *order, int64_t *tmp) {
    uint64_t varies = 0; /* bytes in which all keys agree need no turn */
    for (int64_t i = 0; i < n; i++) varies |= keys[i] ^ keys[0], order[i] = i;
    for (int shift = 0; shift < 64; shift += 8) {
        if ((varies >> shift & 255) == 0) continue;
        sort_byte(keys, n, shift, order, tmp);
        memcpy(order, tmp, (size_t)n * sizeof *order);
    }
}
