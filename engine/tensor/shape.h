/* SPDX-License-Identifier: Apache-2.0
 *
 * Shapes. Before planning a dimension may be unknown or a symbol (a name such as "batch"); when a
 * plan is made every dimension is known, except behind operators whose result shape depends on
 * data.
 */
#ifndef HONE_SHAPE_H
#define HONE_SHAPE_H

#include "hone/hone.h"

#define RANK_UNKNOWN (-1)
#define DIM_UNKNOWN  ((int64_t)-1)
/* A symbol's code; codes of -2 and below index the symbol table. */
#define DIM_SYMBOL(index)     (-2 - (int64_t)(index))
#define DIM_SYMBOL_INDEX(dim) ((size_t)(-2 - (dim)))

typedef struct shape {
    int32_t rank; /* or RANK_UNKNOWN */
    int64_t dim[HONE_MAX_RANK];
} shape;

static inline bool dim_known(int64_t d) { return d >= 0; }

shape shape_unknown(void);
/* Every dimension unknown. */
shape shape_of_rank(int32_t rank);
shape shape_make(int32_t rank, const int64_t *dim);
shape shape_scalar(void);
shape shape_vector(int64_t n);

/* Rank and every dimension known? */
bool shape_known(const shape *s);
bool shape_equal(const shape *a, const shape *b);
/* Product of the dimensions; false when one is unknown or the product exceeds INT64_MAX. */
bool shape_count(const shape *s, int64_t *out);
/* Can the known dimensions be worked with: would as many elements, empty axes left out, have a size
 * in bytes whatever their type is? Strides and products of parts of the shape do not overflow then.
 */
bool shape_fits(const shape *s);
/* Product of dim[first..last), for known shapes that fit. */
int64_t shape_span(const shape *s, int32_t first, int32_t last);

/* Arithmetic on dimensions that may be unknown: a result is unknown when an operand is, unless the
 * other one decides. Overflow gives DIM_OVERFLOW, which inference refuses in an output. */
#define DIM_OVERFLOW INT64_MIN
int64_t dim_add(int64_t a, int64_t b);
int64_t dim_mul(int64_t a, int64_t b);
/* Floor division by a known positive divisor. */
int64_t dim_div(int64_t a, int64_t b);
/* Could the two be equal at run time? False only when both are known and differ. */
bool dim_compatible(int64_t a, int64_t b);
/* The more precise of two compatible dimensions. */
int64_t dim_merge(int64_t a, int64_t b);

/* What is the same in both shapes; the rest is unknown. */
shape shape_meet(const shape *a, const shape *b);

/* NumPy broadcasting of two shapes; false when they do not fit. */
bool shape_broadcast(const shape *a, const shape *b, shape *out);

/* "[2,3,?]" into buf; returns buf. Symbols print as "?". */
const char *shape_text(char *buf, size_t size, const shape *s);
#define SHAPE_TEXT 200

#endif
