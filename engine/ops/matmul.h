/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HONE_MATMUL_H
#define HONE_MATMUL_H

#include "fused.h"

/* hone::MatMul: Y = activation(A * B + bias + residual); see matmul.c. */
typedef struct matmul_params {
    bool trans_b; /* B is given as [.., N, K] */
    fused_params fused;
} matmul_params;

enum { MATMUL_A, MATMUL_B, MATMUL_BIAS, MATMUL_RESIDUAL };

#endif
