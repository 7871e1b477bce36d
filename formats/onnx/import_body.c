/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "import.h"

hone_status import_body(scope *s, const Onnx__GraphProto *g, bodies *b, graph **out) {
    importer *im = s->im;
    scope *inner = arena_alloc(&im->scratch, sizeof *inner);
    builder *into = arena_alloc(&im->scratch, sizeof *into);
    scope **grown = arena_array(&im->scratch, (size_t)b->n + 1, sizeof *grown);
    graph *body = graph_create(&im->model->arena, s->builder->graph->symbols, g->name);
    if (!inner || !into || !grown || !body) return fail_nomem(im->c, sizeof *inner);
    builder_init(into, im->c, body, NULL, "");
    scope_init(inner, im, into, s);
    TRY(scope_check_depth(inner));
    if (b->n) memcpy(grown, b->scope, (size_t)b->n * sizeof *grown);
    grown[b->n++] = inner;
    b->scope = grown;
    *out = body;
    return import_graph(inner, g);
}

/* Every value that one of the bodies captures, once: as a list and by name. */
static hone_status unite(importer *im, bodies *b, names *all, const capture ***list) {
    size_t total = 0;
    for (int32_t i = 0; i < b->n; i++) total += b->scope[i]->n_captures;
    *list = arena_array(&im->scratch, total, sizeof **list);
    if (!*list) return fail_nomem(im->c, total * sizeof **list);
    for (int32_t i = 0; i < b->n; i++)
        for (size_t k = 0; k < b->scope[i]->n_captures; k++) {
            capture *item = b->scope[i]->captures[k];
            void **slot = names_slot(all, item->name);
            if (!slot) return fail_nomem(im->c, sizeof(name_entry));
            if (*slot) continue;
            *slot = item;
            (*list)[b->n_captured++] = item;
        }
    return HONE_OK;
}

/* Makes the last inputs of one body those of the list, in its order. So far they are its own
 * captures in order of discovery; what only other bodies capture is added and stays unread. */
static hone_status align_inputs(importer *im, scope *body, const capture *const *list, int32_t n) {
    graph *g = body->builder->graph;
    const size_t first = (size_t)g->n_input - body->n_captures;
    value **inputs = arena_array(&im->scratch, (size_t)n, sizeof *inputs);
    if (!inputs) return fail_nomem(im->c, (size_t)n * sizeof *inputs);
    for (int32_t i = 0; i < n; i++) {
        const capture *own = names_find(&body->captured, list[i]->name);
        inputs[i] = own ? own->inner : graph_add_input(g, list[i]->name, &list[i]->outer->type);
        if (!inputs[i]) return fail_nomem(im->c, sizeof(value));
    }
    if (n) memcpy(g->input + first, inputs, (size_t)n * sizeof *inputs);
    return HONE_OK;
}

hone_status bodies_settle(importer *im, bodies *b) {
    const capture **list;
    names all;
    names_init(&all, &im->scratch);
    TRY(unite(im, b, &all, &list));
    for (int32_t i = 0; i < b->n; i++) TRY(align_inputs(im, b->scope[i], list, b->n_captured));
    b->captured = arena_array(&im->scratch, (size_t)b->n_captured, sizeof(value *));
    if (!b->captured) return fail_nomem(im->c, (size_t)b->n_captured * sizeof(value *));
    for (int32_t i = 0; i < b->n_captured; i++) b->captured[i] = list[i]->outer;
    return HONE_OK;
}
