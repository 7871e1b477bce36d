/* SPDX-License-Identifier: Apache-2.0
 *
 * Recognises activations that exporters spell out as several nodes:
 *
 *     SiLU       x * sigmoid(x)
 *     HardSwish  x * hardsigmoid(x) with 1/6 and 1/2;  x * clip(x + 3, 0, 6) / 6 in any order
 *     GELU       x * (1 + erf(x / sqrt 2)) * 0.5 in any order
 */
#include <math.h>

#include "build.h"
#include "clip.h"
#include "elementwise.h"
#include "match.h"
#include "model.h"

/* x of x * sigmoid(beta * x), or NULL. */
static value *match_silu(const node *mul, float *beta) {
    for (int32_t i = 0; i < 2; i++) {
        const node *s = match_single(node_in(mul, i), &op_sigmoid);
        value *x = node_in(mul, 1 - i);
        double factor = 1;
        if (!s) continue;
        *beta = 1.0f;
        if (node_in(s, 0) == x) return x;
        const node *scale = match_single(node_in(s, 0), &op_mul);
        if (!scale || !match_number(match_other(scale, x), &factor)) continue;
        *beta = (float)factor;
        return x;
    }
    return NULL;
}

/* x of x * hardsigmoid(x), or NULL. */
static value *match_hardsigmoid(const node *mul) {
    for (int32_t i = 0; i < 2; i++) {
        const node *s = match_single(node_in(mul, i), &op_hardsigmoid);
        if (!s || node_in(s, 0) != node_in(mul, 1 - i)) continue;
        double p[2];
        unary_constants(s, p);
        if (fabs(p[0] - 1.0 / 6) < 1e-6 && fabs(p[1] - 0.5) < 1e-6) return node_in(mul, 1 - i);
    }
    return NULL;
}

/* x of clip(x + 3, 0, 6), or NULL. */
static value *match_relu6_of_x3(const value *v) {
    const node *clip = match_single(v, &op_clip);
    float lo, hi;
    if (!clip || !clip_bounds(clip, &lo, &hi) || lo != 0.0f || hi != 6.0f) return NULL;
    return match_with(match_single(node_in(clip, 0), &op_add), &op_add, 3.0, true);
}

/* A sixth of something: what, or NULL. */
static value *match_sixth(const node *n) {
    value *v = match_with(n, &op_div, 6.0, false);
    return v ? v : match_with(n, &op_mul, 1.0 / 6, true);
}

/* x of a hard swish whose last node is n: (x * r) / 6 or x * (r / 6) with r = clip(x + 3, 0, 6). */
static value *match_hardswish(const node *n) {
    value *product = match_sixth(n);
    const node *mul = product ? match_single(product, &op_mul) : n->op == &op_mul ? n : NULL;
    for (int32_t i = 0; mul && i < 2; i++) {
        value *x = node_in(mul, 1 - i), *r = node_in(mul, i);
        if (!product) {
            const node *sixth = r && r->producer && value_only_user(r) ? r->producer : NULL;
            r = sixth ? match_sixth(sixth) : NULL;
        }
        if (r && x && match_relu6_of_x3(r) == x) return x;
    }
    return NULL;
}

/* x of 1 + erf(x / sqrt 2), or NULL. */
static value *match_one_plus_erf(const value *v) {
    const double sqrt2 = 1.4142135623730951;
    const node *add = match_single(v, &op_add);
    value *e = add ? match_with(add, &op_add, 1.0, true) : NULL;
    const node *erf = match_single(e, &op_erf);
    const node *scale = erf ? node_in(erf, 0)->producer : NULL;
    if (!scale || !value_only_user(node_in(erf, 0))) return NULL;
    value *x = match_with(scale, &op_div, sqrt2, false);
    return x ? x : match_with(scale, &op_mul, 1 / sqrt2, true);
}

/* x of a GELU whose last node is the Mul n: the three factors x, 1 + erf(..) and 0.5 in any order.
 */
static value *match_gelu(const node *n) {
    for (int32_t i = 0; i < 2; i++) {
        value *a = node_in(n, i), *b = node_in(n, 1 - i);
        const node *inner = match_single(a, &op_mul);
        if (inner && match_scalar(b, 0.5)) { /* (x * e) * 0.5 */
            for (int32_t j = 0; j < 2; j++)
                if (match_one_plus_erf(node_in(inner, j)) == node_in(inner, 1 - j))
                    return node_in(inner, 1 - j);
        }
        if (inner && match_one_plus_erf(b)) { /* (x * 0.5) * e */
            value *x = match_with(inner, &op_mul, 0.5, true);
            if (x && match_one_plus_erf(b) == x) return x;
        }
        if (inner) { /* x * (e * 0.5) */
            value *e = match_with(inner, &op_mul, 0.5, true);
            if (e && match_one_plus_erf(e) == b) return b;
        }
    }
    return NULL;
}

/* The constants of a formula have one element each, but more axes than x could still add some. */
static bool keeps_rank(const value *x, const node *n) {
    return x && x->type.shape.rank >= 0 && x->type.shape.rank == n->out[0]->type.shape.rank;
}

/* The activation whose last node is n, emitted before it; NULL when n is none. */
static value *emit_activation(builder *b, const node *n) {
    float beta = 1.0f;
    value *x = n->op == &op_mul ? match_silu(n, &beta) : NULL;
    if (keeps_rank(x, n)) return emit(b, "hone::Silu", IN(x), ATTRS(A_FLOAT("alpha", beta)));
    x = n->op == &op_mul ? match_hardsigmoid(n) : NULL;
    if (!x) x = match_hardswish(n);
    if (keeps_rank(x, n)) return emit(b, "HardSwish", IN(x), NO_ATTRS);
    x = n->op == &op_mul ? match_gelu(n) : NULL;
    return keeps_rank(x, n) ? emit(b, "hone::GeluErf", IN(x), NO_ATTRS) : NULL;
}

static hone_status fuse_node(const ctx *c, node *n, int64_t *changes) {
    if (n->op != &op_mul && n->op != &op_div) return HONE_OK;
    if (!dtype_in(n->out[0]->type.dtype, DT_FLOATS)) return HONE_OK;
    builder b;
    builder_init(&b, c, n->graph, n, n->name);
    value *y = emit_activation(&b, n);
    if (!y) return b.status;
    graph_replace(n->out[0], y);
    graph_remove_node(n);
    ++*changes;
    return HONE_OK;
}

/* Leaves the nodes that nothing reads any more to the pass for dead ones. Readers are counted
 * before that, so nodes are visited from the last to the first: a pattern is met at its last node.
 */
static hone_status run(const ctx *c, hone_model *m, graph *g, int64_t *changes) {
    for (node *n = g->last, *prev; n; n = prev) {
        prev = n->prev;
        for (int32_t i = 0; i < n->n_body; i++) TRY(run(c, m, n->body[i], changes));
        TRY(fuse_node(c, n, changes));
    }
    return HONE_OK;
}

const pass pass_fuse_activation = {"fuse_activation", "recognises SiLU, HardSwish and GELU", run,
                                   "remove_dead"};
