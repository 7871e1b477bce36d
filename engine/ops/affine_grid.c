/* SPDX-License-Identifier: Apache-2.0
 *
 * AffineGrid: a product of the evenly spaced positions of an image, in homogeneous coordinates, and
 * the matrices of a batch:
 *
 *     [d1 * .. * dr, r + 1] x [N, r + 1, r]  ->  [N, d1, .., dr, r]
 */
#include "composite.h"
#include "op.h"

static const op_arg affine_grid_in[] = {{"theta", DT_FLOATS, 'T', 0}, {"size", DT(HONE_I64), 0, 0}};
static const op_arg affine_grid_out[] = {{"grid", DT_FLOATS, 'T', 0}};
static const op_version affine_grid_versions[] = {{20, NULL}};

/* The positions along an axis of `size` pixels, from -1 to 1: of the centres of the outermost
 * pixels (corners) or of their outer edges. */
static value *positions(builder *b, value *size, hone_dtype t, bool corners) {
    value *one = emit_scalar(b, t, 1), *two = emit_scalar(b, t, 2);
    value *i = emit(b, "Range", IN(emit_i64(b, 0), size, emit_i64(b, 1)), NO_ATTRS);
    value *n = expand_cast(b, size, t);
    i = emit(b, "Mul", IN(expand_cast(b, i, t), two), NO_ATTRS);
    if (corners)
        n = emit(b, "Max", IN(emit(b, "Sub", IN(n, one), NO_ATTRS), one), NO_ATTRS);
    else
        i = emit(b, "Add", IN(i, one), NO_ATTRS);
    return emit(b, "Sub", IN(emit(b, "Div", IN(i, n), NO_ATTRS), one), NO_ATTRS);
}

/* [d1, .., dr, 1] with the positions along axis a, in elements of type t; ones for a < 0. */
static value *coordinate(builder *b, value *size, value *dims, int32_t a, int32_t r, hone_dtype t,
                         bool corners) {
    const int64_t last = -1;
    value *v = emit_scalar(b, t, 1);
    if (a >= 0) {
        int64_t apart[HONE_MAX_RANK];
        for (int32_t i = 0; i < r - 1 - a; i++) apart[i] = i + 1;
        v = positions(b, emit(b, "Gather", IN(size, emit_i64(b, 2 + a)), NO_ATTRS), t, corners);
        v = emit(b, "Unsqueeze", IN(v, emit_i64s(b, apart, r - 1 - a)), NO_ATTRS);
    }
    v = emit(b, "Expand", IN(v, dims), NO_ATTRS);
    return emit(b, "Unsqueeze", IN(v, emit_i64s(b, &last, 1)), NO_ATTRS);
}

static hone_status affine_grid_expand(builder *b, draft *d) {
    if (!expand_needs(b, d, 0, "theta") || !expand_needs(b, d, 1, "size")) return b->status;
    value *theta = draft_in(d, 0), *size = draft_in(d, 1), *parts[4];
    const bool corners = draft_int(d, "align_corners", 0) != 0;
    const shape *s = &theta->type.shape;
    if (s->rank != 3 || (s->dim[1] != 2 && s->dim[1] != 3))
        return builder_fail(b, HONE_E_UNSUPPORTED,
                            "'theta' is not known to be [N, 2, 3] or [N, 3, 4]");
    const int32_t r = (int32_t)s->dim[1];
    const hone_dtype t = theta->type.dtype == HONE_F64 ? HONE_F64 : HONE_F32;
    const int64_t two = 2, end = INT64_MAX, swap[] = {0, 2, 1}, flat[] = {-1, r + 1}, rs = r;
    value *dims =
        emit(b, "Slice", IN(size, emit_i64s(b, &two, 1), emit_i64s(b, &end, 1)), NO_ATTRS);
    /* x first: the last axis. */
    for (int32_t i = 0; i <= r; i++) parts[i] = coordinate(b, size, dims, r - 1 - i, r, t, corners);
    value *grid = emit(b, "Concat", parts, r + 1, ATTRS(A_INT("axis", -1)));
    grid = emit(b, "Reshape", IN(grid, emit_i64s(b, flat, 2)), NO_ATTRS);
    value *turned =
        emit(b, "Transpose", IN(expand_cast(b, theta, t)), ATTRS(A_INTS("perm", swap, 3)));
    value *y = emit(b, "MatMul", IN(grid, turned), NO_ATTRS);
    value *batch = emit(b, "Shape", IN(theta), ATTRS(A_INT("end", 1)));
    value *shape_of_y =
        emit(b, "Concat", IN(batch, dims, emit_i64s(b, &rs, 1)), ATTRS(A_INT("axis", 0)));
    y = emit(b, "Reshape", IN(y, shape_of_y), ATTRS(A_INT("allowzero", 1)));
    return draft_done(b, d, expand_cast(b, y, theta->type.dtype));
}

const op op_affine_grid = {.name = "AffineGrid",
                           .domain = "",
                           OP_VERSIONS(affine_grid_versions),
                           OP_ARGS_IN(affine_grid_in),
                           OP_ARGS_OUT(affine_grid_out),
                           .expand = affine_grid_expand};
