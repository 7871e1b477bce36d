/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "hone_reader.h"
#include "infer.h"
#include "op.h"

/* State of reading one graph. */
typedef struct graph_reader {
    hone_reader *r;
    cursor *in;
    builder b;
    graph **done;    /* the graphs before this one; NULL once a node has taken it */
    int32_t *depths; /* of those, and of this one: how many graphs lie inside each other */
    uint32_t index;
    value **values; /* those numbered so far */
    const value_record *records;
    uint32_t n_values, next;
} graph_reader;

static hone_status find_value(graph_reader *g, uint32_t index, value **out) {
    if (index >= g->next)
        return fail_here(g->r, g->in, "value %u is read before anything writes it", index);
    *out = g->values[index];
    return HONE_OK;
}

/* Reads `count` integers into scratch memory. */
static hone_status take_numbers(graph_reader *g, uint32_t count, uint32_t **out) {
    hone_reader *r = g->r;
    *out = arena_array(&r->scratch, count, sizeof **out);
    if (!*out) return fail_nomem(r->c, count * sizeof **out);
    return take(r, g->in, *out, count * sizeof **out, "list of numbers");
}

/* Adds an input or a constant. */
static hone_status add_value(graph_reader *g, uint32_t i, bool constant) {
    hone_reader *r = g->r;
    const value_record *v = &g->records[i];
    const char *name;
    TRY(take_name(r, g->in, v->name, &name));
    if (v->type != NONE_INDEX && v->type >= r->n_types)
        return fail_here(r, g->in, "value %u has type %u: there are %u", i, v->type, r->n_types);
    if (constant ? v->type != NONE_INDEX || v->tensor >= r->n_tensors
                 : v->type == NONE_INDEX || v->tensor != NONE_INDEX)
        return fail_here(r, g->in, "value %u must have %s", i,
                         constant ? "a tensor alone" : "a type alone");
    if (constant) {
        g->values[i] = graph_add_constant(g->b.graph, name, &r->tensors[v->tensor]);
    } else {
        type t = r->types[v->type];
        if (g->b.graph == r->main) {
            if (type_inner(&t) == HONE_UNDEFINED)
                return fail_here(r, g->in, "input %u has no element type", i);
            TRY(source_set_shape(r->c, r->source, name, &t.shape));
        }
        g->values[i] = graph_add_input(g->b.graph, name, &t);
    }
    return g->values[i] ? HONE_OK : fail_nomem(r->c, sizeof(value));
}

/* The last inputs of a body are the values that its node captures, of their types. */
static hone_status check_captures(const graph_reader *g, const graph *body, const draft *d) {
    if (body->n_input < d->n_captured)
        return fail_here(g->r, g->in, "body has %d inputs: the node captures %d values",
                         body->n_input, d->n_captured);
    for (int32_t i = 1; i <= d->n_captured; i++) {
        const type *outer = &d->in[d->n_in - i]->type;
        const type *inner = &body->input[body->n_input - i]->type;
        if (!type_equal(outer, inner))
            return fail_here(g->r, g->in, "body takes a captured value as %s: it is %s",
                             hone_dtype_name(type_inner(inner)),
                             hone_dtype_name(type_inner(outer)));
    }
    return HONE_OK;
}

/* A body belongs to one node. */
static hone_status take_body(graph_reader *g, uint32_t index, const draft *d, graph **out) {
    if (index >= g->index || !g->done[index])
        return fail_here(g->r, g->in, "graph %u is not free to be a body", index);
    graph *body = g->done[index];
    TRY(check_captures(g, body, d));
    g->done[index] = NULL;
    if (g->depths[index] >= g->depths[g->index]) g->depths[g->index] = g->depths[index] + 1;
    if (g->depths[g->index] > g->r->c->limits->depth)
        return fail(g->r->c, HONE_E_LIMIT, "graphs are nested deeper than %d",
                    g->r->c->limits->depth);
    *out = body;
    return HONE_OK;
}

/* Elements of a list attribute, copied to where they are aligned. */
static hone_status take_list(graph_reader *g, size_t size, attr *a, const void **out) {
    hone_reader *r = g->r;
    uint32_t n = 0;
    TRY(take_count(r, g->in, size, "attribute elements", &n));
    void *copy = arena_array(&r->scratch, n, size);
    if (!copy) return fail_nomem(r->c, n * size);
    a->count = (int32_t)n;
    *out = copy;
    return take(r, g->in, copy, n * size, "attribute");
}

static hone_status take_ints(graph_reader *g, attr *a) {
    const void *list = NULL;
    TRY(take_list(g, sizeof *a->ints, a, &list));
    a->ints = list;
    return HONE_OK;
}

static hone_status take_floats(graph_reader *g, attr *a) {
    const void *list = NULL;
    TRY(take_list(g, sizeof *a->floats, a, &list));
    a->floats = list;
    return HONE_OK;
}

static hone_status take_strings(graph_reader *g, attr *a) {
    hone_reader *r = g->r;
    const void *list = NULL;
    TRY(take_list(g, sizeof(uint32_t), a, &list));
    const uint32_t *index = list;
    const char **strings = arena_array(&r->scratch, (size_t)a->count, sizeof *strings);
    if (!strings) return fail_nomem(r->c, (size_t)a->count * sizeof *strings);
    for (int32_t i = 0; i < a->count; i++) TRY(take_name(r, g->in, index[i], &strings[i]));
    a->strings = strings;
    return HONE_OK;
}

static hone_status take_attribute(graph_reader *g, const draft *d, attr *a) {
    static const attr_kind kinds[] = {
        [ATTRIBUTE_INT] = ATTR_INT,       [ATTRIBUTE_FLOAT] = ATTR_FLOAT,
        [ATTRIBUTE_STRING] = ATTR_STRING, [ATTRIBUTE_INTS] = ATTR_INTS,
        [ATTRIBUTE_FLOATS] = ATTR_FLOATS, [ATTRIBUTE_STRINGS] = ATTR_STRINGS,
        [ATTRIBUTE_TENSOR] = ATTR_TENSOR, [ATTRIBUTE_GRAPH] = ATTR_GRAPH};
    hone_reader *r = g->r;
    attribute_record rec;
    uint32_t index;
    TRY(take(r, g->in, &rec, sizeof rec, "attribute"));
    if (rec.kind < ATTRIBUTE_INT || rec.kind > ATTRIBUTE_GRAPH)
        return fail_here(r, g->in, "attribute of kind %u", rec.kind);
    *a = (attr){.kind = kinds[rec.kind]};
    TRY(find_string(r, g->in, rec.name, &a->name));
    switch (rec.kind) {
    case ATTRIBUTE_INT: return take(r, g->in, &a->i, sizeof a->i, "attribute");
    case ATTRIBUTE_FLOAT: return take(r, g->in, &a->f, sizeof a->f, "attribute");
    case ATTRIBUTE_INTS: return take_ints(g, a);
    case ATTRIBUTE_FLOATS: return take_floats(g, a);
    case ATTRIBUTE_STRINGS: return take_strings(g, a);
    default: TRY(take(r, g->in, &index, sizeof index, "attribute"));
    }
    if (rec.kind == ATTRIBUTE_STRING) return take_name(r, g->in, index, &a->s);
    if (rec.kind == ATTRIBUTE_GRAPH) return take_body(g, index, d, &a->graph);
    if (index >= r->n_tensors)
        return fail_here(r, g->in, "tensor %u: there are %u", index, r->n_tensors);
    a->tensor = &r->tensors[index];
    return HONE_OK;
}

static hone_status take_inputs(graph_reader *g, draft *d) {
    hone_reader *r = g->r;
    uint32_t *index;
    TRY(take_numbers(g, (uint32_t)d->n_in, &index));
    d->in = arena_array(&r->scratch, (size_t)d->n_in, sizeof *d->in);
    if (!d->in) return fail_nomem(r->c, (size_t)d->n_in * sizeof *d->in);
    for (int32_t i = 0; i < d->n_in; i++) {
        if (index[i] != NONE_INDEX)
            TRY(find_value(g, index[i], &d->in[i]));
        else if (i >= d->n_in - d->n_captured)
            return fail_here(r, g->in, "captured input %d is missing", i);
    }
    return HONE_OK;
}

/* What a node writes gets the next numbers, in order: that makes every value written once, and
 * before it is read. */
static hone_status take_outputs(graph_reader *g, draft *d, const uint32_t **numbers) {
    hone_reader *r = g->r;
    uint32_t *index, next = g->next;
    TRY(take_numbers(g, (uint32_t)d->n_out, &index));
    const char **names = arena_array(&r->scratch, (size_t)d->n_out, sizeof *names);
    d->out = arena_array(&r->scratch, (size_t)d->n_out, sizeof *d->out);
    if (!names || !d->out) return fail_nomem(r->c, (size_t)d->n_out * sizeof *names);
    for (int32_t i = 0; i < d->n_out; i++) {
        if (index[i] == NONE_INDEX) continue;
        if (index[i] != next || next >= g->n_values)
            return fail_here(r, g->in, "output %d is value %u: expected %u of %u", i, index[i],
                             next, g->n_values);
        const value_record *v = &g->records[next++];
        if (v->tensor != NONE_INDEX || v->type >= r->n_types)
            return fail_here(r, g->in, "value %u must have a type alone", index[i]);
        TRY(take_name(r, g->in, v->name, &names[i]));
    }
    d->out_names = names;
    *numbers = index;
    return HONE_OK;
}

/* The file's types are hints: inference has the last word. */
static hone_status accept_outputs(graph_reader *g, const draft *d, const uint32_t *numbers) {
    for (int32_t i = 0; i < d->n_out; i++) {
        if (numbers[i] == NONE_INDEX) continue;
        value *v = d->out[i];
        if (!v) return fail_here(g->r, g->in, "output %d does not exist", i);
        if (v->producer) type_refine(&v->type, &g->r->types[g->records[g->next].type]);
        g->values[g->next++] = v;
    }
    return HONE_OK;
}

static hone_status read_node(graph_reader *g) {
    hone_reader *r = g->r;
    node_record rec;
    TRY(take(r, g->in, &rec, sizeof rec, "node"));
    if (rec.op >= r->n_ops)
        return fail_here(r, g->in, "operator %u: there are %u", rec.op, r->n_ops);
    if (rec.captured > rec.inputs)
        return fail_here(r, g->in, "node captures %u of %u inputs", rec.captured, rec.inputs);
    TRY(check_count(r, g->in, (uint64_t)rec.inputs + rec.outputs, sizeof(uint32_t),
                    "inputs and outputs"));
    TRY(check_count(r, g->in, rec.attributes, sizeof(attribute_record), "attributes"));
    const operator_record *o = &r->ops[rec.op];
    draft d = {.domain = r->strings[o->domain],
               .type = r->strings[o->name],
               .opset = (int32_t)o->version,
               .n_in = (int32_t)rec.inputs,
               .n_out = (int32_t)rec.outputs,
               .n_captured = (int32_t)rec.captured,
               .n_attrs = (int32_t)rec.attributes};
    const uint32_t *numbers = NULL;
    TRY(take_name(r, g->in, rec.name, &d.name));
    TRY(take_inputs(g, &d));
    TRY(take_outputs(g, &d, &numbers));
    d.attrs = arena_array(&r->scratch, (size_t)d.n_attrs, sizeof *d.attrs);
    if (!d.attrs) return fail_nomem(r->c, (size_t)d.n_attrs * sizeof *d.attrs);
    bool has_body = false;
    for (int32_t i = 0; i < d.n_attrs; i++) {
        TRY(take_attribute(g, &d, &d.attrs[i]));
        has_body |= d.attrs[i].kind == ATTR_GRAPH;
    }
    if (d.n_captured && !has_body)
        return fail_here(r, g->in, "node captures %d values but has no body", d.n_captured);
    TRY(lower(&g->b, &d));
    return accept_outputs(g, &d, numbers);
}

static hone_status read_values(graph_reader *g, const graph_record *rec) {
    hone_reader *r = g->r;
    TRY(check_count(r, g->in, rec->values, sizeof(value_record), "values"));
    g->n_values = rec->values;
    if ((uint64_t)rec->inputs + rec->constants > rec->values)
        return fail_here(r, g->in, "%u inputs and %u constants are more than %u values",
                         rec->inputs, rec->constants, rec->values);
    value_record *records = arena_array(&r->scratch, rec->values, sizeof *records);
    g->values = arena_array(&r->scratch, rec->values, sizeof(value *));
    if (!records || !g->values) return fail_nomem(r->c, rec->values * sizeof *records);
    TRY(take(r, g->in, records, rec->values * sizeof *records, "values"));
    g->records = records;
    for (uint32_t i = 0; i < rec->inputs + rec->constants; i++) {
        TRY(add_value(g, i, i >= rec->inputs));
        g->next = i + 1;
    }
    return HONE_OK;
}

static hone_status read_outputs(graph_reader *g, uint32_t count) {
    hone_reader *r = g->r;
    TRY(check_count(r, g->in, count, sizeof(uint32_t), "outputs"));
    for (uint32_t i = 0; i < count; i++) {
        uint32_t index = 0;
        value *v = NULL;
        TRY(take(r, g->in, &index, sizeof index, "output"));
        TRY(find_value(g, index, &v));
        if (!graph_add_output(g->b.graph, v)) return fail_nomem(r->c, sizeof v);
    }
    return HONE_OK;
}

static bool is_packed(const value *v) {
    return v && v->constant && v->constant->layout.kind != LAYOUT_DENSE;
}

/* A packed constant is only good for an operator that reads this layout: any other would take it
 * for what it is not. */
static hone_status check_layouts(const graph_reader *g) {
    for (const node *n = g->b.graph->first; n; n = n->next) {
        for (int32_t i = 0; i < n->n_in; i++) {
            const value *v = n->in[i].value;
            if (!is_packed(v)) continue;
            const layout have = v->constant->layout;
            const layout want = n->op->pack ? n->op->pack(n, i) : (layout){LAYOUT_DENSE, 0};
            if (layout_equal(have, want)) continue;
            if (n->op->reads && n->op->reads(n, i, have)) continue;
            const hone_status status =
                fail_here(g->r, g->in, "input %d has a layout of kind %d: expected %d", i,
                          have.kind, want.kind);
            return fail_in_node(g->r->c, status, n->name, n->op->name);
        }
    }
    for (int32_t i = 0; i < g->b.graph->n_output; i++)
        if (is_packed(g->b.graph->output[i]))
            return fail_here(g->r, g->in, "output %d is packed", i);
    return HONE_OK;
}

/* *nodes counts those of all graphs. */
static hone_status read_graph(graph_reader *g, bool is_main, int64_t *nodes) {
    hone_reader *r = g->r;
    graph_record rec;
    const char *name;
    TRY(take(r, g->in, &rec, sizeof rec, "graph"));
    TRY(take_name(r, g->in, rec.name, &name));
    graph *out = r->main;
    if (is_main)
        out->name = arena_strdup(out->arena, name);
    else
        out = graph_create(&r->model->arena, r->main->symbols, name);
    if (!out || !out->name) return fail_nomem(r->c, sizeof *out);
    builder_init(&g->b, r->c, out, NULL, "");
    TRY(read_values(g, &rec));
    TRY(check_count(r, g->in, rec.nodes, sizeof(node_record), "nodes"));
    *nodes += rec.nodes;
    if (*nodes > r->c->limits->nodes)
        return fail(r->c, HONE_E_LIMIT, "%lld nodes: the limit is %lld", (long long)*nodes,
                    (long long)r->c->limits->nodes);
    for (uint32_t i = 0; i < rec.nodes; i++) TRY(read_node(g));
    if (g->next != g->n_values)
        return fail_here(r, g->in, "%u of %u values are never written", g->n_values - g->next,
                         g->n_values);
    TRY(read_outputs(g, rec.outputs));
    return check_layouts(g);
}

hone_status read_graphs(hone_reader *r) {
    cursor in;
    uint32_t n;
    int64_t nodes = 0;
    TRY(section_open(r, SECTION_GRAPHS, &in));
    TRY(take_count(r, &in, sizeof(graph_record), "graphs", &n));
    if (n == 0) return fail_here(r, &in, "there is no graph");
    graph **done = arena_array(&r->scratch, n, sizeof *done);
    int32_t *depths = arena_array(&r->scratch, n, sizeof *depths);
    if (!done || !depths) return fail_nomem(r->c, n * sizeof *done);
    for (uint32_t i = 0; i < n; i++) {
        graph_reader g = {.r = r, .in = &in, .done = done, .depths = depths, .index = i};
        TRY(read_graph(&g, i == n - 1, &nodes));
        done[i] = g.b.graph;
    }
    for (uint32_t i = 0; i < n - 1; i++)
        if (done[i]) return fail_here(r, &in, "graph %u is the body of no node", i);
    if (in.left) return fail_here(r, &in, "%zu bytes after the last graph", in.left);
    r->model->graph = r->main;
    return HONE_OK;
}
