/* SPDX-License-Identifier: Apache-2.0 */
#include "movement.h"

/* 0, 1, 2, .. in the shape of x. */
static value *places_of(builder *b, value *x) {
    value *count = emit(b, "Size", IN(x), NO_ATTRS);
    value *flat = emit(b, "Range", IN(emit_i64(b, 0), count, emit_i64(b, 1)), NO_ATTRS);
    return emit(b, "Reshape", IN(flat, emit(b, "Shape", IN(x), NO_ATTRS)),
                ATTRS(A_INT("allowzero", 1)));
}

static value *flatten(builder *b, value *v) {
    const int64_t all = -1;
    return emit(b, "Reshape", IN(v, emit_i64s(b, &all, 1)), NO_ATTRS);
}

hone_status move_grad(gradient *g) {
    builder *b = g->b;
    const node *n = g->node;
    value *x = node_in(n, 0);
    value **in = arena_array(b->graph->arena, (size_t)n->n_in, sizeof *in);
    attr *attrs = arena_array(b->graph->arena, (size_t)n->op->n_attrs, sizeof *attrs);
    if (!in || !attrs) return builder_fail(b, HONE_E_NOMEM, "no memory for a gradient");
    int32_t n_attrs = 0;
    for (int32_t i = 0; i < n->op->n_attrs; i++)
        if (attrs_encode(n->op, n->params, i, &attrs[n_attrs]))
            n_attrs += attr_is_present(n->op, i, &attrs[n_attrs]);
    for (int32_t i = 0; i < n->n_in; i++) in[i] = i ? node_in(n, i) : places_of(b, x);
    value *from = flatten(b, emit(b, n->op->name, in, n->n_in, attrs, n_attrs));
    value *zeros = emit(
        b, "Expand",
        IN(emit_scalar(b, x->type.dtype, 0),
           emit(b, "Reshape", IN(emit(b, "Size", IN(x), NO_ATTRS), emit_i64s(b, &(int64_t){1}, 1)),
                NO_ATTRS)),
        NO_ATTRS);
    value *sums = emit(b, "ScatterElements", IN(zeros, from, flatten(b, g->dy[0])),
                       ATTRS(A_STRING("reduction", "add")));
    g->dx[0] = emit(b, "Reshape", IN(sums, emit(b, "Shape", IN(x), NO_ATTRS)),
                    ATTRS(A_INT("allowzero", 1)));
    return b->status;
}
