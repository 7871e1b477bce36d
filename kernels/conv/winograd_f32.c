/* SPDX-License-Identifier: Apache-2.0 */
#include "conv/winograd_f32.h"

#include <string.h>

#include "gemm/gemm_pack.h"
#include "gemm/sat_size.h"

/* Panels of output channels at a time, at most: the products of fewer would not pay for reading
 * V. */
#define MAX_PANELS 5
/* Outputs in a line that wait in L1 for their activation. */
#define ACTIVATED 16
/* Tiles of a block, at most and, while there are any, at least: weights, which are large and come
 * from memory, are read once for each block. */
#define MAX_BLOCK 256
#define MIN_BLOCK 64
/* Floats of weights that blocks for each worker may read again, of at least so many tiles. */
#define LIGHT     ((size_t)1 << 18)
#define MIN_SHARE 12

/* Costs in multiply-adds. While a weight comes from memory there is time for WEIGHT of them; a
 * value of V or M costs about TRANSFORM. Larger weights are worth it from LEAST_GAIN on. */
#define WEIGHT     36.0
#define TRANSFORM  5.0
#define LEAST_GAIN 1.2

static double at_least(double a, double least) { return a > least ? a : least; }

static double tile_cost(const winograd_f32_filter *f, int tile, int64_t high, int64_t wide) {
    const winograd_f32_filter tiled = {.tile = tile, .taps = {f->taps[0], f->taps[1]}};
    const int64_t th = winograd_f32_tile(&tiled, 0), tw = winograd_f32_tile(&tiled, 1);
    const double tiles = (double)((high + th - 1) / th) * (double)((wide + tw - 1) / tw);
    const double ic = (double)f->ic, oc = (double)f->oc;
    return (double)winograd_f32_planes(&tiled) *
           (ic * oc * at_least(tiles, WEIGHT) + TRANSFORM * tiles * (ic + oc));
}

int winograd_f32_choose(const winograd_f32_filter *f, int64_t high, int64_t wide) {
    const double plain = (double)(f->taps[0] * f->taps[1]) * (double)f->ic * (double)f->oc *
                         at_least((double)high * (double)wide, WEIGHT);
    const double two = tile_cost(f, 2, high, wide), four = tile_cost(f, 4, high, wide);
    const bool two_pays = plain > LEAST_GAIN * two;
    if (plain > LEAST_GAIN * four && (!two_pays || two > LEAST_GAIN * four)) return 4;
    return two_pays ? 2 : 0;
}

/* Planes begin in different sets of the L1 cache, or a transform, which writes to all of them,
 * would find them all in one. */
static size_t plane_floats(size_t tiles, size_t channels) {
    return sat_add(sat_align(sat_mul(sat_mul(tiles, channels), sizeof(float))) / sizeof(float),
                   sat_mul(tiles, channels) / 16 % 2 ? 32 : 16);
}

/* Blocks of so many tiles that V and M fill L2, whose size mc and kc stand for. */
static size_t choose_blocks(const winograd_f32_plan *p) {
    const winograd_f32_filter *f = &p->shape.filter;
    const gemm_f32_kernel *k = &p->ks->gemm_f32;
    const size_t budget = 4 * (size_t)k->mc * k->kc;
    const size_t a_tile =
        p->planes * ((size_t)f->ic + smaller((size_t)f->oc, MAX_PANELS * GEMM_PANEL));
    return ceil_div(p->tiles, smaller(larger(budget / a_tile, MIN_BLOCK), MAX_BLOCK));
}

/* Where there are too few blocks for the workers, more of them read light weights more than once;
 * heavy ones are split instead, and the image is transformed more than once. */
static void plan_tasks(winograd_f32_plan *p, size_t workers) {
    const winograd_f32_filter *f = &p->shape.filter;
    const size_t oc = (size_t)f->oc;
    size_t blocks = choose_blocks(p);
    if (blocks > 1 || (winograd_f32_packed_floats(f) <= LIGHT && p->tiles >= MIN_SHARE * workers))
        blocks = ceil_div(blocks, workers) * workers;
    p->block = ceil_div(p->tiles, blocks);
    blocks = ceil_div(p->tiles, p->block);
    p->col_tasks = blocks < workers ? ceil_div(workers, blocks) : 1;
    const size_t panels = ceil_div(ceil_div(oc, p->col_tasks), GEMM_PANEL);
    p->task_cols = panels * GEMM_PANEL;
    p->col_tasks = ceil_div(oc, p->task_cols);
    p->columns = ceil_div(panels, ceil_div(panels, MAX_PANELS)) * GEMM_PANEL;
    p->tasks = blocks * p->col_tasks;
}

winograd_f32_plan winograd_f32_make_plan(const kernels *ks, const winograd_f32_shape *s,
                                         size_t workers) {
    const winograd_f32_filter *f = &s->filter;
    winograd_f32_plan p = {.shape = *s,
                           .ks = ks,
                           .tile = {winograd_f32_tile(f, 0), winograd_f32_tile(f, 1)},
                           .planes = winograd_f32_planes(f)};
    p.down = (size_t)((s->out[0] + p.tile[0] - 1) / p.tile[0]);
    p.across = (size_t)((s->out[1] + p.tile[1] - 1) / p.tile[1]);
    p.tiles = p.across * p.down * (size_t)s->n;
    if (p.tiles == 0) return p;
    plan_tasks(&p, workers);
    p.plane_v = plane_floats(p.block, (size_t)f->ic);
    p.plane_m = plane_floats(p.block, p.columns);
    size_t end = sat_align(p.block * sizeof(float *));
    p.at_pixels = p.at_rows + end;
    end = sat_align(sat_add(end, p.planes * sizeof(float *)));
    p.at_zeros = end;
    end = sat_align(sat_add(end, sat_mul((size_t)f->ic, sizeof(float))));
    p.at_v = end;
    end = sat_align(sat_add(end, sat_mul(sat_mul(p.plane_v, p.planes), sizeof(float))));
    p.at_m = end;
    p.scratch = sat_align(sat_add(end, sat_mul(sat_mul(p.plane_m, p.planes), sizeof(float))));
    return p;
}

/* A run of tiles against some columns. */
typedef struct winograd_block {
    const winograd_f32_plan *p;
    const conv_f32_args *args;
    char *scratch;
    size_t tile, tiles, col, cols;
    const float *next; /* weights of the block after this one */
} winograd_block;

typedef struct tile_place {
    int64_t image, high, wide; /* first output */
} tile_place;

static tile_place place_of(const winograd_f32_plan *p, size_t tile) {
    return (tile_place){
        .image = (int64_t)(tile / p->across / p->down),
        .high = (int64_t)(tile / p->across % p->down) * p->tile[0],
        .wide = (int64_t)(tile % p->across) * p->tile[1],
    };
}

static void next_place(const winograd_f32_plan *p, tile_place *at) {
    at->wide += p->tile[1];
    if (at->wide < p->shape.out[1]) return;
    at->wide = 0;
    at->high += p->tile[0];
    if (at->high < p->shape.out[0]) return;
    at->high = 0;
    at->image++;
}

/* Does the window have one dimension? */
static bool is_strip(const winograd_f32_plan *p) {
    return p->shape.filter.taps[0] == 1 || p->shape.filter.taps[1] == 1;
}

static float *scratch_floats(const winograd_block *b, size_t at) {
    return (float *)(void *)(b->scratch + at);
}

/* Where the pixels of a tile are; zeros outside the image. */
static void find_pixels(const winograd_block *b, const tile_place *at, const float **pixels) {
    const winograd_f32_shape *s = &b->p->shape;
    const int64_t high = at->high - s->pad[0], wide = at->wide - s->pad[1];
    const int64_t sides[2] = {(int64_t)winograd_f32_side(&s->filter, 0),
                              (int64_t)winograd_f32_side(&s->filter, 1)};
    const float *zeros = scratch_floats(b, b->p->at_zeros);
    for (int64_t i = 0; i < sides[0]; i++) {
        const bool inside = (uint64_t)(high + i) < (uint64_t)s->in[0];
        const int64_t line = (at->image * s->in[0] + high + i) * s->in[1];
        for (int64_t j = 0; j < sides[1]; j++, pixels++) {
            const int64_t w = wide + j;
            *pixels = inside && (uint64_t)w < (uint64_t)s->in[1] ? b->args->x + (line + w) * s->ldx
                                                                 : zeros;
        }
    }
}

static void transform_in(const winograd_block *b) {
    const winograd_f32_plan *p = b->p;
    const kernels *ks = p->ks;
    const float **pixels = (const float **)(void *)(b->scratch + p->at_pixels);
    const size_t ic = (size_t)p->shape.filter.ic;
    winograd_in_fn *const forms[2][2] = {{ks->winograd_in_2, ks->winograd_in_4},
                                         {ks->winograd_strip_in_2, ks->winograd_strip_in_4}};
    winograd_in_fn *in = forms[is_strip(p)][p->shape.filter.tile == 4];
    winograd_in_args w = {.rows = pixels, .channels = ic, .v = scratch_floats(b, p->at_v)};
    w.ldv = p->plane_v;
    tile_place at = place_of(p, b->tile);
    for (size_t i = 0; i < b->tiles; i++, w.v += ic) {
        find_pixels(b, &at, pixels);
        in(&w);
        next_place(p, &at);
    }
}

/* Columns of a tile: as few tiles as possible, of about the same width, so that none has too few
 * accumulators. */
static size_t column_step(const gemm_f32_kernel *kernel, size_t cols) {
    const size_t panels = ceil_div(cols, GEMM_PANEL);
    return ceil_div(panels, ceil_div(cols, kernel->nr)) * GEMM_PANEL;
}

/* The products of one plane. */
static void multiply_plane(const winograd_block *b, size_t f, const float *next) {
    const winograd_f32_plan *p = b->p;
    const gemm_f32_kernel *kernel = &p->ks->gemm_wide_f32;
    const winograd_f32_filter *w = &p->shape.filter;
    const size_t ic = (size_t)w->ic, plane = gemm_f32_packed_floats(ic, (size_t)w->oc);
    /* Whole panels: what their padding adds to M is never read, but needs no care at the edge. */
    const size_t cols = ceil_div(b->cols, GEMM_PANEL) * GEMM_PANEL;
    const size_t step = column_step(kernel, cols);
    const float *u = b->args->w + f * plane + b->col * ic;
    const float *const *rows = (const float *const *)(const void *)(b->scratch + p->at_rows);
    float *m = scratch_floats(b, p->at_m) + f * p->plane_m;
    const size_t row_tiles = ceil_div(b->tiles, kernel->mr);
    for (size_t k = 0; k < ic; k += kernel->kc) {
        const size_t depth = smaller(kernel->kc, ic - k);
        const float *after = k + depth < ic ? u + (k + depth) * GEMM_PANEL : next;
        for (size_t j = 0; j < cols; j += step) {
            gemm_tile_f32 t = {
                .offset = f * p->plane_v + k,
                .b = u + j * ic + k * GEMM_PANEL,
                .ldb = ic * GEMM_PANEL,
                .ldc = p->columns,
                .nr = smaller(step, cols - j),
                .k = depth,
                .taps = 1,
                .accumulate = k > 0,
            };
            gemm_ahead ahead = {after + j * ic, t.ldb, depth, ceil_div(t.nr, GEMM_PANEL), 1};
            ahead.parts = larger(row_tiles / ahead.panels, 1);
            for (size_t i = 0, row = 0; row < b->tiles; i++, row += kernel->mr) {
                t.a = rows + row;
                t.c = m + row * p->columns + j;
                t.mr = smaller(kernel->mr, b->tiles - row);
                gemm_prefetch_part(&ahead, i, &t);
                kernel->tile(&t);
            }
        }
    }
}

static void multiply(const winograd_block *b) {
    const winograd_f32_plan *p = b->p;
    const size_t ic = (size_t)p->shape.filter.ic;
    const size_t plane = gemm_f32_packed_floats(ic, (size_t)p->shape.filter.oc);
    const float **rows = (const float **)(void *)(b->scratch + p->at_rows);
    for (size_t i = 0; i < b->tiles; i++) rows[i] = scratch_floats(b, p->at_v) + i * ic;
    for (size_t f = 0; f < p->planes; f++) {
        const float *next = b->args->w + (f + 1) * plane + b->col * ic;
        multiply_plane(b, f, f + 1 < p->planes ? next : b->next);
    }
}

/* Outputs of neighbouring tiles in a line of them. */
typedef struct tile_run {
    float *y;
    size_t height, width;
} tile_run;

static void activate(const winograd_block *b, const tile_run *run) {
    const winograd_f32_shape *s = &b->p->shape;
    const epilogue_f32 *ep = b->args->ep;
    const size_t ldy = (size_t)s->ldy, line = (size_t)s->out[1] * ldy;
    const bool dense = b->cols == ldy;
    for (size_t i = 0; i < run->height; i++)
        for (size_t j = 0; j < run->width; j += dense ? run->width : 1) {
            float *y = run->y + i * line + j * ldy;
            epilogue_activate(ep, dense ? run->width * ldy : b->cols, y);
        }
}

static winograd_out_fn *out_form(const winograd_f32_plan *p) {
    const kernels *ks = p->ks;
    winograd_out_fn *const forms[2][2] = {{ks->winograd_out_2, ks->winograd_out_4},
                                          {ks->winograd_strip_out_2, ks->winograd_strip_out_4}};
    return forms[is_strip(p)][p->shape.filter.tile == 4];
}

/* The outputs of a tile. */
static void finish_tile(const winograd_block *b, const tile_place *at, const float *m,
                        const tile_run *t) {
    const winograd_f32_shape *s = &b->p->shape;
    epilogue_f32 ep;
    winograd_out_args w = {.m = m,
                           .ldm = b->p->plane_m,
                           .channels = b->cols,
                           .y = t->y,
                           .line = (size_t)(s->out[1] * s->ldy),
                           .ldy = (size_t)s->ldy,
                           .height = t->height,
                           .width = t->width};
    if (b->args->ep) {
        const size_t pixel = (size_t)((at->image * s->out[0] + at->high) * s->out[1] + at->wide);
        ep = *b->args->ep;
        if (ep.bias) ep.bias += b->col;
        if (ep.residual) ep.residual += pixel * ep.ldr + b->col;
        w.ep = &ep;
        w.residual_line = (size_t)s->out[1] * ep.ldr;
    }
    if (s->filter.taps[1] == 1) { /* the strip is a column of the image */
        w.width = w.height;
        w.ldy = w.line;
        ep.ldr = w.residual_line;
    }
    out_form(b->p)(&w);
}

static void transform_out(const winograd_block *b) {
    const winograd_f32_plan *p = b->p;
    const winograd_f32_shape *s = &p->shape;
    const bool act = b->args->ep && b->args->ep->act->fn;
    const float *m = scratch_floats(b, p->at_m);
    tile_place at = place_of(p, b->tile);
    tile_run run = {0};
    for (size_t i = 0; i < b->tiles; i++, m += p->columns) {
        const int64_t pixel = (at.image * s->out[0] + at.high) * s->out[1] + at.wide;
        const tile_run tile = {
            .y = b->args->y + pixel * s->ldy + b->col,
            .height = smaller((size_t)p->tile[0], (size_t)(s->out[0] - at.high)),
            .width = smaller((size_t)p->tile[1], (size_t)(s->out[1] - at.wide)),
        };
        finish_tile(b, &at, m, &tile);
        next_place(p, &at);
        if (!act) continue;
        if (run.width == 0)
            run = tile;
        else
            run.width += tile.width;
        if (at.wide == 0 || i + 1 == b->tiles || run.width >= ACTIVATED) {
            activate(b, &run);
            run.width = 0;
        }
    }
}

/* The columns of a task, some at a time. */
static void run_task(winograd_block *b, size_t col) {
    const winograd_f32_plan *p = b->p;
    const size_t ic = (size_t)p->shape.filter.ic;
    const size_t end = smaller(col + p->task_cols, (size_t)p->shape.filter.oc);
    for (b->col = col; b->col < end; b->col += p->columns) {
        const size_t next = b->col + p->columns;
        b->cols = smaller(p->columns, end - b->col);
        b->next = b->args->w + (next < end ? next : col) * ic;
        multiply(b);
        transform_out(b);
    }
}

void winograd_f32_run(const winograd_f32_plan *p, const conv_f32_args *args, size_t first,
                      size_t last, void *scratch) {
    winograd_block b = {.p = p, .args = args, .scratch = scratch};
    size_t transformed = SIZE_MAX;
    memset(b.scratch + p->at_zeros, 0, (size_t)p->shape.filter.ic * sizeof(float));
    for (; first < last; first++) {
        const size_t block = first / p->col_tasks;
        b.tile = block * p->block;
        b.tiles = smaller(p->block, p->tiles - b.tile);
        if (block != transformed) transform_in(&b);
        transformed = block;
        run_task(&b, first % p->col_tasks * p->task_cols);
    }
}
