/* SPDX-License-Identifier: Apache-2.0
 *
 * The machine behind every matrix product and convolution: C = A * B with the rows of A wherever a
 * row source says they are. It cuts C into tasks, blocks rows and depth for the caches and feeds
 * the micro-kernel.
 *
 *               n: columns of tasks                 depth = taps * k, cut into K blocks of about kc
 *            +-------+-------+---                +-------+-------+-----+
 *        m:  | task0 | task1 |             A     | block | block |     |  the same for all rows, so
 *   rows of  +-------+-------+---          row   |       |       |     |  that the bits of C depend
 *      tasks | task  |       |                   +-------+-------+-----+  neither on m nor on tasks
 *            +-------+-------+---
 *
 * In a task: for each row block (about mc rows), for each K block, for each panel of B (in L1), for
 * each row tile (A from L2, packed if it is read often enough): one call of the micro-kernel.
 */
#ifndef HONE_GEMM_SWEEP_H
#define HONE_GEMM_SWEEP_H

#include "gemm/gemm_pack.h"
#include "kernels.h"

/* What a row source is asked for: out[t * mr + i] = start of tap (tap + t) of row (row + i), for
 * t < taps, i < rows. */
typedef struct gemm_span {
    size_t row, rows, tap, taps, mr;
    const float **out;
    const float *zeros; /* gemm_sweep.zeros floats */
    float *spare;       /* gemm_sweep.spare floats for each element of out, in the order of out */
} gemm_span;

/* The shape of a product and how it is cut. */
typedef struct gemm_sweep {
    size_t m, n, taps, k;
    /* Rows of a tile go to rows of C that are `stride` apart. Tiles do not cross a multiple of
     * `run` (m if there is no such limit). */
    size_t run, stride;
    size_t zeros, spare; /* floats that the row source needs, see gemm_span */
    gemm_b_form form;    /* of b; what is not packed is packed in scratch */
    /* More than 1: so many products side by side, which share the places of their rows. Group g
     * reads g * k floats further on and writes the columns from g * n on. b is packed. */
    size_t groups;

    /* Filled in by gemm_sweep_plan. */
    const kernels *ks;
    const gemm_f32_kernel *kernel;
    size_t task_rows, task_cols; /* of a task */
    size_t task_groups;          /* instead of columns if there are groups */
    size_t row_tasks, col_tasks; /* their product is the number of tasks */
    size_t block_rows;           /* most rows of a row block */
    size_t block_taps, block_k;  /* of a K block; block_taps > 1 only if block_k == k */
    size_t tiles;                /* most row tiles of a row block */
    size_t at_tiles, at_packed, at_panels, at_zeros, at_spare; /* offsets in scratch */
    size_t scratch; /* bytes that one gemm_sweep_run needs, aligned to 64 */
} gemm_sweep;

/* Where the operands are, for one run. */
typedef struct gemm_operands {
    void (*rows)(const void *source, const gemm_span *span);
    /* Row of C that row `row` goes to; NULL: the same. */
    size_t (*place)(const void *source, size_t row);
    const void *source;
    const float *b;
    size_t ldb; /* as in gemm_b_form */
    size_t ldg; /* from the panels of a group to those of the next */
    float *c;
    size_t ldc;
    const epilogue_f32 *ep; /* or NULL */
} gemm_operands;

/* One row tile of a row block. */
typedef struct gemm_row_tile {
    const float *const *a;
    const float *packed; /* or NULL */
    size_t row, rows;    /* first row of C, number of rows */
} gemm_row_tile;

/* Panels that are read after those of some tiles, which share their prefetching: each tile takes
 * one of `parts` of one of them. */
typedef struct gemm_ahead {
    const float *at;
    size_t ldb, depth, panels, parts;
} gemm_ahead;
static inline void gemm_prefetch_part(const gemm_ahead *a, size_t tile, gemm_tile_f32 *t) {
    t->next_step = (2 * GEMM_PANEL + a->parts - 1) / a->parts;
    t->next = a->at + tile % a->panels * a->ldb +
              tile / a->panels % a->parts * (a->depth / 2) * t->next_step;
}

/* Fills in the second half of *s. s->scratch is SIZE_MAX if it does not fit in memory. */
void gemm_sweep_plan(const kernels *ks, gemm_sweep *s);
/* Number of independent tasks; 0 when C is empty. */
static inline size_t gemm_sweep_tasks(const gemm_sweep *s) { return s->row_tasks * s->col_tasks; }
/* Does tasks first <= i < last. Neighbours share work, so ranges are cheaper than single tasks. */
void gemm_sweep_run(const gemm_sweep *s, const gemm_operands *x, size_t first, size_t last,
                    void *scratch);

#endif
