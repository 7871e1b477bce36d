/* SPDX-License-Identifier: Apache-2.0
 *
 * ConstantOfShape: one element (a float32 zero by default), expanded.
 */
#include "composite.h"
#include "op.h"

static const op_arg constant_of_shape_in[] = {{"input", DT(HONE_I64), 0, 0}};
static const op_arg constant_of_shape_out[] = {{"output", DT_ALL, 0, 0}};
static const op_version constant_of_shape_versions[] = {{9, NULL}};

typedef struct constant_of_shape_params {
    const tensor *value;
} constant_of_shape_params;

static const attr_spec constant_of_shape_attrs[] = {
    ATTR_ROW(TENSOR, constant_of_shape_params, value)};

static hone_status constant_of_shape_expand(builder *b, draft *d) {
    const tensor *t = ((const constant_of_shape_params *)d->params)->value;
    const shape scalar = shape_scalar();
    if (t && tensor_count(t) != 1)
        return builder_fail(b, HONE_E_FORMAT, "'value' is not a tensor of one element");
    value *v = t ? emit_constant(b, t->dtype, &scalar, t->data) : emit_scalar(b, HONE_F32, 0);
    const hone_dtype of = t ? t->dtype : HONE_F32;
    const hone_dtype wide = dtype_in(of, DT_PACKED) ? wider_type(of) : of;
    value *y = expand_binary(b, "Expand", expand_cast(b, v, wide), d->in[0]);
    return draft_done(b, d, expand_cast(b, y, of));
}

static const char *const constant_of_shape_cases[] = {"i64{2,3}",
                                                      "i64{} value=i32{7}",
                                                      "i64[2] value=f16{0.5}",
                                                      "i64{0,4} value=bool{1}",
                                                      "i64{3,5} value=i4{-3}",
                                                      NULL};

const op op_constant_of_shape = {.name = "ConstantOfShape",
                                 .domain = "",
                                 OP_VERSIONS(constant_of_shape_versions),
                                 OP_ARGS_IN(constant_of_shape_in),
                                 OP_ARGS_OUT(constant_of_shape_out),
                                 OP_ATTRS(constant_of_shape_attrs, constant_of_shape_params),
                                 .expand = constant_of_shape_expand,
                                 .tolerance = {TOL_EXACT, 0},
                                 .cases = constant_of_shape_cases};
