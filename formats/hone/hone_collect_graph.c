/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "hone_writer.h"
#include "op.h"

/* One graph while it is collected. */
typedef struct graph_collector {
    hone_writer *w;
    const graph *g;
    intern values;      /* keys are pointers to values: their numbers in the file */
    byte_buffer bodies; /* uint32_t: numbers of the graphs of all nodes, in order */
    uint32_t n_inputs, n_constants, n_nodes, body;
} graph_collector;

static void number_value(graph_collector *k, const value *v) {
    intern_add(&k->values, &v, sizeof v);
}

static uint32_t value_number(const graph_collector *k, const value *v) {
    return v ? intern_find(&k->values, &v, sizeof v) : NONE_INDEX;
}

/* Inputs first, then constants, then what nodes write: a reader then knows that a value is written
 * before it is read without looking ahead. */
static void number_values(graph_collector *k) {
    const graph *g = k->g;
    for (int32_t i = 0; i < g->n_input; i++) number_value(k, g->input[i]);
    k->n_inputs = k->values.count;
    for (const node *n = g->first; n; n = n->next)
        for (int32_t i = 0; i < n->n_in; i++)
            if (n->in[i].value && n->in[i].value->constant) number_value(k, n->in[i].value);
    for (int32_t i = 0; i < g->n_output; i++)
        if (g->output[i]->constant) number_value(k, g->output[i]);
    k->n_constants = k->values.count - k->n_inputs;
    for (const node *n = g->first; n; n = n->next) {
        k->n_nodes++;
        for (int32_t i = 0; i < n->n_out; i++)
            if (n->out[i]) number_value(k, n->out[i]);
    }
}

static hone_status put_values(graph_collector *k) {
    hone_writer *w = k->w;
    for (uint32_t i = 0; i < k->values.count; i++) {
        size_t size;
        const value *v;
        memcpy(&v, intern_key(&k->values, i, &size), sizeof v);
        value_record rec = {collect_string(w, v->name), NONE_INDEX, NONE_INDEX};
        if (v->constant)
            TRY(collect_tensor(w, v->constant, &rec.tensor));
        else
            rec.type = collect_type(w, k->g, &v->type);
        buffer_put(&w->graphs, &rec, sizeof rec);
    }
    return HONE_OK;
}

static void put_list(byte_buffer *out, const void *data, int32_t count, size_t size) {
    buffer_u32(out, (uint32_t)count);
    buffer_put(out, data, (size_t)count * size);
}

static hone_status put_attribute(graph_collector *k, const attr *a) {
    static const uint32_t kinds[] = {
        [ATTR_INT] = ATTRIBUTE_INT,       [ATTR_FLOAT] = ATTRIBUTE_FLOAT,
        [ATTR_STRING] = ATTRIBUTE_STRING, [ATTR_INTS] = ATTRIBUTE_INTS,
        [ATTR_FLOATS] = ATTRIBUTE_FLOATS, [ATTR_STRINGS] = ATTRIBUTE_STRINGS,
        [ATTR_TENSOR] = ATTRIBUTE_TENSOR, [ATTR_GRAPH] = ATTRIBUTE_GRAPH};
    hone_writer *w = k->w;
    byte_buffer *out = &w->graphs;
    uint32_t index = 0;
    buffer_u32(out, collect_string(w, a->name));
    buffer_u32(out, kinds[a->kind]);
    switch (a->kind) {
    case ATTR_INT: buffer_put(out, &a->i, sizeof a->i); break;
    case ATTR_FLOAT: buffer_put(out, &a->f, sizeof a->f); break;
    case ATTR_STRING: buffer_u32(out, collect_string(w, a->s)); break;
    case ATTR_INTS: put_list(out, a->ints, a->count, sizeof *a->ints); break;
    case ATTR_FLOATS: put_list(out, a->floats, a->count, sizeof *a->floats); break;
    case ATTR_STRINGS:
        buffer_u32(out, (uint32_t)a->count);
        for (int32_t i = 0; i < a->count; i++) buffer_u32(out, collect_string(w, a->strings[i]));
        break;
    case ATTR_TENSOR:
        TRY(collect_tensor(w, a->tensor, &index));
        buffer_u32(out, index);
        break;
    default: buffer_u32(out, ((const uint32_t *)k->bodies.data)[k->body++]);
    }
    return HONE_OK;
}

static hone_status put_node(graph_collector *k, const node *n) {
    hone_writer *w = k->w;
    const op *o = n->op;
    const operator_record operator= {collect_string(w, o->domain), collect_string(w, o->name),
                                     (uint32_t)op_since(o), 0};
    node_record rec = {intern_add(&w->ops, &operator, sizeof operator),
                       collect_string(w, n->name),
                       (uint32_t)n->n_in,
                       (uint32_t)n->n_out,
                       (uint32_t)n->n_captured,
                       0};
    attr a;
    for (int32_t i = 0; attrs_encode(o, n->params, i, &a); i++)
        rec.attributes += attr_is_present(o, i, &a);
    buffer_put(&w->graphs, &rec, sizeof rec);
    for (int32_t i = 0; i < n->n_in; i++) buffer_u32(&w->graphs, value_number(k, n->in[i].value));
    for (int32_t i = 0; i < n->n_out; i++) buffer_u32(&w->graphs, value_number(k, n->out[i]));
    for (int32_t i = 0; attrs_encode(o, n->params, i, &a); i++)
        if (attr_is_present(o, i, &a)) TRY(put_attribute(k, &a));
    return HONE_OK;
}

/* Bodies come before the graph that uses them, so that a reader needs no recursion. */
static hone_status put_bodies(graph_collector *k, int32_t depth) {
    for (const node *n = k->g->first; n; n = n->next) {
        for (int32_t i = 0; i < n->n_body; i++) {
            uint32_t index;
            TRY(collect_graph(k->w, n->body[i], depth + 1, &index));
            buffer_u32(&k->bodies, index);
        }
    }
    return k->bodies.failed ? fail_nomem(k->w->c, 0) : HONE_OK;
}

static hone_status put_graph(graph_collector *k, int32_t depth) {
    hone_writer *w = k->w;
    TRY(put_bodies(k, depth));
    number_values(k);
    if (k->values.failed) return fail_nomem(w->c, 0);
    const graph_record rec = {
        collect_string(w, k->g->name), k->n_inputs, k->n_constants, k->values.count, k->n_nodes,
        (uint32_t)k->g->n_output};
    buffer_put(&w->graphs, &rec, sizeof rec);
    TRY(put_values(k));
    for (const node *n = k->g->first; n; n = n->next) TRY(put_node(k, n));
    for (int32_t i = 0; i < k->g->n_output; i++)
        buffer_u32(&w->graphs, value_number(k, k->g->output[i]));
    return w->graphs.failed ? fail_nomem(w->c, 0) : HONE_OK;
}

hone_status collect_graph(hone_writer *w, const graph *g, int32_t depth, uint32_t *out) {
    if (depth > w->c->limits->depth)
        return fail(w->c, HONE_E_LIMIT, "graphs are nested deeper than %d", w->c->limits->depth);
    graph_collector k = {.w = w, .g = g, .bodies.alloc = w->c->alloc};
    intern_init(&k.values, w->c->alloc);
    const hone_status status = put_graph(&k, depth);
    intern_fini(&k.values);
    buffer_fini(&k.bodies);
    *out = w->n_graphs++;
    return status;
}
