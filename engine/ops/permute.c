/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "op.h"

bool permute_elementwise(builder *b, node *n, const int32_t *to, int32_t rank) {
    (void)b;
    (void)n;
    (void)to;
    (void)rank;
    return true;
}

/* Every axis named by the list, renamed into out; false when one is out of range. */
static bool rename_axes(const int64_t *axes, int32_t count, const int32_t *to, int32_t rank,
                        int64_t *out) {
    for (int32_t i = 0; i < count; i++) {
        int32_t a;
        if (!axis_normalize(axes[i], rank, &a)) return false;
        out[i] = to[a];
    }
    return true;
}

bool permute_attrs(builder *b, node *n, const int32_t *to, int32_t rank) {
    for (int32_t i = 0; i < n->op->n_attrs; i++) {
        const attr_spec *s = &n->op->attrs[i];
        void *field = (char *)n->params + s->offset;
        if (s->kind == ATTR_AXIS) {
            int64_t axis, renamed;
            memcpy(&axis, field, sizeof axis);
            if (!rename_axes(&axis, 1, to, rank, &renamed)) return false;
            memcpy(field, &renamed, sizeof renamed);
        } else if (s->kind == ATTR_AXES) {
            int_list l;
            memcpy(&l, field, sizeof l);
            int64_t *renamed = arena_array(b->graph->arena, (size_t)l.n, sizeof *renamed);
            if (!renamed || !rename_axes(l.v, l.n, to, rank, renamed)) return false;
            l.v = renamed;
            memcpy(field, &l, sizeof l);
        }
    }
    return true;
}

bool permute_axes_list(builder *b, node *n, int32_t input, const int32_t *to, int32_t rank) {
    const value *v = node_in(n, input);
    if (!v) return true; /* all axes */
    const tensor *t = v->constant;
    int64_t axes[HONE_MAX_RANK];
    if (!t || t->shape.rank > 1 || tensor_count(t) > rank) return false;
    const int32_t count = (int32_t)tensor_count(t);
    for (int32_t i = 0; i < count; i++) axes[i] = tensor_i64(t, i);
    if (!rename_axes(axes, count, to, rank, axes)) return false;
    value *renamed = emit_constant(b, t->dtype, &t->shape, NULL);
    if (!renamed) return false;
    for (int32_t i = 0; i < count; i++) tensor_set_i64(renamed->constant, i, axes[i]);
    node_set_input(n, input, renamed);
    return true;
}

bool permute_axes_input(builder *b, node *n, const int32_t *to, int32_t rank) {
    return permute_axes_list(b, n, 1, to, rank);
}
