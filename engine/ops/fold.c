/* SPDX-License-Identifier: Apache-2.0
 *
 * The input's axes are joined into as few as possible and sorted into
 *
 *     items   kept axes, except the innermost if it is kept
 *     runs    folded axes, except the innermost if it is folded
 *     inner   the innermost axis: contiguous, either folded (one result an item) or kept (a row of
 *             results an item)
 *
 * Work is cut into tasks by shape alone, so that results do not depend on the number of threads.
 * Where there are few results, each one's fold is cut into chunks as well, whose partial results
 * are joined at the end. Sums are built from short partial sums at every level, which keeps the
 * rounding error of long folds small. 16-bit floats are folded in float32.
 */
#include "fold.h"

#include <string.h>

#include "checked.h"
#include "elementwise.h"

enum {
    PIECE = 16384,  /* elements of a run that one call folds, and what a chunk has at least */
    WIDE = 512,     /* elements of a row that one task folds; 16-bit floats widened at once */
    PARTIALS = 64,  /* partial results that are joined at once; rows summed at once */
    FEW_TASKS = 32, /* below that many tasks, folds are cut into chunks */
    CELL = 8        /* bytes of the largest element */
};

typedef struct fold {
    ktype type; /* of partial results */
    size_t size, in_size;
    reduce_fn *run, *join;
    binary_fn *rows, *multiply, *divide;
    unary_fn *absolute;
    fold_map map;
    bool mean, inner_folded;
    int64_t folded;   /* elements behind one result */
    char count[CELL]; /* the same as an element */
    widen_fn *widen;  /* 16-bit floats */
    narrow_fn *narrow;
    int32_t n_item, n_run; /* axes */
    int64_t item_dim[HONE_MAX_RANK], item_stride[HONE_MAX_RANK];
    int64_t run_dim[HONE_MAX_RANK], run_stride[HONE_MAX_RANK];
    int64_t items, runs, inner;
    int64_t pieces; /* per run (inner folded) or row (inner kept) */
    int64_t chunks; /* of one result's fold */
    int64_t chunk;  /* runs, or pieces of runs, in a chunk */
} fold;

typedef struct fold_job {
    const fold *f;
    const char *x;
    char *y;
    char *partial; /* [items, chunks] or [items, chunks, inner] */
} fold_job;

static reduce_fn *slot_reduce(const kernels *k, size_t offset, ktype t) {
    reduce_fn *fn;
    memcpy(&fn, (const char *)k + offset + (size_t)t * sizeof fn, sizeof fn);
    return fn;
}

hone_status fold_axes(const ctx *c, const tensor *axes, int32_t rank, uint32_t *out) {
    uint32_t bits = 0;
    for (int64_t i = 0; i < tensor_count(axes) && rank > 0; i++) {
        const int64_t axis = tensor_i64(axes, i);
        int32_t a;
        if (!axis_normalize(axis, rank, &a))
            return fail(c, HONE_E_FORMAT, "axis %lld is out of range: expected %d to %d",
                        (long long)axis, -rank, rank - 1);
        if (bits >> a & 1u)
            return fail(c, HONE_E_FORMAT, "axis %lld is given twice", (long long)axis);
        bits |= 1u << a;
    }
    *out = bits;
    return HONE_OK;
}

/* Sorts the input's axes, joining neighbours of the same kind. */
static void split_axes(fold *f, const shape *in, uint32_t axes) {
    int64_t dim[HONE_MAX_RANK], stride[HONE_MAX_RANK];
    bool folded[HONE_MAX_RANK];
    int32_t n = 0;
    for (int32_t a = 0; a < in->rank; a++) {
        const bool fold_it = (axes >> a & 1u) != 0;
        if (in->dim[a] == 1) continue;
        if (n > 0 && folded[n - 1] == fold_it)
            dim[n - 1] *= in->dim[a];
        else
            dim[n] = in->dim[a], folded[n++] = fold_it;
        stride[n - 1] = shape_span(in, a + 1, in->rank);
    }
    f->items = f->runs = f->inner = 1;
    if (n == 0) return;
    f->inner = dim[--n];
    f->inner_folded = folded[n];
    for (int32_t a = 0; a < n; a++) {
        if (folded[a]) {
            f->run_dim[f->n_run] = dim[a], f->run_stride[f->n_run++] = stride[a];
            f->runs *= dim[a];
        } else {
            f->item_dim[f->n_item] = dim[a], f->item_stride[f->n_item++] = stride[a];
            f->items *= dim[a];
        }
    }
}

static void choose_kernels(fold *f, const step *s, const fold_rule *rule) {
    const hone_dtype t = s->in[0].dtype;
    f->type = dtype_ktype(t);
    if (t == HONE_F16 || t == HONE_BF16) {
        f->type = KT_F32;
        f->widen = t == HONE_F16 ? s->k->widen_f16 : s->k->widen_bf16;
        f->narrow = t == HONE_F16 ? s->k->narrow_f16 : s->k->narrow_bf16;
    }
    f->size = ktype_size(f->type);
    f->in_size = dtype_size(t);
    f->map = rule->map;
    f->mean = rule->mean;
    f->run = slot_reduce(s->k, rule->run, f->type);
    f->join = slot_reduce(s->k, rule->join, f->type);
    f->rows = slot_binary(s->k, f->type == KT_BOOL ? rule->rows_bool : rule->rows, f->type);
    f->absolute = s->k->abs[f->type];
    f->multiply = s->k->mul[f->type];
    f->divide = s->k->div[f->type];
}

/* Cuts the folds into pieces and chunks. */
static void split_work(fold *f) {
    const int64_t reach = f->inner_folded ? PIECE : WIDE;
    f->pieces = f->inner > reach ? (f->inner + reach - 1) / reach : 1;
    const int64_t units = f->inner_folded ? f->runs * f->pieces : f->runs;
    const int64_t tasks = f->inner_folded ? f->items : f->items * f->pieces;
    const int64_t length = f->inner < reach ? f->inner : reach;
    f->chunk = units;
    if (tasks < FEW_TASKS && PIECE / length < units) {
        f->chunk = PIECE / length;
        if (f->chunk < PARTIALS && !f->inner_folded) f->chunk = PARTIALS;
        if (f->chunk < 1) f->chunk = 1;
    }
    f->chunks = (units + f->chunk - 1) / f->chunk;
}

hone_status fold_plan(plan_ctx *p, step *s, const fold_rule *rule, uint32_t axes) {
    fold *f = plan_state(p, s, sizeof *f);
    if (!f) return HONE_E_NOMEM;
    const shape *in = &s->in[0].shape;
    choose_kernels(f, s, rule);
    f->folded = 1;
    for (int32_t a = 0; a < in->rank; a++)
        if (axes >> a & 1u) f->folded *= in->dim[a];
    static const hone_dtype number[KT_COUNT] = {HONE_F32, HONE_F64, HONE_I8,  HONE_I16,
                                                HONE_I32, HONE_I64, HONE_U8,  HONE_U16,
                                                HONE_U32, HONE_U64, HONE_BOOL};
    const tensor count = {.dtype = number[f->type], .data = f->count};
    tensor_set_i64(&count, 0, f->folded);
    if (tensor_count(&s->in[0]) == 0) return HONE_OK;
    split_axes(f, in, axes);
    split_work(f);
    plan_kernel(p, s, "%s of %s", f->inner_folded ? "runs" : "rows",
                f->widen ? "float32" : hone_dtype_name(s->in[0].dtype));
    size_t bytes = f->size;
    if (f->chunks == 1) return HONE_OK;
    if (!size_mul(bytes, (size_t)f->chunks, &bytes) || !size_mul(bytes, (size_t)f->items, &bytes) ||
        !size_mul(bytes, f->inner_folded ? 1 : (size_t)f->inner, &bytes))
        return fail(p->c, HONE_E_LIMIT, "the partial results are too large");
    s->scratch_bytes = bytes;
    return HONE_OK;
}

/* Element offset of number i of a set of axes. */
static int64_t offset_of(int32_t n, const int64_t *dim, const int64_t *stride, int64_t i) {
    int64_t offset = 0;
    for (int32_t a = n - 1; a >= 0; a--) {
        offset += i % dim[a] * stride[a];
        i /= dim[a];
    }
    return offset;
}

/* n finished results, which may be changed, into the output from element `at` on. */
static void finish(const fold *f, int64_t n, char *cells, char *y, int64_t at) {
    if (f->mean) f->divide((size_t)n, cells, 1, f->count, 0, cells);
    char *out = y + (size_t)at * f->in_size;
    if (f->narrow)
        f->narrow((size_t)n, (const float *)(const void *)cells, (uint16_t *)(void *)out);
    else
        memcpy(out, cells, (size_t)n * f->size);
}

/* Partial results on their way into one. */
typedef struct gather {
    double cell[PARTIALS]; /* of any type */
    int32_t n;
} gather;

static void gather_join(const fold *f, gather *g) {
    char result[CELL];
    f->join((size_t)g->n, g->cell, result);
    memcpy(g->cell, result, f->size);
    g->n = 1;
}

static void gather_run(const fold *f, gather *g, int64_t n, const void *x) {
    if (g->n == PARTIALS) gather_join(f, g);
    f->run((size_t)n, x, (char *)g->cell + (size_t)g->n++ * f->size);
}

static void gather_piece(const fold *f, gather *g, int64_t n, const char *x) {
    if (!f->widen) {
        gather_run(f, g, n, x);
        return;
    }
    float wide[WIDE];
    for (int64_t at = 0; at < n; at += WIDE) {
        const int64_t part = n - at < WIDE ? n - at : WIDE;
        f->widen((size_t)part, (const uint16_t *)(const void *)x + at, wide);
        gather_run(f, g, part, wide);
    }
}

/* Chunk c of the fold of one item whose elements start at x. */
static void fold_chunk(const fold *f, gather *g, const char *x, int64_t c) {
    const int64_t units = f->runs * f->pieces;
    const int64_t last = (c + 1) * f->chunk < units ? (c + 1) * f->chunk : units;
    g->n = 0;
    for (int64_t u = c * f->chunk; u < last; u++) {
        const int64_t run = u / f->pieces, at = u % f->pieces * PIECE;
        const int64_t n = f->inner - at < PIECE ? f->inner - at : PIECE;
        const int64_t offset = offset_of(f->n_run, f->run_dim, f->run_stride, run) + at;
        gather_piece(f, g, n, x + (size_t)offset * f->in_size);
    }
    if (g->n > 1) gather_join(f, g);
}

/* Tasks are [items, chunks]. */
static void fold_items(void *arg, int64_t first, int64_t last, int32_t worker) {
    const fold_job *job = arg;
    const fold *f = job->f;
    (void)worker;
    for (int64_t t = first; t < last; t++) {
        const int64_t item = t / f->chunks;
        const int64_t offset = offset_of(f->n_item, f->item_dim, f->item_stride, item);
        gather g;
        fold_chunk(f, &g, job->x + (size_t)offset * f->in_size, t % f->chunks);
        if (f->chunks == 1)
            finish(f, 1, (char *)g.cell, job->y, item);
        else
            memcpy(job->partial + (size_t)t * f->size, g.cell, f->size);
    }
}

/* n elements of a row, mapped and widened, in memory of their own or in x itself. */
static const void *mapped_row(const fold *f, int64_t n, const char *x, double *room) {
    const void *row = x;
    if (f->widen) {
        f->widen((size_t)n, (const uint16_t *)(const void *)x, (float *)(void *)room);
        row = room;
    }
    if (f->map == FOLD_PLAIN) return row;
    if (f->map == FOLD_ABS)
        f->absolute((size_t)n, row, room, NULL);
    else
        f->multiply((size_t)n, row, 1, row, 1, room);
    return room;
}

/* total = fold of rows [first, last) of n elements, of which the first starts at x. */
static void fold_rows(const fold *f, int64_t n, const char *x, int64_t first, int64_t last,
                      double *total) {
    double part[WIDE], room[WIDE];
    const size_t bytes = (size_t)n * f->size;
    for (int64_t r = first; r < last; r++) {
        const int64_t offset = offset_of(f->n_run, f->run_dim, f->run_stride, r);
        const void *row = mapped_row(f, n, x + (size_t)offset * f->in_size, room);
        if ((r - first) % PARTIALS)
            f->rows((size_t)n, part, 1, row, 1, part);
        else
            memcpy(part, row, bytes);
        if (r + 1 < last && (r + 1 - first) % PARTIALS) continue;
        if (r - first < PARTIALS)
            memcpy(total, part, bytes);
        else
            f->rows((size_t)n, total, 1, part, 1, total);
    }
}

/* Tasks are [items, chunks, pieces]. */
static void fold_columns(void *arg, int64_t first, int64_t last, int32_t worker) {
    const fold_job *job = arg;
    const fold *f = job->f;
    (void)worker;
    for (int64_t t = first; t < last; t++) {
        const int64_t at = t % f->pieces * WIDE, row = t / f->pieces;
        const int64_t item = row / f->chunks, from = row % f->chunks * f->chunk;
        const int64_t to = from + f->chunk < f->runs ? from + f->chunk : f->runs;
        const int64_t n = f->inner - at < WIDE ? f->inner - at : WIDE;
        const int64_t offset = offset_of(f->n_item, f->item_dim, f->item_stride, item) + at;
        double total[WIDE];
        fold_rows(f, n, job->x + (size_t)offset * f->in_size, from, to, total);
        if (f->chunks == 1)
            finish(f, n, (char *)total, job->y, item * f->inner + at);
        else
            memcpy(job->partial + (size_t)(row * f->inner + at) * f->size, total,
                   (size_t)n * f->size);
    }
}

static void join_chunks(const fold_job *job) {
    const fold *f = job->f;
    const size_t inner = f->inner_folded ? 1 : (size_t)f->inner;
    for (int64_t item = 0; item < f->items; item++) {
        char *first = job->partial + (size_t)(item * f->chunks) * inner * f->size;
        if (f->inner_folded) {
            char result[CELL];
            f->join((size_t)f->chunks, first, result);
            finish(f, 1, result, job->y, item);
            continue;
        }
        for (int64_t c = 1; c < f->chunks; c++)
            f->rows(inner, first, 1, first + (size_t)c * inner * f->size, 1, first);
        finish(f, f->inner, first, job->y, item * f->inner);
    }
}

/* Every result is the fold of nothing. */
static void fill_empty(const fold *f, const tensor *y) {
    for (int64_t i = 0; i < tensor_count(y); i++) {
        double cell;
        f->run(0, &cell, &cell);
        finish(f, 1, (char *)&cell, y->data, i);
    }
}

hone_status fold_run(run_ctx *r, const step *s) {
    const fold *f = s->state;
    fold_job job = {.f = f, .x = s->in[0].data, .y = s->out[0].data, .partial = r->scratch};
    if (tensor_count(&s->in[0]) == 0) {
        fill_empty(f, &s->out[0]);
        return HONE_OK;
    }
    if (f->inner_folded) {
        const int64_t each = f->chunk < PIECE / f->inner ? f->chunk * f->inner : PIECE;
        team_run(r->team, f->items * f->chunks, PIECE / each, fold_items, &job);
    } else {
        const int64_t n = f->inner < WIDE ? f->inner : WIDE;
        const int64_t each = f->chunk < PIECE / n ? f->chunk * n : PIECE;
        team_run(r->team, f->items * f->chunks * f->pieces, PIECE / each, fold_columns, &job);
    }
    if (f->chunks > 1) join_chunks(&job);
    return HONE_OK;
}
