/* SPDX-License-Identifier: Apache-2.0
 *
 * Phrases that expansions of operators on quantized tensors repeat. A scale or zero point may be
 * NULL where its comment says so; scales are float32.
 */
#ifndef HONE_QUANTIZED_H
#define HONE_QUANTIZED_H

#include "build.h"

/* v - zero in int32; zero may be NULL. */
value *quantized_centred(builder *b, value *v, value *zero);
/* A scale or zero point of the left matrix of a product: a vector has one value a row. */
value *quantized_rows(builder *b, value *v, const value *matrix);
/* The exact product (x - x_zero) * (w - w_zero) in int32; zeros may be NULL. */
value *quantized_product(builder *b, value *x, value *x_zero, value *w, value *w_zero);

/* Sums of this many products of differences of bytes are whole numbers that float32 has, in any
 * order: 256 * 255 * 255 < 2 ^ 24. So the float32 kernels compute longer ones exactly in parts, of
 * which there should not be more than so many. */
enum { QUANTIZED_EXACT = 256, QUANTIZED_PARTS = 64 };
typedef struct quantized_cut {
    int64_t depth, size; /* of the axis, and of a part */
} quantized_cut;
/* The part of an axis that begins at `from`. The last one has all that is left, so that a depth
 * that does not fit shows. */
value *quantized_part(builder *b, value *v, int32_t axis, quantized_cut cut, int64_t from);

/* saturate(round(sum * left * right / result[0]) + result[1]) */
value *quantized_result(builder *b, value *sum, value *left, value *right, value *const *result);

/* (v - zero) * scale in float32; zero may be NULL, one or the other may have one value a column. */
value *quantized_real(builder *b, value *v, value *scale, value *zero);
/* saturate(round(v / scale) + zero) in this type; zero may be NULL. */
value *quantized_of(builder *b, value *v, value *scale, value *zero, hone_dtype to);
/* A scale or zero point that has to be one value, as a scalar: a vector of one would add an axis to
 * scalars. NULL stays. */
value *quantized_single(builder *b, value *v);
/* saturate(round(v + zero)): halves are rounded with the zero point added, as ONNX Runtime does
 * where its operators have float32 in between. */
value *quantized_rounded(builder *b, value *v, value *zero, hone_dtype to);

#endif
