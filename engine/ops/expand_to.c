/* SPDX-License-Identifier: Apache-2.0
 *
 * Expand: broadcasts the input with a shape, both ways.
 */
#include "movement.h"
#include "shape_items.h"

static const op_arg expand_in[] = {{"input", DT_MOVABLE, 'T', 0}, {"shape", DT(HONE_I64), 0, 0}};
static const op_arg expand_out[] = {{"output", DT_MOVABLE, 'T', 0}};
static const op_version expand_versions[] = {{8, NULL}};

static hone_status expand_infer(infer *f) {
    const shape *x = infer_shape(f, 0), *target = infer_shape(f, 1);
    int64_t v[HONE_MAX_RANK];
    int32_t n;
    char a[SHAPE_TEXT], b[SHAPE_TEXT];
    f->out[0].dtype = infer_dtype(f, 0);
    if (!infer_value(f, 1)) {
        shape_item item[HONE_MAX_RANK];
        shape like = {.rank = f->blind ? -1 : shape_items(node_in(f->node, 1), item)};
        for (int32_t i = 0; i < like.rank; i++) like.dim[i] = item_dim(&item[i]);
        if (like.rank >= 0 && shape_broadcast(x, &like, &f->out[0].shape)) return HONE_OK;
        if (target->rank == 1 && dim_known(target->dim[0]) && target->dim[0] <= HONE_MAX_RANK &&
            x->rank >= 0) {
            const int32_t rank = (int32_t)target->dim[0];
            f->out[0].shape = shape_of_rank(rank > x->rank ? rank : x->rank);
        }
        return HONE_OK;
    }
    TRY(infer_ints(f, 1, v, HONE_MAX_RANK, &n));
    for (int32_t i = 0; i < n; i++)
        if (v[i] < 0) return infer_fail(f, "'shape' has size %lld", (long long)v[i]);
    const shape wide = shape_make(n, v);
    if (!shape_broadcast(x, &wide, &f->out[0].shape))
        return infer_fail(f, "shapes %s and %s do not broadcast", shape_text(a, sizeof a, x),
                          shape_text(b, sizeof b, &wide));
    return HONE_OK;
}

static void expand_axes(const node *n, axis_map *m) {
    const shape *x = &node_in(n, 0)->type.shape, *y = &n->out[0]->type.shape;
    for (int32_t a = 0; a < x->rank; a++) {
        const int32_t o = a + y->rank - x->rank;
        axis_add(m, 0, a, 0, o, x->dim[a] == 1 && y->dim[o] != 1 ? AXIS_BROADCAST : AXIS_SAME);
    }
}

static hone_status expand_run(run_ctx *r, const step *s) {
    const shape *x = &s->in[0].shape, *y = &s->out[0].shape;
    const int32_t lead = y->rank - x->rank;
    int64_t from[HONE_MAX_RANK], to[HONE_MAX_RANK];
    movement m;
    dense_strides(x, from);
    dense_strides(y, to);
    movement_init(&m, dtype_size(s->in[0].dtype));
    for (int32_t a = 0; a < y->rank; a++) {
        const bool stretched = a < lead || x->dim[a - lead] == 1;
        movement_add(&m, y->dim[a], stretched ? 0 : from[a - lead], to[a]);
    }
    movement_run(r, s->k, &m, s->in[0].data, s->out[0].data);
    return HONE_OK;
}

static hone_status expand_grad(gradient *g) {
    g->dx[0] = emit(g->b, "hone::SumTo", IN(g->dy[0], node_in(g->node, 0)), NO_ATTRS);
    return g->b->status;
}

static const char *const expand_cases[] = {"f32[3,1] i64{3,4}", "f32[3,1] i64{2,1,6}",
                                           "u8[] i64{5}",       "f32[1,64,1,1] i64{1,64,20,20}",
                                           "f32[2,3] i64{1}",   NULL};

const op op_expand_to = {.name = "Expand",
                         .domain = "",
                         OP_VERSIONS(expand_versions),
                         OP_ARGS_IN(expand_in),
                         OP_ARGS_OUT(expand_out),
                         .infer = expand_infer,
                         .axes = expand_axes,
                         .plan = repeat_plan,
                         .run = expand_run,
                         .grad = expand_grad,
                         .quant = &quant_moves_first,
                         .flops = move_flops,
                         .tolerance = {TOL_EXACT, 0},
                         .cases = expand_cases};
