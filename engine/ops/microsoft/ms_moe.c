/* SPDX-License-Identifier: Apache-2.0
 *
 * com.microsoft MoE: every token goes through the k experts that its router scores highest. Routes
 * (token, expert) are sorted by expert, so that each expert multiplies its rows once.
 */
#include <math.h>

#include "composite.h"
#include "op.h"

enum { MOE_X, MOE_ROUTER, MOE_FC1, MOE_BIAS1, MOE_FC2, MOE_BIAS2, MOE_FC3, MOE_BIAS3 };
enum { ACT_RELU, ACT_GELU, ACT_SILU, ACT_SWIGLU, ACT_IDENTITY };
enum { GATES_APART, GATES_INTERLEAVED, GATES_HALVES };

typedef struct moe_params {
    int64_t k, swiglu_fusion;
    int32_t activation_type;
    float activation_alpha, activation_beta, swiglu_limit;
    bool normalize_routing_weights, use_sparse_mixer, swiglu_limit_after_activation;
} moe_params;

static const char *const activations[] = {"relu", "gelu", "silu", "swiglu", "identity", NULL};
static const attr_spec moe_attrs[] = {
    ATTR_ROW(INT, moe_params, k, .i = 1, .min = 1, .max = INT32_MAX),
    ATTR_ROW(INT, moe_params, swiglu_fusion, .max = GATES_HALVES),
    ATTR_ROW(CHOICE, moe_params, activation_type, .choices = activations),
    ATTR_ROW(FLOAT, moe_params, activation_alpha, .f = 1.0f),
    ATTR_ROW(FLOAT, moe_params, activation_beta),
    ATTR_ROW(FLOAT, moe_params, swiglu_limit, .f = INFINITY),
    ATTR_ROW(BOOL, moe_params, normalize_routing_weights),
    ATTR_ROW(BOOL, moe_params, use_sparse_mixer),
    ATTR_ROW(BOOL, moe_params, swiglu_limit_after_activation),
};

/* Each of n routes: its token and expert in the order of the experts, and where the routes of the
 * tokens went. */
typedef struct routes {
    value *experts, *tokens, *places;
    value *weights; /* [T, k] */
} routes;

/* Places that put a vector in rising order; equal elements stay in order. */
static value *ranking(builder *b, value *v) {
    value *n = expand_unsqueeze(b, expand_size_of(b, v, 0), 0), *top[2];
    emit_n(b, "TopK", IN(v, n), ATTRS(A_INT("largest", 0)), top, 2);
    return top[1];
}

static routes route(builder *b, const draft *d) {
    const moe_params *p = d->params;
    value *probs = expand_unary(b, "Softmax", expand_cast(b, d->in[MOE_ROUTER], HONE_F32)), *top[2];
    emit_n(b, "TopK", IN(probs, emit_i64s(b, &p->k, 1)), NO_ATTRS, top, 2);
    routes r = {.weights = top[0]};
    if (p->normalize_routing_weights) {
        value *sum =
            emit(b, "ReduceSum", IN(top[0], emit_i64s(b, (const int64_t[]){-1}, 1)), NO_ATTRS);
        r.weights = expand_binary(b, "Div", top[0], sum);
    }
    value *flat = expand_reshape(b, top[1], (const int64_t[]){-1}, 1);
    value *order = ranking(b, flat);
    r.experts = expand_binary(b, "Gather", flat, order);
    r.tokens = expand_binary(b, "Div", order, emit_i64(b, p->k));
    r.places = ranking(b, order);
    return r;
}

/* Rows through the layer [E, N, K] of their experts. */
static value *layer(builder *b, const draft *d, value *rows, const routes *r, int32_t weight,
                    int32_t bias) {
    const int64_t perm[] = {0, 2, 1};
    value *w = expand_cast(b, d->in[weight], HONE_F32);
    w = emit(b, "Transpose", IN(w), ATTRS(A_INTS("perm", perm, 3)));
    return emit(b, "hone::ExpertMatMul",
                IN(rows, w, r->experts, expand_cast(b, draft_in(d, bias), HONE_F32)), NO_ATTRS);
}

static value *at_most(builder *b, value *v, float limit) {
    return isinf(limit) ? v : expand_binary(b, "Min", v, emit_scalar(b, HONE_F32, (double)limit));
}

static value *within(builder *b, value *v, float limit) {
    value *lo = emit_scalar(b, HONE_F32, -(double)limit);
    value *hi = emit_scalar(b, HONE_F32, (double)limit);
    return isinf(limit) ? v : emit(b, "Clip", IN(v, lo, hi), NO_ATTRS);
}

/* gate * sigmoid(alpha * gate) * (linear + beta), both bounded. */
static value *swiglu(builder *b, const draft *d, value *gate, value *linear) {
    const moe_params *p = d->params;
    const bool late = p->swiglu_limit_after_activation;
    if (!late) gate = at_most(b, gate, p->swiglu_limit);
    gate = emit(b, "hone::Silu", IN(gate), ATTRS(A_FLOAT("alpha", p->activation_alpha)));
    if (late) gate = at_most(b, gate, p->swiglu_limit);
    linear = within(b, linear, p->swiglu_limit);
    value *beta = emit_scalar(b, HONE_F32, (double)p->activation_beta);
    if (p->activation_beta != 0.0f) linear = expand_binary(b, "Add", linear, beta);
    return expand_binary(b, "Mul", gate, linear);
}

static value *activated(builder *b, const draft *d, value *y, value *rows, const routes *r) {
    static const char *const names[] = {"Relu", "hone::GeluTanh", "hone::Silu"};
    const moe_params *p = d->params;
    const int32_t act = p->activation_type;
    value *half[2] = {y, NULL};
    if (act == ACT_IDENTITY) return y;
    if (act == ACT_SWIGLU && p->swiglu_fusion == GATES_HALVES) {
        emit_n(b, "Split", IN(y), ATTRS(A_INT("axis", -1), A_INT("num_outputs", 2)), half, 2);
    } else if (act == ACT_SWIGLU && p->swiglu_fusion == GATES_INTERLEAVED) {
        half[0] = expand_slice(b, y, -1, 0, INT64_MAX, 2);
        half[1] = expand_slice(b, y, -1, 1, INT64_MAX, 2);
    } else if (draft_in(d, MOE_FC3)) {
        half[1] = layer(b, d, rows, r, MOE_FC3, MOE_BIAS3);
    }
    if (act == ACT_SWIGLU) return swiglu(b, d, half[0], half[1]);
    y = expand_unary(b, names[act], y);
    return half[1] ? expand_binary(b, "Mul", y, half[1]) : y;
}

static hone_status check(builder *b, const draft *d) {
    const moe_params *p = d->params;
    if (p->activation_type == ACT_SWIGLU && p->swiglu_fusion == GATES_APART &&
        !expand_needs(b, d, MOE_FC3, "fc3_experts_weights"))
        return b->status;
    if (p->use_sparse_mixer)
        return builder_fail(b, HONE_E_UNSUPPORTED, "the sparse mixer is not supported");
    return b->status;
}

static hone_status moe_expand(builder *b, draft *d) {
    TRY(check(b, d));
    const int64_t k = ((const moe_params *)d->params)->k;
    value *x = d->in[MOE_X];
    const int32_t rank = emit_rank(b, x);
    if (b->status == HONE_OK && rank != 2 && rank != 3)
        builder_fail(b, HONE_E_FORMAT, "input has rank %d: expected 2 or 3", rank);
    TRY(b->status);
    const shape *fc2 = &d->in[MOE_FC2]->type.shape;
    int64_t width = x->type.shape.dim[rank - 1];
    if (!dim_known(width) && fc2->rank == 3) width = fc2->dim[1];
    value *flat = expand_cast(b, x, HONE_F32);
    if (!dim_known(width))
        return builder_fail(b, HONE_E_UNSUPPORTED, "the width of the input is not known");
    if (rank == 3) flat = expand_reshape(b, flat, (const int64_t[]){-1, width}, 2);
    const routes r = route(b, d);
    value *rows = expand_binary(b, "Gather", flat, r.tokens);
    value *y = activated(b, d, layer(b, d, rows, &r, MOE_FC1, MOE_BIAS1), rows, &r);
    y = layer(b, d, y, &r, MOE_FC2, MOE_BIAS2);
    value *weights = expand_reshape(b, r.weights, (const int64_t[]){-1, 1}, 2);
    y = expand_binary(b, "Mul", expand_binary(b, "Gather", y, r.places), weights);
    if (k > 1) {
        const int64_t by_token[] = {-1, k, width}, second = 1;
        y = expand_reshape(b, y, by_token, 3);
        y = emit(b, "ReduceSum", IN(y, emit_i64s(b, &second, 1)), ATTRS(A_INT("keepdims", 0)));
    }
    if (rank == 3) y = expand_binary(b, "Reshape", y, expand_unary(b, "Shape", x));
    return draft_done(b, d, expand_cast(b, y, x->type.dtype));
}

static const char *const moe_cases[] = {
    "f32[2,3,4] f32[6,3] f32[3,5,4] f32[3,5] f32[3,4,5] f32[3,4] k=2 normalize_routing_weights=1",
    "f32[5,4] f32[5,3] f32[3,6,4] _ f32[3,4,3] activation_type=swiglu swiglu_fusion=1 "
    "activation_alpha=1.702 activation_beta=1 swiglu_limit=2",
    "f32[5,4] f32[5,3] f32[3,6,4] _ f32[3,4,6] _ f32[3,6,4] activation_type=silu k=3",
    "f16[3,4] f16[3,2] f16[2,5,4] _ f16[2,4,5] activation_type=gelu",
    "f32[0,4] f32[0,3] f32[3,5,4] _ f32[3,4,5] k=2",
    NULL};

static const op_arg moe_in[] = {{"input", DT_FLOATS, 'T', 0},
                                {"router_probs", DT_FLOATS, 'T', 0},
                                {"fc1_experts_weights", DT_FLOATS, 'T', 0},
                                {"fc1_experts_bias", DT_FLOATS, 'T', ARG_OPTIONAL},
                                {"fc2_experts_weights", DT_FLOATS, 'T', 0},
                                {"fc2_experts_bias", DT_FLOATS, 'T', ARG_OPTIONAL},
                                {"fc3_experts_weights", DT_FLOATS, 'T', ARG_OPTIONAL},
                                {"fc3_experts_bias", DT_FLOATS, 'T', ARG_OPTIONAL}};
static const op_arg moe_out[] = {{"output", DT_FLOATS, 'T', 0}};
static const op_version versions[] = {{1, NULL}};
const op op_ms_moe = {.name = "MoE",
                      .domain = "com.microsoft",
                      OP_VERSIONS(versions),
                      OP_SLOTS(moe),
                      OP_ATTRS(moe_attrs, moe_params),
                      .expand = moe_expand,
                      .tolerance = {TOL_SUM, 4},
                      .cases = moe_cases};
