/* SPDX-License-Identifier: Apache-2.0 */
#include "graph.h"

#include <string.h>

#include "op.h"

graph *graph_create(arena *a, symbols *syms, const char *name) {
    graph *g = arena_alloc(a, sizeof *g);
    if (!g) return NULL;
    g->arena = a;
    g->symbols = syms ? syms : arena_alloc(a, sizeof *g->symbols);
    g->name = arena_strdup(a, name ? name : "");
    return g->symbols && g->name ? g : NULL;
}

/* Room for one more pointer in an array that lives in an arena: a full one is copied to twice the
 * size. */
static bool reserve(arena *a, void *array, size_t *cap, size_t count) {
    if (count < *cap) return true;
    void **old;
    memcpy(&old, array, sizeof old);
    const size_t next = *cap ? *cap * 2 : 8;
    void **grown = arena_array(a, next, sizeof *grown);
    if (!grown) return false;
    if (count) memcpy(grown, old, count * sizeof *grown);
    memcpy(array, &grown, sizeof grown);
    *cap = next;
    return true;
}

int64_t symbol_code(graph *g, const char *name) {
    symbols *s = g->symbols;
    for (size_t i = 0; i < s->count; i++)
        if (strcmp(s->name[i], name) == 0) return DIM_SYMBOL(i);
    if (!reserve(g->arena, &s->name, &s->capacity, s->count)) return DIM_UNKNOWN;
    char *copy = arena_strdup(g->arena, name);
    if (!copy) return DIM_UNKNOWN;
    s->name[s->count] = copy;
    return DIM_SYMBOL(s->count++);
}

const char *symbol_name(const graph *g, int64_t dim) {
    if (dim >= DIM_UNKNOWN || dim == DIM_OVERFLOW) return NULL;
    const size_t i = DIM_SYMBOL_INDEX(dim);
    return i < g->symbols->count ? g->symbols->name[i] : NULL;
}

value *graph_add_value(graph *g, const char *name, const type *t) {
    value *v = arena_alloc(g->arena, sizeof *v);
    if (!v) return NULL;
    v->name = name && *name ? arena_strdup(g->arena, name) : "";
    if (!v->name) return NULL;
    v->type = t ? *t : (type){.shape = shape_unknown()};
    v->graph = g;
    v->id = -1;
    return v;
}

value *graph_add_input(graph *g, const char *name, const type *t) {
    value *v = graph_add_value(g, name, t);
    if (!v || !reserve(g->arena, &g->input, &g->cap_input, (size_t)g->n_input)) return NULL;
    g->input[g->n_input++] = v;
    return v;
}

bool graph_add_output(graph *g, value *v) {
    if (!reserve(g->arena, &g->output, &g->cap_output, (size_t)g->n_output)) return false;
    g->output[g->n_output++] = v;
    v->output_uses++;
    return true;
}

value *graph_add_constant(graph *g, const char *name, const tensor *t) {
    const type ty = type_tensor(t->dtype, &t->shape);
    value *v = graph_add_value(g, name, &ty);
    tensor *copy = v ? arena_alloc(g->arena, sizeof *copy) : NULL;
    if (!copy) return NULL;
    *copy = *t;
    v->constant = copy;
    return v;
}

static void use_link(use *u, value *v) {
    u->value = v;
    if (!v) return;
    u->next = v->uses;
    u->link = &v->uses;
    if (v->uses) v->uses->link = &u->next;
    v->uses = u;
}

static void use_unlink(use *u) {
    if (!u->value) return;
    *u->link = u->next;
    if (u->next) u->next->link = u->link;
    u->value = NULL;
    u->next = NULL;
    u->link = NULL;
}

static void list_insert(graph *g, node *n, node *before) {
    n->next = before;
    n->prev = before ? before->prev : g->last;
    *(n->prev ? &n->prev->next : &g->first) = n;
    *(before ? &before->prev : &g->last) = n;
}

static void list_remove(node *n) {
    *(n->prev ? &n->prev->next : &n->graph->first) = n->next;
    *(n->next ? &n->next->prev : &n->graph->last) = n->prev;
}

/* Allocates the arrays of a node and its outputs. */
static bool node_fill(graph *g, node *n, const node_desc *d, int32_t n_out) {
    n->name = d->name && *d->name ? arena_strdup(g->arena, d->name) : "";
    n->params = arena_alloc(g->arena, d->op->params_size);
    n->in = arena_array(g->arena, (size_t)d->n_in, sizeof *n->in);
    n->out = arena_array(g->arena, (size_t)n_out, sizeof *n->out);
    n->body = arena_array(g->arena, (size_t)d->n_body, sizeof *n->body);
    if (!n->name || !n->params || !n->in || !n->out || !n->body) return false;
    if (d->params && d->op->params_size) memcpy(n->params, d->params, d->op->params_size);
    for (int32_t i = 0; i < n_out; i++) {
        if (d->out_names && !d->out_names[i]) continue; /* not wanted */
        n->out[i] = graph_add_value(g, d->out_names ? d->out_names[i] : NULL, NULL);
        if (!n->out[i]) return false;
        n->out[i]->producer = n;
    }
    for (int32_t i = 0; i < d->n_body; i++) n->body[i] = d->body[i];
    return true;
}

node *graph_add_node(graph *g, const node_desc *d) {
    node *n = arena_alloc(g->arena, sizeof *n);
    if (!n || !node_fill(g, n, d, d->n_out)) return NULL;
    n->op = d->op;
    n->graph = g;
    n->n_in = d->n_in;
    n->n_out = d->n_out;
    n->n_body = d->n_body;
    n->n_captured = d->n_captured;
    n->id = -1;
    for (int32_t i = 0; i < d->n_in; i++) {
        n->in[i].user = n;
        use_link(&n->in[i], d->in[i]);
    }
    list_insert(g, n, d->before);
    return n;
}

void graph_remove_node(node *n) {
    for (int32_t i = 0; i < n->n_in; i++) use_unlink(&n->in[i]);
    list_remove(n);
}

void node_set_input(node *n, int32_t i, value *v) {
    use_unlink(&n->in[i]);
    use_link(&n->in[i], v);
}

hone_status node_append_input(const ctx *c, node *n, int32_t i, value *v) {
    use *grown = arena_array(n->graph->arena, (size_t)i + 1, sizeof *grown);
    if (!grown) return fail_nomem(c, ((size_t)i + 1) * sizeof *grown);
    for (int32_t j = 0; j < n->n_in; j++) {
        value *old = n->in[j].value;
        use_unlink(&n->in[j]);
        grown[j].user = n;
        use_link(&grown[j], old);
    }
    for (int32_t j = n->n_in; j <= i; j++) grown[j].user = n;
    use_link(&grown[i], v);
    n->in = grown;
    n->n_in = i + 1;
    return HONE_OK;
}

void node_move(node *n, node *before) {
    if (n == before || n->next == before) return;
    list_remove(n);
    list_insert(n->graph, n, before);
}

void graph_replace(value *from, value *to) {
    if (from == to) return;
    while (from->uses) {
        use *u = from->uses;
        use_unlink(u);
        use_link(u, to);
    }
    if (!*to->name) to->name = from->name;
    if (from->output_uses == 0) return;
    graph *g = from->graph;
    for (int32_t i = 0; i < g->n_output; i++)
        if (g->output[i] == from) g->output[i] = to;
    if (to->output_uses == 0 && !value_is_input(to)) to->name = from->name;
    to->output_uses += from->output_uses;
    from->output_uses = 0;
}

int32_t value_use_count(const value *v) {
    int32_t n = v->output_uses;
    for (const use *u = v->uses; u; u = u->next) n++;
    return n;
}

node *value_only_user(const value *v) {
    return v->output_uses == 0 && v->uses && !v->uses->next ? v->uses->user : NULL;
}

void graph_number(graph *g) {
    int32_t nodes = 0, values = 0;
    for (int32_t i = 0; i < g->n_input; i++) g->input[i]->id = values++;
    for (node *n = g->first; n; n = n->next)
        for (int32_t i = 0; i < n->n_in; i++)
            if (n->in[i].value)
                n->in[i].value->id = n->in[i].value->constant ? -1 : n->in[i].value->id;
    for (int32_t i = 0; i < g->n_output; i++)
        if (g->output[i]->constant) g->output[i]->id = -1;
    for (node *n = g->first; n; n = n->next) {
        n->id = nodes++;
        for (int32_t i = 0; i < n->n_in; i++) {
            value *v = n->in[i].value;
            if (v && v->constant && v->id < 0) v->id = values++;
        }
        for (int32_t i = 0; i < n->n_out; i++)
            if (n->out[i]) n->out[i]->id = values++;
    }
    for (int32_t i = 0; i < g->n_output; i++)
        if (g->output[i]->constant && g->output[i]->id < 0) g->output[i]->id = values++;
    g->n_node = nodes;
    g->n_value = values;
}

value **graph_values(graph *g, arena *a) {
    value **all = arena_array(a, (size_t)g->n_value, sizeof *all);
    if (!all) return NULL;
    for (int32_t i = 0; i < g->n_input; i++) all[g->input[i]->id] = g->input[i];
    for (node *n = g->first; n; n = n->next) {
        int32_t *ids = arena_array(a, (size_t)n->n_in + (size_t)n->n_out, sizeof *ids);
        if (!ids) return NULL;
        for (int32_t i = 0; i < n->n_in + n->n_out; i++) {
            value *v = i < n->n_in ? n->in[i].value : n->out[i - n->n_in];
            ids[i] = v ? v->id : -1;
            if (v) all[v->id] = v;
        }
        n->ids = ids;
    }
    for (int32_t i = 0; i < g->n_output; i++) all[g->output[i]->id] = g->output[i];
    return all;
}
