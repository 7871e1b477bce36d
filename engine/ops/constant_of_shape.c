/* SPDX-License-Identifier: Apache-2.0
 *
 * ConstantOfShape: one element (a float32 zero by default), expanded.
 */
#include "op.h"

static const op_arg constant_of_shape_in[] = {{"input", DT(HONE_I64), 0, 0}};
static const op_arg constant_of_shape_out[] = {{"output", DT_MOVABLE, 0, 0}};
static const op_version constant_of_shape_versions[] = {{9, NULL}};

static hone_status constant_of_shape_expand(builder *b, draft *d) {
    const attr *a = attr_find(d->attrs, d->n_attrs, "value");
    const shape scalar = shape_scalar();
    value *v;
    if (!a) {
        v = emit_scalar(b, HONE_F32, 0);
    } else if (a->kind == ATTR_TENSOR && a->tensor && tensor_count(a->tensor) == 1) {
        v = emit_constant(b, a->tensor->dtype, &scalar, a->tensor->data);
    } else {
        return builder_fail(b, HONE_E_FORMAT, "'value' is not a tensor of one element");
    }
    return draft_done(b, d, emit(b, "Expand", IN(v, draft_in(d, 0)), NO_ATTRS));
}

const op op_constant_of_shape = {.name = "ConstantOfShape",
                                 .domain = "",
                                 OP_VERSIONS(constant_of_shape_versions),
                                 OP_ARGS_IN(constant_of_shape_in),
                                 OP_ARGS_OUT(constant_of_shape_out),
                                 .expand = constant_of_shape_expand};
