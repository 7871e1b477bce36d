/* SPDX-License-Identifier: Apache-2.0
 *
 * A Gradient names the values it is about in its attributes. They become inputs behind those it
 * has, as if the file had listed them: y, then xs, then zs.
 */
#include <string.h>

#include "import.h"

static bool is_gradient(const Onnx__NodeProto *n) {
    return strcmp(n->op_type, "Gradient") == 0 &&
           strcmp(domain_name(n->domain), "ai.onnx.preview.training") == 0;
}

static const Onnx__AttributeProto *find_attribute(const Onnx__NodeProto *n, const char *name) {
    for (size_t i = 0; i < n->n_attribute; i++)
        if (n->attribute[i]->name && strcmp(n->attribute[i]->name, name) == 0)
            return n->attribute[i];
    return NULL;
}

static hone_status append_name(importer *im, Onnx__NodeProto *n, const ProtobufCBinaryData *from) {
    const char *name;
    TRY(import_text(im, from, &name));
    n->input[n->n_input++] = (char *)name; /* nothing writes to names */
    return HONE_OK;
}

/* The names in xs or zs. */
static hone_status append_names(importer *im, Onnx__NodeProto *n, const char *list) {
    const Onnx__AttributeProto *a = find_attribute(n, list);
    for (size_t i = 0; a && i < a->n_strings; i++) TRY(append_name(im, n, &a->strings[i]));
    return HONE_OK;
}

hone_status gradient_inputs(importer *im, Onnx__NodeProto *n) {
    if (!is_gradient(n)) return HONE_OK;
    const Onnx__AttributeProto *y = find_attribute(n, "y"), *xs = find_attribute(n, "xs"),
                               *zs = find_attribute(n, "zs");
    const size_t named = (xs ? xs->n_strings : 0) + (zs ? zs->n_strings : 0);
    /* Otherwise the operator says what is wrong, or the node was met before, in a function. */
    if (!y || !y->has_s || n->n_input != named) return HONE_OK;
    const size_t count = 2 * named + 1;
    char **in = arena_array(&im->scratch, count, sizeof *in);
    if (!in) return fail_nomem(im->c, count * sizeof *in);
    if (n->n_input) memcpy(in, n->input, n->n_input * sizeof *in);
    n->input = in;
    TRY(append_name(im, n, &y->s));
    TRY(append_names(im, n, "xs"));
    return append_names(im, n, "zs");
}
