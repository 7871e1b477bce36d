/* SPDX-License-Identifier: Apache-2.0
 *
 * ArgMax and ArgMin: the place of the extreme element along an axis; of several the first, or the
 * last.
 */
#include "movement.h"
#include "order.h"

typedef struct arg_params {
    int64_t axis;
    bool keepdims, select_last_index;
} arg_params;

static const attr_spec arg_attrs[] = {
    ATTR_ROW(AXIS, arg_params, axis),
    ATTR_ROW(BOOL, arg_params, keepdims, .i = 1),
    ATTR_ROW(BOOL, arg_params, select_last_index),
};
static const op_arg arg_in[] = {{"data", DT_NUMBERS, 0, 0}};
static const op_arg arg_out[] = {{"reduced", DT(HONE_I64), 0, 0}};
static const op_version arg_versions[] = {{1, NULL}};

static hone_status arg_infer(infer *f) {
    const arg_params *p = f->params;
    const shape *x = infer_shape(f, 0);
    int32_t axis;
    f->out[0].dtype = HONE_I64;
    if (x->rank < 0) return HONE_OK;
    TRY(infer_check_rank(f, 0, 1, HONE_MAX_RANK));
    TRY(infer_axis(f, p->axis, x->rank, &axis));
    if (x->dim[axis] == 0) return infer_fail(f, "axis %d has no elements", axis);
    shape y = {.rank = 0};
    for (int32_t a = 0; a < x->rank; a++) {
        if (a != axis)
            y.dim[y.rank++] = x->dim[a];
        else if (p->keepdims)
            y.dim[y.rank++] = 1;
    }
    f->out[0].shape = y;
    return HONE_OK;
}

static void arg_axes(const node *n, axis_map *m) {
    const arg_params *p = n->params;
    const int32_t rank = node_in(n, 0)->type.shape.rank;
    int32_t axis = 0, o = 0;
    axis_normalize(p->axis, rank, &axis);
    for (int32_t a = 0; a < rank; a++) {
        const bool gone = a == axis && !p->keepdims;
        axis_add(m, 0, a, 0, gone ? -1 : o++, a == axis ? AXIS_REDUCED : AXIS_SAME);
    }
}

/* Columns that are searched side by side. */
enum { BLOCK = 256 };

typedef struct arg_job {
    const step *s;
    int64_t n, inner, blocks; /* axis, what follows it, blocks of columns in that */
    uint64_t flip;            /* turns keys over for the maximum */
    reduce_fn *fold;          /* finds the extreme of a block, or NULL */
    binary_fn *join, *better; /* of two rows of columns; NULL with fold */
    bool last;
} arg_job;

/* Takes element `at` of a row if its key is better. */
static void consider(const arg_job *j, uint64_t key, int64_t at, uint64_t *best, int64_t *found) {
    key ^= j->flip;
    if (key > *best || (key == *best && !j->last)) return;
    *best = key;
    *found = at;
}

/* Could a block of n elements hold a better one? Its extreme tells, unless it is NaN: then, and for
 * types without a kernel, perhaps. */
static bool promising(const arg_job *j, const char *x, int64_t n, uint64_t best) {
    const hone_dtype t = j->s->in[0].dtype;
    double extreme; /* room for an element of any type */
    uint64_t key;
    if (!j->fold) return true;
    j->fold((size_t)n, x, &extreme);
    order_keys(t, &extreme, 1, 1, &key);
    return key == UINT64_MAX || (key ^ j->flip) <= best;
}

/* One row of neighbours, block by block. */
static int64_t search_row(const arg_job *j, const char *x) {
    const hone_dtype t = j->s->in[0].dtype;
    uint64_t keys[BLOCK], best = UINT64_MAX;
    int64_t found = 0;
    for (int64_t at = 0; at < j->n; at += BLOCK) {
        const int64_t n = j->n - at < BLOCK ? j->n - at : BLOCK;
        const char *block = x + (size_t)at * dtype_size(t);
        if (!promising(j, block, n, best)) continue;
        order_keys(t, block, 1, n, keys);
        for (int64_t i = 0; i < n; i++) consider(j, keys[i], at + i, &best, &found);
    }
    return found;
}

/* `n` columns next to each other, by their keys. */
static void search_keys(const arg_job *j, const char *x, int64_t n, int64_t *y) {
    const hone_dtype t = j->s->in[0].dtype;
    uint64_t keys[BLOCK], best[BLOCK];
    for (int64_t i = 0; i < n; i++) best[i] = UINT64_MAX, y[i] = 0;
    for (int64_t row = 0; row < j->n; row++) {
        order_keys(t, x + (size_t)(row * j->inner) * dtype_size(t), 1, n, keys);
        for (int64_t i = 0; i < n; i++) {
            const uint64_t key = keys[i] ^ j->flip;
            const bool better = key < best[i] || (key == best[i] && j->last);
            best[i] = better ? key : best[i];
            y[i] = better ? row : y[i];
        }
    }
}

/* The same by kernels on whole rows. A NaN wins and stays, which tells the columns that only keys
 * can decide. */
static void search_rows(const arg_job *j, const char *x, int64_t n, int64_t *y) {
    const step *s = j->s;
    const size_t size = dtype_size(s->in[0].dtype), count = (size_t)n;
    uint64_t best[BLOCK]; /* room for elements of any type */
    int32_t found[BLOCK] = {0};
    uint8_t take[BLOCK];
    memcpy(best, x, count * size);
    for (int32_t row = 1; row < j->n; row++) {
        const char *next = x + (size_t)(row * j->inner) * size;
        const void *a = j->flip ? (const void *)best : next, *b = j->flip ? next : (void *)best;
        j->better(count, a, 1, b, 1, take);
        s->k->select[KT_I32](count, take, 1, &row, 0, found, 1, found);
        j->join(count, best, 1, next, 1, best);
    }
    for (int64_t i = 0; i < n; i++) y[i] = found[i];
    if (!dtype_in(s->in[0].dtype, DT_FLOATS)) return;
    s->k->equal[dtype_ktype(s->in[0].dtype)](count, best, 1, best, 1, take);
    for (int64_t i = 0; i < n; i++)
        if (!take[i]) search_keys(j, x + (size_t)i * size, 1, y + i);
}

static void do_blocks(void *arg, int64_t first, int64_t last, int32_t worker) {
    const arg_job *j = arg;
    const size_t size = dtype_size(j->s->in[0].dtype);
    int64_t *y = j->s->out[0].data;
    (void)worker;
    for (int64_t item = first; item < last; item++) {
        const int64_t o = item / j->blocks, at = item % j->blocks * BLOCK;
        const char *x = (const char *)j->s->in[0].data + (size_t)(o * j->n * j->inner + at) * size;
        const int64_t n = j->inner - at < BLOCK ? j->inner - at : BLOCK;
        if (j->inner == 1)
            y[o] = search_row(j, x);
        else
            (j->join && j->n <= INT32_MAX ? search_rows : search_keys)(j, x, n,
                                                                       y + o * j->inner + at);
    }
}

static hone_status arg_search(run_ctx *r, const step *s, uint64_t flip, reduce_fn *const *folds,
                              binary_fn *const *joins) {
    const arg_params *p = step_params(s);
    const shape *x = &s->in[0].shape;
    int32_t axis = 0;
    axis_normalize(p->axis, x->rank, &axis);
    const ktype t = dtype_ktype(s->in[0].dtype);
    arg_job j = {.s = s,
                 .fold = t < KT_COUNT ? folds[t] : NULL,
                 .join = t < KT_COUNT ? joins[t] : NULL,
                 .n = x->dim[axis],
                 .inner = shape_span(x, axis + 1, x->rank),
                 .flip = flip,
                 .last = p->select_last_index};
    if (tensor_count(&s->out[0]) == 0) return HONE_OK;
    if (j.join) j.better = (j.last ? s->k->less_equal : s->k->less)[t];
    j.blocks = (j.inner + BLOCK - 1) / BLOCK;
    team_run(r->team, shape_span(x, 0, axis) * j.blocks, 64 / j.n + 1, do_blocks, &j);
    return HONE_OK;
}

/* The maximum is the first of the keys turned over. A key equal to the starting value is at place 0
 * unless it is found later on, which is where it is looked for. */
static hone_status arg_max_run(run_ctx *r, const step *s) {
    return arg_search(r, s, UINT64_MAX, s->k->reduce_max, s->k->max);
}
static hone_status arg_min_run(run_ctx *r, const step *s) {
    return arg_search(r, s, 0, s->k->reduce_min, s->k->min);
}

static uint64_t arg_flops(const step *s) { return (uint64_t)tensor_count(&s->in[0]); }

static const char *const arg_cases[] = {"f32[3,4]",
                                        "f32[2,1000] axis=-1 keepdims=0",
                                        "f32[1,21,30,30] axis=1",
                                        "f64[3,4,5] axis=1 select_last_index=1",
                                        "u8[2,40,300] axis=1",
                                        "f16[5,3] axis=0",
                                        "u8[4,5] axis=1 select_last_index=1",
                                        "f16[7] axis=0",
                                        "i64[3,0,4] axis=2",
                                        NULL};

#define ARG(ident, label)                                                                          \
    static const op op_##ident = {.name = label,                                                   \
                                  .domain = "",                                                    \
                                  OP_VERSIONS(arg_versions),                                       \
                                  OP_ARGS_IN(arg_in),                                              \
                                  OP_ARGS_OUT(arg_out),                                            \
                                  OP_ATTRS(arg_attrs, arg_params),                                 \
                                  .infer = arg_infer,                                              \
                                  .axes = arg_axes,                                                \
                                  .run = ident##_run,                                              \
                                  .flops = arg_flops,                                              \
                                  .tolerance = {TOL_EXACT, 0},                                     \
                                  .cases = arg_cases}
ARG(arg_max, "ArgMax");
ARG(arg_min, "ArgMin");

static const op *const members[] = {&op_arg_max, &op_arg_min};
const op_family family_arg_extreme = {members, COUNT_OF(members)};
