/* SPDX-License-Identifier: Apache-2.0
 *
 * CumSum and CumProd along an axis: inclusive or exclusive, forwards or from the end.
 */
#include "combine.h"
#include "movement.h"

typedef struct cumulative_params {
    bool exclusive, reverse;
} cumulative_params;

static const attr_spec cumulative_attrs[] = {
    ATTR_ROW(BOOL, cumulative_params, exclusive),
    ATTR_ROW(BOOL, cumulative_params, reverse),
};
static const op_arg cumulative_in[] = {{"x", DT_NUMBERS, 'T', 0}, {"axis", DT_INDEX, 0, 0}};
static const op_arg cumulative_out[] = {{"y", DT_NUMBERS, 'T', 0}};
static const op_version cum_sum_versions[] = {{11, NULL}};
static const op_version cum_prod_versions[] = {{26, NULL}};

static hone_status cumulative_infer(infer *f) {
    const tensor *axis = infer_value(f, 1);
    int32_t a;
    if (axis && tensor_count(axis) != 1) return infer_fail(f, "'axis' is not a single number");
    if (axis && infer_rank(f, 0) >= 0)
        TRY(infer_axis(f, tensor_i64(axis, 0), infer_rank(f, 0), &a));
    return infer_same(f, 0);
}

/* Rows along the last axis. A sum waits for the one before it, so several rows go side by side. */
typedef struct scan_shape {
    int64_t n;
    bool exclusive, reverse;
} scan_shape;
typedef void scan_fn(const scan_shape *s, int64_t rows, const void *x, void *y);
enum { SIDE_BY_SIDE = 4 };

typedef struct cumulative_job {
    combine how;
    const char *x;
    char *y;
    int64_t n;     /* size of the axis */
    int64_t inner; /* elements of one step along it */
    bool exclusive, reverse;
    uint64_t neutral; /* one element */
    scan_fn *scan;
} cumulative_job;

/* One [n, inner] matrix. Row i of the result is the one before it and a row of x. */
static void do_matrices(void *arg, int64_t first, int64_t last, int32_t worker) {
    const cumulative_job *j = arg;
    const size_t row = (size_t)j->inner * j->how.size;
    (void)worker;
    for (int64_t o = first; o < last; o++) {
        const char *x = j->x + (size_t)(o * j->n) * row;
        char *y = j->y + (size_t)(o * j->n) * row, *done = NULL;
        for (int64_t i = 0; i < j->n; i++) {
            const int64_t at = j->reverse ? j->n - 1 - i : i;
            const int64_t from = j->exclusive ? (j->reverse ? at + 1 : at - 1) : at;
            char *to = y + (size_t)at * row;
            if (j->exclusive && !done)
                fill_units(j->inner, j->how.size, &j->neutral, to);
            else
                memcpy(to, x + (size_t)from * row, row);
            if (done) combine_run(&j->how, j->inner, done, to);
            done = to;
        }
    }
}

/* The last of fewer than four rows is done more than once. */
#define SCAN(name, type, wide, start, op)                                                          \
    static void name(const scan_shape *s, int64_t rows, const void *xv, void *yv) {                \
        const int64_t n = s->n, by = s->reverse ? -1 : 1, late = s->exclusive ? by : 0;            \
        const type *x = (const type *)xv + (s->reverse ? n - 1 : 0);                               \
        type *y = (type *)yv + (s->reverse ? n - 1 : 0);                                           \
        for (int64_t r = 0; r < rows;                                                              \
             r += SIDE_BY_SIDE, x += SIDE_BY_SIDE * n, y += SIDE_BY_SIDE * n) {                    \
            const int64_t last = rows - 1 - r;                                                     \
            const int64_t b = (last < 1 ? last : 1) * n, c = (last < 2 ? last : 2) * n;            \
            const int64_t d = (last < 3 ? last : 3) * n;                                           \
            type v0 = s->exclusive ? (type)(start) : x[0], v1 = s->exclusive ? v0 : x[b];          \
            type v2 = s->exclusive ? v0 : x[c], v3 = s->exclusive ? v0 : x[d];                     \
            y[0] = v0, y[b] = v1, y[c] = v2, y[d] = v3;                                            \
            for (int64_t i = 1, at = by; i < n; i++, at += by) {                                   \
                const type *from = x + at - late;                                                  \
                v0 = (type)((wide)from[0] op(wide) v0);                                            \
                v1 = (type)((wide)from[b] op(wide) v1);                                            \
                v2 = (type)((wide)from[c] op(wide) v2);                                            \
                v3 = (type)((wide)from[d] op(wide) v3);                                            \
                y[at] = v0, y[at + b] = v1, y[at + c] = v2, y[at + d] = v3;                        \
            }                                                                                      \
        }                                                                                          \
    }
/* Integers wrap, whatever their sign is. */
#define SCANS(suffix, type, wide)                                                                  \
    SCAN(sums_##suffix, type, wide, 0, +)                                                          \
    SCAN(products_##suffix, type, wide, 1, *)
SCANS(f32, float, float)
SCANS(f64, double, double)
SCANS(8, uint8_t, uint32_t)
SCANS(16, uint16_t, uint32_t)
SCANS(32, uint32_t, uint32_t)
SCANS(64, uint64_t, uint64_t)

/* NULL: 16-bit floats, whose sums are rounded one by one. */
static scan_fn *scan_of(hone_dtype t, int32_t how) {
    const bool add = how == COMBINE_ADD;
    if (dtype_in(t, DT_FLOAT16S)) return NULL;
    if (t == HONE_F32) return add ? sums_f32 : products_f32;
    if (t == HONE_F64) return add ? sums_f64 : products_f64;
    switch (dtype_size(t)) {
    case 1: return add ? sums_8 : products_8;
    case 2: return add ? sums_16 : products_16;
    case 4: return add ? sums_32 : products_32;
    default: return add ? sums_64 : products_64;
    }
}

static void do_scans(void *arg, int64_t first, int64_t last, int32_t worker) {
    const cumulative_job *j = arg;
    const scan_shape s = {j->n, j->exclusive, j->reverse};
    const size_t at = (size_t)(first * j->n) * j->how.size;
    (void)worker;
    j->scan(&s, last - first, j->x + at, j->y + at);
}

static hone_status cumulative_run(run_ctx *r, const step *s, int32_t how) {
    const cumulative_params *p = step_params(s);
    const shape *x = &s->in[0].shape;
    cumulative_job j = {
        .x = s->in[0].data, .y = s->out[0].data, .exclusive = p->exclusive, .reverse = p->reverse};
    const tensor one = {.dtype = s->in[0].dtype, .data = &j.neutral};
    int32_t axis;
    if (tensor_count(&s->in[1]) != 1 || !axis_normalize(tensor_i64(&s->in[1], 0), x->rank, &axis))
        return run_fail(r, "'axis' is not an axis of %d", x->rank);
    if (tensor_count(&s->in[0]) == 0) return HONE_OK;
    combine_init(&j.how, s->k, s->in[0].dtype, how);
    tensor_set_f64(&one, 0, how == COMBINE_MUL ? 1.0 : 0.0);
    j.n = x->dim[axis];
    j.inner = shape_span(x, axis + 1, x->rank);
    j.scan = j.inner == 1 ? scan_of(s->in[0].dtype, how) : NULL;
    team_run(r->team, shape_span(x, 0, axis), 16384 / (j.n * j.inner) + SIDE_BY_SIDE,
             j.scan ? do_scans : do_matrices, &j);
    return HONE_OK;
}

static hone_status cum_sum_run(run_ctx *r, const step *s) {
    return cumulative_run(r, s, COMBINE_ADD);
}

static hone_status cum_prod_run(run_ctx *r, const step *s) {
    return cumulative_run(r, s, COMBINE_MUL);
}

/* dx is dy added up the other way round. */
static hone_status cum_sum_grad(gradient *g) {
    const cumulative_params *p = g->node->params;
    g->dx[0] = emit(g->b, "CumSum", IN(g->dy[0], node_in(g->node, 1)),
                    ATTRS(A_INT("exclusive", p->exclusive), A_INT("reverse", !p->reverse)));
    return g->b->status;
}

static const char *const cumulative_cases[] = {"f32[5] i64{0}",
                                               "f32[2,3,4] i64{1} exclusive=1",
                                               "i32[2,3] i32{-1} reverse=1",
                                               "f16[6,5] i64{0} exclusive=1 reverse=1",
                                               "f32[7,9] i64{1}",
                                               "f64[5,3] i64{1} exclusive=1 reverse=1",
                                               "i16[3,4] i64{1} exclusive=1",
                                               "u8[2,300] i64{1} reverse=1",
                                               "f16[3,5] i64{1}",
                                               "f32[3,0] i64{1}",
                                               NULL};

#define CUMULATIVE(ident, label, grad_fn)                                                          \
    static const op op_##ident = {.name = label,                                                   \
                                  .domain = "",                                                    \
                                  OP_VERSIONS(ident##_versions),                                   \
                                  OP_ARGS_IN(cumulative_in),                                       \
                                  OP_ARGS_OUT(cumulative_out),                                     \
                                  OP_ATTRS(cumulative_attrs, cumulative_params),                   \
                                  .infer = cumulative_infer,                                       \
                                  .run = ident##_run,                                              \
                                  .grad = grad_fn,                                                 \
                                  .tolerance = {TOL_SUM, 1},                                       \
                                  .cases = cumulative_cases}
CUMULATIVE(cum_sum, "CumSum", cum_sum_grad);
CUMULATIVE(cum_prod, "CumProd", NULL);

static const op *const members[] = {&op_cum_sum, &op_cum_prod};
const op_family family_cumulative = {members, COUNT_OF(members)};
