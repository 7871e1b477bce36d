/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "import.h"

/* Which nodes each node waits for: those of node i are item[start[i]] .. item[start[i + 1]]. */
typedef struct waits {
    importer *im;
    names producers; /* value -> number of its producer + 1 */
    size_t *start, *item;
    size_t count, capacity;
} waits;

/* The names that a body defines, and those of the bodies around it. */
typedef struct body_names {
    const struct body_names *outer;
    names defined;
} body_names;

static bool defined_inside(const body_names *b, const char *name) {
    for (; b; b = b->outer)
        if (names_find(&b->defined, name)) return true;
    return false;
}

/* A node reads `name`, possibly from inside the bodies b. */
static hone_status add_wait(waits *w, const body_names *b, const char *name) {
    if (!*name || defined_inside(b, name)) return HONE_OK;
    const uintptr_t producer = (uintptr_t)names_find(&w->producers, name);
    if (!producer) return HONE_OK; /* an input, a constant, or from further outside */
    if (w->count == w->capacity) {
        const size_t next = w->capacity ? w->capacity * 2 : 64;
        size_t *grown = arena_array(&w->im->scratch, next, sizeof *grown);
        if (!grown) return fail_nomem(w->im->c, next * sizeof *grown);
        if (w->count) memcpy(grown, w->item, w->count * sizeof *grown);
        w->item = grown;
        w->capacity = next;
    }
    w->item[w->count++] = producer - 1;
    return HONE_OK;
}

static hone_status define(importer *im, names *t, const char *name) {
    if (!name) return HONE_OK;
    void **slot = names_slot(t, name);
    if (!slot) return fail_nomem(im->c, sizeof(name_entry));
    *slot = t;
    return HONE_OK;
}

static hone_status define_graph(importer *im, names *t, const Onnx__GraphProto *g) {
    for (size_t i = 0; i < g->n_input; i++) TRY(define(im, t, g->input[i]->name));
    for (size_t i = 0; i < g->n_initializer; i++) TRY(define(im, t, g->initializer[i]->name));
    for (size_t i = 0; i < g->n_sparse_initializer; i++)
        if (g->sparse_initializer[i]->values)
            TRY(define(im, t, g->sparse_initializer[i]->values->name));
    for (size_t i = 0; i < g->n_node; i++)
        for (size_t k = 0; k < g->node[i]->n_output; k++) TRY(define(im, t, g->node[i]->output[k]));
    return HONE_OK;
}

static hone_status add_node_waits(waits *w, const body_names *b, const Onnx__NodeProto *n);

/* What a body takes from outside. Recursion ends with the depth of messages. */
static hone_status add_body_waits(waits *w, const body_names *outer, const Onnx__GraphProto *g) {
    body_names b = {.outer = outer};
    names_init(&b.defined, &w->im->scratch);
    TRY(define_graph(w->im, &b.defined, g));
    for (size_t i = 0; i < g->n_node; i++) TRY(add_node_waits(w, &b, g->node[i]));
    for (size_t i = 0; i < g->n_output; i++)
        if (g->output[i]->name) TRY(add_wait(w, &b, g->output[i]->name));
    return HONE_OK;
}

static hone_status add_node_waits(waits *w, const body_names *b, const Onnx__NodeProto *n) {
    for (size_t i = 0; i < n->n_input; i++) TRY(add_wait(w, b, n->input[i]));
    for (size_t i = 0; i < n->n_attribute; i++) {
        const Onnx__AttributeProto *a = n->attribute[i];
        if (a->g) TRY(add_body_waits(w, b, a->g));
        for (size_t k = 0; k < a->n_graphs; k++) TRY(add_body_waits(w, b, a->graphs[k]));
    }
    return HONE_OK;
}

static hone_status collect_producers(waits *w, Onnx__NodeProto *const *nodes, size_t count) {
    char name[96];
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < nodes[i]->n_output; k++) {
            if (!*nodes[i]->output[k]) continue;
            void **slot = names_slot(&w->producers, nodes[i]->output[k]);
            if (!slot) return fail_nomem(w->im->c, sizeof(name_entry));
            if (*slot)
                return fail(w->im->c, HONE_E_FORMAT, "two nodes have the output '%s'",
                            escape_name(name, sizeof name, nodes[i]->output[k]));
            *slot = (void *)(uintptr_t)(i + 1);
        }
    return HONE_OK;
}

static bool in_order(const waits *w, size_t count) {
    for (size_t i = 0; i < count; i++)
        for (size_t k = w->start[i]; k < w->start[i + 1]; k++)
            if (w->item[k] >= i) return false;
    return true;
}

/* An open node of the search and how many of its waits have been looked at. */
typedef struct visit {
    size_t node, next;
} visit;

/* Depth-first from each node in the given order, so that nodes move only where they must. */
static hone_status sort(waits *w, Onnx__NodeProto *const *nodes, size_t count, size_t *order) {
    enum { NEW, OPEN, DONE };
    importer *im = w->im;
    uint8_t *state = arena_alloc(&im->scratch, count);
    visit *stack = arena_array(&im->scratch, count, sizeof *stack);
    size_t done = 0;
    if (!state || !stack) return fail_nomem(im->c, count * sizeof *stack);
    for (size_t i = 0; i < count; i++) {
        size_t depth = 0;
        if (state[i] != NEW) continue;
        state[i] = OPEN;
        stack[depth++] = (visit){i, w->start[i]};
        while (depth) {
            visit *v = &stack[depth - 1];
            if (v->next == w->start[v->node + 1]) {
                state[v->node] = DONE;
                order[done++] = v->node;
                depth--;
                continue;
            }
            const size_t next = w->item[v->next++];
            if (state[next] == OPEN) {
                fail(im->c, HONE_E_FORMAT, "the node depends on its own result");
                return fail_in_node(im->c, HONE_E_FORMAT, node_label(nodes[next]),
                                    nodes[next]->op_type);
            }
            if (state[next] == DONE) continue;
            state[next] = OPEN;
            stack[depth++] = (visit){next, w->start[next]};
        }
    }
    return HONE_OK;
}

hone_status order_nodes(importer *im, Onnx__NodeProto *const *nodes, size_t count, size_t **order) {
    waits w = {.im = im};
    names_init(&w.producers, &im->scratch);
    TRY(collect_producers(&w, nodes, count));
    w.start = arena_array(&im->scratch, count + 1, sizeof *w.start);
    *order = arena_array(&im->scratch, count, sizeof **order);
    if (!w.start || !*order) return fail_nomem(im->c, count * sizeof **order);
    for (size_t i = 0; i < count; i++) {
        w.start[i] = w.count;
        TRY(add_node_waits(&w, NULL, nodes[i]));
        (*order)[i] = i;
    }
    w.start[count] = w.count;
    if (in_order(&w, count)) return HONE_OK;
    log_line(im->c, HONE_LOG_INFO, "the nodes are not in topological order: sorting them");
    return sort(&w, nodes, count, *order);
}
