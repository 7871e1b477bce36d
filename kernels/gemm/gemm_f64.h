/* SPDX-License-Identifier: Apache-2.0
 *
 * C = A * B for row-major matrices of doubles. As in gemm_f32.h, the bits of an element depend on k
 * only.
 */
#ifndef HONE_GEMM_F64_H
#define HONE_GEMM_F64_H

#include "gemm/gemm_pack.h"
#include "kernels.h"

typedef struct gemm_f64_args {
    size_t m, n, k;
    const double *a, *b;
    size_t lda, ldb;
    gemm_b_form form; /* of b: rows or columns */
    double *c;        /* overlaps no operand */
    size_t ldc;
} gemm_f64_args;

/* Scratch of one gemm_f64_run, aligned to 64. */
#define GEMM_F64_SCRATCH (((size_t)256 + 128) * GEMM_F64_PANEL * sizeof(double))

/* Number of independent tasks; 0 when C is empty. */
size_t gemm_f64_tasks(size_t m, size_t n);
void gemm_f64_run(const kernels *ks, const gemm_f64_args *args, size_t first, size_t last,
                  void *scratch);

#endif
