/* SPDX-License-Identifier: Apache-2.0
 *
 * Recognises attention that exporters spell out, and makes one operator of it that never holds all
 * scores:
 *
 *     softmax(scale * (Q * K^T) + mask) * V
 *
 * The scale may be factors of the scores, of Q or of K. Transposes that only bring heads before
 * rows, or behind them again, become strides, and so does a repetition of heads for groups of
 * queries (Unsqueeze, Expand, Reshape). The mask is what is added, or a choice of scores and a
 * number so low that no score is seen beside it.
 */
#include "build.h"
#include "elementwise.h"
#include "match.h"
#include "matmul.h"
#include "model.h"
#include "rewrite.h"
#include "shape_items.h"
#include "softmax.h"
#include "transpose.h"
#include "view.h"

/* Numbers from here down swallow any score that is added to them. */
#define HIDDEN (-1e30)

typedef struct found {
    value *q, *k, *v, *mask; /* mask may be NULL */
    value *choice;           /* or: where it is true, scores count and others are `hidden` */
    bool inverted;           /* the other way round */
    double hidden, scale;
    bool swap_q, swap_k, swap_v, swap_y;
    bool whole;                /* leave repeated heads as they are */
    bool repeats_k, repeats_v; /* a repetition was taken off */
    node *last;
} found;

static bool is_plain_product(const node *n, bool trans_b) {
    return n && ((const matmul_params *)n->params)->trans_b == trans_b &&
           !node_in(n, MATMUL_BIAS) && !node_in(n, MATMUL_RESIDUAL) && !fused_any(node_fused(n));
}

static bool has_perm(const node *n, int32_t a, int32_t b, int32_t c) {
    int32_t p[HONE_MAX_RANK], rank;
    return n && transpose_perm(n, p, &rank) && rank == 4 && p[0] == 0 && p[1] == a && p[2] == b &&
           p[3] == c;
}

/* Takes a Transpose of heads and rows off *v. */
static bool peel_swap(value **v, bool *swap) {
    const node *t = match_op(*v, &op_transpose);
    if (!has_perm(t, 2, 1, 3)) return false;
    *v = node_in(t, 0);
    *swap = !*swap;
    return true;
}

/* Takes factors off *v, which nothing else reads. */
static bool peel_factor(value **v, double *scale) {
    factors f;
    match_factors_of(&f, *v);
    if (f.n != 1 || f.of[0] == *v || f.of[0]->type.shape.rank != (*v)->type.shape.rank)
        return false;
    *scale *= f.number;
    *v = f.of[0];
    return true;
}

/* Is the item dimension `axis` of x, or of rows as many as those of `rows`, which may be NULL? */
static bool keeps(const shape_item *i, const value *x, int32_t axis, const value *rows) {
    return item_is_dim(i, x, axis) || (axis == 2 && rows && item_is_dim(i, rows, axis));
}

/* Does Expand to these five dimensions repeat the third axis of [B, G, 1, L, D] only? Ones keep
 * what is there. */
static bool repeats_third(const shape_item *to, const value *x, const value *rows) {
    for (int32_t a = 0; a < 5; a++)
        if (a != 2 && !item_is_number(&to[a], 1) && !keeps(&to[a], x, a < 2 ? a : a - 1, rows))
            return false;
    return !to[2].of && to[2].known && to[2].number > 0;
}

/* Does Reshape to these four dimensions join the second and third axis of [B, G, R, L, D]? One may
 * be -1, and the first 0. */
static bool joins_second(const shape_item *to, const value *x, const value *rows, int64_t repeats) {
    int32_t open = 0;
    for (int32_t a = 0; a < 4; a++) {
        const int64_t heads = dim_mul(x->type.shape.dim[1], repeats);
        const bool fits = a == 1   ? dim_known(heads) && item_is_number(&to[a], heads)
                          : a == 0 ? item_is_number(&to[a], 0) || item_is_dim(&to[a], x, a)
                                   : keeps(&to[a], x, a, rows);
        open += item_is_number(&to[a], -1);
        if (!fits && !item_is_number(&to[a], -1)) return false;
    }
    return open <= 1;
}

/* Takes a repetition of heads off *v: [B, G, L, D] as [B, G, 1, L, D], expanded to [B, G, R, L, D],
 * as [B, G * R, L, D]. */
static bool peel_repeat(value **v, const value *rows) {
    const node *join = match_op(*v, &op_reshape);
    const node *expand = join ? match_op(node_in(join, 0), &op_expand_to) : NULL;
    const node *open = expand ? match_op(node_in(expand, 0), &op_unsqueeze) : NULL;
    shape_item many[HONE_MAX_RANK], to[HONE_MAX_RANK];
    if (!open) return false;
    value *x = node_in(open, 0);
    if (x->type.shape.rank != 4) return false;
    if (shape_items(node_in(open, 1), to) != 1 ||
        !(item_is_number(to, 2) || item_is_number(to, -3)))
        return false;
    if (shape_items(node_in(expand, 1), many) != 5 || !repeats_third(many, x, rows)) return false;
    if (shape_items(node_in(join, 1), to) != 4 || !joins_second(to, x, rows, many[2].number))
        return false;
    *v = x;
    return true;
}

/* What an operand of a product is made of: factors and swapped axes in any order. */
static void peel(value **v, bool *swap, double *scale) {
    while ((scale && peel_factor(v, scale)) || peel_swap(v, swap)) continue;
}

/* K and V, whose heads may be repeated. One row of V for as many as K has would be broadcast, which
 * the operator does as well. */
static void peel_keys(found *f) {
    peel(&f->k, &f->swap_k, &f->scale);
    f->repeats_k = !f->whole && !f->swap_k && peel_repeat(&f->k, NULL);
    if (f->repeats_k) peel(&f->k, &f->swap_k, &f->scale);
}

static void peel_values(found *f) {
    peel(&f->v, &f->swap_v, NULL);
    f->repeats_v = !f->whole && !f->swap_v && peel_repeat(&f->v, f->swap_k ? NULL : f->k);
    if (f->repeats_v) peel(&f->v, &f->swap_v, NULL);
}

/* K of a product with K^T, or with K where trans_b says so. */
static bool match_keys(found *f, const node *product) {
    f->k = node_in(product, MATMUL_B);
    if (!is_plain_product(product, true)) {
        if (!is_plain_product(product, false)) return false;
        peel_factor(&f->k, &f->scale);
        const node *t = match_op(f->k, &op_transpose);
        f->swap_k = has_perm(t, 2, 3, 1);
        if (!f->swap_k && !has_perm(t, 1, 3, 2)) return false;
        f->k = node_in(t, 0);
    }
    peel_keys(f);
    return true;
}

/* scale * (Q * K^T). */
static bool match_scores(found *f, value *v) {
    factors s;
    match_factors_of(&s, v);
    const node *product = s.n == 1 ? match_single(s.of[0], &op_matmul) : NULL;
    if (!product || product->out[0]->type.shape.rank != 4) return false;
    f->scale = s.number;
    f->swap_q = f->swap_k = false;
    f->q = node_in(product, MATMUL_A);
    if (!match_keys(f, product)) return false;
    peel(&f->q, &f->swap_q, &f->scale);
    return true;
}

/* Scores, plain or masked. */
static bool match_masked(found *f, value *v) {
    const node *n = v->producer;
    if (match_scores(f, v)) return true;
    if (!n || !value_only_user(v)) return false;
    if (n->op == &op_add) {
        for (int32_t i = 0; i < 2; i++) {
            f->mask = node_in(n, 1 - i);
            if (match_scores(f, node_in(n, i))) return true;
        }
        return false;
    }
    if (n->op != &op_where) return false;
    f->choice = node_in(n, 0);
    f->inverted = match_number(node_in(n, 1), &f->hidden);
    if (!f->inverted && !match_number(node_in(n, 2), &f->hidden)) return false;
    return f->hidden <= HIDDEN && match_scores(f, node_in(n, f->inverted ? 2 : 1));
}

/* The product with V, and a Transpose behind it. */
static bool match_values(found *f, const value *weights) {
    node *product = value_only_user(weights);
    if (!product || product->op != &op_matmul || node_in(product, MATMUL_A) != weights ||
        node_in(product, MATMUL_B) == weights || !is_plain_product(product, false))
        return false;
    f->v = node_in(product, MATMUL_B);
    peel_values(f);
    f->last = product;
    node *t = value_only_user(product->out[0]);
    if (has_perm(t, 2, 1, 3)) {
        f->last = t;
        f->swap_y = true;
    }
    return true;
}

static int64_t heads_of(const value *v, bool swap) { return v->type.shape.dim[swap ? 2 : 1]; }

/* Have K and V been left with the same heads? */
static bool shares_heads(const found *f) {
    if (!f->repeats_k && !f->repeats_v) return true;
    const int64_t k = heads_of(f->k, f->swap_k), v = heads_of(f->v, f->swap_v);
    return f->repeats_k && f->repeats_v && dim_known(k) && k == v;
}

static bool match_parts(found *f, const node *softmax) {
    if (!match_masked(f, node_in(softmax, 0)) || !match_values(f, softmax->out[0])) return false;
    const value *const parts[] = {f->q, f->k, f->v};
    for (int32_t i = 0; i < 3; i++)
        if (parts[i]->type.shape.rank != 4 || parts[i]->type.dtype != HONE_F32) return false;
    const value *mask = f->mask ? f->mask : f->choice;
    return !mask || (mask->type.shape.rank >= 0 && mask->type.shape.rank <= 4);
}

static bool find_attention(found *f, const node *n) {
    if (n->op != &op_softmax || n->out[0]->type.shape.rank != 4 || !softmax_is_last(n))
        return false;
    *f = (found){.scale = 1};
    if (!match_parts(f, n)) return false;
    if (shares_heads(f)) return true;
    *f = (found){.scale = 1, .whole = true};
    return match_parts(f, n);
}

static value *emit_mask(builder *b, const found *f) {
    if (!f->choice) return f->mask;
    value *seen = emit_scalar(b, HONE_F32, 0), *hidden = emit_scalar(b, HONE_F32, f->hidden);
    return f->inverted ? emit(b, "Where", IN(f->choice, hidden, seen), NO_ATTRS)
                       : emit(b, "Where", IN(f->choice, seen, hidden), NO_ATTRS);
}

static hone_status fuse_node(const ctx *c, node *n, int64_t *changes) {
    found f;
    if (!find_attention(&f, n)) return HONE_OK;
    builder b;
    builder_init(&b, c, n->graph, f.last, n->name);
    value *y = emit(&b, "hone::Attention", IN(f.q, f.k, f.v, emit_mask(&b, &f)),
                    ATTRS(A_FLOAT("scale", (float)f.scale), A_INT("swap_q", f.swap_q),
                          A_INT("swap_k", f.swap_k), A_INT("swap_v", f.swap_v),
                          A_INT("swap_y", f.swap_y)));
    if (!y) return b.status;
    graph_replace(f.last->out[0], y);
    ++*changes;
    return HONE_OK;
}

static hone_status run(const ctx *c, hone_model *m, graph *g, int64_t *changes) {
    (void)m;
    return rewrite_nodes(c, g, fuse_node, changes);
}

const pass pass_fuse_attention = {"fuse_attention", "recognises softmax(Q K^T) V", run,
                                  "remove_dead"};
