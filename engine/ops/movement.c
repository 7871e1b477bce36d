/* SPDX-License-Identifier: Apache-2.0 */
#include "movement.h"

#include <string.h>

/* Bytes a task moves at least, elements of a plane's edge that stay together, and units that are
 * filled in one by one. */
enum { GRAIN_BYTES = 65536, TILE = 64, SHORT = 8 };

const op_quant quant_moves = {QUANT_PASS, UINT32_MAX, -1, -1, NULL};
const op_quant quant_moves_first = {QUANT_PASS, 1, -1, -1, NULL};

uint64_t move_flops(const step *s) {
    (void)s;
    return 0;
}

void movement_init(movement *m, size_t size) {
    m->unit = size;
    m->rank = 0;
}

void movement_add(movement *m, int64_t n, int64_t from, int64_t to) {
    const int64_t size = (int64_t)m->unit;
    from *= size;
    to *= size;
    if (n == 1) return;
    move_axis *outer = m->rank ? &m->axis[m->rank - 1] : NULL;
    if (outer && outer->from == n * from && outer->to == n * to)
        *outer = (move_axis){outer->n * n, from, to};
    else
        m->axis[m->rank++] = (move_axis){n, from, to};
}

void cursor_seek(move_cursor *c, const move_axis *axis, int32_t rank, int64_t item) {
    c->from = c->to = 0;
    for (int32_t a = rank - 1; a >= 0; a--) {
        c->index[a] = item % axis[a].n;
        item /= axis[a].n;
        c->from += c->index[a] * axis[a].from;
        c->to += c->index[a] * axis[a].to;
    }
}

void cursor_next(move_cursor *c, const move_axis *axis, int32_t rank) {
    for (int32_t a = rank - 1; a >= 0; a--) {
        c->from += axis[a].from;
        c->to += axis[a].to;
        if (++c->index[a] < axis[a].n) return;
        c->from -= axis[a].n * axis[a].from;
        c->to -= axis[a].n * axis[a].to;
        c->index[a] = 0;
    }
}

void fill_units(int64_t n, size_t unit, const void *pattern, void *dst) {
    if (n <= SHORT) {
        for (int64_t i = 0; i < n; i++) move_element(unit, pattern, (char *)dst + (size_t)i * unit);
        return;
    }
    memcpy(dst, pattern, unit);
    /* What is there doubles until it is a page, which is then copied on. */
    size_t done = unit, total = (size_t)n * unit, chunk = unit;
    while (done < total) {
        const size_t left = total - done, now = chunk < left ? chunk : left;
        memcpy((char *)dst + done, dst, now);
        done += now;
        if (chunk < 4096) chunk *= 2;
    }
}

#define MOVE_FIXED(size)                                                                           \
    case size:                                                                                     \
        for (int64_t i = 0; i < n; i++) memcpy(d + i * to, s + i * from, size);                    \
        return

void move_units(int64_t n, size_t unit, const void *src, int64_t from, void *dst, int64_t to) {
    const char *s = src;
    char *d = dst;
    if (from == 0 && to == (int64_t)unit) {
        fill_units(n, unit, src, dst);
        return;
    }
    switch (unit) {
        MOVE_FIXED(1);
        MOVE_FIXED(2);
        MOVE_FIXED(4);
        MOVE_FIXED(8);
        MOVE_FIXED(16);
    default:
        for (int64_t i = 0; i < n; i++) memcpy(d + i * to, s + i * from, unit);
    }
}

#define GATHER_FIXED(size)                                                                         \
    case size:                                                                                     \
        for (int64_t i = 0; i < n; i++) memcpy(d + i * (size), s + from[i], size);                 \
        return

void move_gather(int64_t n, size_t unit, const void *src, const int64_t *from, void *dst) {
    const char *s = src;
    char *d = dst;
    switch (unit) {
        GATHER_FIXED(1);
        GATHER_FIXED(2);
        GATHER_FIXED(4);
        GATHER_FIXED(8);
        GATHER_FIXED(16);
    default:
        for (int64_t i = 0; i < n; i++) memcpy(d + (size_t)i * unit, s + from[i], unit);
    }
}

typedef struct move_job {
    move_axis axis[MOVE_MAX_AXES]; /* around a line or a plane */
    int32_t rank;
    size_t unit;
    const char *src;
    char *dst;
    move_axis line;        /* lines: along it; planes: contiguous in the source */
    move_axis across;      /* planes: contiguous in the result */
    int64_t block, blocks; /* every line or plane is split into this many tasks */
    transpose_fn *turn;
} move_job;

static void do_bytes(void *arg, int64_t first, int64_t last, int32_t worker) {
    const move_job *j = arg;
    (void)worker;
    memcpy(j->dst + first, j->src + first, (size_t)(last - first));
}

void move_bytes(run_ctx *r, void *dst, const void *src, size_t bytes) {
    move_job j = {.src = src, .dst = dst};
    if (bytes && dst != src) team_run(r->team, (int64_t)bytes, 4 * GRAIN_BYTES, do_bytes, &j);
}

static void do_fill(void *arg, int64_t first, int64_t last, int32_t worker) {
    const move_job *j = arg;
    (void)worker;
    fill_units(last - first, j->unit, j->src, j->dst + (size_t)first * j->unit);
}

void fill_tensor(run_ctx *r, const tensor *t, const void *element) {
    move_job j = {.src = element, .dst = t->data, .unit = dtype_size(t->dtype)};
    team_run(r->team, tensor_count(t), 4 * GRAIN_BYTES / (int64_t)j.unit, do_fill, &j);
}

static int64_t min_i64(int64_t a, int64_t b) { return a < b ? a : b; }

/* Item: block `b` of line `l`, at l * blocks + b. */
static void do_lines(void *arg, int64_t first, int64_t last, int32_t worker) {
    const move_job *j = arg;
    move_cursor c;
    int64_t b = first % j->blocks;
    (void)worker;
    cursor_seek(&c, j->axis, j->rank, first / j->blocks);
    for (int64_t item = first; item < last; item++) {
        const int64_t at = b * j->block;
        move_units(min_i64(j->block, j->line.n - at), j->unit, j->src + c.from + at * j->line.from,
                   j->line.from, j->dst + c.to + at * j->line.to, j->line.to);
        if (++b == j->blocks) {
            b = 0;
            cursor_next(&c, j->axis, j->rank);
        }
    }
}

static void do_planes(void *arg, int64_t first, int64_t last, int32_t worker) {
    const move_job *j = arg;
    const int64_t size = (int64_t)j->unit;
    /* The longer axis of a plane is the one that is split. */
    const bool by_line = j->line.n >= j->across.n;
    const move_axis *split = by_line ? &j->line : &j->across;
    const size_t ldx = (size_t)(j->across.from / size), ldy = (size_t)(j->line.to / size);
    move_cursor c;
    int64_t b = first % j->blocks;
    (void)worker;
    cursor_seek(&c, j->axis, j->rank, first / j->blocks);
    for (int64_t item = first; item < last; item++) {
        const int64_t at = b * j->block, n = min_i64(j->block, split->n - at);
        j->turn((size_t)(by_line ? j->across.n : n), (size_t)(by_line ? n : j->line.n),
                j->src + c.from + at * split->from, ldx, j->dst + c.to + at * split->to, ldy);
        if (++b == j->blocks) {
            b = 0;
            cursor_next(&c, j->axis, j->rank);
        }
    }
}

static transpose_fn *turn_kernel(const kernels *k, size_t unit) {
    switch (unit) {
    case 1: return k->transpose_b8;
    case 2: return k->transpose_b16;
    case 4: return k->transpose_b32;
    case 8: return k->transpose_b64;
    default: return NULL;
    }
}

/* Is `a` an axis to turn over: a positive distance in whole units on the side where it is not
 * contiguous? */
static bool turnable(int64_t near, int64_t far, int64_t unit) {
    return near == unit && far > unit && far % unit == 0;
}

/* Finds the two axes of planes that a transpose kernel can do and takes them out of the list. */
static bool take_plane(move_job *j, const kernels *k) {
    const int64_t unit = (int64_t)j->unit;
    int32_t line = -1, across = -1;
    j->turn = turn_kernel(k, j->unit);
    for (int32_t a = 0; a < j->rank; a++) {
        if (turnable(j->axis[a].from, j->axis[a].to, unit)) line = a;
        if (turnable(j->axis[a].to, j->axis[a].from, unit)) across = a;
    }
    if (!j->turn || line < 0 || across < 0) return false;
    j->line = j->axis[line];
    j->across = j->axis[across];
    int32_t n = 0;
    for (int32_t a = 0; a < j->rank; a++)
        if (a != line && a != across) j->axis[n++] = j->axis[a];
    j->rank = n;
    return true;
}

/* Runs that are contiguous on both sides become the unit. */
static void absorb(move_job *j) {
    while (j->rank > 0) {
        const move_axis *a = &j->axis[j->rank - 1];
        if (a->from != (int64_t)j->unit || a->to != (int64_t)j->unit) return;
        j->unit *= (size_t)a->n;
        j->rank--;
    }
}

/* Splits `n` pieces of `bytes` each into tasks of at least GRAIN_BYTES and multiples of `multiple`.
 */
static void set_blocks(move_job *j, int64_t n, int64_t bytes, int64_t multiple) {
    j->block = GRAIN_BYTES / bytes + 1;
    j->block = (j->block + multiple - 1) / multiple * multiple;
    if (j->block > n) j->block = n;
    j->blocks = (n + j->block - 1) / j->block;
}

void movement_run(run_ctx *r, const kernels *k, const movement *m, const void *src, void *dst) {
    move_job j = {.rank = m->rank, .unit = m->unit, .src = src, .dst = dst};
    for (int32_t a = 0; a < m->rank; a++) {
        j.axis[a] = m->axis[a];
        if (m->axis[a].n == 0) return;
    }
    absorb(&j);
    if (j.rank == 0) {
        move_bytes(r, dst, src, j.unit);
        return;
    }
    const bool plane = take_plane(&j, k);
    int64_t bytes, outer = 1; /* of one step along the split axis */
    if (plane) {
        const int64_t n = j.line.n > j.across.n ? j.line.n : j.across.n;
        bytes = (int64_t)j.unit * min_i64(j.line.n, j.across.n);
        set_blocks(&j, n, bytes, TILE);
    } else {
        j.line = j.axis[--j.rank];
        bytes = (int64_t)j.unit;
        set_blocks(&j, j.line.n, bytes, 1);
    }
    for (int32_t a = 0; a < j.rank; a++) outer *= j.axis[a].n;
    team_run(r->team, outer * j.blocks, GRAIN_BYTES / (bytes * j.block) + 1,
             plane ? do_planes : do_lines, &j);
}

bool movement_is_copy(const movement *m) {
    const int64_t unit = (int64_t)m->unit;
    return m->rank == 0 || (m->rank == 1 && m->axis[0].from == unit && m->axis[0].to == unit);
}

hone_status repeat_plan(plan_ctx *p, step *s) {
    (void)p;
    s->keeps_bytes = tensor_count(&s->in[0]) == tensor_count(&s->out[0]);
    return HONE_OK;
}

void dense_strides(const shape *s, int64_t *stride) {
    int64_t n = 1;
    for (int32_t a = s->rank - 1; a >= 0; a--) {
        stride[a] = n;
        n *= s->dim[a];
    }
}
