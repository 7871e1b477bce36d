/* SPDX-License-Identifier: Apache-2.0
 *
 * A task is a panel of columns of C by up to TASK_ROWS rows. It packs its panel of B a K block at a
 * time, which stays in L1 for all of its rows; few rows read whole panels where they are.
 */
#include "gemm/gemm_f64.h"

#include <string.h>

#include "gemm/sat_size.h"

enum { PANEL = GEMM_F64_PANEL, TASK_ROWS = 128, K_BLOCK = 256, FEW_ROWS = 8 };
_Static_assert(GEMM_F64_SCRATCH == (K_BLOCK + TASK_ROWS) * PANEL * sizeof(double),
               "scratch holds a K block of B and an edge of C");

size_t gemm_f64_tasks(size_t m, size_t n) { return ceil_div(m, TASK_ROWS) * ceil_div(n, PANEL); }

/* Lines [at, at + k) of the panel that starts at column `col` and has `cols` columns. */
static void pack_panel(const kernels *ks, const gemm_f64_args *x, size_t at, size_t k, size_t col,
                       size_t cols, double *panel) {
    if (cols < PANEL) memset(panel, 0, k * PANEL * sizeof *panel);
    if (x->form == GEMM_B_COLUMNS) {
        ks->transpose_b64(cols, k, x->b + col * x->ldb + at, x->ldb, panel, PANEL);
        return;
    }
    const double *b = x->b + at * x->ldb + col;
    for (size_t l = 0; l < k; l++) memcpy(panel + l * PANEL, b + l * x->ldb, cols * sizeof *b);
}

static void run_task(const kernels *ks, const gemm_f64_args *x, size_t task, double *scratch) {
    const size_t panels = ceil_div(x->n, PANEL);
    const size_t row = task / panels * TASK_ROWS, col = task % panels * PANEL;
    const size_t cols = smaller(PANEL, x->n - col);
    double *c = x->c + row * x->ldc + col, *edge = scratch + K_BLOCK * PANEL;
    gemm_tile_f64 t = {.c = cols < PANEL ? edge : c,
                       .lda = x->lda,
                       .ldc = cols < PANEL ? PANEL : x->ldc,
                       .rows = smaller(TASK_ROWS, x->m - row)};
    const bool in_place = x->form == GEMM_B_ROWS && cols == PANEL && t.rows <= FEW_ROWS;
    for (size_t at = 0; at == 0 || at < x->k; at += K_BLOCK) {
        t.k = smaller(K_BLOCK, x->k - at);
        t.a = x->a + row * x->lda + at;
        t.b = in_place ? x->b + at * x->ldb + col : scratch;
        t.ldb = in_place ? x->ldb : PANEL;
        t.accumulate = at > 0;
        if (!in_place) pack_panel(ks, x, at, t.k, col, cols, scratch);
        ks->gemm_f64(&t);
    }
    for (size_t i = 0; cols < PANEL && i < t.rows; i++)
        memcpy(c + i * x->ldc, edge + i * PANEL, cols * sizeof *c);
}

void gemm_f64_run(const kernels *ks, const gemm_f64_args *args, size_t first, size_t last,
                  void *scratch) {
    for (size_t task = first; task < last; task++) run_task(ks, args, task, scratch);
}
