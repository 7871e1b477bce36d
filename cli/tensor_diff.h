/* SPDX-License-Identifier: Apache-2.0
 *
 * How far a tensor is from a reference.
 */
#ifndef HONE_CLI_TENSOR_DIFF_H
#define HONE_CLI_TENSOR_DIFF_H

#include "hone/hone.h"

/* An element mismatches when |a - ref| > atol + rtol * |ref|. By default (NaN in both) rtol is 0
 * and atol is 1e-3 times the largest |ref|: then "no mismatch" means scaled <= 1e-3. A NaN equals a
 * NaN, an infinity the same infinity, and nothing else. */
typedef struct tolerance {
    double rtol;
    double atol;
} tolerance;

typedef struct tensor_diff {
    bool comparable; /* same shape, and types that are numbers; otherwise the rest is zero */
    int64_t count;
    int64_t mismatches;
    double max_abs; /* |a - ref| */
    double max_rel; /* |a - ref| / |ref| where ref is not 0 */
    double scaled;  /* max_abs / max |ref|; infinite when only the reference is all zero */
    double cosine;  /* of the two as vectors; NaN when one is all zero */
} tensor_diff;

tensor_diff tensor_diff_of(const hone_view *a, const hone_view *ref, tolerance tol);
bool tensor_diff_is_close(const tensor_diff *diff);

#endif
