/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "import.h"

/* Domain, name and overload in one string; '\x1' keeps them apart. */
static const char *function_key(importer *im, const char *domain, const char *name,
                                const char *overload) {
    domain = domain_name(domain);
    const char *last = overload ? overload : "";
    const size_t size = strlen(domain) + strlen(name) + strlen(last) + 3;
    char *key = arena_alloc(&im->scratch, size);
    if (!key)
        fail_nomem(im->c, size);
    else
        snprintf(key, size, "%s\x01%s\x01%s", domain, name, last);
    return key;
}

hone_status functions_collect(importer *im) {
    const ctx *c = im->c;
    names_init(&im->functions, &im->scratch);
    for (size_t i = 0; i < im->proto->n_functions; i++) {
        const Onnx__FunctionProto *f = im->proto->functions[i];
        if (!f->name || !*f->name) return fail(c, HONE_E_FORMAT, "function %zu has no name", i);
        const char *key = function_key(im, f->domain, f->name, f->overload);
        void **slot = key ? names_slot(&im->functions, key) : NULL;
        function *entry = slot ? arena_alloc(&im->scratch, sizeof *entry) : NULL;
        if (!entry) return fail_nomem(c, sizeof *entry);
        if (*slot)
            return fail_in_part(c, fail(c, HONE_E_FORMAT, "it is defined twice"), "function",
                                f->name);
        entry->proto = f;
        *slot = entry;
    }
    return HONE_OK;
}

hone_status function_find(importer *im, const Onnx__NodeProto *n, function **out) {
    *out = NULL;
    if (im->functions.count == 0) return HONE_OK;
    const char *key = function_key(im, n->domain, n->op_type, n->overload);
    if (!key) return HONE_E_NOMEM;
    *out = names_find(&im->functions, key);
    return HONE_OK;
}

static hone_status check_recursion(const scope *s, const function *f) {
    for (const call *k = s->call; k; k = k->outer)
        if (k->function == f)
            return fail(s->im->c, HONE_E_FORMAT,
                        "the function calls itself, perhaps through others");
    return HONE_OK;
}

/* The function's attributes: what the node gives, defaults for the rest. */
static hone_status call_attrs(scope *s, const Onnx__NodeProto *n, const Onnx__FunctionProto *f,
                              call *k) {
    importer *im = s->im;
    attr *given, *list;
    int32_t count;
    TRY(import_attrs(s, n, NULL, &given, &count));
    list = arena_array(&im->scratch, (size_t)count + f->n_attribute_proto, sizeof *list);
    if (!list) return fail_nomem(im->c, f->n_attribute_proto * sizeof *list);
    memcpy(list, given, (size_t)count * sizeof *list);
    k->attrs = list;
    k->n_attrs = count;
    for (size_t i = 0; i < f->n_attribute_proto; i++) {
        const char *name = f->attribute_proto[i]->name;
        if (name && attr_find(given, count, name)) continue;
        TRY(import_attr(s, f->attribute_proto[i], NULL, &list[k->n_attrs]));
        k->n_attrs++;
    }
    return HONE_OK;
}

/* Defines the function's inputs as the node's. Those it does not give are omitted. */
static hone_status bind_inputs(scope *inner, scope *s, const Onnx__NodeProto *n,
                               const Onnx__FunctionProto *f) {
    if (n->n_input > f->n_input)
        return fail(s->im->c, HONE_E_FORMAT, "%zu inputs: the function has %zu", n->n_input,
                    f->n_input);
    for (size_t i = 0; i < f->n_input; i++) {
        value *v = NULL;
        if (i < n->n_input && *n->input[i]) TRY(scope_find(s, n->input[i], &v));
        TRY(scope_define(inner, f->input[i], v ? v : &s->im->omitted));
    }
    return HONE_OK;
}

static hone_status bind_outputs(scope *inner, scope *s, const Onnx__NodeProto *n,
                                const Onnx__FunctionProto *f) {
    if (n->n_output > f->n_output)
        return fail(s->im->c, HONE_E_FORMAT, "%zu outputs: the function has %zu", n->n_output,
                    f->n_output);
    for (size_t i = 0; i < n->n_output; i++) {
        value *v;
        if (!*n->output[i]) continue;
        TRY(scope_find(inner, f->output[i], &v));
        TRY(scope_define(s, n->output[i], v ? v : &s->im->omitted));
    }
    return HONE_OK;
}

static hone_status add_hints(scope *s, const Onnx__FunctionProto *f) {
    for (size_t i = 0; i < f->n_value_info; i++) TRY(scope_hint(s, f->value_info[i]));
    return HONE_OK;
}

/* "outer node/inner node/" */
static hone_status call_prefix(const scope *s, const Onnx__NodeProto *n, call *k) {
    const char *before = s->call ? s->call->prefix : "", *name = node_label(n);
    const size_t size = strlen(before) + strlen(name) + 2;
    k->prefix = before;
    if (size > MAX_LABEL) return HONE_OK;
    char *prefix = arena_alloc(&s->im->scratch, size);
    if (!prefix) return fail_nomem(s->im->c, size);
    snprintf(prefix, size, "%s%s/", before, name);
    k->prefix = prefix;
    return HONE_OK;
}

hone_status import_call(scope *s, const Onnx__NodeProto *n, const function *f) {
    const Onnx__FunctionProto *p = f->proto;
    call k = {.outer = s->call, .function = f};
    scope inner;
    TRY(check_recursion(s, f));
    TRY(call_attrs(s, n, p, &k));
    TRY(call_prefix(s, n, &k));
    scope_init(&inner, s->im, s->builder, NULL);
    inner.depth = s->depth + 1;
    inner.call = &k;
    inner.opsets = (opsets){p->opset_import, p->n_opset_import};
    TRY(scope_check_depth(&inner));
    TRY(bind_inputs(&inner, s, n, p));
    TRY(add_hints(&inner, p));
    TRY(import_nodes(&inner, p->node, p->n_node));
    return bind_outputs(&inner, s, n, p);
}
