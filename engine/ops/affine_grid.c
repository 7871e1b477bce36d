/* SPDX-License-Identifier: Apache-2.0
 *
 * AffineGrid: evenly spaced positions from -1 to 1, each multiplied by an affine matrix a batch
 * entry.
 */
#include "composite.h"
#include "op.h"

typedef struct affine_grid_params {
    bool align_corners;
} affine_grid_params;

static const attr_spec affine_grid_attrs[] = {ATTR_ROW(BOOL, affine_grid_params, align_corners)};

/* Entry i of the vector `size`, as a scalar. */
static value *size_entry(builder *b, value *size, int64_t i) {
    return emit(b, "Gather", IN(size, emit_i64(b, i)), ATTRS(A_INT("axis", 0)));
}

/* The coordinates along an axis of n elements, in type t. */
static value *coordinates(builder *b, value *n, bool align_corners, hone_dtype t) {
    value *zero = emit_i64(b, 0), *one = emit_i64(b, 1), *two = emit_i64(b, 2), *steps = n;
    value *i = expand_binary(b, "Mul", emit(b, "Range", IN(zero, n, one), NO_ATTRS), two);
    if (align_corners)
        steps = expand_binary(b, "Max", expand_binary(b, "Sub", n, one), one);
    else
        i = expand_binary(b, "Add", i, one);
    value *x = expand_binary(b, "Div", expand_cast(b, i, t), expand_cast(b, steps, t));
    return expand_binary(b, "Sub", x, emit_scalar(b, t, 1));
}

static hone_status affine_grid_expand(builder *b, draft *d) {
    value *theta = d->in[0], *size = d->in[1], *parts[4], *dims[4];
    const shape *s = &theta->type.shape;
    const int64_t rows = s->rank == 3 ? s->dim[1] : DIM_UNKNOWN;
    const hone_dtype t = theta->type.dtype == HONE_F64 ? HONE_F64 : HONE_F32;
    if (rows != 2 && rows != 3)
        return builder_fail(b, HONE_E_UNSUPPORTED,
                            "theta is not known to be [N, 2, 3] or [N, 3, 4]");
    const int32_t rank = (int32_t)rows;
    const bool align = ((const affine_grid_params *)d->params)->align_corners;
    for (int32_t a = 0; a < rank; a++) dims[a] = expand_unsqueeze(b, size_entry(b, size, a + 2), 0);
    value *space = emit(b, "Concat", dims, rank, ATTRS(A_INT("axis", 0)));
    for (int32_t a = 0; a < rank; a++) { /* the innermost axis comes first */
        int64_t along[3] = {1, 1, 1};
        along[a] = -1;
        value *x = coordinates(b, size_entry(b, size, a + 2), align, t);
        x = expand_binary(b, "Expand", expand_reshape(b, x, along, rank), space);
        parts[rank - 1 - a] = expand_unsqueeze(b, x, -1);
    }
    value *one = emit_scalar(b, t, 1);
    parts[rank] = expand_unsqueeze(b, expand_binary(b, "Expand", one, space), -1);
    value *grid = emit(b, "Concat", parts, rank + 1, ATTRS(A_INT("axis", -1)));
    grid = expand_reshape(b, grid, (const int64_t[]){-1, rank + 1}, 2);
    value *y =
        emit(b, "hone::MatMul", IN(grid, expand_cast(b, theta, t)), ATTRS(A_INT("trans_b", 1)));
    value *front = emit_i64s(b, (const int64_t[]){0}, 1), *back = emit_i64s(b, &rows, 1);
    value *shape_of = emit(b, "Concat", IN(front, space, back), ATTRS(A_INT("axis", 0)));
    return draft_done(b, d,
                      expand_cast(b, expand_binary(b, "Reshape", y, shape_of), theta->type.dtype));
}

static const char *const affine_grid_cases[] = {"f32[2,2,3] i64{2,3,4,5}",
                                                "f32[1,3,4] i64{1,1,2,3,4} align_corners=1",
                                                "f16[2,2,3] i64{2,1,1,1} align_corners=1",
                                                "f64[0,2,3] i64{0,1,3,3}",
                                                "f32[1,2,3] i64{1,1,0,4}",
                                                NULL};

static const op_arg affine_grid_in[] = {{"theta", DT_FLOATS, 'T', 0}, {"size", DT(HONE_I64), 0, 0}};
static const op_arg affine_grid_out[] = {{"grid", DT_FLOATS, 'T', 0}};
static const op_version versions[] = {{20, NULL}};
const op op_affine_grid = {.name = "AffineGrid",
                           .domain = "",
                           OP_VERSIONS(versions),
                           OP_SLOTS(affine_grid),
                           OP_ATTRS(affine_grid_attrs, affine_grid_params),
                           .expand = affine_grid_expand,
                           .tolerance = {TOL_REL, 1e-6},
                           .cases = affine_grid_cases};
