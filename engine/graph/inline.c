/* SPDX-License-Identifier: Apache-2.0 */
#include "inline.h"

#include "infer.h"

hone_status substitution_init(substitution *s, builder *b, graph *g) {
    graph_number(g);
    s->n = g->n_value;
    s->instead = arena_array(b->graph->arena, (size_t)s->n, sizeof *s->instead);
    return s->instead ? HONE_OK : fail_nomem(b->c, (size_t)s->n * sizeof *s->instead);
}

value *substituted(const substitution *s, value *v) {
    return v && v->id < s->n && s->instead[v->id] ? s->instead[v->id] : v;
}

hone_status repeat_node(builder *b, substitution *s, const node *n) {
    value **in = arena_array(b->graph->arena, (size_t)n->n_in, sizeof *in);
    if (!in) return fail_nomem(b->c, (size_t)n->n_in * sizeof *in);
    for (int32_t i = 0; i < n->n_in; i++) in[i] = substituted(s, node_in(n, i));
    const node_desc desc = {.op = n->op,
                            .name = n->name,
                            .params = n->params,
                            .in = in,
                            .n_in = n->n_in,
                            .n_out = n->n_out,
                            .n_captured = n->n_captured,
                            .body = n->body,
                            .n_body = n->n_body,
                            .before = b->before};
    node *copy = graph_add_node(b->graph, &desc);
    if (!copy) return fail_nomem(b->c, sizeof *copy);
    for (int32_t i = 0; i < n->n_out; i++)
        if (n->out[i] && !s->instead[n->out[i]->id]) s->instead[n->out[i]->id] = copy->out[i];
    return graph_infer_node(b->c, copy);
}

/* The value of a body's output, or of an input, in the builder's graph. */
static value *into(builder *b, substitution *s, value *v) {
    if (!v->constant) return substituted(s, v);
    value **slot = &s->instead[v->id];
    if (!*slot) *slot = graph_add_constant(b->graph, v->name, v->constant);
    return *slot;
}

hone_status inline_body(builder *b, graph *body, value *const *in, int32_t n_in, value **out,
                        int32_t n_out) {
    substitution s;
    if (body->n_input != n_in || body->n_output < n_out)
        return builder_fail(b, HONE_E_FORMAT,
                            "a body has %d inputs and %d outputs: expected %d and %d",
                            body->n_input, body->n_output, n_in, n_out);
    TRY(substitution_init(&s, b, body));
    for (int32_t i = 0; i < n_in; i++) s.instead[body->input[i]->id] = in[i];
    for (const node *n = body->first; n; n = n->next) {
        for (int32_t i = 0; i < n->n_in; i++)
            if (node_in(n, i) && !into(b, &s, node_in(n, i)))
                return fail_nomem(b->c, sizeof(value));
        TRY(repeat_node(b, &s, n));
    }
    for (int32_t i = 0; i < n_out; i++)
        if (!(out[i] = into(b, &s, body->output[i]))) return fail_nomem(b->c, sizeof(value));
    return HONE_OK;
}
