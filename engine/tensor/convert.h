/* SPDX-License-Identifier: Apache-2.0
 *
 * Conversion between any two number types, as ONNX's Cast defines it: integers that do not fit lose
 * their high bits, reals lose their fraction and then the bits that do not fit, reals round to
 * nearest even.
 */
#ifndef HONE_CONVERT_H
#define HONE_CONVERT_H

#include "narrow.h"
#include "tensor.h"

typedef struct convert_rules {
    bool saturate;            /* of 8-bit floats */
    e8m0_rounding e8m0_round; /* of float8e8m0 */
} convert_rules;

/* Elements that one block of work has. First elements of tasks are multiples of it, so that no two
 * tasks share a byte of a packed type. */
#define CONVERT_BLOCK 512

/* Can values of type t be converted? Everything but strings and complex numbers. */
bool convert_has(hone_dtype t);
/* Converts elements [first, last) of x into those of y. */
void convert_range(const kernels *k, const tensor *x, const tensor *y, const convert_rules *rules,
                   int64_t first, int64_t last);

#endif
