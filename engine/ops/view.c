/* SPDX-License-Identifier: Apache-2.0 */
#include "view.h"

#include "items.h"
#include "movement.h"

hone_status view_run(run_ctx *r, const step *s) {
    if (s->in[0].kind != HONE_TENSOR) {
        run_value(r, s, 0, &s->in[0]);
        return HONE_OK;
    }
    move_bytes(r, s->out[0].data, s->in[0].data, s->out[0].bytes);
    return HONE_OK;
}

/* Ends of the next group of axes, at least one on each side, that hold the same number of elements;
 * everything that is left when a dimension is unknown. */
static void next_group(const shape *x, const shape *y, int32_t *i, int32_t *j) {
    int64_t nx = x->dim[(*i)++], ny = y->dim[(*j)++];
    if (nx == ny) return; /* a symbol that stays is a group too */
    while (nx != ny && nx > 0 && ny > 0) {
        if (nx < ny && *i < x->rank)
            nx = dim_mul(nx, x->dim[(*i)++]);
        else if (ny < nx && *j < y->rank)
            ny = dim_mul(ny, y->dim[(*j)++]);
        else
            return;
    }
    if (nx == ny && nx > 0) return;
    *i = x->rank;
    *j = y->rank;
}

void view_axes(const node *n, axis_map *m) {
    const shape *x = &node_in(n, 0)->type.shape, *y = &n->out[0]->type.shape;
    int32_t i = 0, j = 0;
    while (i < x->rank && j < y->rank) {
        const int32_t i0 = i, j0 = j;
        if ((x->dim[i] == 1) != (y->dim[j] == 1)) { /* an axis that was put in or taken out */
            ++*(x->dim[i] == 1 ? &i : &j);
            continue;
        }
        next_group(x, y, &i, &j);
        const bool same = i - i0 == 1 && j - j0 == 1;
        for (int32_t a = i0; a < i; a++)
            for (int32_t o = j0; o < j; o++) axis_add(m, 0, a, 0, o, same ? AXIS_SAME : AXIS_MIXED);
    }
}

hone_status view_grad(gradient *g) {
    value *dims = emit(g->b, "Shape", IN(node_in(g->node, 0)), NO_ATTRS);
    g->dx[0] = emit(g->b, "Reshape", IN(g->dy[0], dims), ATTRS(A_INT("allowzero", 1)));
    return g->b->status;
}
