/* SPDX-License-Identifier: Apache-2.0
 *
 * Constant: becomes a constant value of the graph, in whichever form the file states it. A sparse
 * tensor has been made dense by the importer.
 */
#include <string.h>

#include "op.h"

static const op_arg constant_out[] = {{"output", DT_ALL, 0, 0}};
static const op_version constant_versions[] = {{1, NULL}};

static const struct {
    const char *name;
    attr_kind kind;
} forms[] = {{"value", ATTR_TENSOR},        {"sparse_value", ATTR_TENSOR},
             {"value_int", ATTR_INT},       {"value_ints", ATTR_INTS},
             {"value_float", ATTR_FLOAT},   {"value_floats", ATTR_FLOATS},
             {"value_string", ATTR_STRING}, {"value_strings", ATTR_STRINGS}};

static bool is_form(const attr *a) {
    for (int32_t i = 0; i < COUNT_OF(forms); i++)
        if (strcmp(forms[i].name, a->name) == 0) return a->kind == forms[i].kind;
    return false;
}

static value *from_attr(builder *b, const attr *a) {
    const bool scalar = a->kind == ATTR_INT || a->kind == ATTR_FLOAT;
    const shape s = scalar ? shape_scalar() : shape_vector(a->count);
    if (a->kind == ATTR_INT || a->kind == ATTR_INTS)
        return emit_constant(b, HONE_I64, &s, scalar ? &a->i : a->ints);
    if (a->kind == ATTR_FLOAT || a->kind == ATTR_FLOATS)
        return emit_constant(b, HONE_F32, &s, scalar ? &a->f : a->floats);
    if (a->kind != ATTR_TENSOR || !a->tensor) {
        builder_fail(b, HONE_E_UNSUPPORTED, "constants of strings are not supported");
        return NULL;
    }
    value *v = graph_add_constant(b->graph, "", a->tensor);
    if (!v) builder_fail(b, HONE_E_NOMEM, "no memory for a constant");
    return v;
}

static hone_status constant_expand(builder *b, draft *d) {
    if (d->n_attrs != 1 || !is_form(&d->attrs[0]))
        return builder_fail(b, HONE_E_FORMAT, "expected one attribute, the value");
    return draft_done(b, d, from_attr(b, &d->attrs[0]));
}

const op op_constant = {.name = "Constant",
                        .domain = "",
                        OP_VERSIONS(constant_versions),
                        OP_ARGS_OUT(constant_out),
                        .expand = constant_expand};
