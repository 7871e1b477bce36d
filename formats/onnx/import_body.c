/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "import.h"

/* The integer attribute of that name, or 0. */
static int64_t int_attribute(const Onnx__NodeProto *n, const char *name) {
    for (size_t i = 0; i < n->n_attribute; i++)
        if (n->attribute[i]->name && strcmp(n->attribute[i]->name, name) == 0)
            return n->attribute[i]->i;
    return 0;
}

/* Loop: trip count and condition, then what it carries. A carried value keeps its type, but its
 * shape may change. */
static void seed_loop(const Onnx__NodeProto *n, value *const *in, type *seeds) {
    const shape scalar = shape_scalar();
    for (size_t i = 2; i < n->n_input; i++)
        if (in[i] && in[i]->type.kind != HONE_TENSOR)
            seeds[i] = in[i]->type;
        else if (in[i])
            seeds[i].dtype = in[i]->type.dtype;
    seeds[0] = type_tensor(HONE_I64, &scalar);
    seeds[1] = type_tensor(HONE_BOOL, &scalar);
}

/* Scan: states as they are, then slices of the last num_scan_inputs inputs. */
static void seed_scan(const Onnx__NodeProto *n, value *const *in, type *seeds) {
    const int64_t slices = int_attribute(n, "num_scan_inputs");
    for (size_t i = 0; i < n->n_input; i++) {
        if (!in[i]) continue;
        seeds[i] = in[i]->type;
        if ((int64_t)(n->n_input - i) > slices) continue;
        const int32_t rank = seeds[i].shape.rank;
        seeds[i].shape = rank > 0 ? shape_of_rank(rank - 1) : shape_unknown();
    }
}

hone_status bodies_seed(scope *s, const Onnx__NodeProto *n, value *const *in, bodies *b) {
    const bool loop = strcmp(n->op_type, "Loop") == 0 && n->n_input >= 2;
    const bool scan = strcmp(n->op_type, "Scan") == 0 && opset_version(&s->opsets, "") >= 9;
    if (*domain_name(n->domain) || !(loop || scan)) return HONE_OK;
    type *seeds = arena_array(&s->im->scratch, n->n_input, sizeof *seeds);
    if (!seeds) return fail_nomem(s->im->c, n->n_input * sizeof *seeds);
    for (size_t i = 0; i < n->n_input; i++) seeds[i].shape = shape_unknown();
    if (loop)
        seed_loop(n, in, seeds);
    else
        seed_scan(n, in, seeds);
    b->seeds = seeds;
    b->n_seeds = n->n_input;
    return HONE_OK;
}

hone_status import_body(scope *s, const Onnx__GraphProto *g, bodies *b, graph **out) {
    importer *im = s->im;
    scope *inner = arena_alloc(&im->scratch, sizeof *inner);
    builder *into = arena_alloc(&im->scratch, sizeof *into);
    scope **grown = arena_array(&im->scratch, (size_t)b->n + 1, sizeof *grown);
    graph *body = graph_create(&im->model->arena, s->builder->graph->symbols, g->name);
    if (!inner || !into || !grown || !body) return fail_nomem(im->c, sizeof *inner);
    builder_init(into, im->c, body, NULL, "");
    scope_init(inner, im, into, s);
    inner->seeds = b->seeds;
    inner->n_seeds = b->n_seeds;
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
        inputs[i] =
            own ? own->inner : graph_add_input(g, label(list[i]->name), &list[i]->outer->type);
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
