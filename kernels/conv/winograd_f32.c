/* SPDX-License-Identifier: Apache-2.0 */
#include "conv/winograd_f32.h"

#include <string.h>

#include "gemm/gemm_pack.h"
#include "gemm/sat_size.h"

#define MAX_SIDE 6
/* Output channels at a time: the products of fewer would not pay for reading V. */
#define COLUMNS 64
/* Tiles of a block, at most and, while there are any, at least: weights, which are large and come
 * from memory, are read once for each block. */
#define MAX_BLOCK 256
#define MIN_BLOCK 64
/* Floats of weights that blocks for each worker may read again, of at least so many tiles. */
#define LIGHT     ((size_t)1 << 18)
#define MIN_SHARE 12

static size_t smaller(size_t a, size_t b) { return a < b ? a : b; }
static size_t larger(size_t a, size_t b) { return a > b ? a : b; }

/* Costs in multiply-adds. While a weight comes from memory there is time for WEIGHT of them; a
 * value of V or M costs about TRANSFORM. Larger weights are worth it from LEAST_GAIN on. */
#define WEIGHT     36.0
#define TRANSFORM  5.0
#define LEAST_GAIN 1.2

static double at_least(double a, double least) { return a > least ? a : least; }

static double product_cost(double pixels, double ic, double oc) {
    return 9 * ic * oc * at_least(pixels, WEIGHT);
}

static double tile_cost(int tile, int64_t high, int64_t wide, double ic, double oc) {
    const double planes = (tile + 2) * (tile + 2);
    const double tiles = (double)((high + tile - 1) / tile) * (double)((wide + tile - 1) / tile);
    return planes * (ic * oc * at_least(tiles, WEIGHT) + TRANSFORM * tiles * (ic + oc));
}

int winograd_f32_choose(int64_t high, int64_t wide, int64_t ic, int64_t oc) {
    const double i = (double)ic, o = (double)oc;
    const double plain = product_cost((double)high * (double)wide, i, o);
    const double two = tile_cost(2, high, wide, i, o), four = tile_cost(4, high, wide, i, o);
    if (plain > LEAST_GAIN * four && two > LEAST_GAIN * four) return 4;
    return plain > LEAST_GAIN * two ? 2 : 0;
}

/* Planes begin in different sets of the L1 cache, or a transform, which writes to all of them,
 * would find them all in one. */
static size_t plane_floats(size_t tiles, size_t channels) {
    return sat_add(sat_align(sat_mul(sat_mul(tiles, channels), sizeof(float))) / sizeof(float),
                   sat_mul(tiles, channels) / 16 % 2 ? 32 : 16);
}

/* Blocks of so many tiles that V and M fill L2, whose size mc and kc stand for. */
static size_t choose_blocks(const winograd_f32_plan *p) {
    const winograd_f32_shape *s = &p->shape;
    const gemm_f32_kernel *k = &p->ks->gemm_f32;
    const size_t planes = (size_t)((s->tile + 2) * (s->tile + 2));
    const size_t budget = 4 * (size_t)k->mc * k->kc;
    const size_t a_tile = planes * ((size_t)s->ic + smaller((size_t)s->oc, COLUMNS));
    return ceil_div(p->tiles, smaller(larger(budget / a_tile, MIN_BLOCK), MAX_BLOCK));
}

/* Where there are too few blocks for the workers, more of them read light weights more than once;
 * heavy ones are split instead, and the image is transformed more than once. */
static void plan_tasks(winograd_f32_plan *p, size_t workers) {
    const winograd_f32_shape *s = &p->shape;
    const size_t weights = winograd_f32_packed_floats(s->tile, (size_t)s->ic, (size_t)s->oc);
    size_t blocks = choose_blocks(p);
    if (blocks > 1 || (weights <= LIGHT && p->tiles >= MIN_SHARE * workers))
        blocks = ceil_div(blocks, workers) * workers;
    p->block = ceil_div(p->tiles, blocks);
    blocks = ceil_div(p->tiles, p->block);
    p->col_tasks = blocks < workers ? ceil_div(workers, blocks) : 1;
    p->task_cols = ceil_div(ceil_div((size_t)s->oc, p->col_tasks), GEMM_PANEL) * GEMM_PANEL;
    p->col_tasks = ceil_div((size_t)s->oc, p->task_cols);
    p->columns = smaller(smaller(p->task_cols, COLUMNS), (size_t)s->oc);
    p->tasks = blocks * p->col_tasks;
}

winograd_f32_plan winograd_f32_make_plan(const kernels *ks, const winograd_f32_shape *s,
                                         size_t workers) {
    winograd_f32_plan p = {.shape = *s, .ks = ks};
    const int64_t tile = s->tile;
    const size_t side = (size_t)tile + 2, planes = side * side;
    p.across = (size_t)((s->out[1] + tile - 1) / tile);
    p.tiles = p.across * (size_t)((s->out[0] + tile - 1) / tile) * (size_t)s->n;
    if (p.tiles == 0) return p;
    plan_tasks(&p, workers);
    p.plane_v = plane_floats(p.block, (size_t)s->ic);
    p.plane_m = plane_floats(p.block, p.columns);
    size_t end = sat_align(p.block * sizeof(float *));
    p.at_pixels = p.at_rows + end;
    end = sat_align(sat_add(end, planes * sizeof(float *)));
    p.at_zeros = end;
    end = sat_align(sat_add(end, sat_mul((size_t)s->ic, sizeof(float))));
    p.at_v = end;
    end = sat_align(sat_add(end, sat_mul(sat_mul(p.plane_v, planes), sizeof(float))));
    p.at_m = end;
    p.scratch = sat_align(sat_add(end, sat_mul(sat_mul(p.plane_m, planes), sizeof(float))));
    return p;
}

/* A run of tiles against some columns. */
typedef struct winograd_block {
    const winograd_f32_plan *p;
    const winograd_f32_args *args;
    char *scratch;
    size_t tile, tiles, col, cols;
    const float *next; /* weights of the block after this one */
} winograd_block;

typedef struct tile_place {
    int64_t image, high, wide; /* first output */
} tile_place;

static tile_place place_of(const winograd_f32_plan *p, size_t tile) {
    const winograd_f32_shape *s = &p->shape;
    const size_t down = (size_t)((s->out[0] + s->tile - 1) / s->tile);
    return (tile_place){
        .image = (int64_t)(tile / p->across / down),
        .high = (int64_t)(tile / p->across % down) * s->tile,
        .wide = (int64_t)(tile % p->across) * s->tile,
    };
}

static float *scratch_floats(const winograd_block *b, size_t at) {
    return (float *)(void *)(b->scratch + at);
}

/* Where the pixels of a tile are; zeros outside the image. */
static void find_pixels(const winograd_block *b, tile_place at, const float **pixels) {
    const winograd_f32_shape *s = &b->p->shape;
    const int64_t side = s->tile + 2, high = at.high - s->pad[0], wide = at.wide - s->pad[1];
    const float *zeros = scratch_floats(b, b->p->at_zeros);
    for (int64_t i = 0; i < side; i++) {
        const bool inside = (uint64_t)(high + i) < (uint64_t)s->in[0];
        const int64_t line = (at.image * s->in[0] + high + i) * s->in[1];
        for (int64_t j = 0; j < side; j++, pixels++) {
            const int64_t w = wide + j;
            *pixels = inside && (uint64_t)w < (uint64_t)s->in[1] ? b->args->x + (line + w) * s->ldx
                                                                 : zeros;
        }
    }
}

static void transform_in(const winograd_block *b) {
    const winograd_f32_plan *p = b->p;
    const float **pixels = (const float **)(void *)(b->scratch + p->at_pixels);
    winograd_in_fn *in = p->shape.tile == 2 ? p->ks->winograd_in_2 : p->ks->winograd_in_4;
    winograd_in_args w = {
        .rows = pixels, .channels = (size_t)p->shape.ic, .v = scratch_floats(b, p->at_v)};
    w.ldv = p->plane_v;
    for (size_t i = 0; i < b->tiles; i++, w.v += p->shape.ic) {
        find_pixels(b, place_of(p, b->tile + i), pixels);
        in(&w);
    }
}

/* The products of one plane. */
static void multiply_plane(const winograd_block *b, size_t f, const float *next) {
    const winograd_f32_plan *p = b->p;
    const gemm_f32_kernel *kernel = &p->ks->gemm_wide_f32;
    const size_t ic = (size_t)p->shape.ic, plane = gemm_f32_packed_floats(ic, (size_t)p->shape.oc);
    const float *u = b->args->w + f * plane + b->col * ic;
    const float *const *rows = (const float *const *)(const void *)(b->scratch + p->at_rows);
    float *m = scratch_floats(b, p->at_m) + f * p->plane_m;
    const size_t row_tiles = ceil_div(b->tiles, kernel->mr);
    for (size_t k = 0; k < ic; k += kernel->kc) {
        const size_t depth = smaller(kernel->kc, ic - k);
        const float *ahead = k + depth < ic ? u + (k + depth) * GEMM_PANEL : next;
        for (size_t j = 0; j < b->cols; j += kernel->nr) {
            gemm_tile_f32 t = {
                .offset = f * p->plane_v + k,
                .b = u + j * ic + k * GEMM_PANEL,
                .ldb = ic * GEMM_PANEL,
                .ldc = p->columns,
                .nr = smaller(kernel->nr, b->cols - j),
                .k = depth,
                .taps = 1,
                .accumulate = k > 0,
            };
            const size_t panels = ceil_div(t.nr, GEMM_PANEL);
            const size_t parts = larger(row_tiles / panels, 1);
            t.next_step = ceil_div(2 * GEMM_PANEL, parts);
            for (size_t i = 0, row = 0; row < b->tiles; i++, row += kernel->mr) {
                t.a = rows + row;
                t.c = m + row * p->columns + j;
                t.mr = smaller(kernel->mr, b->tiles - row);
                t.next = ahead + j * ic + i % panels * t.ldb +
                         i / panels % parts * (depth / 2) * t.next_step;
                kernel->tile(&t);
            }
        }
    }
}

static void multiply(const winograd_block *b) {
    const winograd_f32_plan *p = b->p;
    const size_t ic = (size_t)p->shape.ic, side = (size_t)p->shape.tile + 2;
    const size_t plane = gemm_f32_packed_floats(ic, (size_t)p->shape.oc);
    const float **rows = (const float **)(void *)(b->scratch + p->at_rows);
    for (size_t i = 0; i < b->tiles; i++) rows[i] = scratch_floats(b, p->at_v) + i * ic;
    for (size_t f = 0; f < side * side; f++) {
        const float *next = b->args->w + (f + 1) * plane + b->col * ic;
        multiply_plane(b, f, f + 1 < side * side ? next : b->next);
    }
}

static void activate(const winograd_out_args *w) {
    const epilogue_f32 *ep = w->ep;
    for (size_t i = 0; i < w->height; i++)
        for (size_t j = 0; j < w->width; j++) {
            float *y = w->y + i * w->line + j * w->ldy;
            ep->act(w->channels, y, y, ep->act_param);
        }
}

static void transform_out(const winograd_block *b) {
    const winograd_f32_plan *p = b->p;
    const winograd_f32_shape *s = &p->shape;
    winograd_out_fn *out = s->tile == 2 ? p->ks->winograd_out_2 : p->ks->winograd_out_4;
    epilogue_f32 ep;
    winograd_out_args w = {.m = scratch_floats(b, p->at_m),
                           .ldm = p->plane_m,
                           .channels = b->cols,
                           .ldy = (size_t)s->ldy,
                           .line = (size_t)(s->out[1] * s->ldy)};
    if (b->args->ep) {
        ep = *b->args->ep;
        if (ep.bias) ep.bias += b->col;
        w.ep = &ep;
        w.residual_line = (size_t)s->out[1] * ep.ldr;
    }
    for (size_t i = 0; i < b->tiles; i++, w.m += p->columns) {
        const tile_place at = place_of(p, b->tile + i);
        const int64_t pixel = (at.image * s->out[0] + at.high) * s->out[1] + at.wide;
        w.height = smaller((size_t)s->tile, (size_t)(s->out[0] - at.high));
        w.width = smaller((size_t)s->tile, (size_t)(s->out[1] - at.wide));
        w.y = b->args->y + pixel * s->ldy + b->col;
        if (w.ep && b->args->ep->residual)
            ep.residual = b->args->ep->residual + (size_t)pixel * ep.ldr + b->col;
        out(&w);
        if (w.ep && ep.act) activate(&w);
    }
}

/* The columns of a task, some at a time. */
static void run_task(winograd_block *b, size_t col) {
    const winograd_f32_plan *p = b->p;
    const size_t ic = (size_t)p->shape.ic, end = smaller(col + p->task_cols, (size_t)p->shape.oc);
    for (b->col = col; b->col < end; b->col += p->columns) {
        const size_t next = b->col + p->columns;
        b->cols = smaller(p->columns, end - b->col);
        b->next = b->args->w + (next < end ? next : col) * ic;
        multiply(b);
        transform_out(b);
    }
}

void winograd_f32_run(const winograd_f32_plan *p, const winograd_f32_args *args, size_t first,
                      size_t last, void *scratch) {
    winograd_block b = {.p = p, .args = args, .scratch = scratch};
    size_t transformed = SIZE_MAX;
    memset(b.scratch + p->at_zeros, 0, (size_t)p->shape.ic * sizeof(float));
    for (; first < last; first++) {
        const size_t block = first / p->col_tasks;
        b.tile = block * p->block;
        b.tiles = smaller(p->block, p->tiles - b.tile);
        if (block != transformed) transform_in(&b);
        transformed = block;
        run_task(&b, first % p->col_tasks * p->task_cols);
    }
}
