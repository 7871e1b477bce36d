/* SPDX-License-Identifier: Apache-2.0
 *
 * Single elements of tensors as numbers, whatever their type.
 */
#ifndef HONE_CLI_ELEMENT_H
#define HONE_CLI_ELEMENT_H

#include "hone/hone.h"

/* Can element_get read this type? (All but strings, complex numbers and the 8- and 4-bit floats.)
 */
bool element_is_readable(hone_dtype dtype);
/* Can element_set write it? (Those of at least 8 bits.) */
bool element_is_writable(hone_dtype dtype);
bool element_is_float(hone_dtype dtype);

/* 64-bit integers beyond 2^53 are rounded. */
double element_get(hone_dtype dtype, const void *data, int64_t index);
/* Rounds to nearest even; integers saturate, and a NaN becomes 0 there. */
void element_set(hone_dtype dtype, void *data, int64_t index, double value);

/* Product of the dimensions; false when it overflows. */
bool element_count(int32_t rank, const int64_t *dim, int64_t *out);

#endif
