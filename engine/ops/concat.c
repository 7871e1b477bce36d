/* SPDX-License-Identifier: Apache-2.0 */
#include "movement.h"

typedef struct concat_params {
    int64_t axis;
} concat_params;

static const attr_spec concat_attrs[] = {ATTR_ROW(AXIS, concat_params, axis, .required = true)};
static const op_arg concat_in[] = {{"inputs", DT_MOVABLE, 'T', ARG_VARIADIC}};
static const op_arg concat_out[] = {{"concat_result", DT_MOVABLE, 'T', 0}};
/* Channels were the default. */
static hone_status concat_upgrade(builder *b, draft *d) {
    return draft_has(d, "axis") ? b->status : draft_set_attr(b, d, A_INT("axis", 1));
}

static const op_version concat_versions[] = {{1, concat_upgrade}, {4, NULL}};

/* Adds one input to what the output is known to be. */
static hone_status concat_add(const infer *f, int32_t i, int32_t axis, shape *y) {
    const shape *x = infer_shape(f, i);
    if (x->rank < 0) {
        y->dim[axis] = DIM_UNKNOWN;
        return HONE_OK;
    }
    if (x->rank != y->rank)
        return infer_fail(f, "input %d has rank %d: expected %d", i, x->rank, y->rank);
    for (int32_t a = 0; a < y->rank; a++) {
        if (a == axis) {
            y->dim[a] = dim_add(y->dim[a], x->dim[a]);
        } else if (dim_compatible(y->dim[a], x->dim[a])) {
            y->dim[a] = dim_merge(y->dim[a], x->dim[a]);
        } else {
            char t[SHAPE_TEXT];
            return infer_fail(f, "input %d has shape %s: expected %lld on axis %d", i,
                              shape_text(t, sizeof t, x), (long long)y->dim[a], a);
        }
    }
    return HONE_OK;
}

static hone_status concat_infer(infer *f) {
    int32_t rank = RANK_UNKNOWN, axis;
    if (f->n_in < 1) return infer_fail(f, "has no inputs");
    for (int32_t i = 0; i < f->n_in; i++) {
        if (!infer_has(f, i)) return infer_fail(f, "input %d is missing", i);
        if (infer_rank(f, i) >= 0) rank = infer_rank(f, i);
        if (f->out[0].dtype == HONE_UNDEFINED) f->out[0].dtype = infer_dtype(f, i);
    }
    if (rank < 0) return HONE_OK;
    TRY(infer_axis(f, ((const concat_params *)f->params)->axis, rank, &axis));
    shape y = shape_of_rank(rank);
    y.dim[axis] = 0;
    for (int32_t i = 0; i < f->n_in; i++) TRY(concat_add(f, i, axis, &y));
    f->out[0].shape = y;
    return HONE_OK;
}

static int32_t concat_axis(const void *params, int32_t rank) {
    int32_t axis = 0;
    axis_normalize(((const concat_params *)params)->axis, rank, &axis);
    return axis;
}

static void concat_axes(const node *n, axis_map *m) {
    const int32_t rank = n->out[0]->type.shape.rank, axis = concat_axis(n->params, rank);
    for (int32_t i = 0; i < n->n_in; i++)
        for (int32_t a = 0; a < rank; a++)
            axis_add(m, i, a, 0, a, a == axis ? AXIS_JOINED : AXIS_SAME);
}

/* Where nothing is outside of the axis, inputs are runs of bytes of the output. */
static hone_status concat_plan(plan_ctx *p, step *s) {
    (void)p;
    const shape *y = &s->out[0].shape;
    s->keeps_bytes = s->n_in == 1;
    s->joins_bytes = shape_span(y, 0, concat_axis(step_params(s), y->rank)) == 1;
    return HONE_OK;
}

/* Every input is a box of [outer, what follows] inside the output. */
static hone_status concat_run(run_ctx *r, const step *s) {
    const shape *y = &s->out[0].shape;
    const int32_t axis = concat_axis(step_params(s), y->rank);
    const size_t size = dtype_size(s->out[0].dtype);
    const int64_t outer = shape_span(y, 0, axis), row = shape_span(y, axis, y->rank);
    char *dst = s->out[0].data;
    for (int32_t i = 0; i < s->n_in; i++) {
        const int64_t part = shape_span(&s->in[i].shape, axis, y->rank);
        movement m;
        movement_init(&m, size);
        movement_add(&m, outer, part, row);
        movement_add(&m, part, 1, 1);
        if (s->in[i].data != dst) /* it may have been made there, see memplan.c */
            movement_run(r, s->k, &m, s->in[i].data, dst);
        dst += (size_t)part * size;
    }
    return HONE_OK;
}

/* Each input's gradient is its slice of dy; where sizes are not known yet they are asked for. */
static hone_status concat_grad(gradient *g) {
    builder *b = g->b;
    const node *n = g->node;
    const int32_t rank = emit_rank(b, n->out[0]);
    if (rank < 0) return b->status;
    const int64_t axis = concat_axis(n->params, rank);
    value *axes = emit_i64s(b, &axis, 1);
    value *start = emit_i64s(b, &(int64_t){0}, 1);
    for (int32_t i = 0; i < n->n_in; i++) {
        value *size = emit(b, "Shape", IN(node_in(n, i)),
                           ATTRS(A_INT("start", axis), A_INT("end", axis + 1)));
        value *end = emit(b, "Add", IN(start, size), NO_ATTRS);
        g->dx[i] = emit(b, "Slice", IN(g->dy[0], start, end, axes), NO_ATTRS);
        start = end;
    }
    return b->status;
}

static const char *const concat_cases[] = {
    "f32[2,3] f32[2,5] axis=1",        "f32[2,3] f32[1,3] f32[4,3] axis=0",
    "u8[1,8,8,3] u8[1,8,8,5] axis=-1", "f32[1,64,40,40] f32[1,64,40,40] axis=1",
    "f16[2,0] f16[2,3] axis=1",        NULL};

const op op_concat = {.name = "Concat",
                      .domain = "",
                      OP_VERSIONS(concat_versions),
                      OP_ARGS_IN(concat_in),
                      OP_ARGS_OUT(concat_out),
                      OP_ATTRS(concat_attrs, concat_params),
                      .infer = concat_infer,
                      .axes = concat_axes,
                      .permute = permute_attrs,
                      .plan = concat_plan,
                      .run = concat_run,
                      .grad = concat_grad,
                      .quant = &quant_moves,
                      .flops = move_flops,
                      .tolerance = {TOL_EXACT, 0},
                      .cases = concat_cases};
