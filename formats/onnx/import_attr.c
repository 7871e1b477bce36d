/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "import.h"
#include "utf8.h"

/* AttributeProto.type */
enum {
    KIND_NONE,
    KIND_FLOAT,
    KIND_INT,
    KIND_STRING,
    KIND_TENSOR,
    KIND_GRAPH,
    KIND_FLOATS,
    KIND_INTS,
    KIND_STRINGS,
    KIND_TENSORS,
    KIND_GRAPHS,
    KIND_SPARSE_TENSOR,
    KIND_SPARSE_TENSORS,
    KIND_TYPE,
    KIND_TYPES
};

/* Old files do not state the type: then it is that of the only field that is set. */
static int kind_of(const Onnx__AttributeProto *a) {
    if (a->type != KIND_NONE) return a->type;
    if (a->has_f) return KIND_FLOAT;
    if (a->has_i) return KIND_INT;
    if (a->has_s) return KIND_STRING;
    if (a->t) return KIND_TENSOR;
    if (a->g) return KIND_GRAPH;
    if (a->sparse_tensor) return KIND_SPARSE_TENSOR;
    if (a->n_floats) return KIND_FLOATS;
    if (a->n_ints) return KIND_INTS;
    return a->n_strings ? KIND_STRINGS : KIND_NONE;
}

/* ---- Values ---------------------------------------------------------------------------------- */

hone_status import_text(importer *im, const ProtobufCBinaryData *field, const char **out) {
    const uint8_t *data;
    size_t size;
    if (!wire_bytes(&im->in, field, &data, &size))
        return fail(im->c, HONE_E_INTERNAL, "a string is no reference");
    if (!utf8_is_text(data, size))
        return fail(im->c, HONE_E_FORMAT, "the string is not UTF-8 or holds a NUL");
    *out = arena_strndup(&im->scratch, (const char *)data, size);
    return *out ? HONE_OK : fail_nomem(im->c, size);
}

static hone_status read_texts(importer *im, const Onnx__AttributeProto *a, attr *out) {
    const char **list = arena_array(&im->scratch, a->n_strings, sizeof *list);
    if (!list) return fail_nomem(im->c, a->n_strings * sizeof *list);
    for (size_t i = 0; i < a->n_strings; i++) TRY(import_text(im, &a->strings[i], &list[i]));
    out->strings = list;
    return HONE_OK;
}

/* Nodes keep pointers to tensors, so these live in the model. Each is imported once, however often
 * the function that it belongs to is called. */
static hone_status read_tensor(importer *im, const Onnx__TensorProto *t, attr *out) {
    char key[32];
    if (!t) return fail(im->c, HONE_E_FORMAT, "the tensor is missing");
    snprintf(key, sizeof key, "%p", (const void *)t);
    out->tensor = names_find(&im->tensors, key);
    if (out->tensor) return HONE_OK;
    tensor *copy = arena_alloc(&im->model->arena, sizeof *copy);
    const char *name = arena_strdup(&im->scratch, key);
    void **slot = name ? names_slot(&im->tensors, name) : NULL;
    if (!copy || !slot) return fail_nomem(im->c, sizeof *copy);
    *slot = copy;
    out->tensor = copy;
    return import_tensor(im, t, copy);
}

static hone_status read_sparse(importer *im, const Onnx__SparseTensorProto *t, attr *out) {
    tensor *copy = arena_alloc(&im->model->arena, sizeof *copy);
    if (!copy) return fail_nomem(im->c, sizeof *copy);
    if (!t) return fail(im->c, HONE_E_FORMAT, "the sparse tensor is missing");
    TRY(import_sparse(im, t, copy));
    out->tensor = copy;
    return HONE_OK;
}

static hone_status read_graph(scope *s, const Onnx__GraphProto *g, bodies *b, attr *out) {
    const ctx *c = s->im->c;
    if (!g) return fail(c, HONE_E_FORMAT, "the graph is missing");
    if (!b) return fail(c, HONE_E_UNSUPPORTED, "a graph as the attribute of a function");
    return import_body(s, g, b, &out->graph);
}

static hone_status read_type(scope *s, const Onnx__TypeProto *t, attr *out) {
    type *copy = arena_alloc(&s->im->model->arena, sizeof *copy);
    if (!copy) return fail_nomem(s->im->c, sizeof *copy);
    out->type = copy;
    return import_type(s, t, copy);
}

/* Lists are not copied: they stay valid as long as the importer. */
static hone_status read_value(scope *s, const Onnx__AttributeProto *a, bodies *b, attr *out) {
    importer *im = s->im;
    size_t count = 0;
    switch (kind_of(a)) {
    case KIND_FLOAT:
        out->kind = ATTR_FLOAT;
        out->f = a->f;
        break;
    case KIND_INT:
        out->kind = ATTR_INT;
        out->i = a->i;
        break;
    case KIND_STRING:
        out->kind = ATTR_STRING;
        out->s = "";
        if (a->has_s) TRY(import_text(im, &a->s, &out->s));
        break;
    case KIND_TENSOR: out->kind = ATTR_TENSOR; return read_tensor(im, a->t, out);
    case KIND_SPARSE_TENSOR: out->kind = ATTR_TENSOR; return read_sparse(im, a->sparse_tensor, out);
    case KIND_TYPE: out->kind = ATTR_TYPE; return read_type(s, a->tp, out);
    case KIND_GRAPH: out->kind = ATTR_GRAPH; return read_graph(s, a->g, b, out);
    case KIND_FLOATS:
        out->kind = ATTR_FLOATS;
        out->floats = a->floats;
        count = a->n_floats;
        break;
    case KIND_INTS:
        out->kind = ATTR_INTS;
        out->ints = a->ints;
        count = a->n_ints;
        break;
    case KIND_STRINGS:
        out->kind = ATTR_STRINGS;
        TRY(read_texts(im, a, out));
        count = a->n_strings;
        break;
    case KIND_NONE: return fail(im->c, HONE_E_FORMAT, "it has no value");
    default:
        if (a->type < 0 || a->type > KIND_TYPES)
            return fail(im->c, HONE_E_FORMAT, "its kind is %d", a->type);
        return fail(im->c, HONE_E_UNSUPPORTED,
                    "a list of tensors, graphs or types as an attribute");
    }
    if (count > INT32_MAX) return fail(im->c, HONE_E_LIMIT, "a list of %zu elements", count);
    out->count = (int32_t)count;
    return HONE_OK;
}

hone_status import_attr(scope *s, const Onnx__AttributeProto *a, bodies *b, attr *out) {
    if (!a->name || !*a->name) return fail(s->im->c, HONE_E_FORMAT, "an attribute without a name");
    *out = (attr){.name = a->name};
    /* Errors inside a body name its nodes and need no attribute around them. */
    const hone_status status = read_value(s, a, b, out);
    const hone_error *err = s->im->c->err;
    return err && err->node[0] ? status : fail_in_part(s->im->c, status, "attribute", a->name);
}

/* The value that the function's caller gave, under the name it has in the function's node. An
 * attribute that refers to an absent one is absent itself. */
static hone_status resolve_reference(scope *s, const Onnx__AttributeProto *a, attr *out,
                                     bool *found) {
    if (!s->call)
        return fail(s->im->c, HONE_E_FORMAT, "an attribute refers to a function's, outside one");
    const attr *v = attr_find(s->call->attrs, s->call->n_attrs, a->ref_attr_name);
    *found = v != NULL;
    if (!v) return HONE_OK;
    *out = *v;
    out->name = a->name ? a->name : "";
    return HONE_OK;
}

hone_status import_attrs(scope *s, const Onnx__NodeProto *n, bodies *b, attr **out,
                         int32_t *count) {
    importer *im = s->im;
    if (n->n_attribute >= INT32_MAX) return fail(im->c, HONE_E_LIMIT, "too many attributes");
    attr *list = arena_array(&im->scratch, n->n_attribute + 1, sizeof *list);
    if (!list) return fail_nomem(im->c, n->n_attribute * sizeof *list);
    *out = list;
    *count = 0;
    for (size_t i = 0; i < n->n_attribute; i++) {
        const Onnx__AttributeProto *a = n->attribute[i];
        bool found = true;
        if (a->ref_attr_name && *a->ref_attr_name)
            TRY(resolve_reference(s, a, &list[*count], &found));
        else
            TRY(import_attr(s, a, b, &list[*count]));
        *count += found;
    }
    return HONE_OK;
}
