/* SPDX-License-Identifier: Apache-2.0
 *
 * C = epilogue(A * B) for row-major fp32 matrices. Every element of C is one chain of multiply-adds
 * over k (in K blocks of a length that depends on k only), so its bits depend neither on m and n
 * nor on how tasks are spread.
 */
#ifndef HONE_GEMM_F32_H
#define HONE_GEMM_F32_H

#include "gemm/gemm_pack.h"
#include "gemm/gemm_sweep.h"
#include "kernels.h"

typedef struct gemm_f32_args {
    size_t m, n, k;
    const float *a;
    size_t lda;
    const float *b;
    size_t ldb;       /* unused when b is packed */
    gemm_b_form form; /* of b; packed: gemm_f32_packed_floats(k, n) floats */
    float *c;         /* overlaps no operand */
    size_t ldc;
    const epilogue_f32 *ep; /* or NULL */
} gemm_f32_args;

/* Plans a product of these sizes (only m, n, k and form are read): plan.scratch is the scratch for
 * one gemm_f32_run, gemm_sweep_tasks(&plan) the number of tasks. */
gemm_sweep gemm_f32_plan(const kernels *ks, const gemm_f32_args *args);
/* Does tasks first <= i < last. plan is of the same m, n, k and form. */
void gemm_f32_run(const gemm_sweep *plan, const gemm_f32_args *args, size_t first, size_t last,
                  void *scratch);

#endif
