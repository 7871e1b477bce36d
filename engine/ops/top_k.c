/* SPDX-License-Identifier: Apache-2.0
 *
 * TopK: the k largest (or smallest) elements of every row, in order. Before opset 10 k was an
 * attribute. `sorted` 0 allows any order, also this one.
 */
#include "checked.h"
#include "movement.h"
#include "order.h"
#include "wide.h"

typedef struct top_k_params {
    int64_t axis;
    bool largest, sorted;
} top_k_params;

static const attr_spec top_k_attrs[] = {
    ATTR_ROW(AXIS, top_k_params, axis, .i = -1),
    ATTR_ROW(BOOL, top_k_params, largest, .i = 1),
    ATTR_ROW(BOOL, top_k_params, sorted, .i = 1),
};
static const op_arg top_k_in[] = {{"X", DT_NUMBERS, 'T', 0}, {"K", DT(HONE_I64), 0, 0}};
static const op_arg top_k_out[] = {{"Values", DT_NUMBERS, 'T', ARG_OPTIONAL},
                                   {"Indices", DT(HONE_I64), 0, ARG_OPTIONAL}};

static hone_status top_k_upgrade(builder *b, draft *d) { return draft_ints_to_input(b, d, "k", 1); }
static const op_version top_k_versions[] = {{1, top_k_upgrade}, {10, NULL}};

static hone_status top_k_infer(infer *f) {
    const shape *x = infer_shape(f, 0);
    const tensor *k = infer_value(f, 1);
    int32_t axis;
    shape y = *x;
    TRY(infer_check_rank(f, 0, 1, HONE_MAX_RANK));
    if (x->rank > 0) {
        TRY(infer_axis(f, ((const top_k_params *)f->params)->axis, x->rank, &axis));
        y.dim[axis] = DIM_UNKNOWN;
        if (k) {
            if (tensor_count(k) != 1) return infer_fail(f, "'K' is not a single number");
            const int64_t count = tensor_i64(k, 0);
            if (count < 0 || (dim_known(x->dim[axis]) && count > x->dim[axis]))
                return infer_fail(f, "'K' is %lld: expected 0 to %lld", (long long)count,
                                  (long long)x->dim[axis]);
            y.dim[axis] = count;
        }
    }
    infer_set(f, 0, infer_dtype(f, 0), &y);
    infer_set(f, 1, HONE_I64, &y);
    return HONE_OK;
}

/* Rows that lie side by side are ranked together, so that memory is read in order. */
enum { SIDE_BY_SIDE = 16 };

typedef struct top_k_job {
    const step *s;
    int64_t n, k, inner; /* row length, kept, distance of a row's elements */
    bool largest;
    char *scratch;
    size_t each; /* scratch of one worker */
} top_k_job;

static hone_status top_k_plan(plan_ctx *p, step *s) {
    const shape *y = step_wants(s, 0) ? &s->out[0].shape : &s->out[1].shape;
    size_t *each = plan_state(p, s, sizeof *each), bytes;
    int32_t axis = 0;
    if (!each) return HONE_E_NOMEM;
    axis_normalize(((const top_k_params *)step_params(s))->axis, y->rank, &axis);
    const int64_t inner = shape_span(y, axis + 1, y->rank);
    const size_t rows = (size_t)(inner < SIDE_BY_SIDE ? inner : SIDE_BY_SIDE);
    if (!size_mul((size_t)y->dim[axis], rows * sizeof(ranked), &bytes)) bytes = SIZE_MAX;
    return scratch_book_workers(p, s, bytes, each);
}

/* A row of neighbours. */
static void rank_row(const top_k_job *j, const char *x, ranking *r) {
    enum { BLOCK = 256 };
    const hone_dtype t = j->s->in[0].dtype;
    const size_t size = dtype_size(t);
    const uint64_t flip = j->largest ? UINT64_MAX : 0;
    uint64_t keys[BLOCK];
    for (int64_t at = 0; at < j->n; at += BLOCK) {
        const int64_t n = j->n - at < BLOCK ? j->n - at : BLOCK;
        order_keys(t, x + (size_t)at * size, 1, n, keys);
        for (int64_t i = 0; i < n; i++) {
            const uint64_t key = keys[i] ^ flip;
            if (!ranking_drops(r, key)) ranking_push(r, (ranked){key, at + i});
        }
    }
    ranking_sort(r);
}

/* The same for `rows` rows next to each other. */
static void rank_columns(const top_k_job *j, const char *x, int64_t rows, ranking *r) {
    const hone_dtype t = j->s->in[0].dtype;
    const uint64_t flip = j->largest ? UINT64_MAX : 0;
    uint64_t keys[SIDE_BY_SIDE];
    for (int64_t at = 0; at < j->n; at++, x += (size_t)j->inner * dtype_size(t)) {
        order_keys(t, x, 1, rows, keys);
        for (int64_t i = 0; i < rows; i++) {
            const uint64_t key = keys[i] ^ flip;
            if (!ranking_drops(&r[i], key)) ranking_push(&r[i], (ranked){key, at});
        }
    }
    for (int64_t i = 0; i < rows; i++) ranking_sort(&r[i]);
}

/* x and `to` are where the row begins in the data and in the results. */
static void write_row(const top_k_job *j, const ranking *r, const char *x, int64_t to) {
    const step *s = j->s;
    const size_t size = dtype_size(s->in[0].dtype);
    for (int64_t m = 0; m < r->count; m++, to += j->inner) {
        const int64_t from = r->heap[m].index;
        if (step_wants(s, 0))
            move_element(size, x + (size_t)(from * j->inner) * size,
                         (char *)s->out[0].data + (size_t)to * size);
        if (step_wants(s, 1)) ((int64_t *)s->out[1].data)[to] = from;
    }
}

static void do_rows(void *arg, int64_t first, int64_t last, int32_t worker) {
    const top_k_job *j = arg;
    const size_t size = dtype_size(j->s->in[0].dtype);
    ranked *heap = (ranked *)(void *)(j->scratch + (size_t)worker * j->each);
    ranking r[SIDE_BY_SIDE];
    int64_t rows;
    for (int64_t row = first; row < last; row += rows) {
        const int64_t o = row / j->inner, i = row % j->inner;
        const char *x = (const char *)j->s->in[0].data + (size_t)(o * j->n * j->inner + i) * size;
        rows = last - row < j->inner - i ? last - row : j->inner - i;
        if (rows > SIDE_BY_SIDE) rows = SIDE_BY_SIDE;
        for (int64_t c = 0; c < rows; c++)
            r[c] = (ranking){.heap = heap + c * j->k, .capacity = j->k};
        if (j->inner == 1)
            rank_row(j, x, r);
        else
            rank_columns(j, x, rows, r);
        for (int64_t c = 0; c < rows; c++)
            write_row(j, &r[c], x + (size_t)c * size, o * j->k * j->inner + i + c);
    }
}

static hone_status top_k_run(run_ctx *r, const step *s) {
    const top_k_params *p = step_params(s);
    const shape *x = &s->in[0].shape;
    const shape *y = step_wants(s, 0) ? &s->out[0].shape : &s->out[1].shape;
    int32_t axis = 0;
    axis_normalize(p->axis, x->rank, &axis);
    top_k_job j = {.s = s,
                   .n = x->dim[axis],
                   .k = y->dim[axis],
                   .inner = shape_span(x, axis + 1, x->rank),
                   .largest = p->largest,
                   .scratch = r->scratch,
                   .each = *(const size_t *)s->state};
    if (j.k == 0 || j.n == 0) return HONE_OK;
    team_run(r->team, shape_span(x, 0, axis) * j.inner, 16384 / j.n + SIDE_BY_SIDE, do_rows, &j);
    return HONE_OK;
}

static const char *const top_k_cases[] = {
    "f32[3,4] i64{3} >2", "f32[3,40,2] i64{7} axis=1 >2", "i64[9] i64{9} largest=0 >2",
    "f16[5,6] i64{1} >2", "u8[2,300] i64{20} >2",         NULL};

const op op_top_k = {.name = "TopK",
                     .domain = "",
                     OP_VERSIONS(top_k_versions),
                     OP_ARGS_IN(top_k_in),
                     OP_ARGS_OUT(top_k_out),
                     OP_ATTRS(top_k_attrs, top_k_params),
                     .infer = top_k_infer,
                     .plan = top_k_plan,
                     .run = top_k_run,
                     .tolerance = {TOL_EXACT, 0},
                     .cases = top_k_cases};
