/* SPDX-License-Identifier: Apache-2.0 */
#include "gemm/gemm_pack.h"

#include <string.h>

#include "gemm/sat_size.h"

size_t gemm_f32_packed_floats(size_t k, size_t n) {
    const size_t panels = ceil_div(n, GEMM_PANEL);
    const size_t floats = sat_mul(sat_mul(panels, GEMM_PANEL), k);
    return sat_mul(floats, sizeof(float)) > PTRDIFF_MAX ? SIZE_MAX : floats;
}

static void pack_rows(size_t k, size_t cols, const float *b, size_t ldb, float *panel) {
    for (size_t kk = 0; kk < k; kk++, b += ldb, panel += GEMM_PANEL) {
        if (cols == GEMM_PANEL) {
            memcpy(panel, b, GEMM_PANEL * sizeof *b);
        } else {
            memcpy(panel, b, cols * sizeof *b);
            memset(panel + cols, 0, (GEMM_PANEL - cols) * sizeof *b);
        }
    }
}

void gemm_f32_pack(const kernels *ks, gemm_b_form form, size_t k, size_t n, const float *b,
                   size_t ldb, float *packed, size_t ldp) {
    for (size_t j = 0; j < n; j += GEMM_PANEL, packed += ldp) {
        const size_t cols = n - j < GEMM_PANEL ? n - j : GEMM_PANEL;
        if (form == GEMM_B_ROWS) {
            pack_rows(k, cols, b + j, ldb, packed);
        } else {
            if (cols < GEMM_PANEL) memset(packed, 0, k * GEMM_PANEL * sizeof *packed);
            ks->transpose_b32(cols, k, b + j * ldb, ldb, packed, GEMM_PANEL);
        }
    }
}

void gemm_f32_unpack(const kernels *ks, gemm_b_form form, size_t k, size_t n, const float *packed,
                     size_t ldp, float *b, size_t ldb) {
    for (size_t j = 0; j < n; j += GEMM_PANEL, packed += ldp) {
        const size_t cols = n - j < GEMM_PANEL ? n - j : GEMM_PANEL;
        if (form == GEMM_B_COLUMNS) {
            ks->transpose_b32(k, cols, packed, GEMM_PANEL, b + j * ldb, ldb);
            continue;
        }
        for (size_t kk = 0; kk < k; kk++)
            memcpy(b + kk * ldb + j, packed + kk * GEMM_PANEL, cols * sizeof *b);
    }
}
