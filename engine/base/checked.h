/* SPDX-License-Identifier: Apache-2.0
 *
 * The only arithmetic allowed on sizes that come from files or shapes. Every helper returns false
 * on overflow and leaves *out untouched.
 */
#ifndef HONE_CHECKED_H
#define HONE_CHECKED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

static inline bool size_add(size_t a, size_t b, size_t *out) {
    size_t r;
    if (__builtin_add_overflow(a, b, &r) || r > PTRDIFF_MAX) return false;
    *out = r;
    return true;
}

static inline bool size_mul(size_t a, size_t b, size_t *out) {
    size_t r;
    if (__builtin_mul_overflow(a, b, &r) || r > PTRDIFF_MAX) return false;
    *out = r;
    return true;
}

/* Rounds up to a multiple of `align`, a power of two. */
static inline bool size_align(size_t a, size_t align, size_t *out) {
    size_t r;
    if (!size_add(a, align - 1, &r)) return false;
    *out = r & ~(align - 1);
    return true;
}

static inline bool i64_add(int64_t a, int64_t b, int64_t *out) {
    int64_t r;
    if (__builtin_add_overflow(a, b, &r)) return false;
    *out = r;
    return true;
}

static inline bool i64_sub(int64_t a, int64_t b, int64_t *out) {
    int64_t r;
    if (__builtin_sub_overflow(a, b, &r)) return false;
    *out = r;
    return true;
}

static inline bool i64_mul(int64_t a, int64_t b, int64_t *out) {
    int64_t r;
    if (__builtin_mul_overflow(a, b, &r)) return false;
    *out = r;
    return true;
}

/* Is [offset, offset + length) inside [0, size)? Subtractive, so that it cannot wrap itself. */
static inline bool in_range(uint64_t offset, uint64_t length, uint64_t size) {
    return length <= size && offset <= size - length;
}

#endif
