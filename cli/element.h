/* SPDX-License-Identifier: Apache-2.0
 *
 * Single elements of tensors as numbers, whatever their type.
 */
#ifndef HONE_CLI_ELEMENT_H
#define HONE_CLI_ELEMENT_H

#include "cli_text.h"
#include "hone/hone.h"

/* Can element_get read this type? (All but strings and complex numbers.) */
bool element_is_readable(hone_dtype dtype);
/* Can element_set write it? (Those of at least 8 bits.) */
bool element_is_writable(hone_dtype dtype);
/* Floats of at least 16 bits. */
bool element_is_float(hone_dtype dtype);
/* Integers of any width, and bool. */
bool element_is_integer(hone_dtype dtype);
bool element_is_signed(hone_dtype dtype);

/* 64-bit integers beyond 2^53 are rounded. */
double element_get(hone_dtype dtype, const void *data, int64_t index);
/* Rounds to nearest even; integers saturate, and a NaN becomes 0 there. */
void element_set(hone_dtype dtype, void *data, int64_t index, double value);

/* An integer without any loss: two's complement, the sign extended. */
uint64_t element_integer_get(hone_dtype dtype, const void *data, int64_t index);
/* Is `a` less than `b`, both of this type? */
bool element_integer_less(hone_dtype dtype, uint64_t a, uint64_t b);
/* Reads a decimal integer that the type holds (0 or 1 for bool) and writes it as an element. False,
 * and nothing is written, when the text is anything else. */
bool element_integer_parse(hone_dtype dtype, void *data, int64_t index, const char *text);

/* One element for people: integers exactly, others with about six digits. */
number_text element_text(hone_dtype dtype, const void *data, int64_t index);
number_text element_integer_text(hone_dtype dtype, uint64_t value);

/* Product of the dimensions; false when it overflows. */
bool element_count(int32_t rank, const int64_t *dim, int64_t *out);

#endif
