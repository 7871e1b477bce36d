/* SPDX-License-Identifier: Apache-2.0
 *
 * Recognises activations that exporters spell out as several nodes, whatever the order of factors
 * and summands:
 *
 *     Sigmoid      1 / (1 + exp(-x))
 *     SiLU         x * sigmoid(b x)
 *     HardSigmoid  clip(x + 3, 0, 6) / 6;  clip(a x + b, 0, 1)
 *     HardSwish    x * hardsigmoid(x) with 1/6 and 1/2;  x * clip(x + 3, 0, 6) / 6
 *     GELU         x * (1 + erf(x / sqrt 2)) / 2;  x * (1 + tanh(c (x + 0.044715 x^3))) / 2
 *     Softplus     log(1 + exp(x))
 *     Mish         x * tanh(softplus(x))
 *     Clip         max(x, a), min(x, a)
 *     LeakyRelu    max(x, a x), a between 0 and 1
 */
#include <math.h>

#include "build.h"
#include "clip.h"
#include "elementwise.h"
#include "match.h"
#include "model.h"

/* An activation that was found: an operator of one input and its constants. */
typedef struct found {
    const char *op;
    value *x;
    attr attrs[2];
    int32_t n_attrs;
} found;

/* v is c + something, c + something being read once: what, or NULL. */
static value *match_plus(const value *v, double c) {
    const node *n = match_single(v, &op_add);
    for (int32_t i = 1; n && i >= 0; i--)
        if (match_scalar(node_in(n, i), c)) return node_in(n, 1 - i);
    return NULL;
}

/* x of 1 + exp(x) or, where `negative`, of 1 + exp(-x); NULL for others. */
static value *match_one_plus_exp(const value *v, bool negative) {
    const node *e = match_single(match_plus(v, 1), &op_exp);
    if (!e) return NULL;
    if (!negative) return node_in(e, 0);
    const node *neg = match_single(node_in(e, 0), &op_neg);
    return neg ? node_in(neg, 0) : NULL;
}

/* x of a sigmoid whose last node is n. */
static value *match_sigmoid(const node *n) {
    return n->op == &op_sigmoid ? node_in(n, 0) : match_one_plus_exp(match_inverse(n), true);
}

static value *match_softplus(const node *n) {
    if (n->op == &op_softplus) return node_in(n, 0);
    return n->op == &op_log ? match_one_plus_exp(node_in(n, 0), false) : NULL;
}

/* Is v = b * x? 1 * x counts when v is x. */
static bool is_multiple(value *v, const value *x, double *b) {
    factors f;
    *b = 1;
    if (v == x) return true;
    match_factors_of(&f, v);
    *b = f.number;
    return f.n == 1 && f.of[0] == x;
}

/* x of clip(x + 3, 0, 6). */
static value *match_relu6_of_x3(const value *v) {
    const node *clip = match_single(v, &op_clip);
    float lo, hi;
    if (!clip || !clip_bounds(clip, &lo, &hi) || lo != 0.0f || hi != 6.0f) return NULL;
    return match_plus(node_in(clip, 0), 3);
}

static bool is_hardswish_gate(const node *s, const value *x) {
    double p[2];
    if (s->op != &op_hardsigmoid || node_in(s, 0) != x) return false;
    unary_constants(s, p);
    return match_close(p[0], 1.0 / 6) && match_close(p[1], 0.5);
}

/* x^3 as a product of its own, or x * (x * x) where the inner product is read once. */
static bool is_cubic(value *v, const value *x, double c) {
    factors f;
    match_factors_of(&f, v);
    return f.n == 3 && match_close(f.number, c) && f.of[0] == x && f.of[1] == x && f.of[2] == x;
}

/* Is v = tanh(sqrt(2 / pi) * (x + 0.044715 x^3))? */
static bool is_gelu_tanh(const value *v, const value *x) {
    const node *tanh = match_single(v, &op_tanh);
    factors f;
    if (!tanh) return false;
    match_factors_of(&f, node_in(tanh, 0));
    const node *add = f.n == 1 ? match_single(f.of[0], &op_add) : NULL;
    if (!add || !match_close(f.number, 0.7978845608028654)) return false;
    value *cubic = match_other(add, x);
    return cubic && is_cubic(cubic, x, 0.044715);
}

static bool is_gelu_erf(const value *v, const value *x) {
    const node *erf = match_single(v, &op_erf);
    double b;
    return erf && is_multiple(node_in(erf, 0), x, &b) && match_close(b, 0.7071067811865476);
}

/* x * gate * number: which activation? */
static bool match_gated(found *f, value *x, value *gate, double number) {
    const node *s = match_sole(gate);
    double b;
    f->x = x;
    if (match_close(number, 0.5)) {
        value *e = match_plus(gate, 1);
        f->op = is_gelu_erf(e, x) ? "hone::GeluErf" : is_gelu_tanh(e, x) ? "hone::GeluTanh" : NULL;
        return f->op != NULL;
    }
    if (match_close(number, 1.0 / 6)) {
        f->op = "HardSwish";
        return match_relu6_of_x3(gate) == x;
    }
    if (!s || !match_close(number, 1)) return false;
    f->op = "HardSwish";
    if (is_hardswish_gate(s, x)) return true;
    const node *inner = s->op == &op_tanh ? match_sole(node_in(s, 0)) : NULL;
    f->op = "Mish";
    if (inner && match_softplus(inner) == x) return true;
    f->op = "hone::Silu";
    value *of = match_sigmoid(s);
    if (!of || !is_multiple(of, x, &b)) return false;
    f->attrs[f->n_attrs++] = A_FLOAT("alpha", (float)b);
    return true;
}

static bool set_hardsigmoid(found *f, value *x, double alpha, double beta) {
    *f = (found){
        "HardSigmoid", x, {A_FLOAT("alpha", (float)alpha), A_FLOAT("beta", (float)beta)}, 2};
    return x != NULL;
}

/* Products: x * gate. */
static bool match_product(found *f, const node *n) {
    factors p;
    match_factors(&p, n);
    if (p.n == 1) {
        value *x = match_close(p.number, 1.0 / 6) ? match_relu6_of_x3(p.of[0]) : NULL;
        return set_hardsigmoid(f, x, 1.0 / 6, 0.5);
    }
    if (p.n != 2) return false;
    return match_gated(f, p.of[0], p.of[1], p.number) || match_gated(f, p.of[1], p.of[0], p.number);
}

/* clip(a x + b, 0, 1). */
static bool match_hardsigmoid(found *f, const node *n) {
    float lo, hi;
    double b;
    if (!clip_bounds(n, &lo, &hi) || lo != 0.0f || hi != 1.0f) return false;
    const node *add = match_single(node_in(n, 0), &op_add);
    for (int32_t i = 0; add && i < 2; i++) {
        factors p;
        if (!match_number(node_in(add, i), &b)) continue;
        match_factors_of(&p, node_in(add, 1 - i));
        if (p.n != 1 || p.of[0] == node_in(add, 1 - i)) return false;
        return set_hardsigmoid(f, p.of[0], p.number, b);
    }
    return false;
}

/* The larger of x and a x. */
static bool match_leaky(found *f, const node *n) {
    for (int32_t i = 0; n->op == &op_max && i < 2; i++) {
        double a;
        f->x = node_in(n, i);
        if (!is_multiple(node_in(n, 1 - i), f->x, &a) || !(a > 0 && a < 1)) continue;
        f->op = "LeakyRelu";
        f->attrs[f->n_attrs++] = A_FLOAT("alpha", (float)a);
        return true;
    }
    return false;
}

static bool find_activation(found *f, const node *n) {
    if (n->op == &op_clip) return match_hardsigmoid(f, n);
    if (n->op == &op_max) return match_leaky(f, n);
    if ((n->op == &op_mul || n->op == &op_div) && match_product(f, n)) return true;
    *f = (found){.op = "Sigmoid"};
    if (n->op != &op_sigmoid) f->x = match_sigmoid(n);
    if (f->x) return true;
    f->op = "Softplus";
    if (n->op != &op_softplus) f->x = match_softplus(n);
    return f->x != NULL;
}

/* The constants of a formula have one element each, but more axes than x could still add some. */
static bool keeps_rank(const value *x, const node *n) {
    return x && x->type.shape.rank >= 0 && x->type.shape.rank == n->out[0]->type.shape.rank;
}

/* max(x, a) or min(x, a) as a Clip, which products and convolutions can take over. */
static value *emit_clip(builder *b, const node *n) {
    double bound;
    if (n->op != &op_max && n->op != &op_min) return NULL;
    for (int32_t i = 0; i < 2; i++) {
        value *x = node_in(n, 1 - i);
        if (!match_number(node_in(n, i), &bound) || isnan(bound) || !keeps_rank(x, n)) continue;
        value *limit = emit_scalar(b, x->type.dtype, bound);
        return n->op == &op_max ? emit(b, "Clip", IN(x, limit), NO_ATTRS)
                                : emit(b, "Clip", IN(x, NULL, limit), NO_ATTRS);
    }
    return NULL;
}

static hone_status fuse_node(const ctx *c, node *n, int64_t *changes) {
    found f = {.op = NULL};
    builder b;
    if (n->n_out != 1 || !dtype_in(n->out[0]->type.dtype, DT_FLOATS)) return HONE_OK;
    builder_init(&b, c, n->graph, n, n->name);
    value *y = find_activation(&f, n) && keeps_rank(f.x, n)
                   ? emit(&b, f.op, IN(f.x), f.attrs, f.n_attrs)
                   : emit_clip(&b, n);
    if (!y) return b.status;
    graph_replace(n->out[0], y);
    graph_remove_node(n);
    ++*changes;
    return HONE_OK;
}

/* Nodes are visited from the last to the first: a pattern is met at its last node, and what it no
 * longer reads is removed before it is taken for another pattern. */
static hone_status run(const ctx *c, hone_model *m, graph *g, int64_t *changes) {
    for (node *n = g->last, *prev; n; n = prev) {
        prev = n->prev;
        for (int32_t i = 0; i < n->n_body; i++) TRY(run(c, m, n->body[i], changes));
        const bool dead = n->n_out == 1 && n->out[0] && value_use_count(n->out[0]) == 0;
        if (dead && !(n->op->flags & OP_IMPURE))
            graph_remove_node(n);
        else
            TRY(fuse_node(c, n, changes));
    }
    return HONE_OK;
}

const pass pass_fuse_activation = {
    "fuse_activation", "recognises SiLU, GELU, HardSwish, Mish and others", run, "remove_dead"};
