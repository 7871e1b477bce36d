/* SPDX-License-Identifier: Apache-2.0 */
#include "shape_items.h"

#include "elementwise.h"
#include "op.h"
#include "shape_of.h"

/* Nodes between a vector and what it is made of. */
enum { MOST_STEPS = 24 };

static int32_t items_of(const value *v, shape_item *items, int32_t steps);

bool item_is_number(const shape_item *i, int64_t number) {
    return !i->of && i->known && i->number == number;
}

bool item_is_dim(const shape_item *i, const value *v, int32_t axis) {
    const int64_t dim = v->type.shape.dim[axis];
    if (!i->of) return i->known && dim_known(dim) && i->number == dim;
    if (i->of == v && i->axis == axis) return true;
    return dim != DIM_UNKNOWN && dim == i->of->type.shape.dim[i->axis];
}

int64_t item_dim(const shape_item *i) {
    if (i->of) return i->of->type.shape.dim[i->axis];
    return i->known && i->number >= 0 ? i->number : DIM_UNKNOWN;
}

static shape_item number_item(int64_t number) {
    return (shape_item){.known = true, .number = number};
}

static int32_t constant_items(const tensor *t, shape_item *items) {
    const int64_t n = tensor_count(t);
    if (t->shape.rank > 1 || n > HONE_MAX_RANK || !dtype_in(t->dtype, DT_INDEX)) return -1;
    for (int64_t i = 0; i < n; i++) items[i] = number_item(tensor_i64(t, i));
    return (int32_t)n;
}

static int32_t dims_of(const value *x, shape_item *items) {
    const shape *s = &x->type.shape;
    for (int32_t a = 0; a < s->rank; a++)
        items[a] = dim_known(s->dim[a]) ? number_item(s->dim[a]) : (shape_item){.of = x, .axis = a};
    return s->rank;
}

static int32_t joined_items(const node *n, shape_item *items, int32_t steps) {
    int32_t count = 0;
    for (int32_t i = 0; i < n->n_in; i++) {
        shape_item part[HONE_MAX_RANK];
        const int32_t more = items_of(node_in(n, i), part, steps);
        if (more < 0 || more > HONE_MAX_RANK - count) return -1;
        for (int32_t k = 0; k < more; k++) items[count++] = part[k];
    }
    return count;
}

static int32_t picked_item(const node *n, shape_item *items, int32_t steps) {
    shape_item all[HONE_MAX_RANK];
    const tensor *index = node_in(n, 1)->constant;
    const int32_t count = items_of(node_in(n, 0), all, steps);
    if (!index || tensor_count(index) != 1) return -1;
    int64_t i = tensor_i64(index, 0);
    if (i < 0) i += count;
    if (i < 0 || i >= count) return -1;
    items[0] = all[i];
    return 1;
}

/* Choices by comparison, as exporters replace -1 by 1. A dimension equals no negative number. */
static int32_t chosen_items(const node *n, shape_item *items, int32_t steps) {
    const node *equal = node_in(n, 0)->producer;
    shape_item p[4][HONE_MAX_RANK];
    if (!equal || equal->op != &op_equal) return -1;
    const int32_t count = items_of(node_in(n, 1), p[0], steps);
    if (count < 0 || items_of(node_in(n, 2), p[1], steps) != count ||
        items_of(node_in(equal, 0), p[2], steps) != count ||
        items_of(node_in(equal, 1), p[3], steps) != count)
        return -1;
    for (int32_t i = 0; i < count; i++) {
        const shape_item *a = &p[2][i], *b = &p[3][i];
        const bool numbers = !a->of && !b->of && a->known && b->known;
        const bool differ = (a->of && !b->of && b->known && b->number < 0) ||
                            (b->of && !a->of && a->known && a->number < 0);
        items[i] = (shape_item){.of = NULL};
        if (numbers) items[i] = a->number == b->number ? p[0][i] : p[1][i];
        if (differ) items[i] = p[1][i];
    }
    return count;
}

extern const op op_cast, op_concat, op_gather, op_identity, op_where;

static int32_t items_of(const value *v, shape_item *items, int32_t steps) {
    if (!v || v->type.shape.rank < 0 || v->type.shape.rank > 1 || steps == 0) return -1;
    if (v->constant) return constant_items(v->constant, items);
    const node *n = v->producer;
    const shape *listed = shape_listed(v);
    if (!n) return -1;
    if (listed) return listed->rank >= 0 ? dims_of(node_in(n, 0), items) : -1;
    if (n->op == &op_concat) return joined_items(n, items, steps - 1);
    if (n->op == &op_gather) return picked_item(n, items, steps - 1);
    if (n->op == &op_where) return chosen_items(n, items, steps - 1);
    const bool cast = n->op == &op_cast && dtype_in(v->type.dtype, DT_INDEX);
    if (cast || n->op == &op_identity || (n->op->flags & OP_VIEW))
        return items_of(node_in(n, 0), items, steps - 1);
    return -1;
}

int32_t shape_items(const value *v, shape_item items[HONE_MAX_RANK]) {
    return items_of(v, items, MOST_STEPS);
}
