/* SPDX-License-Identifier: Apache-2.0
 *
 * Element types: sizes, classes and their kernel types.
 */
#ifndef HONE_DTYPE_H
#define HONE_DTYPE_H

#include "hone/hone.h"
#include "kernels.h"

/* Sets of element types, one bit a hone_dtype. */
typedef uint32_t dtype_set;
#define DT(t)       (1u << (t))
#define DT_FLOAT16S (DT(HONE_F16) | DT(HONE_BF16))
/* Floats that are computed in float32. */
#define DT_SINGLES  (DT(HONE_F32) | DT_FLOAT16S)
#define DT_FLOATS   (DT(HONE_F32) | DT(HONE_F64) | DT_FLOAT16S)
#define DT_SIGNED   (DT(HONE_I8) | DT(HONE_I16) | DT(HONE_I32) | DT(HONE_I64))
#define DT_UNSIGNED (DT(HONE_U8) | DT(HONE_U16) | DT(HONE_U32) | DT(HONE_U64))
#define DT_BYTES    (DT(HONE_I8) | DT(HONE_U8))
#define DT_INTS     (DT_SIGNED | DT_UNSIGNED)
#define DT_NUMBERS  (DT_FLOATS | DT_INTS)
#define DT_INDEX    (DT(HONE_I32) | DT(HONE_I64))
#define DT_BOOL     DT(HONE_BOOL)
#define DT_FLOAT8S                                                                                 \
    (DT(HONE_F8E4M3FN) | DT(HONE_F8E4M3FNUZ) | DT(HONE_F8E5M2) | DT(HONE_F8E5M2FNUZ) |             \
     DT(HONE_F8E8M0))
/* Floats of less than 8 bits. */
#define DT_MINIFLOATS (DT(HONE_F4E2M1) | DT(HONE_F6E2M3) | DT(HONE_F6E3M2))
#define DT_PACKED     (DT(HONE_U4) | DT(HONE_I4) | DT(HONE_U2) | DT(HONE_I2) | DT_MINIFLOATS)
#define DT_ALL        (((1u << HONE_DTYPE_COUNT) - 1) & ~1u)
/* What QuantizeLinear makes. */
#define DT_QUANTIZED (DT_BYTES | DT(HONE_I16) | DT(HONE_U16) | DT_FLOAT8S | DT_PACKED)
/* Everything but text. */
#define DT_NUMERIC (DT_ALL & ~DT(HONE_STRING))
/* What has whole bytes: elements that can be moved around without knowing them. */
#define DT_MOVABLE (DT_ALL & ~DT_PACKED)

static inline bool dtype_in(hone_dtype t, dtype_set set) {
    return t > HONE_UNDEFINED && t < HONE_DTYPE_COUNT && (set & DT(t)) != 0;
}

/* Bytes of one element; 0 for packed types and undefined. A string is a pointer to its text, which
 * ends in NUL; NULL stands for an empty one. */
size_t dtype_size(hone_dtype t);

/* Bytes of `count` elements, packed types rounded up to a byte; false on overflow or count < 0. */
bool dtype_bytes(hone_dtype t, int64_t count, size_t *out);

/* The kernel type that computes in t, or KT_COUNT. 16-bit floats have none: they are widened. */
ktype dtype_ktype(hone_dtype t);

#endif
