/* SPDX-License-Identifier: Apache-2.0
 *
 * Constant: becomes a constant value of the graph, in whichever form the file states it. A sparse
 * tensor has been made dense by the importer.
 */
#include "op.h"

static const op_arg constant_out[] = {{"output", DT_ALL, 0, 0}};
static const op_version constant_versions[] = {{1, NULL}};

/* The forms; a file uses exactly one. */
typedef struct constant_params {
    const tensor *value, *sparse_value;
    int64_t value_int;
    int_list value_ints;
    float value_float;
    float_list value_floats;
    const char *value_string;
    string_list value_strings;
} constant_params;

static const attr_spec constant_attrs[] = {
    ATTR_ROW(TENSOR, constant_params, value),
    ATTR_ROW(TENSOR, constant_params, sparse_value),
    ATTR_ROW(INT, constant_params, value_int),
    ATTR_ROW(INTS, constant_params, value_ints),
    ATTR_ROW(FLOAT, constant_params, value_float),
    ATTR_ROW(FLOATS, constant_params, value_floats),
    ATTR_ROW(STRING, constant_params, value_string),
    ATTR_ROW(STRINGS, constant_params, value_strings),
};

static value *from_attr(builder *b, const attr *a) {
    const bool scalar = a->kind == ATTR_INT || a->kind == ATTR_FLOAT || a->kind == ATTR_STRING;
    const shape s = scalar ? shape_scalar() : shape_vector(a->count);
    if (a->kind == ATTR_INT || a->kind == ATTR_INTS)
        return emit_constant(b, HONE_I64, &s, scalar ? &a->i : a->ints);
    if (a->kind == ATTR_FLOAT || a->kind == ATTR_FLOATS)
        return emit_constant(b, HONE_F32, &s, scalar ? &a->f : a->floats);
    if (a->kind == ATTR_STRING || a->kind == ATTR_STRINGS)
        return emit_constant(b, HONE_STRING, &s, scalar ? (const void *)&a->s : a->strings);
    if (a->kind != ATTR_TENSOR || !a->tensor) {
        builder_fail(b, HONE_E_FORMAT, "expected a value, not a %s", attr_kind_name(a->kind));
        return NULL;
    }
    value *v = graph_add_constant(b->graph, "", a->tensor);
    if (!v) builder_fail(b, HONE_E_NOMEM, "no memory for a constant");
    return v;
}

static hone_status constant_expand(builder *b, draft *d) {
    if (d->n_attrs != 1) return builder_fail(b, HONE_E_FORMAT, "expected one attribute, the value");
    return draft_done(b, d, from_attr(b, &d->attrs[0]));
}

static const char *const constant_cases[] = {"value_int=3",
                                             "value_ints=1,2,3",
                                             "value_float=0.5",
                                             "value_floats=0.25,-1,2",
                                             "value=f16[2,1]{1,2}",
                                             "value=i64{}",
                                             NULL};

const op op_constant = {.name = "Constant",
                        .domain = "",
                        OP_VERSIONS(constant_versions),
                        OP_ARGS_OUT(constant_out),
                        OP_ATTRS(constant_attrs, constant_params),
                        .expand = constant_expand,
                        .tolerance = {TOL_EXACT, 0},
                        .cases = constant_cases};
