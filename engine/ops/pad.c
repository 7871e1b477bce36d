/* SPDX-License-Identifier: Apache-2.0
 *
 * Pad: puts elements before and after (or, where a count is negative, takes them away). Before
 * opset 11 the counts and the value were attributes.
 *
 * The output is made row by row. Axes behind the last padded one are part of a row's units:
 *
 *     [before | copied run of the source row | after]      one row along the last padded axis
 */
#include <string.h>

#include "checked.h"
#include "composite.h"
#include "movement.h"
#include "narrow.h"
#include "pad.h"

enum { DATA, PADS, VALUE, AXES };
enum { PAD_CONSTANT, PAD_REFLECT, PAD_EDGE, PAD_WRAP };

typedef struct pad_params {
    int32_t mode;
} pad_params;

static const char *const modes[] = {"constant", "reflect", "edge", "wrap", NULL};
static const attr_spec pad_attrs[] = {ATTR_ROW(CHOICE, pad_params, mode, .choices = modes)};
static const op_arg pad_in[] = {{"data", DT_MOVABLE, 'T', 0},
                                {"pads", DT(HONE_I64), 0, 0},
                                {"constant_value", DT_MOVABLE, 'T', ARG_OPTIONAL},
                                {"axes", DT_INDEX, 0, ARG_OPTIONAL}};
static const op_arg pad_out[] = {{"output", DT_MOVABLE, 'T', 0}};

static hone_status pad_upgrade(builder *b, draft *d) {
    const float v = draft_float(d, "value", 0.0f);
    const value *x = draft_in(d, DATA);
    draft_drop(d, "value");
    TRY(draft_ints_to_input(b, d, "pads", PADS));
    if (v == 0.0f || !x) return HONE_OK;
    return draft_set_in(b, d, VALUE, emit_scalar(b, x->type.dtype, (double)v));
}

static hone_status paddings_upgrade(builder *b, draft *d) {
    return draft_ints_to_input(b, d, "paddings", PADS);
}

static const op_version pad_versions[] = {
    {1, paddings_upgrade}, {2, pad_upgrade}, {11, expand_widened}};

/* Elements before and after each axis. */
typedef struct pad_counts {
    int64_t before[HONE_MAX_RANK], after[HONE_MAX_RANK];
} pad_counts;

/* Returns NULL or what is wrong. axes may be NULL. */
static const char *pad_read(const tensor *pads, const tensor *axes, int32_t rank, pad_counts *p) {
    const int64_t n = axes ? tensor_count(axes) : rank;
    uint32_t seen = 0;
    *p = (pad_counts){{0}, {0}};
    if (n > rank || tensor_count(pads) != 2 * n) return "'pads' has not two counts an axis";
    for (int64_t i = 0; i < n; i++) {
        int32_t a;
        if (!axis_normalize(axes ? tensor_i64(axes, i) : i, rank, &a) || seen >> a & 1)
            return "'axes' is no list of different axes";
        seen |= 1u << a;
        p->before[a] = tensor_i64(pads, i);
        p->after[a] = tensor_i64(pads, i + n);
    }
    return NULL;
}

/* Size of a padded axis, or DIM_UNKNOWN; false when there is none. */
static bool pad_dim(int64_t dim, int64_t before, int64_t after, int32_t mode, int64_t *out) {
    const int64_t most = INT64_C(1) << 60; /* so that places in the output can be shifted by it */
    int64_t size;
    if (before == 0 && after == 0) {
        *out = dim;
        return true;
    }
    *out = DIM_UNKNOWN;
    if (before < -most || before > most || after < -most || after > most) return false;
    if (!dim_known(dim)) return true;
    if (!i64_add(dim, before, &size) || !i64_add(size, after, &size) || size < 0) return false;
    *out = size;
    return mode == PAD_CONSTANT || dim > 0 || size == 0;
}

static hone_status pad_infer(infer *f) {
    const shape *x = infer_shape(f, DATA);
    const tensor *pads = infer_value(f, PADS), *axes = infer_value(f, AXES);
    pad_counts p;
    f->out[0].dtype = infer_dtype(f, DATA);
    if (x->rank < 0) return HONE_OK;
    shape y = shape_of_rank(x->rank);
    if (pads && (axes || !infer_has(f, AXES))) {
        const char *wrong = pad_read(pads, axes, x->rank, &p);
        if (wrong) return infer_fail(f, "%s", wrong);
        for (int32_t a = 0; a < x->rank; a++)
            if (!pad_dim(x->dim[a], p.before[a], p.after[a], ((const pad_params *)f->params)->mode,
                         &y.dim[a]))
                return infer_fail(f, "axis %d of size %lld cannot be padded by %lld and %lld", a,
                                  (long long)x->dim[a], (long long)p.before[a],
                                  (long long)p.after[a]);
    }
    f->out[0].shape = y;
    return HONE_OK;
}

static void pad_axes(const node *n, axis_map *m) {
    const shape *x = &node_in(n, DATA)->type.shape, *y = &n->out[0]->type.shape;
    for (int32_t a = 0; a < x->rank; a++) {
        const bool same = dim_known(x->dim[a]) && x->dim[a] == y->dim[a];
        axis_add(m, 0, a, 0, a, same ? AXIS_SAME : AXIS_JOINED);
    }
}

bool pad_zeros(const node *n, int64_t before[HONE_MAX_RANK], int64_t after[HONE_MAX_RANK]) {
    const value *pads = node_in(n, PADS), *fill = node_in(n, VALUE), *axes = node_in(n, AXES);
    const int32_t rank = n->out[0]->type.shape.rank;
    pad_counts p;
    if (((const pad_params *)n->params)->mode != PAD_CONSTANT || rank < 0) return false;
    if (!pads->constant || (axes && !axes->constant)) return false;
    if (fill && (!fill->constant || tensor_count(fill->constant) != 1 ||
                 tensor_f64(fill->constant, 0) != 0))
        return false;
    if (pad_read(pads->constant, axes ? axes->constant : NULL, rank, &p)) return false;
    memcpy(before, p.before, sizeof p.before);
    memcpy(after, p.after, sizeof p.after);
    return true;
}

/* Without a list of axes the counts are put in the new order. */
static bool pad_permute(builder *b, node *n, const int32_t *to, int32_t rank) {
    const value *pads = node_in(n, PADS);
    int64_t counts[2 * HONE_MAX_RANK];
    if (node_in(n, AXES)) return permute_axes_list(b, n, AXES, to, rank);
    if (!pads || !pads->constant || tensor_count(pads->constant) != 2 * rank) return false;
    for (int32_t a = 0; a < rank; a++) {
        counts[to[a]] = tensor_i64(pads->constant, a);
        counts[rank + to[a]] = tensor_i64(pads->constant, rank + a);
    }
    value *renamed = emit_i64s(b, counts, 2 * rank);
    if (renamed) node_set_input(n, PADS, renamed);
    return renamed != NULL;
}

/* Where element i of a padded axis of `size` source elements comes from; -1: it is the constant. */
static int64_t pad_source(int32_t mode, int64_t i, int64_t before, int64_t size) {
    const int64_t at = i - before;
    if (at >= 0 && at < size) return at;
    if (mode == PAD_CONSTANT) return -1;
    if (mode == PAD_EDGE || size == 1) return at < 0 ? 0 : size - 1;
    const int64_t period = mode == PAD_WRAP ? size : 2 * (size - 1);
    int64_t turn = at < 0 ? at + period : at; /* once is mostly enough */
    if (turn < 0 || turn >= period) turn = at % period + (at % period < 0 ? period : 0);
    return turn < size ? turn : period - turn;
}

typedef struct pad_job {
    const char *src;
    char *dst;
    const char *pattern; /* one element of the constant */
    size_t size, unit;   /* of an element; of one step along the row axis */
    int32_t mode, row;   /* row: the axis of the rows */
    pad_counts pads;
    int64_t x[HONE_MAX_RANK], from[HONE_MAX_RANK]; /* source sizes, and strides in bytes */
    move_axis y[HONE_MAX_RANK];                    /* output sizes around the rows */
    int64_t n;                                     /* length of an output row */
} pad_job;

static void fill_constant(const pad_job *j, int64_t n, char *dst) {
    fill_units(n * (int64_t)(j->unit / j->size), j->size, j->pattern, dst);
}

/* Elements [first, last) of an output row, of which none is inside the source row's own run. */
static void pad_border(const pad_job *j, int64_t first, int64_t last, const char *src, char *dst) {
    if (j->mode == PAD_CONSTANT) {
        fill_constant(j, last - first, dst + (size_t)first * j->unit);
        return;
    }
    /* The source goes on, stands still or goes back until it turns. */
    const int64_t before = j->pads.before[j->row], size = j->x[j->row];
    for (int64_t i = first, run; i < last; i += run) {
        const int64_t at = pad_source(j->mode, i, before, size);
        const int64_t by = pad_source(j->mode, i + 1, before, size) - at;
        const int64_t to_turn = by == 1 ? size - at : by == -1 ? at + 1 : by == 0 ? last - i : 1;
        run = to_turn < last - i ? to_turn : last - i;
        move_units(run, j->unit, src + at * (int64_t)j->unit, by * (int64_t)j->unit,
                   dst + (size_t)i * j->unit, (int64_t)j->unit);
    }
}

static void pad_row(const pad_job *j, const char *src, char *dst) {
    const int64_t before = j->pads.before[j->row], size = j->x[j->row];
    const int64_t first = clamp_i64(before, 0, j->n), last = clamp_i64(before + size, first, j->n);
    pad_border(j, 0, first, src, dst);
    if (last > first)
        memcpy(dst + (size_t)first * j->unit, src + (size_t)(first - before) * j->unit,
               (size_t)(last - first) * j->unit);
    pad_border(j, last, j->n, src, dst);
}

static void do_rows(void *arg, int64_t first, int64_t last, int32_t worker) {
    const pad_job *j = arg;
    move_cursor c;
    (void)worker;
    cursor_seek(&c, j->y, j->row, first);
    for (int64_t item = first; item < last; item++, cursor_next(&c, j->y, j->row)) {
        char *dst = j->dst + (size_t)(item * j->n) * j->unit;
        int64_t offset = 0;
        bool inside = true;
        for (int32_t a = 0; a < j->row && inside; a++) {
            const int64_t at = pad_source(j->mode, c.index[a], j->pads.before[a], j->x[a]);
            inside = at >= 0;
            offset += at * j->from[a];
        }
        if (inside)
            pad_row(j, j->src + offset, dst);
        else
            fill_constant(j, j->n, dst);
    }
}

static hone_status pad_run(run_ctx *r, const step *s) {
    const shape *x = &s->in[DATA].shape, *y = &s->out[0].shape;
    const uint64_t zero[2] = {0, 0};
    pad_job j = {.src = s->in[DATA].data,
                 .dst = s->out[0].data,
                 .pattern = step_has(s, VALUE) ? s->in[VALUE].data : (const void *)zero,
                 .size = dtype_size(s->out[0].dtype),
                 .mode = ((const pad_params *)step_params(s))->mode};
    if (step_has(s, VALUE) && tensor_count(&s->in[VALUE]) != 1)
        return run_fail(r, "'constant_value' is not a single element");
    const char *wrong =
        pad_read(&s->in[PADS], step_has(s, AXES) ? &s->in[AXES] : NULL, x->rank, &j.pads);
    if (wrong) return run_fail(r, "%s", wrong);
    if (tensor_count(&s->out[0]) == 0) return HONE_OK;
    j.row = x->rank - 1;
    while (j.row > 0 && j.pads.before[j.row] == 0 && j.pads.after[j.row] == 0) j.row--;
    if (x->rank == 0) {
        memcpy(j.dst, j.src, j.size);
        return HONE_OK;
    }
    dense_strides(x, j.from);
    for (int32_t a = 0; a < x->rank; a++) {
        j.x[a] = x->dim[a];
        j.from[a] *= (int64_t)j.size;
        j.y[a] = (move_axis){y->dim[a], 0, 0};
    }
    j.n = y->dim[j.row];
    j.unit = (size_t)shape_span(y, j.row + 1, y->rank) * j.size;
    team_run(r->team, shape_span(y, 0, j.row), 65536 / (j.n * (int64_t)j.unit) + 1, do_rows, &j);
    return HONE_OK;
}

static const char *const pad_cases[] = {"f32[1,64,56,56] i64{0,0,1,1,0,0,1,1}",
                                        "f32[1,56,56,64] i64{1,1,1,1} f32[] i64{1,2}",
                                        "f32[3,4] i64{2,1,0,3} mode=reflect",
                                        "f32[3,4] i64{5,9,7,6} mode=reflect",
                                        "f32[3,4] i64{2,1,0,3} mode=edge",
                                        "u8[3,4] i64{2,5,0,3} mode=wrap",
                                        "f16[5,4] i64{-1,-1,2,-2}",
                                        "i4[3,3] i64{1,0,0,2} i4[]{3}",
                                        NULL};

const op op_pad = {.name = "Pad",
                   .domain = "",
                   OP_VERSIONS(pad_versions),
                   OP_ARGS_IN(pad_in),
                   OP_ARGS_OUT(pad_out),
                   OP_ATTRS(pad_attrs, pad_params),
                   .infer = pad_infer,
                   .axes = pad_axes,
                   .permute = pad_permute,
                   .run = pad_run,
                   .quant = &quant_moves_first,
                   .flops = move_flops,
                   .tolerance = {TOL_EXACT, 0},
                   .cases = pad_cases};
