/* SPDX-License-Identifier: Apache-2.0
 *
 * Sizes of buffers that callers allocate. They saturate: SIZE_MAX means "more than memory can
 * hold", and no allocator grants it.
 */
#ifndef HONE_SAT_SIZE_H
#define HONE_SAT_SIZE_H

#include <stddef.h>
#include <stdint.h>

static inline size_t sat_add(size_t a, size_t b) {
    size_t r;
    return __builtin_add_overflow(a, b, &r) ? SIZE_MAX : r;
}

static inline size_t sat_mul(size_t a, size_t b) {
    size_t r;
    return __builtin_mul_overflow(a, b, &r) ? SIZE_MAX : r;
}

/* Rounds up to a multiple of 64, the alignment of scratch memory. */
static inline size_t sat_align(size_t a) {
    return a > SIZE_MAX - 63 ? SIZE_MAX : (a + 63) & ~(size_t)63;
}

static inline size_t ceil_div(size_t a, size_t b) { return a / b + (a % b != 0); }
static inline size_t round_up(size_t a, size_t unit) { return sat_mul(ceil_div(a, unit), unit); }

static inline size_t smaller(size_t a, size_t b) { return a < b ? a : b; }
static inline size_t larger(size_t a, size_t b) { return a > b ? a : b; }

#endif
