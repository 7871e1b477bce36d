/* SPDX-License-Identifier: Apache-2.0
 *
 * Recognises normalisations of rows that exporters spell out:
 *
 *     RmsNorm     x / sqrt(mean(x x) + e) [* scale]
 *     LayerNorm   d / sqrt(mean(d d) + e) [* scale] [+ bias],  d = x - mean(x)
 *
 * The quotient may be a product with a reciprocal; scale and bias are vectors as long as a row.
 */
#include "build.h"
#include "elementwise.h"
#include "fold.h"
#include "match.h"
#include "model.h"
#include "rewrite.h"

typedef struct norm {
    value *x;
    bool centred;
    int32_t axis; /* from the end */
    double epsilon;
} norm;

/* The one reader of v, and its other operand. */
static node *next_binary(const value *v, const op *o, value **other) {
    node *n = value_only_user(v);
    if (!n || n->op != o || n->graph != v->graph) return NULL;
    *other = match_other(n, v);
    return *other && *other != v ? n : NULL;
}

/* s of sqrt(s), with everything on the way read once. */
static value *match_root(const value *v) {
    const node *n = match_single(v, &op_sqrt);
    return n ? node_in(n, 0) : NULL;
}

/* n = x * 1 / sqrt(s), x / sqrt(s) or x * s ^ -0.5 with a given x: s, or NULL. */
static value *match_scaled(const node *n, const value *x) {
    if (n->op == &op_div) return node_in(n, 0) == x ? match_root(node_in(n, 1)) : NULL;
    const node *r = n->op == &op_mul ? match_sole(match_other(n, x)) : NULL;
    if (!r) return NULL;
    const value *root = match_inverse(r);
    if (root) return match_root(root);
    return r->op == &op_pow && match_scalar(node_in(r, 1), -0.5) ? node_in(r, 0) : NULL;
}

/* Is s = mean(x * x) + e, over the last axes? */
static bool match_mean_square(norm *f, const value *s, const value *x) {
    const node *add = match_single(s, &op_add);
    for (int32_t i = 0; add && i < 2; i++) {
        const node *mean = match_single(node_in(add, 1 - i), &op_reduce_mean);
        if (!mean || !match_number(node_in(add, i), &f->epsilon)) continue;
        const node *square = match_single(node_in(mean, 0), &op_mul);
        return square && node_in(square, 0) == x && node_in(square, 1) == x &&
               reduces_last_axes(mean, &f->axis);
    }
    return false;
}

/* d = x - mean(x) over the same axes, which nothing but the normalisation reads. */
static bool match_centred(norm *f, const value *d) {
    const node *sub = match_op(d, &op_sub);
    const node *mean = sub ? match_single(node_in(sub, 1), &op_reduce_mean) : NULL;
    int32_t axis;
    if (!mean || node_in(mean, 0) != node_in(sub, 0) || value_use_count(d) != 3) return false;
    if (!reduces_last_axes(mean, &axis) || axis != f->axis) return false;
    f->x = node_in(sub, 0);
    return true;
}

static bool find_norm(norm *f, const node *n) {
    if (n->op != &op_mul && n->op != &op_div) return false;
    for (int32_t i = 0; i < 2; i++) {
        value *x = node_in(n, i);
        const value *s = match_scaled(n, x);
        if (!s || !match_mean_square(f, s, x)) continue;
        f->x = x;
        f->centred = match_centred(f, x);
        return f->x->type.dtype == HONE_F32 && f->epsilon >= 0 &&
               f->x->type.shape.rank == n->out[0]->type.shape.rank;
    }
    return false;
}

/* Is v a vector as long as a row of x, and laid out like one? */
static bool is_row(const norm *f, const value *v) {
    const shape *x = &f->x->type.shape, *s = &v->type.shape;
    if (!v->constant || v->type.dtype != HONE_F32 || s->rank < -f->axis || s->rank > x->rank)
        return false;
    for (int32_t a = 1; a <= s->rank; a++) {
        const int64_t want = a <= -f->axis ? x->dim[x->rank - a] : 1;
        if (!dim_known(want) || s->dim[s->rank - a] != want) return false;
    }
    return true;
}

static hone_status fuse_node(const ctx *c, node *n, int64_t *changes) {
    norm f = {.x = NULL};
    if (!find_norm(&f, n)) return HONE_OK;
    value *scale = NULL, *bias = NULL, *other;
    node *last = n, *next = next_binary(last->out[0], &op_mul, &other);
    if (next && is_row(&f, other)) {
        last = next;
        scale = other;
    }
    next = f.centred ? next_binary(last->out[0], &op_add, &other) : NULL;
    if (next && is_row(&f, other)) {
        last = next;
        bias = other;
    }
    builder b;
    builder_init(&b, c, n->graph, n, n->name);
    value *y = emit(&b, f.centred ? "hone::LayerNorm" : "hone::RmsNorm", IN(f.x, scale, bias),
                    ATTRS(A_INT("axis", f.axis), A_FLOAT("epsilon", (float)f.epsilon)));
    if (!y) return b.status;
    graph_replace(last->out[0], y);
    ++*changes;
    return HONE_OK;
}

static hone_status run(const ctx *c, hone_model *m, graph *g, int64_t *changes) {
    (void)m;
    return rewrite_nodes(c, g, fuse_node, changes);
}

const pass pass_fuse_norm = {"fuse_norm", "recognises LayerNorm and RmsNorm", run, "remove_dead"};
