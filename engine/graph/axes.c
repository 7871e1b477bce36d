/* SPDX-License-Identifier: Apache-2.0 */
#include "axes.h"

#include "op.h"

void axis_add(axis_map *m, int32_t input, int32_t in_axis, int32_t output, int32_t out_axis,
              axis_relation relation) {
    if (m->n == AXIS_MAX_LINKS) {
        m->opaque = true;
        return;
    }
    m->link[m->n++] = (axis_link){.input = (int8_t)input,
                                  .in_axis = (int8_t)in_axis,
                                  .output = (int8_t)output,
                                  .out_axis = (int8_t)out_axis,
                                  .relation = (uint8_t)relation};
}

void axis_relations(const node *n, axis_map *out) {
    *out = (axis_map){.opaque = n->op->axes == NULL};
    for (int32_t i = 0; i < n->n_in; i++)
        if (n->in[i].value && n->in[i].value->type.shape.rank < 0) out->opaque = true;
    for (int32_t i = 0; i < n->n_out; i++)
        if (n->out[i] && n->out[i]->type.shape.rank < 0) out->opaque = true;
    if (!out->opaque) n->op->axes(n, out);
}

void axes_elementwise(const node *n, axis_map *m) {
    const shape *out = &n->out[0]->type.shape;
    for (int32_t i = 0; i < n->n_in; i++) {
        if (!n->in[i].value) continue;
        const shape *in = &n->in[i].value->type.shape;
        for (int32_t a = 0; a < in->rank; a++) {
            const int32_t o = a + out->rank - in->rank;
            const bool stretched = in->dim[a] == 1 && out->dim[o] != 1;
            axis_add(m, i, a, 0, o, stretched ? AXIS_BROADCAST : AXIS_SAME);
        }
    }
}
