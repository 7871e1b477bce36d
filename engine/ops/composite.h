/* SPDX-License-Identifier: Apache-2.0
 *
 * Phrases that expansions of composite operators repeat. Like emit, they give NULL after a failure
 * and accept NULL values then.
 */
#ifndef HONE_COMPOSITE_H
#define HONE_COMPOSITE_H

#include "build.h"

/* An operator without attributes. */
value *expand_unary(builder *b, const char *name, value *x);
value *expand_binary(builder *b, const char *name, value *x, value *y);

/* v with another element type; v itself when it has that type already. */
value *expand_cast(builder *b, value *v, hone_dtype to);

/* v, a vector with one value a channel, in a shape that meets axis 1 of data of this rank: [C]
 * becomes [C, 1, ..]. */
value *expand_per_channel(builder *b, value *v, int32_t rank);

/* v * scale + bias; scale and bias may be NULL. */
value *expand_affine(builder *b, value *v, value *scale, value *bias);

/* Upgrade of operators along an axis that used to treat everything from `axis` (1 by default) on as
 * one row: flattens around today's meaning. */
hone_status expand_flat_rows(builder *b, draft *d);

/* A type with whole bytes that holds every value of t, and more than 8 bits for floats: what
 * expand_widened converts to. t itself where it needs nothing. */
hone_dtype wider_type(hone_dtype t);

/* Upgrade of today's meaning: inputs of the first one's type, if that is one of bytes that are
 * shared (4 and 2 bits) or a float of 8 bits, are converted to a wider one, and output 0 (if it has
 * that type, too) back. Operators that have it do not know those types. */
hone_status expand_widened(builder *b, draft *d);

/* v in another shape, given as for Reshape: 0 keeps a size, -1 takes what is left. What is left is
 * worked out here where it can be: Reshape cannot when a kept size is 0. */
value *expand_reshape(builder *b, value *v, const int64_t *dims, int32_t n);
/* v with new axes of size 1 (Unsqueeze), or without one (Squeeze). */
value *expand_unsqueeze(builder *b, value *v, int64_t axis);
value *expand_squeeze(builder *b, value *v, int64_t axis);
/* Indices from, from + step, .. below `to` along one axis. */
value *expand_slice(builder *b, value *v, int64_t axis, int64_t from, int64_t to, int64_t step);
/* The size of an axis, as a scalar: a constant where it is known. The rank must be known. */
value *expand_size_of(builder *b, value *v, int32_t axis);

/* Is input i there? Otherwise records that `name` is missing. */
bool expand_needs(builder *b, const draft *d, int32_t i, const char *name);

/* Is output i of the draft wanted? */
bool expand_wants(const draft *d, int32_t i);

#endif
