/* SPDX-License-Identifier: Apache-2.0
 *
 * How a product is cut: kernel, K blocks, row blocks, tasks, scratch.
 */
#include "gemm/gemm_sweep.h"

#include "gemm/sat_size.h"

/* Work of a task in multiply-adds: a few microseconds, little enough to balance 8 threads and
 * enough to pay for handing it out. */
#define TASK_WORK ((size_t)1 << 17)
/* Of a stream, whose time is that of reading B: in elements of B. */
#define TASK_STREAM ((size_t)1 << 15)
#define MAX_TASKS   64
/* Columns of a task: at first, and at least. */
#define TASK_COLS     512
#define TASK_COLS_MIN 64
/* B that is not packed yet is packed once for each task, so tasks are tall. */
#define RAW_ROW_BLOCKS 8
/* Most taps of a K block: bounds the table of row pointers. */
#define MAX_BLOCK_TAPS 32

/* Depends on taps, k and kc only: m must not change the bits of a row. */
static void plan_depth(gemm_sweep *s) {
    const size_t kc = s->kernel->kc;
    s->block_taps = 1;
    if (s->k > kc) {
        s->block_k = round_up(ceil_div(s->k, ceil_div(s->k, kc)), 8);
        return;
    }
    s->block_k = s->k;
    if (s->taps > 1 && s->k > 0) {
        const size_t fit = smaller(larger(kc / s->k, 1), MAX_BLOCK_TAPS);
        s->block_taps = ceil_div(s->taps, ceil_div(s->taps, fit));
    }
}

/* Rows are shared by all groups of a task: groups are cut when rows cannot be. */
static void plan_group_tasks(gemm_sweep *s, size_t want, size_t min_rows, size_t unit) {
    s->task_cols = s->n;
    s->task_groups = s->groups;
    for (;;) {
        s->row_tasks = ceil_div(s->m, s->task_rows);
        s->col_tasks = ceil_div(s->groups, s->task_groups);
        if (s->row_tasks * s->col_tasks >= want) return;
        if (s->task_rows > min_rows)
            s->task_rows = larger(round_up(ceil_div(s->task_rows, 2), unit), min_rows);
        else if (s->task_groups > 1)
            s->task_groups = ceil_div(s->task_groups, 2);
        else
            return;
    }
}

/* How many tasks there should be. */
static size_t plan_count(const gemm_sweep *s) {
    const size_t columns = sat_mul(s->n, larger(s->groups, 1));
    const size_t elements = sat_mul(columns, sat_mul(larger(s->taps, 1), s->k));
    const size_t tasks = s->kernel == &s->ks->gemv_f32 ? elements / TASK_STREAM
                                                       : sat_mul(s->m, elements) / TASK_WORK;
    return larger(smaller(tasks, MAX_TASKS), 1);
}

/* Halves the longer side of a task until there are enough tasks. */
static void plan_tasks(gemm_sweep *s, size_t unit) {
    const size_t want = plan_count(s);
    const size_t nr = s->kernel->nr, min_cols = round_up(TASK_COLS_MIN, nr);
    const size_t min_rows = larger(round_up(4 * (size_t)s->kernel->mr, unit), unit);
    const size_t max_rows =
        s->form == GEMM_B_PACKED ? s->block_rows : RAW_ROW_BLOCKS * s->block_rows;
    s->task_rows = round_up(ceil_div(s->m, ceil_div(s->m, max_rows)), unit);
    if (s->groups > 1) {
        plan_group_tasks(s, want, min_rows, unit);
        return;
    }
    s->task_cols = round_up(ceil_div(s->n, ceil_div(s->n, TASK_COLS)), nr);
    for (;;) {
        s->row_tasks = ceil_div(s->m, s->task_rows);
        s->col_tasks = ceil_div(s->n, s->task_cols);
        if (s->row_tasks * s->col_tasks >= want) return;
        const bool cut_cols = s->task_cols > min_cols, cut_rows = s->task_rows > min_rows;
        if (cut_cols && (!cut_rows || s->form != GEMM_B_PACKED || s->task_cols >= s->task_rows))
            s->task_cols = larger(round_up(ceil_div(s->task_cols, 2), nr), min_cols);
        else if (cut_rows)
            s->task_rows = larger(round_up(ceil_div(s->task_rows, 2), unit), min_rows);
        else
            return;
    }
}

static void plan_scratch(gemm_sweep *s) {
    const size_t mr = s->kernel->mr;
    const size_t depth = sat_mul(s->block_taps, s->block_k);
    const size_t entries = sat_mul(sat_mul(s->tiles, mr), s->block_taps);
    const size_t packed = s->kernel->pack ? sat_mul(s->block_rows, depth) + GEMM_MAX_MR : 0;
    const size_t panels =
        s->form == GEMM_B_PACKED ? 0 : sat_mul(round_up(s->task_cols, GEMM_PANEL), depth);
    const size_t spare = sat_mul(entries, s->spare);
    size_t end = sat_align(sat_mul(entries, sizeof(float *)));
    s->at_tiles = end;
    end = sat_align(sat_add(end, sat_mul(s->tiles, sizeof(gemm_row_tile))));
    s->at_packed = end;
    end = sat_align(sat_add(end, sat_mul(packed, sizeof(float))));
    s->at_panels = end;
    end = sat_align(sat_add(end, sat_mul(panels, sizeof(float))));
    s->at_zeros = end;
    end = sat_align(sat_add(end, sat_mul(s->zeros, sizeof(float))));
    s->at_spare = end;
    s->scratch = sat_align(sat_add(end, sat_mul(spare, sizeof(float))));
}

/* One tile across all columns reads rows where they are; with fewer columns it would be no wider
 * than others are, and for more, copying the rows pays. All kernels have the same K blocks, so the
 * bits of a row don't depend on the choice. */
#define WIDE_MIN_COLS 49

static const gemm_f32_kernel *choose_kernel(const kernels *ks, const gemm_sweep *s) {
    if (s->m <= ks->gemv_f32.mr) return &ks->gemv_f32;
    const bool one_tile = s->n >= WIDE_MIN_COLS && s->n <= ks->gemm_wide_f32.nr;
    return one_tile && s->groups <= 1 ? &ks->gemm_wide_f32 : &ks->gemm_f32;
}

void gemm_sweep_plan(const kernels *ks, gemm_sweep *s) {
    s->ks = ks;
    s->kernel = choose_kernel(ks, s);
    plan_depth(s);
    s->row_tasks = s->col_tasks = 0;
    s->scratch = 0;
    if (s->m == 0 || s->n == 0) return;
    const size_t mr = s->kernel->mr, mc = s->kernel->mc;
    /* Row blocks of whole runs have fewer partial tiles. */
    const bool short_runs = s->run < s->m && s->run <= mc;
    const size_t unit = short_runs ? s->run : mr;
    s->block_rows = larger(mc / unit, 1) * unit;
    plan_tasks(s, unit);
    s->block_rows = smaller(s->block_rows, s->task_rows);
    s->tiles = s->block_rows / mr + 1;
    if (s->run < s->m) s->tiles += s->block_rows / s->run + 2;
    plan_scratch(s);
}
