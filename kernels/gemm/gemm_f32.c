/* SPDX-License-Identifier: Apache-2.0 */
#include "gemm/gemm_f32.h"

gemm_sweep gemm_f32_plan(const kernels *ks, const gemm_f32_args *args) {
    gemm_sweep s = {
        .m = args->m,
        .n = args->n,
        .taps = 1,
        .k = args->k,
        .run = args->m,
        .stride = 1,
        .form = args->form,
    };
    gemm_sweep_plan(ks, &s);
    return s;
}

static void dense_rows(const void *source, const gemm_span *span) {
    const gemm_f32_args *args = source;
    for (size_t i = 0; i < span->rows; i++) span->out[i] = args->a + (span->row + i) * args->lda;
}

void gemm_f32_run(const gemm_sweep *plan, const gemm_f32_args *args, size_t first, size_t last,
                  void *scratch) {
    const gemm_operands x = {
        .rows = dense_rows,
        .source = args,
        .b = args->b,
        .ldb = args->ldb,
        .c = args->c,
        .ldc = args->ldc,
        .ep = args->ep,
    };
    gemm_sweep_run(plan, &x, first, last, scratch);
}
