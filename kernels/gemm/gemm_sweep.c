/* SPDX-License-Identifier: Apache-2.0 */
#include "gemm/gemm_sweep.h"

#include <string.h>

#include "gemm/sat_size.h"

/* From this many columns on, copying A into the order in which the micro-kernel reads it costs less
 * than it saves. */
#define PACK_MIN_COLS 64
/* Part of C that is still in L2 when activations come to it. */
#define ACT_FLOATS ((size_t)1 << 15)

typedef struct k_block {
    size_t tap, taps, offset, k;
    bool first, last;
} k_block;

/* Some rows against some columns, one K block deep. */
typedef struct sweep_block {
    const gemm_sweep *s;
    const gemm_operands *x;
    char *scratch;
    k_block depth;
    size_t row, rows, col, cols;
    size_t group, end_group;
    const float *b; /* first panel, at the first step of the K block */
    size_t ldb;     /* from panel to panel */
    size_t tiles;
} sweep_block;

static size_t k_blocks(const gemm_sweep *s) {
    if (s->k == 0 || s->taps == 0) return 1;
    return ceil_div(s->taps, s->block_taps) * ceil_div(s->k, s->block_k);
}

static k_block k_block_at(const gemm_sweep *s, size_t index) {
    const size_t pieces = s->k ? ceil_div(s->k, s->block_k) : 1;
    k_block d = {.tap = index / pieces * s->block_taps, .offset = index % pieces * s->block_k};
    d.taps = smaller(s->block_taps, s->taps - d.tap);
    d.k = smaller(s->block_k, s->k - d.offset);
    d.first = index == 0;
    d.last = index + 1 == k_blocks(s);
    return d;
}

static gemm_row_tile *row_tiles(const sweep_block *b) {
    return (gemm_row_tile *)(void *)(b->scratch + b->s->at_tiles);
}

/* Cuts the rows into tiles, asks the source where they are, packs the full ones. */
static void prepare_rows(sweep_block *b) {
    const gemm_sweep *s = b->s;
    const k_block *d = &b->depth;
    const size_t mr = s->kernel->mr, entries = d->taps * mr;
    const bool pack = s->kernel->pack && s->groups <= 1 && b->cols >= PACK_MIN_COLS;
    const float **out = (const float **)(void *)b->scratch;
    float *packed = (float *)(void *)(b->scratch + s->at_packed);
    float *spare = (float *)(void *)(b->scratch + s->at_spare);
    gemm_row_tile *tile = row_tiles(b);
    const size_t end = b->row + b->rows;
    for (size_t row = b->row; row < end; tile++) {
        const size_t run_end = row - row % s->run + s->run;
        const size_t rows = smaller(mr, smaller(end, run_end) - row);
        const gemm_span span = {
            .row = row,
            .rows = rows,
            .tap = d->tap,
            .taps = d->taps,
            .mr = mr,
            .out = out,
            .zeros = (const float *)(const void *)(b->scratch + s->at_zeros),
            .spare = spare,
        };
        b->x->rows(b->x->source, &span);
        *tile = (gemm_row_tile){
            .a = out,
            .row = b->x->place ? b->x->place(b->x->source, row) : row,
            .rows = rows,
        };
        if (pack && rows == mr) {
            s->kernel->pack(out, d->offset, d->taps, d->k, packed);
            tile->packed = packed;
            packed += entries * d->k;
        }
        row += rows;
        out += entries;
        spare += entries * s->spare;
    }
    b->tiles = (size_t)(tile - row_tiles(b));
}

/* What is read after panel group j of the block; parts is 0 when that is nothing, or too much for
 * so few tiles. */
static gemm_ahead panels_ahead(const sweep_block *b, size_t j) {
    const size_t nr = b->s->kernel->nr, depth = b->depth.taps * b->depth.k;
    const float *here = b->b + b->group * b->x->ldg;
    gemm_ahead a = {.at = here, .ldb = b->ldb, .depth = depth, .panels = nr / GEMM_PANEL};
    const bool more = j + nr < b->cols;
    a.at += more ? (j + nr) / GEMM_PANEL * b->ldb : depth * GEMM_PANEL;
    a.parts = more || !b->depth.last ? b->tiles / a.panels : 0;
    return a;
}

/* One panel group (nr columns from column j of the block) of all row tiles. */
static void multiply_panel(const sweep_block *b, size_t j, gemm_tile_f32 *t, epilogue_f32 *ep) {
    const gemm_sweep *s = b->s;
    const k_block *d = &b->depth;
    const size_t nr = s->kernel->nr;
    const size_t col = b->group * s->n + b->col + j;
    const gemm_ahead ahead = panels_ahead(b, j);
    const epilogue_f32 *all = b->x->ep;
    t->b = b->b + b->group * b->x->ldg + j / GEMM_PANEL * b->ldb;
    t->nr = smaller(nr, b->cols - j);
    t->next = t->b;
    t->next_step = 0;
    if (t->ep && all->bias) ep->bias = all->bias + col;
    for (size_t i = 0; i < b->tiles; i++) {
        const gemm_row_tile *tile = row_tiles(b) + i;
        if (ahead.parts) gemm_prefetch_part(&ahead, i, t);
        t->a = tile->a;
        t->packed = tile->packed;
        t->mr = tile->rows;
        t->taps = tile->packed ? 1 : d->taps;
        t->k = tile->packed ? d->taps * d->k : d->k;
        t->c = b->x->c + tile->row * b->x->ldc + col;
        if (t->ep && all->residual) ep->residual = all->residual + tile->row * all->ldr + col;
        s->kernel->tile(t);
    }
}

/* Columns j to `end` of the block are final and still in cache. Rows without gaps between them are
 * one run. */
static void activate(const sweep_block *b, size_t j, size_t end) {
    const epilogue_f32 *ep = b->x->ep;
    const size_t ld = b->x->ldc * b->s->stride;
    const bool joined = ld == end - j;
    for (size_t i = 0; i < b->tiles; i++) {
        const gemm_row_tile *tile = row_tiles(b) + i;
        float *c = b->x->c + tile->row * b->x->ldc + b->group * b->s->n + b->col + j;
        const size_t runs = joined ? 1 : tile->rows, n = joined ? tile->rows * ld : end - j;
        for (size_t r = 0; r < runs; r++, c += ld) epilogue_activate(ep, n, c);
    }
}

/* The columns of one group. */
static void multiply(const sweep_block *b) {
    const gemm_sweep *s = b->s;
    const size_t nr = s->kernel->nr;
    const bool finish = b->depth.last && b->x->ep;
    epilogue_f32 ep = finish ? *b->x->ep : (epilogue_f32){0};
    ep.ldr *= s->stride;
    gemm_tile_f32 t = {
        .offset = b->depth.offset + b->group * s->k,
        .ldb = b->ldb,
        .ldc = b->x->ldc * s->stride,
        .accumulate = !b->depth.first,
        .ep = finish ? &ep : NULL,
    };
    const size_t group = (ACT_FLOATS / b->rows / nr + 1) * nr;
    for (size_t j = 0; j < b->cols;) {
        const size_t start = j, end = smaller(j + group, b->cols);
        for (; j < end; j += nr) multiply_panel(b, j, &t, &ep);
        if (finish && ep.act->fn) activate(b, start, end);
        j = end;
    }
}

static void sweep_rows(sweep_block *b, size_t row, size_t rows) {
    b->row = row;
    b->rows = rows;
    prepare_rows(b);
    for (size_t group = b->group; group < b->end_group; group++) {
        sweep_block one = *b;
        one.group = group;
        multiply(&one);
    }
}

/* B is packed: the innermost data is the row block of A. */
static void sweep_packed(sweep_block *b, size_t row, size_t rows) {
    const gemm_sweep *s = b->s;
    const size_t end = row + rows;
    b->ldb = s->taps * s->k * GEMM_PANEL;
    for (; row < end; row += s->block_rows) {
        for (size_t i = 0; i < k_blocks(s); i++) {
            b->depth = k_block_at(s, i);
            b->b = b->x->b + b->col / GEMM_PANEL * b->ldb +
                   (b->depth.tap * s->k + b->depth.offset) * GEMM_PANEL;
            sweep_rows(b, row, smaller(s->block_rows, end - row));
        }
    }
}

/* B is not: a K block of the task's columns is packed, then used for all rows. */
static void sweep_raw(sweep_block *b, size_t row, size_t rows) {
    const gemm_sweep *s = b->s;
    const gemm_operands *x = b->x;
    float *panels = (float *)(void *)(b->scratch + s->at_panels);
    const size_t end = row + rows;
    for (size_t i = 0; i < k_blocks(s); i++) {
        const k_block d = k_block_at(s, i);
        const float *from = s->form == GEMM_B_ROWS ? x->b + d.offset * x->ldb + b->col
                                                   : x->b + b->col * x->ldb + d.offset;
        b->depth = d;
        b->b = panels;
        b->ldb = d.k * GEMM_PANEL;
        gemm_f32_pack(s->ks, s->form, d.k, b->cols, from, x->ldb, panels, b->ldb);
        for (size_t r = row; r < end; r += s->block_rows)
            sweep_rows(b, r, smaller(s->block_rows, end - r));
    }
}

/* How many columns go through the K blocks together: all of them, so that packed rows of A are used
 * as often as possible; but B that is packed here has room for one task only, and a kernel that
 * streams B wants to read each panel from end to end. */
static size_t col_step(const gemm_sweep *s, size_t cols) {
    if (s->form != GEMM_B_PACKED) return s->task_cols;
    return s->kernel->pack ? cols : s->kernel->nr;
}

static void run_tasks(sweep_block *b, size_t row_task, size_t row_tasks, size_t col_task,
                      size_t col_tasks) {
    const gemm_sweep *s = b->s;
    const size_t row = row_task * s->task_rows;
    const size_t rows = smaller(row_tasks * s->task_rows, s->m - row);
    if (s->groups > 1) {
        b->group = col_task * s->task_groups;
        b->end_group = smaller(b->group + col_tasks * s->task_groups, s->groups);
        b->col = 0;
        b->cols = s->n;
        sweep_packed(b, row, rows);
        return;
    }
    const size_t end = smaller((col_task + col_tasks) * s->task_cols, s->n);
    b->col = col_task * s->task_cols;
    const size_t step = col_step(s, end - b->col);
    for (; b->col < end; b->col += step) {
        b->cols = smaller(step, end - b->col);
        if (s->form == GEMM_B_PACKED)
            sweep_packed(b, row, rows);
        else
            sweep_raw(b, row, rows);
    }
}

/* Tasks that form a rectangle are done as one. */
void gemm_sweep_run(const gemm_sweep *s, const gemm_operands *x, size_t first, size_t last,
                    void *scratch) {
    sweep_block b = {.s = s, .x = x, .scratch = scratch, .end_group = 1};
    memset(b.scratch + s->at_zeros, 0, s->zeros * sizeof(float));
    while (first < last) {
        const size_t row_task = first / s->col_tasks, col_task = first % s->col_tasks;
        size_t row_tasks = 1, col_tasks = smaller(s->col_tasks - col_task, last - first);
        if (col_tasks == s->col_tasks) row_tasks = (last - first) / s->col_tasks;
        run_tasks(&b, row_task, row_tasks, col_task, col_tasks);
        first += row_tasks * col_tasks;
    }
}
