/* SPDX-License-Identifier: Apache-2.0
 *
 * One look over the whole model for the operators that it needs, so that the user learns at once of
 * all that hone does not have.
 */
#include <stdio.h>
#include <string.h>

#include "import.h"

/* An operator that the model needs. */
typedef struct need {
    struct need *next;
    const char *domain, *type, *reason; /* reason: why hone lacks it, or NULL */
    int32_t opset;
    int64_t count;
    const char *example[3]; /* names of nodes */
} need;

typedef struct survey {
    importer *im;
    names needs; /* "domain::type@opset" -> need */
    need *first, **last;
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

static hone_status need_new(survey *v, const Onnx__NodeProto *n, int32_t opset, need **out) {
    const char *domain = domain_name(n->domain), *reason;
    need *at = arena_alloc(&v->im->scratch, sizeof *at);
    if (!at) return fail_nomem(v->im->c, sizeof *at);
    const bool known = lower_known(v->im->c, domain, n->op_type, opset, &reason);
    *at = (need){
        .domain = domain, .type = n->op_type, .reason = known ? NULL : reason, .opset = opset};
    *v->last = at;
    v->last = &at->next;
    v->n_gaps += !known;
    *out = at;
    return HONE_OK;
}

static hone_status add_need(survey *v, const Onnx__NodeProto *n, int32_t opset) {
    importer *im = v->im;
    const char *domain = domain_name(n->domain);
    const size_t size = strlen(domain) + strlen(n->op_type) + 24;
    char *key = arena_alloc(&im->scratch, size);
    if (!key) return fail_nomem(im->c, size);
    snprintf(key, size, "%s::%s@%d", domain, n->op_type, opset);
    void **slot = names_slot(&v->needs, key);
    if (!slot) return fail_nomem(im->c, sizeof(name_entry));
    need *at = *slot;
    if (!at) TRY(need_new(v, n, opset, &at));
    *slot = at;
    if (at->count < 3) at->example[at->count] = node_label(n);
    at->count++;
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
    const char *domain = domain_name(n->domain);
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
    return add_need(v, n, opset);
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
static void describe(const need *g, int64_t examples, char *buf, size_t size) {
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
    for (const need *g = v->first; g; g = g->next) {
        if (!g->reason) continue;
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

static hone_status look_over(importer *im, survey *v) {
    const Onnx__GraphProto *g = im->proto->graph;
    *v = (survey){.im = im};
    v->last = &v->first;
    names_init(&v->needs, &im->scratch);
    TRY(survey_nodes(v, &im->opsets, g->node, g->n_node));
    while (v->pending) {
        const Onnx__FunctionProto *f = v->pending->proto;
        const opsets o = {f->opset_import, f->n_opset_import};
        v->pending = v->pending->next;
        TRY(fail_in_part(im->c, survey_nodes(v, &o, f->node, f->n_node), "function", f->name));
    }
    return HONE_OK;
}

hone_status support_check(importer *im) {
    survey v;
    TRY(look_over(im, &v));
    return v.n_gaps ? report(&v) : HONE_OK;
}

hone_status support_list(importer *im, hone_need_fn tell, void *user) {
    survey v;
    TRY(look_over(im, &v));
    for (const need *n = v.first; n; n = n->next) {
        const hone_need told = {n->domain, n->type, n->opset, n->count, n->reason, n->example[0]};
        if (tell(user, &told) != 0) return fail(im->c, HONE_E_CANCELLED, "stopped by the caller");
    }
    return HONE_OK;
}
