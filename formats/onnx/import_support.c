/* SPDX-License-Identifier: Apache-2.0
 *
 * One look over the whole model for operators that hone does not have, so that the user learns of
 * all of them at once.
 */
#include <stdio.h>
#include <string.h>

#include "import.h"

/* An operator that is missing. */
typedef struct gap {
    struct gap *next;
    const char *domain, *type, *reason;
    int32_t opset;
    int64_t count;
    const char *example[3]; /* names of nodes */
} gap;

typedef struct survey {
    importer *im;
    names gaps; /* "domain::type@opset" -> gap */
    gap *first, **last;
    int64_t n_gaps;
    function *pending; /* called, but not looked at yet */
} survey;

const char *domain_name(const char *domain) {
    return domain && strcmp(domain, "ai.onnx") != 0 ? domain : "";
}

int32_t opset_version(const opsets *o, const char *domain) {
    domain = domain_name(domain);
    for (size_t i = 0; i < o->count; i++) {
        const int64_t v = o->import[i]->version;
        if (strcmp(domain_name(o->import[i]->domain), domain) == 0)
            return v > 0 && v < INT32_MAX ? (int32_t)v : 0;
    }
    return 0;
}

const char *node_label(const Onnx__NodeProto *n) {
    if (n->name && *n->name) return n->name;
    return n->n_output ? n->output[0] : "";
}

static hone_status add_gap(survey *v, const Onnx__NodeProto *n, int32_t opset, const char *reason) {
    importer *im = v->im;
    const char *domain = domain_name(n->domain);
    const size_t size = strlen(domain) + strlen(n->op_type) + 24;
    char *key = arena_alloc(&im->scratch, size);
    if (!key) return fail_nomem(im->c, size);
    snprintf(key, size, "%s::%s@%d", domain, n->op_type, opset);
    void **slot = names_slot(&v->gaps, key);
    if (!slot) return fail_nomem(im->c, sizeof(name_entry));
    gap *g = *slot;
    if (!g) {
        *slot = g = arena_alloc(&im->scratch, sizeof *g);
        if (!g) return fail_nomem(im->c, sizeof *g);
        *g = (gap){.domain = domain, .type = n->op_type, .reason = reason, .opset = opset};
        *v->last = g;
        v->last = &g->next;
        v->n_gaps++;
    }
    if (g->count < 3) g->example[g->count] = node_label(n);
    g->count++;
    return HONE_OK;
}

static hone_status survey_node(survey *v, const opsets *o, const Onnx__NodeProto *n);

static hone_status survey_nodes(survey *v, const opsets *o, Onnx__NodeProto *const *nodes,
                                size_t count) {
    for (size_t i = 0; i < count; i++) TRY(survey_node(v, o, nodes[i]));
    return HONE_OK;
}

/* The operator itself, or the function that it names. */
static hone_status survey_operator(survey *v, const opsets *o, const Onnx__NodeProto *n) {
    const ctx *c = v->im->c;
    const char *domain = domain_name(n->domain), *reason;
    char escaped[64];
    function *f;
    if (!n->op_type || !*n->op_type) return fail(c, HONE_E_FORMAT, "the node has no op_type");
    TRY(function_find(v->im, n, &f));
    if (f) {
        if (f->surveyed) return HONE_OK;
        f->surveyed = true;
        f->next = v->pending;
        v->pending = f;
        return HONE_OK;
    }
    const int32_t opset = opset_version(o, domain);
    if (!opset)
        return fail(c, HONE_E_FORMAT, "no version of domain '%s' is imported",
                    escape_name(escaped, sizeof escaped, domain));
    if (lower_known(c, domain, n->op_type, opset, &reason)) return HONE_OK;
    return add_gap(v, n, opset, reason);
}

/* Recursion ends with the depth of messages. */
static hone_status survey_node(survey *v, const opsets *o, const Onnx__NodeProto *n) {
    const hone_status s = survey_operator(v, o, n);
    if (s != HONE_OK) return fail_in_node(v->im->c, s, node_label(n), n->op_type);
    for (size_t i = 0; i < n->n_attribute; i++) {
        const Onnx__AttributeProto *a = n->attribute[i];
        if (a->g) TRY(survey_nodes(v, o, a->g->node, a->g->n_node));
        for (size_t k = 0; k < a->n_graphs; k++)
            TRY(survey_nodes(v, o, a->graphs[k]->node, a->graphs[k]->n_node));
    }
    return HONE_OK;
}

/* "Foo of domain 'x' (opset 1, 4 nodes: a, b, c, ...): no such operator", with as many nodes as
 * asked for and the reason only together with them. */
static void describe(const gap *g, int64_t examples, char *buf, size_t size) {
    char name[48], domain[48], example[48];
    size_t n = (size_t)snprintf(buf, size, "%s", escape_name(name, sizeof name, g->type));
    if (*g->domain && n < size)
        n += (size_t)snprintf(buf + n, size - n, " of domain '%s'",
                              escape_name(domain, sizeof domain, g->domain));
    if (n < size)
        n += (size_t)snprintf(buf + n, size - n, " (opset %d, %lld node%s", g->opset,
                              (long long)g->count, g->count == 1 ? "" : "s");
    for (int64_t i = 0; i < examples && i < g->count && n < size; i++)
        n += (size_t)snprintf(buf + n, size - n, "%s%s", i ? ", " : ": ",
                              escape_name(example, sizeof example, g->example[i]));
    if (n < size)
        n += (size_t)snprintf(buf + n, size - n, "%s)",
                              examples && g->count > examples ? ", ..." : "");
    if (examples && n < size) snprintf(buf + n, size - n, ": %s", g->reason);
}

/* One error with everything, shorter the more there is; the log gets the details of each. */
static hone_status report(const survey *v) {
    const ctx *c = v->im->c;
    const int64_t examples = v->n_gaps <= 2 ? 3 : v->n_gaps <= 4 ? 1 : 0;
    char text[440], line[256];
    size_t n = 0;
    int64_t told = 0, skipped = 0;
    for (const gap *g = v->first; g; g = g->next) {
        describe(g, 3, line, sizeof line);
        log_line(c, HONE_LOG_WARNING, "unsupported operator: %s", line);
        describe(g, examples, line, sizeof line);
        if (skipped || n + strlen(line) + 3 > sizeof text) {
            skipped++;
            continue;
        }
        n += (size_t)snprintf(text + n, sizeof text - n, "%s%s", n ? "; " : "", line);
        told++;
    }
    if (skipped)
        return fail(c, HONE_E_UNSUPPORTED, "unsupported operators: %s; and %lld more", text,
                    (long long)skipped);
    return fail(c, HONE_E_UNSUPPORTED, "unsupported operator%s: %s", told == 1 ? "" : "s", text);
}

hone_status support_check(importer *im) {
    const Onnx__GraphProto *g = im->proto->graph;
    survey v = {.im = im, .last = NULL};
    v.last = &v.first;
    names_init(&v.gaps, &im->scratch);
    TRY(survey_nodes(&v, &im->opsets, g->node, g->n_node));
    while (v.pending) {
        const Onnx__FunctionProto *f = v.pending->proto;
        const opsets o = {f->opset_import, f->n_opset_import};
        v.pending = v.pending->next;
        TRY(fail_in_part(im->c, survey_nodes(&v, &o, f->node, f->n_node), "function", f->name));
    }
    return v.n_gaps ? report(&v) : HONE_OK;
}
