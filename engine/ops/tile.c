/* SPDX-License-Identifier: Apache-2.0
 *
 * Tile: puts `repeats[a]` copies of the input side by side along each axis a.
 */
#include "composite.h"
#include "movement.h"

static const op_arg tile_in[] = {{"input", DT_MOVABLE, 'T', 0}, {"repeats", DT(HONE_I64), 0, 0}};
static const op_arg tile_out[] = {{"output", DT_MOVABLE, 'T', 0}};
/* One axis was repeated; both numbers had the type of the data. */
static hone_status tile_upgrade(builder *b, draft *d) {
    value *x = draft_in(d, 0), *tiles = draft_in(d, 1), *axis = draft_in(d, 2);
    const int64_t axes[HONE_MAX_RANK] = {0, 1, 2, 3, 4, 5, 6, 7};
    const int32_t rank = emit_rank(b, x);
    if (rank < 0 || !expand_needs(b, d, 1, "tiles") || !expand_needs(b, d, 2, "axis"))
        return b->status;
    axis = expand_reshape(b, expand_cast(b, axis, HONE_I64), (const int64_t[]){1}, 1);
    tiles = expand_reshape(b, expand_cast(b, tiles, HONE_I64), (const int64_t[]){1}, 1);
    value *here = expand_binary(b, "Equal", emit_i64s(b, axes, rank), axis);
    value *repeats = emit(b, "Where", IN(here, tiles, emit_i64(b, 1)), NO_ATTRS);
    return draft_done(b, d, expand_binary(b, "Tile", x, repeats));
}

static const op_version tile_versions[] = {{1, tile_upgrade}, {6, NULL}};

static hone_status tile_infer(infer *f) {
    const shape *x = infer_shape(f, 0);
    int64_t v[HONE_MAX_RANK];
    int32_t n;
    f->out[0].dtype = infer_dtype(f, 0);
    if (x->rank < 0) return HONE_OK;
    f->out[0].shape = shape_of_rank(x->rank);
    if (!infer_value(f, 1)) return HONE_OK;
    TRY(infer_ints(f, 1, v, HONE_MAX_RANK, &n));
    if (n != x->rank)
        return infer_fail(f, "'repeats' has %d elements: expected one an axis, %d", n, x->rank);
    for (int32_t a = 0; a < n; a++) {
        if (v[a] < 0) return infer_fail(f, "'repeats' has a count of %lld", (long long)v[a]);
        f->out[0].shape.dim[a] = dim_mul(x->dim[a], v[a]);
    }
    return HONE_OK;
}

static hone_status tile_run(run_ctx *r, const step *s) {
    const shape *x = &s->in[0].shape, *y = &s->out[0].shape;
    int64_t from[HONE_MAX_RANK], to[HONE_MAX_RANK];
    movement m;
    if (tensor_count(&s->out[0]) == 0) return HONE_OK;
    dense_strides(x, from);
    dense_strides(y, to);
    movement_init(&m, dtype_size(s->in[0].dtype));
    for (int32_t a = 0; a < x->rank; a++) {
        movement_add(&m, y->dim[a] / x->dim[a], 0, to[a] * x->dim[a]);
        movement_add(&m, x->dim[a], from[a], to[a]);
    }
    movement_run(r, s->k, &m, s->in[0].data, s->out[0].data);
    return HONE_OK;
}

static const char *const tile_cases[] = {"f32[2,3] i64{2,1}", "f32[2,3,4] i64{1,3,2}",
                                         "u8[1,5] i64{4,2}", "f32[3] i64{0}", NULL};

const op op_tile = {.name = "Tile",
                    .domain = "",
                    OP_VERSIONS(tile_versions),
                    OP_ARGS_IN(tile_in),
                    OP_ARGS_OUT(tile_out),
                    .infer = tile_infer,
                    .plan = repeat_plan,
                    .run = tile_run,
                    .grad = move_grad,
                    .quant = &quant_moves_first,
                    .flops = move_flops,
                    .tolerance = {TOL_EXACT, 0},
                    .cases = tile_cases};
