/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HONE_TRANSPOSE_H
#define HONE_TRANSPOSE_H

#include "op.h"

/* Axis i of the output is axis perm[i] of the input. Absent: reversed. */
typedef struct transpose_params {
    int_list perm;
} transpose_params;

/* The permutation of a Transpose node, or of any node's output: false when n is not a Transpose of
 * known rank. perm has room for HONE_MAX_RANK entries. */
bool transpose_perm(const node *n, int32_t *perm, int32_t *rank);

#endif
