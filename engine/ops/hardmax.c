/* SPDX-License-Identifier: Apache-2.0
 *
 * Hardmax: one for the first maximum of a row, zero elsewhere: the one-hot form of ArgMax.
 */
#include "composite.h"
#include "op.h"

static const op_arg hardmax_in[] = {{"input", DT_FLOATS, 'T', 0}};
static const op_arg hardmax_out[] = {{"output", DT_FLOATS, 'T', 0}};
typedef struct hardmax_params {
    int64_t axis;
} hardmax_params;

static const attr_spec hardmax_attrs[] = {ATTR_ROW(AXIS, hardmax_params, axis, .i = -1)};
static const op_version hardmax_versions[] = {{1, expand_flat_rows}, {13, NULL}};

static hone_status hardmax_expand(builder *b, draft *d) {
    value *x = draft_in(d, 0);
    const attr axis = A_INT("axis", ((const hardmax_params *)d->params)->axis);
    const shape two = shape_vector(2);
    const float off_on[] = {0.0f, 1.0f};
    value *values = expand_cast(b, emit_constant(b, HONE_F32, &two, off_on), x->type.dtype);
    value *dims = emit(b, "Shape", IN(x), NO_ATTRS);
    value *depth = emit(b, "Gather", IN(dims, emit_i64(b, axis.i)), NO_ATTRS);
    value *at = emit(b, "ArgMax", IN(x), ATTRS(axis, A_INT("keepdims", 0)));
    return draft_done(b, d, emit(b, "OneHot", IN(at, depth, values), &axis, 1));
}

static const char *const hardmax_cases[] = {"f32[2,3,4]",   "f16[3,4] axis=0", "f64[5] axis=-1",
                                            "f32{1,3,3,2}", "f32[0,3]",        NULL};

const op op_hardmax = {.name = "Hardmax",
                       .domain = "",
                       OP_VERSIONS(hardmax_versions),
                       OP_ARGS_IN(hardmax_in),
                       OP_ARGS_OUT(hardmax_out),
                       OP_ATTRS(hardmax_attrs, hardmax_params),
                       .expand = hardmax_expand,
                       .tolerance = {TOL_EXACT, 0},
                       .cases = hardmax_cases};
