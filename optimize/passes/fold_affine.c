/* SPDX-License-Identifier: Apache-2.0
 *
 * Folds a constant factor or summand per channel into the weight and bias of the product or
 * convolution before it: batch normalisations, scales and separate biases vanish.
 *
 *     (x * W + b) * s + t   =   x * (W s) + (b s + t)
 */
#include <string.h>

#include "build.h"
#include "elementwise.h"
#include "fused.h"
#include "rewrite.h"

typedef struct affine {
    const ctx *c;
    hone_model *m;
    node *linear; /* the product or convolution */
    int32_t axis; /* of its weight, that is the last output axis */
    int64_t n;    /* size of that axis */
} affine;

/* The axis of the weight that is the last axis of the output, from the operator's axis relations.
 */
static bool channel_axis(const node *n, int32_t *axis) {
    axis_map map;
    axis_relations(n, &map);
    const int32_t last = n->out[0]->type.shape.rank - 1;
    for (int32_t i = 0; !map.opaque && i < map.n; i++) {
        const axis_link *l = &map.link[i];
        if (l->input != FUSED_WEIGHT || l->out_axis != last || l->relation != AXIS_SAME) continue;
        *axis = l->in_axis;
        return true;
    }
    return false;
}

static const tensor *dense_f32(const value *v) {
    return v && v->constant && v->type.dtype == HONE_F32 && v->constant->layout.kind == LAYOUT_DENSE
               ? v->constant
               : NULL;
}

/* May a constant be folded into n: linear, constant weight and bias, nothing fused behind it yet?
 */
static bool is_linear(affine *a, node *n) {
    const fused_params *fused = n ? node_fused(n) : NULL;
    if (!fused || fused_any(fused) || node_in(n, FUSED_RESIDUAL)) return false;
    const tensor *w = dense_f32(node_in(n, FUSED_WEIGHT));
    if (!w || (node_in(n, FUSED_BIAS) && !dense_f32(node_in(n, FUSED_BIAS)))) return false;
    if (!value_only_user(n->out[0]) || !channel_axis(n, &a->axis)) return false;
    a->linear = n;
    a->n = w->shape.dim[a->axis];
    return true;
}

/* Is t one value, or one a channel: its last axis runs over channels, all others have size 1? */
static bool per_channel(const affine *a, const tensor *t) {
    const int64_t count = tensor_count(t);
    if (count == 1) return t->shape.rank <= a->linear->out[0]->type.shape.rank;
    return count == a->n && t->shape.rank >= 1 && t->shape.dim[t->shape.rank - 1] == count &&
           t->shape.rank <= a->linear->out[0]->type.shape.rank;
}

/* The bias as a constant that can be written; zeros if there was none. */
static hone_status writable_bias(const affine *a, float **data) {
    const tensor none = {
        .dtype = HONE_F32, .shape = shape_vector(a->n), .bytes = (size_t)a->n * sizeof(float)};
    const value *old = node_in(a->linear, FUSED_BIAS);
    value *bias;
    TRY(rewrite_copy(a->c, a->m, a->linear->graph, old ? old->constant : &none, &bias));
    if (old)
        node_set_input(a->linear, FUSED_BIAS, bias);
    else
        TRY(node_append_input(a->c, a->linear, FUSED_BIAS, bias));
    *data = bias->constant->data;
    return HONE_OK;
}

static float channel_value(const tensor *t, int64_t i) {
    return ((const float *)t->data)[tensor_count(t) == 1 ? 0 : i];
}

static hone_status fold_add(const affine *a, const tensor *t, float sign) {
    float *bias;
    TRY(writable_bias(a, &bias));
    for (int64_t i = 0; i < a->n; i++) bias[i] += sign * channel_value(t, i);
    return HONE_OK;
}

static hone_status fold_mul(const affine *a, const tensor *t, bool divide) {
    const tensor *old = node_in(a->linear, FUSED_WEIGHT)->constant;
    value *weight;
    TRY(rewrite_copy(a->c, a->m, a->linear->graph, old, &weight));
    const int64_t inner = shape_span(&old->shape, a->axis + 1, old->shape.rank);
    float *w = weight->constant->data;
    for (int64_t i = 0; i < tensor_count(old); i++) {
        const float s = channel_value(t, i / inner % a->n);
        w[i] = divide ? w[i] / s : w[i] * s;
    }
    node_set_input(a->linear, FUSED_WEIGHT, weight);
    if (!node_in(a->linear, FUSED_BIAS)) return HONE_OK;
    float *bias;
    TRY(writable_bias(a, &bias));
    for (int64_t i = 0; i < a->n; i++) {
        const float s = channel_value(t, i);
        bias[i] = divide ? bias[i] / s : bias[i] * s;
    }
    return HONE_OK;
}

/* Folds n (an Add, Sub, Mul or Div) into the linear node before it, if it can be. */
static hone_status fold_node(affine *a, node *n, int64_t *changes) {
    const bool commutes = n->op == &op_add || n->op == &op_mul;
    if (!commutes && n->op != &op_sub && n->op != &op_div) return HONE_OK;
    for (int32_t i = 0; i < (commutes ? 2 : 1); i++) {
        value *x = node_in(n, i);
        const tensor *t = dense_f32(node_in(n, 1 - i));
        if (!x || !t || !is_linear(a, x->producer) || !per_channel(a, t)) continue;
        if (n->op == &op_add || n->op == &op_sub)
            TRY(fold_add(a, t, n->op == &op_add ? 1.0f : -1.0f));
        else
            TRY(fold_mul(a, t, n->op == &op_div));
        graph_replace(n->out[0], x);
        graph_remove_node(n);
        ++*changes;
        return HONE_OK;
    }
    return HONE_OK;
}

static hone_status run(const ctx *c, hone_model *m, graph *g, int64_t *changes) {
    affine a = {.c = c, .m = m};
    for (node *n = g->first, *next; n; n = next) {
        next = n->next;
        for (int32_t i = 0; i < n->n_body; i++) TRY(run(c, m, n->body[i], changes));
        TRY(fold_node(&a, n, changes));
    }
    return HONE_OK;
}

const pass pass_fold_affine = {"fold_affine", "folds factors and summands into weights and biases",
                               run, "remove_dead"};
