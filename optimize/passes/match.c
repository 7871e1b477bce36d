/* SPDX-License-Identifier: Apache-2.0 */
#include "match.h"

#include <math.h>

#include "elementwise.h"

node *match_op(const value *v, const op *o) {
    return v && v->producer && v->producer->op == o ? v->producer : NULL;
}

node *match_sole(const value *v) { return v && value_only_user(v) ? v->producer : NULL; }

node *match_single(const value *v, const op *o) {
    node *n = match_sole(v);
    return n && n->op == o ? n : NULL;
}

bool match_number(const value *v, double *x) {
    if (!v || !v->constant || v->constant->layout.kind != LAYOUT_DENSE) return false;
    if (!dtype_in(v->type.dtype, DT_NUMBERS) || tensor_count(v->constant) != 1) return false;
    *x = tensor_f64(v->constant, 0);
    return true;
}

bool match_scalar(const value *v, double x) {
    double y;
    return match_number(v, &y) && fabs(x - y) <= 1e-7 * fabs(x);
}

value *match_other(const node *n, const value *v) {
    if (n->n_in != 2) return NULL;
    return node_in(n, 0) == v ? node_in(n, 1) : node_in(n, 1) == v ? node_in(n, 0) : NULL;
}

value *match_affine(const node *n, float k[2]) {
    const bool sub = n->op == &op_sub, mul = n->op == &op_mul;
    if (n->op != &op_add && !mul && !sub) return NULL;
    for (int32_t i = 1; i >= (sub ? 1 : 0); i--) {
        value *x = node_in(n, 1 - i);
        double number;
        if (!match_number(node_in(n, i), &number)) continue;
        const int32_t rank = node_in(n, i)->type.shape.rank;
        if (rank > 0 && rank > x->type.shape.rank) continue;
        k[0] = mul ? (float)number : 1.0f;
        k[1] = mul ? -0.0f : sub ? -(float)number : (float)number;
        return x;
    }
    return NULL;
}

value *match_inverse(const node *n) {
    if (n->op == &op_reciprocal) return node_in(n, 0);
    return n->op == &op_div && match_scalar(node_in(n, 0), 1) ? node_in(n, 1) : NULL;
}

bool match_close(double x, double y) { return fabs(x - y) <= 1e-6 * fabs(y); }

static void add_factor(factors *f, value *v);

/* Is n a step of the tree? Then adds its factors. */
static bool add_node(factors *f, const node *n) {
    double x;
    if (n->op == &op_mul) {
        for (int32_t i = 0; i < 2; i++) add_factor(f, node_in(n, i));
        return true;
    }
    if (n->op != &op_div || !match_number(node_in(n, 1), &x)) return false;
    f->number /= x;
    add_factor(f, node_in(n, 0));
    return true;
}

static void add_factor(factors *f, value *v) {
    double x;
    if (match_number(v, &x)) {
        f->number *= x;
        return;
    }
    if (v && v->producer && value_only_user(v) && f->n < MATCH_FACTORS && add_node(f, v->producer))
        return;
    if (f->n < MATCH_FACTORS) f->of[f->n] = v;
    if (f->n <= MATCH_FACTORS) f->n++;
}

void match_factors(factors *f, const node *n) {
    *f = (factors){.number = 1};
    if (!add_node(f, n)) f->n = MATCH_FACTORS + 1;
}

void match_factors_of(factors *f, value *v) {
    *f = (factors){.number = 1};
    add_factor(f, v);
}
