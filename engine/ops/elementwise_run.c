/* SPDX-License-Identifier: Apache-2.0
 *
 * How the loop nest of an elementwise operator runs: in blocks, which are pieces of the output that
 * a kernel does in one call. Of long rows a block is a part; of short rows it is several, because
 * calls would cost more than their elements:
 *
 *     y[rows, n] = x[rows, n] * s[n]      s is repeated into a tile once; n = rows * n elements
 *     y[rows, n] = x[rows, n] * s[rows]   each s[i] is repeated n times for each block
 */
#include <string.h>

#include "elementwise.h"

/* Elements a task does at least: below that, handing work to another thread costs more than it
 * saves. WIDE: 16-bit floats that are widened at a time. SHORT: rows of more elements are blocks of
 * their own. */
enum { GRAIN = 16384, WIDE = 512, SHORT = 256, TILES = 3, TILE_BYTES = 8192 };

/* 16-bit floats: parts of the block are widened, computed and narrowed. */
static void apply_widened(const elementwise *e, const ew_row *row) {
    float in[EW_MAX_IN][WIDE], out[WIDE];
    for (int64_t at = 0; at < row->n; at += WIDE) {
        ew_row r = {.n = row->n - at < WIDE ? row->n - at : WIDE};
        for (int32_t j = 0; j < e->n_in; j++) {
            const uint16_t *x = (const uint16_t *)row->in[j] + (size_t)at * row->step[j];
            e->widen(row->step[j] ? (size_t)r.n : 1, x, in[j]);
            r.in[j] = in[j];
            r.step[j] = row->step[j];
        }
        char *y = (char *)row->out + (size_t)at * e->out_size;
        r.out = e->narrow ? (void *)out : y;
        e->apply(e, &r);
        if (e->narrow) e->narrow((size_t)r.n, out, (uint16_t *)(void *)y);
    }
}

static void apply_block(const elementwise *e, const ew_row *r) {
    if (e->widen)
        apply_widened(e, r);
    else
        e->apply(e, r);
}

/* How a block meets an input. */
typedef enum feed {
    FEED_DIRECT,   /* where it lies, with a step of 0 or 1 */
    FEED_REPEATED, /* one row, again for each row */
    FEED_SPREAD    /* one element a row, again for each element of it */
} feed;

/* Blocks cut the output's lines: `outer` axes of the nest around `line` elements without gaps. */
typedef struct ew_job {
    const elementwise *e;
    const step *s;
    int32_t outer;
    int64_t line, block;
    int64_t blocks; /* of each line */
    feed feed[EW_MAX_IN];
    int32_t tile[EW_MAX_IN]; /* number of the input's tile, if it has one */
    int32_t tiles;
} ew_job;

/* What a worker keeps from block to block. */
typedef struct ew_tiles {
    _Alignas(64) char data[TILES][TILE_BYTES];
    int64_t holds[TILES]; /* offset of the first element that a tile was made of, -1: none */
} ew_tiles;

/* Element offset of each input at the start of a line. */
static void line_offsets(const ew_job *job, int64_t line, int64_t *offset) {
    const elementwise *e = job->e;
    for (int32_t j = 0; j < e->n_in; j++) offset[j] = 0;
    for (int32_t a = job->outer - 1; a >= 0; a--) {
        const int64_t i = line % e->dim[a];
        line /= e->dim[a];
        for (int32_t j = 0; j < e->n_in; j++) offset[j] += i * e->stride[j][a];
    }
}

/* n copies of one element. */
static void spread(char *to, const char *x, size_t size, int64_t n) {
    uint32_t word;
    if (size == sizeof word) {
        memcpy(&word, x, sizeof word);
        for (int64_t i = 0; i < n; i++) ((uint32_t *)(void *)to)[i] = word;
    } else if (size == 1) {
        memset(to, *x, (size_t)n);
    } else {
        for (int64_t i = 0; i < n; i++) memcpy(to + (size_t)i * size, x, size);
    }
}

/* Fills the tile of input j for `rows` rows from element `offset` on. */
static const void *fill_tile(const ew_job *job, ew_tiles *tiles, int32_t j, int64_t offset,
                             int64_t rows) {
    const elementwise *e = job->e;
    const size_t size = e->in_size[j], row = (size_t)e->inner * size;
    const char *x = (const char *)job->s->in[j].data + (size_t)offset * size;
    const int32_t at = job->tile[j];
    char *tile = tiles->data[at];
    if (tiles->holds[at] == offset) return tile;
    tiles->holds[at] = offset;
    for (int64_t i = 0; i < rows; i++) {
        if (job->feed[j] == FEED_REPEATED)
            memcpy(tile + (size_t)i * row, x, row);
        else
            spread(tile + (size_t)i * row, x + (size_t)i * size, size, e->inner);
    }
    return tile;
}

/* Input j of the block of r->n elements at element `at` of a line whose input begins at `offset`.
 */
static void feed_input(const ew_job *job, ew_tiles *tiles, int32_t j, int64_t offset, int64_t at,
                       ew_row *r) {
    const elementwise *e = job->e;
    r->step[j] = job->feed[j] == FEED_DIRECT ? e->inner_step[j] : 1;
    switch (job->feed[j]) {
    case FEED_DIRECT:
        offset += at * (int64_t)r->step[j];
        r->in[j] = (const char *)job->s->in[j].data + (size_t)offset * e->in_size[j];
        break;
    case FEED_REPEATED: r->in[j] = fill_tile(job, tiles, j, offset, job->block / e->inner); break;
    case FEED_SPREAD:
        r->in[j] = fill_tile(job, tiles, j, offset + at / e->inner, r->n / e->inner);
        break;
    }
}

static void do_blocks(const ew_job *job, int64_t first, int64_t last, ew_tiles *tiles) {
    const elementwise *e = job->e;
    for (int64_t item = first; item < last; item++) {
        const int64_t line = item / job->blocks, at = item % job->blocks * job->block;
        int64_t offset[EW_MAX_IN];
        ew_row r = {.n = job->line - at < job->block ? job->line - at : job->block};
        line_offsets(job, line, offset);
        for (int32_t j = 0; j < e->n_in; j++) feed_input(job, tiles, j, offset[j], at, &r);
        r.out = (char *)job->s->out[0].data + (size_t)(line * job->line + at) * e->out_size;
        apply_block(e, &r);
    }
}

static void do_direct(void *arg, int64_t first, int64_t last, int32_t worker) {
    (void)worker;
    do_blocks(arg, first, last, NULL);
}

/* A task of its own: small operators shall not pay for the tiles on their stack. */
static void do_tiled(void *arg, int64_t first, int64_t last, int32_t worker) {
    ew_tiles tiles;
    (void)worker;
    for (int32_t i = 0; i < TILES; i++) tiles.holds[i] = -1;
    do_blocks(arg, first, last, &tiles);
}

/* Rows of the last outer axis that a block takes together; 1: rows are long. */
static int64_t rows_together(const elementwise *e) {
    size_t size = 1;
    for (int32_t j = 0; j < e->n_in; j++) size = e->in_size[j] > size ? e->in_size[j] : size;
    if (e->rank == 0 || e->inner > SHORT) return 1;
    const int64_t fit = TILE_BYTES / (int64_t)size / e->inner, rows = e->dim[e->rank - 1];
    return fit < rows ? fit : rows;
}

static feed feed_of(const elementwise *e, int32_t j) {
    const int64_t between = e->stride[j][e->rank - 1];
    if (between == e->inner * (int64_t)e->inner_step[j]) return FEED_DIRECT;
    return between == 0 ? FEED_REPEATED : FEED_SPREAD;
}

/* Gives inputs tiles; false when there are not enough. */
static bool assign_tiles(ew_job *job) {
    for (int32_t j = 0; j < job->e->n_in; j++) {
        job->feed[j] = feed_of(job->e, j);
        if (job->feed[j] != FEED_DIRECT) job->tile[j] = job->tiles++;
    }
    return job->tiles <= TILES;
}

void ew_run(run_ctx *r, const step *s, const elementwise *e) {
    if (e->rows == 0 || e->inner == 0) return;
    ew_job job = {.e = e, .s = s, .outer = e->rank, .line = e->inner};
    const int64_t together = rows_together(e);
    const bool tiled = together > 1 && assign_tiles(&job);
    if (tiled) {
        job.outer--;
        job.line = e->dim[job.outer] * e->inner;
        job.block = together * e->inner;
    } else {
        memset(job.feed, 0, sizeof job.feed);
        job.block = e->inner < GRAIN ? e->inner : GRAIN;
    }
    job.blocks = (job.line + job.block - 1) / job.block;
    const int64_t lines = e->rows * e->inner / job.line;
    team_run(r->team, lines * job.blocks, GRAIN / job.block, tiled ? do_tiled : do_direct, &job);
}
