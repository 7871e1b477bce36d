/* SPDX-License-Identifier: Apache-2.0
 *
 * The double-precision matrix micro-kernel over the vector vocabulary; kernels.h states its
 * contract.
 *
 * As in gemm_f32_body.h: a chunk of rows by the columns of one panel stays in registers over the
 * depth, one step of which loads the panel's line once and broadcasts one element a row.
 */
#ifndef HONE_GEMM_F64_BODY_H
#define HONE_GEMM_F64_BODY_H

#include "kernels.h"

/* With 8, 4 and 2 lanes: 12 x 1 vectors of 32 registers, 6 x 2 of 16, 6 x 4 of 32. */
#define GEMM_F64_VECS (GEMM_F64_PANEL / VD_LANES)
#if VD_LANES == 8
#define GEMM_F64_MR 12
#elif VD_LANES == 1
#define GEMM_F64_MR 1
#else
#define GEMM_F64_MR 6
#endif

SIMD_INLINE void gemm_f64_chunk(const gemm_tile_f64 *t, size_t row, const int rows) {
    const double *a = t->a + row * t->lda, *b = t->b;
    double *c = t->c + row * t->ldc;
    vd acc[GEMM_F64_MR][GEMM_F64_VECS];
    SIMD_UNROLL for (int i = 0; i < rows; i++) {
        SIMD_UNROLL for (int v = 0; v < GEMM_F64_VECS; v++) {
            acc[i][v] = t->accumulate ? vd_load(c + (size_t)i * t->ldc + (size_t)v * VD_LANES)
                                      : vd_set1(0.0);
        }
    }
    for (size_t l = 0; l < t->k; l++, b += t->ldb) {
        vd line[GEMM_F64_VECS];
        SIMD_UNROLL for (int v = 0; v < GEMM_F64_VECS; v++) line[v] = vd_load(b + v * VD_LANES);
        SIMD_UNROLL for (int i = 0; i < rows; i++) {
            const vd x = vd_set1(a[(size_t)i * t->lda + l]);
            SIMD_UNROLL for (int v = 0; v < GEMM_F64_VECS; v++) {
                acc[i][v] = vd_fma(x, line[v], acc[i][v]);
            }
        }
    }
    SIMD_UNROLL for (int i = 0; i < rows; i++) {
        SIMD_UNROLL for (int v = 0; v < GEMM_F64_VECS; v++) {
            vd_store(c + (size_t)i * t->ldc + (size_t)v * VD_LANES, acc[i][v]);
        }
    }
}

static void SIMD_NAME(gemm_f64)(const gemm_tile_f64 *t) {
    size_t row = 0;
    for (; t->rows - row >= GEMM_F64_MR; row += GEMM_F64_MR) gemm_f64_chunk(t, row, GEMM_F64_MR);
#if GEMM_F64_MR > 4
    for (; t->rows - row >= 4; row += 4) gemm_f64_chunk(t, row, 4);
#endif
    for (; row < t->rows; row++) gemm_f64_chunk(t, row, 1);
}

#endif
