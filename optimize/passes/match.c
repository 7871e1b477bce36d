/* SPDX-License-Identifier: Apache-2.0 */
#include "match.h"

#include <math.h>

#include "elementwise.h"

node *match_op(const value *v, const op *o) {
    return v && v->producer && v->producer->op == o ? v->producer : NULL;
}

node *match_single(const value *v, const op *o) {
    return v && value_only_user(v) ? match_op(v, o) : NULL;
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

value *match_with(const node *n, const op *o, double x, bool commutes) {
    if (!n || n->op != o || n->n_in != 2) return NULL;
    if (match_scalar(node_in(n, 1), x)) return node_in(n, 0);
    return commutes && match_scalar(node_in(n, 0), x) ? node_in(n, 1) : NULL;
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
