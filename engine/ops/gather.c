/* SPDX-License-Identifier: Apache-2.0
 *
 * Gather: whole slices of one axis, picked by an index tensor that takes the axis's place.
 */
#include "index.h"
#include "movement.h"

typedef struct gather_params {
    int64_t axis;
} gather_params;

static const attr_spec gather_attrs[] = {ATTR_ROW(AXIS, gather_params, axis)};
static const op_arg gather_in[] = {{"data", DT_MOVABLE, 'T', 0}, {"indices", DT_INDEX, 0, 0}};
static const op_arg gather_out[] = {{"output", DT_MOVABLE, 'T', 0}};
static const op_version gather_versions[] = {{1, NULL}};

static hone_status gather_infer(infer *f) {
    const shape *x = infer_shape(f, 0), *index = infer_shape(f, 1);
    int32_t axis;
    f->out[0].dtype = infer_dtype(f, 0);
    TRY(infer_check_rank(f, 0, 1, HONE_MAX_RANK));
    if (x->rank < 0) return HONE_OK;
    TRY(infer_axis(f, ((const gather_params *)f->params)->axis, x->rank, &axis));
    if (index->rank < 0) return HONE_OK;
    if (x->rank - 1 + index->rank > HONE_MAX_RANK)
        return infer_fail(f, "the output has more than %d axes", HONE_MAX_RANK);
    shape y = {.rank = 0};
    for (int32_t a = 0; a < axis; a++) y.dim[y.rank++] = x->dim[a];
    for (int32_t a = 0; a < index->rank; a++) y.dim[y.rank++] = index->dim[a];
    for (int32_t a = axis + 1; a < x->rank; a++) y.dim[y.rank++] = x->dim[a];
    f->out[0].shape = y;
    return HONE_OK;
}

static void gather_axes(const node *n, axis_map *m) {
    const int32_t rank = node_in(n, 0)->type.shape.rank, picks = node_in(n, 1)->type.shape.rank;
    int32_t axis = 0;
    axis_normalize(((const gather_params *)n->params)->axis, rank, &axis);
    for (int32_t a = 0; a < rank; a++)
        if (a != axis) axis_add(m, 0, a, 0, a < axis ? a : a - 1 + picks, AXIS_SAME);
    for (int32_t a = 0; a < picks; a++) {
        axis_add(m, 0, axis, 0, axis + a, AXIS_MIXED);
        axis_add(m, 1, a, 0, axis + a, AXIS_SAME);
    }
}

typedef struct gather_job {
    const char *src;
    char *dst;
    const tensor *index;
    int64_t count, size; /* picks, and the size of the axis */
    size_t unit;         /* bytes of one slice */
} gather_job;

/* Picks that are looked up together. */
enum { BLOCK = 128 };

static void do_gather(void *arg, int64_t first, int64_t last, int32_t worker) {
    const gather_job *j = arg;
    const size_t row = (size_t)j->size * j->unit;
    int64_t from[BLOCK];
    (void)worker;
    for (int64_t item = first, n; item < last; item += n) {
        const int64_t outer = item / j->count, i = item % j->count;
        n = j->count - i < last - item ? j->count - i : last - item;
        if (n > BLOCK) n = BLOCK;
        index_places(j->index, i, n, j->size, (int64_t)j->unit, from);
        move_gather(n, j->unit, j->src + (size_t)outer * row, from,
                    j->dst + (size_t)item * j->unit);
    }
}

static hone_status gather_run(run_ctx *r, const step *s) {
    const shape *x = &s->in[0].shape;
    int32_t axis = 0;
    axis_normalize(((const gather_params *)step_params(s))->axis, x->rank, &axis);
    const int64_t inner = shape_span(x, axis + 1, x->rank);
    gather_job j = {.src = s->in[0].data,
                    .dst = s->out[0].data,
                    .index = &s->in[1],
                    .count = tensor_count(&s->in[1]),
                    .size = x->dim[axis],
                    .unit = (size_t)inner * dtype_size(s->in[0].dtype)};
    TRY(index_check(r, &s->in[1], j.size));
    if (tensor_count(&s->out[0]) == 0) return HONE_OK;
    team_run(r->team, shape_span(x, 0, axis) * j.count, 65536 / (int64_t)j.unit + 1, do_gather, &j);
    return HONE_OK;
}

/* One pick that is known, and nothing outside of its axis: a run of bytes. */
static hone_status gather_plan(plan_ctx *p, step *s) {
    const shape *x = &s->in[0].shape;
    int32_t axis = 0;
    axis_normalize(((const gather_params *)step_params(s))->axis, x->rank, &axis);
    if (!s->in[1].data || tensor_count(&s->in[1]) != 1 || shape_span(x, 0, axis) != 1)
        return HONE_OK;
    int64_t pick = tensor_i64(&s->in[1], 0);
    if (pick < 0) pick += x->dim[axis];
    if (pick < 0 || pick >= x->dim[axis]) return HONE_OK; /* run says so */
    size_t *at = plan_parts(p, s);
    if (!at) return HONE_E_NOMEM;
    *at = (size_t)(pick * shape_span(x, axis + 1, x->rank)) * dtype_size(s->in[0].dtype);
    return HONE_OK;
}

static const char *const gather_cases[] = {"f32[5,7] i64{0,-1,3}", "f32[5,7] i64{2,2} axis=1",
                                           "f32[1000,384] i64{7,8,999,1}",
                                           "u8[4,3,2] i32{1} axis=1", NULL};

const op op_gather = {.name = "Gather",
                      .domain = "",
                      OP_VERSIONS(gather_versions),
                      OP_ARGS_IN(gather_in),
                      OP_ARGS_OUT(gather_out),
                      OP_ATTRS(gather_attrs, gather_params),
                      .flags = OP_PICKS,
                      .infer = gather_infer,
                      .axes = gather_axes,
                      .plan = gather_plan,
                      .run = gather_run,
                      .grad = move_grad,
                      .quant = &quant_moves_first,
                      .flops = move_flops,
                      .tolerance = {TOL_EXACT, 0},
                      .cases = gather_cases};
