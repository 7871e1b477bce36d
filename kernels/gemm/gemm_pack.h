/* SPDX-License-Identifier: Apache-2.0
 *
 * B of a matrix product, packed into panels of 16 columns. One layout serves every ISA, so packed
 * weights can be stored in files:
 *
 *            panel 0                     panel 1
 *   k = 0    b(0, 0) .. b(0, 15)         b(0, 16) .. b(0, 31)
 *   k = 1    b(1, 0) .. b(1, 15)         b(1, 16) .. b(1, 31)
 *   ...      one line of 64 bytes each
 *
 * Panels follow each other; columns from n on are zeros.
 */
#ifndef HONE_GEMM_PACK_H
#define HONE_GEMM_PACK_H

#include "kernels.h"

/* How B lies in memory: b(k, n) is b[k * ldb + n], b[n * ldb + k] or packed (then ldb is the
 * distance between panels). */
typedef enum gemm_b_form { GEMM_B_PACKED, GEMM_B_ROWS, GEMM_B_COLUMNS } gemm_b_form;

/* Floats of packed B; SIZE_MAX when that does not fit in memory. */
size_t gemm_f32_packed_floats(size_t k, size_t n);

/* Packs k x n of B; panels are ldp >= 16 * k floats apart. form is GEMM_B_ROWS or GEMM_B_COLUMNS.
 */
void gemm_f32_pack(const kernels *ks, gemm_b_form form, size_t k, size_t n, const float *b,
                   size_t ldb, float *packed, size_t ldp);
/* The exact inverse. */
void gemm_f32_unpack(const kernels *ks, gemm_b_form form, size_t k, size_t n, const float *packed,
                     size_t ldp, float *b, size_t ldb);

#endif
