/* SPDX-License-Identifier: Apache-2.0
 *
 * QMoE: each token goes through its k best experts, two products with weights of few bits and an
 * activation in between:
 *
 *     tokens of expert e -> W1[e] -> activation -> W2[e] -> times the router's weight, added up
 *
 * Experts are unrolled. Each gathers its tokens and multiplies those alone, so that experts without
 * tokens cost next to nothing; all read their rows of the one packed tensor.
 */
#include <math.h>

#include "composite.h"
#include "op.h"

enum { INPUT, ROUTER, FC1, FC2 = FC1 + 3, FC3 = FC2 + 3, FC1_ZEROS = FC3 + 3, ROUTER_WEIGHTS = 14 };
enum { MAX_EXPERTS = 512 };

enum { ACT_RELU, ACT_GELU, ACT_SILU, ACT_SWIGLU, ACT_IDENTITY };
static const char *const activations[] = {"relu", "gelu", "silu", "swiglu", "identity", NULL};
static const char *const quant_types[] = {"int", NULL};

typedef struct qmoe_params {
    int64_t k, block_size, swiglu_fusion, weights_prepacked, accuracy_level;
    int64_t bits, bits_of[3]; /* 0: `bits` */
    int32_t activation_type, quant_type;
    bool normalize, use_sparse_mixer, limit_after;
    float alpha, beta, limit;
} qmoe_params;

#define BITS(label, field) ATTR_NAMED(INT, label, qmoe_params, field, .min = 2, .max = 8)
static const attr_spec qmoe_attrs[] = {
    ATTR_ROW(INT, qmoe_params, k, .i = 1, .min = 1, .max = MAX_EXPERTS),
    ATTR_ROW(INT, qmoe_params, block_size, .min = 0, .max = INT32_MAX),
    ATTR_ROW(INT, qmoe_params, swiglu_fusion, .min = 0, .max = 2),
    ATTR_ROW(INT, qmoe_params, weights_prepacked, .i = -1, .min = -1, .max = 1),
    ATTR_ROW(INT, qmoe_params, accuracy_level),
    ATTR_NAMED(INT, "expert_weight_bits", qmoe_params, bits, .i = 4, .min = 2, .max = 8),
    BITS("fc1_expert_weight_bits", bits_of[0]),
    BITS("fc2_expert_weight_bits", bits_of[1]),
    BITS("fc3_expert_weight_bits", bits_of[2]),
    ATTR_ROW(CHOICE, qmoe_params, activation_type, .choices = activations),
    ATTR_ROW(CHOICE, qmoe_params, quant_type, .choices = quant_types),
    ATTR_NAMED(BOOL, "normalize_routing_weights", qmoe_params, normalize),
    ATTR_ROW(BOOL, qmoe_params, use_sparse_mixer),
    ATTR_NAMED(BOOL, "swiglu_limit_after_activation", qmoe_params, limit_after),
    ATTR_NAMED(FLOAT, "activation_alpha", qmoe_params, alpha, .f = 1.0f),
    ATTR_NAMED(FLOAT, "activation_beta", qmoe_params, beta),
    ATTR_NAMED(FLOAT, "swiglu_limit", qmoe_params, limit, .f = INFINITY),
};

/* One of the products, all experts. */
typedef struct layer {
    value *codes, *scales, *zeros, *bias;
    int64_t n, k, bits;
} layer;

typedef struct qmoe {
    builder *b;
    draft *d;
    const qmoe_params *p;
    int64_t experts;
    layer fc[3];
    value *x;                /* [tokens, hidden], float32 */
    value *chosen, *weights; /* [tokens, k]: numbers of experts, and what they count */
} qmoe;

/* Zero points of whole rows are packed along the rows: as float32, one a row. */
static value *row_zeros(const qmoe *m, value *packed, const layer *l) {
    builder *b = m->b;
    const int64_t dims[] = {m->experts, 1};
    const shape one = shape_vector(1);
    const float scale = 1, zero = 0;
    value *size = emit_i64s(b, dims, 2);
    value *scales = emit(b, "Expand", IN(emit_constant(b, HONE_F32, &one, &scale), size), NO_ATTRS);
    value *zeros = emit(b, "Expand", IN(emit_constant(b, HONE_F32, &one, &zero), size), NO_ATTRS);
    const int64_t block = (l->n + 7) / 8 * 8;
    return emit(b, "hone::DequantizeNBits", IN(packed, scales, zeros),
                ATTRS(A_INT("K", l->n), A_INT("bits", l->bits), A_INT("block_size", block)));
}

static hone_status read_layer(qmoe *m, int32_t i, int32_t input) {
    builder *b = m->b;
    layer *l = &m->fc[i];
    const shape *s = &m->d->in[input]->type.shape;
    value *scales = draft_in(m->d, input + 1), *zeros = draft_in(m->d, FC1_ZEROS + i);
    l->bits = m->p->bits_of[i] ? m->p->bits_of[i] : m->p->bits;
    if (l->bits & (l->bits - 1))
        return builder_fail(b, HONE_E_UNSUPPORTED, "weights of %lld bits", (long long)l->bits);
    if (!shape_known(s) || s->rank != 3 || s->dim[0] != m->experts || s->dim[1] < 1 ||
        s->dim[1] > INT32_MAX || s->dim[2] < 1 || s->dim[2] > INT32_MAX / 8)
        return builder_fail(b, HONE_E_FORMAT,
                            "the weights of layer %d do not have the shape "
                            "[%lld experts, rows, bytes]",
                            i + 1, (long long)m->experts);
    if (!scales) return builder_fail(b, HONE_E_FORMAT, "the scales of layer %d are missing", i + 1);
    l->n = s->dim[1];
    l->k = s->dim[2] * 8 / l->bits;
    l->codes = m->d->in[input];
    l->scales = expand_cast(b, scales, HONE_F32);
    l->zeros = zeros && m->p->block_size == 0 ? row_zeros(m, zeros, l) : zeros;
    l->bias = expand_cast(b, draft_in(m->d, input + 2), HONE_F32);
    return b->status;
}

/* x through layer i of an expert. */
static value *product(const qmoe *m, int32_t i, int64_t expert, value *x) {
    const layer *l = &m->fc[i];
    const int64_t block = m->p->block_size ? m->p->block_size : l->k;
    return emit(m->b, "hone::MatMulNBits", IN(x, l->codes, l->scales, l->zeros, NULL, l->bias),
                ATTRS(A_INT("N", l->n), A_INT("K", l->k), A_INT("bits", l->bits),
                      A_INT("block_size", block), A_INT("rows", m->experts * l->n),
                      A_INT("first", expert * l->n)));
}

static value *times_sigmoid(builder *b, value *x, float alpha) {
    value *scaled =
        alpha == 1.0f ? x : expand_binary(b, "Mul", x, emit_scalar(b, HONE_F32, (double)alpha));
    return expand_binary(b, "Mul", x, expand_unary(b, "Sigmoid", scaled));
}

/* swish(gate) * (linear + beta); both are in one product, in turn or one after the other, or in
 * two. */
static value *swiglu(const qmoe *m, int64_t expert, value *x, value *h) {
    builder *b = m->b;
    const qmoe_params *p = m->p;
    const bool turns = p->swiglu_fusion == 1;
    const int64_t n = m->fc[0].n, half = n / 2;
    value *gate = h, *linear = NULL;
    if (p->swiglu_fusion == 0) {
        linear = product(m, 2, expert, x);
    } else {
        gate = expand_slice(b, h, 1, 0, turns ? n : half, turns ? 2 : 1);
        linear = expand_slice(b, h, 1, turns ? 1 : half, n, turns ? 2 : 1);
    }
    if (!isinf(p->limit)) {
        value *hi = emit_scalar(b, HONE_F32, (double)p->limit);
        value *lo = emit_scalar(b, HONE_F32, -(double)p->limit);
        gate = expand_binary(b, "Min", gate, hi);
        linear = emit(b, "Clip", IN(linear, lo, hi), NO_ATTRS);
    }
    if (p->beta != 0)
        linear = expand_binary(b, "Add", linear, emit_scalar(b, HONE_F32, (double)p->beta));
    return expand_binary(b, "Mul", times_sigmoid(b, gate, p->alpha), linear);
}

static value *activated(const qmoe *m, int64_t expert, value *x, value *h) {
    switch (m->p->activation_type) {
    case ACT_RELU: return expand_unary(m->b, "Relu", h);
    case ACT_GELU: return emit(m->b, "Gelu", IN(h), ATTRS(A_STRING("approximate", "tanh")));
    case ACT_SILU: return times_sigmoid(m->b, h, 1);
    case ACT_SWIGLU: return swiglu(m, expert, x, h);
    default: return h;
    }
}

/* The best experts of each token and their weights: a softmax of theirs, or what another input
 * says. Weights that are next to nothing, or less, do not count. */
static void route(qmoe *m) {
    builder *b = m->b;
    const int64_t k = m->p->k;
    value *top[2], *router = expand_cast(b, m->d->in[ROUTER], HONE_F32);
    emit_n(b, "TopK", IN(router, emit_i64s(b, &k, 1)), NO_ATTRS, top, 2);
    value *other = expand_cast(b, draft_in(m->d, ROUTER_WEIGHTS), HONE_F32), *w;
    m->chosen = top[1];
    if (!other) {
        w = emit(b, "Softmax", IN(top[0]), ATTRS(A_INT("axis", -1)));
    } else {
        w = emit(b, "GatherElements", IN(other, top[1]), ATTRS(A_INT("axis", -1)));
        if (m->p->normalize) {
            const int64_t last = -1;
            value *sum = emit(b, "ReduceSum", IN(w, emit_i64s(b, &last, 1)), NO_ATTRS);
            w = expand_binary(b, "Div", w, sum);
        }
    }
    value *counts = expand_binary(b, "Greater", w, emit_scalar(b, HONE_F32, 1e-8));
    m->weights = emit(b, "Where", IN(counts, w, emit_scalar(b, HONE_F32, 0)), NO_ATTRS);
}

/* sum + what an expert makes of its tokens */
static value *with_expert(const qmoe *m, int64_t expert, value *sum) {
    builder *b = m->b;
    value *mine = expand_binary(b, "Equal", m->chosen, emit_i64(b, expert));
    value *places = expand_unary(b, "Transpose", expand_unary(b, "NonZero", mine)); /* [n, 2] */
    value *tokens = expand_slice(b, places, 1, 0, 1, 1);
    value *x = emit(b, "GatherND", IN(m->x, tokens), NO_ATTRS);
    value *h = activated(m, expert, x, product(m, 0, expert, x));
    value *weight = expand_unsqueeze(b, emit(b, "GatherND", IN(m->weights, places), NO_ATTRS), 1);
    value *y = expand_binary(b, "Mul", product(m, 1, expert, h), weight);
    return emit(b, "ScatterND", IN(sum, tokens, y), ATTRS(A_STRING("reduction", "add")));
}

static hone_status check_draft(builder *b, const draft *d, qmoe *m) {
    const qmoe_params *p = m->p;
    const bool third = p->activation_type == ACT_SWIGLU && p->swiglu_fusion == 0;
    if (third != (draft_in(d, FC3) != NULL))
        return builder_fail(b, HONE_E_UNSUPPORTED, "fc3_experts_weights %s",
                            third ? "are missing" : "are for swiglu that is not fused");
    if (p->weights_prepacked == 1 || p->use_sparse_mixer || p->limit_after)
        return builder_fail(b, HONE_E_UNSUPPORTED,
                            "weights_prepacked, use_sparse_mixer and "
                            "swiglu_limit_after_activation");
    m->experts = d->in[FC1]->type.shape.rank == 3 ? d->in[FC1]->type.shape.dim[0] : 0;
    if (m->experts < p->k || m->experts > MAX_EXPERTS)
        return builder_fail(b, HONE_E_UNSUPPORTED, "%lld experts: expected %lld to %d",
                            (long long)m->experts, (long long)p->k, MAX_EXPERTS);
    TRY(read_layer(m, 0, FC1));
    TRY(read_layer(m, 1, FC2));
    return third ? read_layer(m, 2, FC3) : b->status;
}

static hone_status qmoe_expand(builder *b, draft *d) {
    qmoe m = {.b = b, .d = d, .p = d->params};
    TRY(check_draft(b, d, &m));
    const hone_dtype t = d->in[INPUT]->type.dtype;
    const int64_t flat[] = {-1, m.fc[0].k};
    m.x = expand_reshape(b, expand_cast(b, d->in[INPUT], HONE_F32), flat, 2);
    route(&m);
    value *sum =
        expand_binary(b, "Expand", emit_scalar(b, HONE_F32, 0), expand_unary(b, "Shape", m.x));
    for (int64_t e = 0; e < m.experts; e++) sum = with_expert(&m, e, sum);
    value *y = emit(b, "Reshape", IN(sum, expand_unary(b, "Shape", d->in[INPUT])),
                    ATTRS(A_INT("allowzero", 1)));
    return draft_done(b, d, expand_cast(b, y, t));
}

static const char *const qmoe_cases[] = {
    "f32[5,32] f32[5,3] u8[3,24,16] f32[3,24]+ f32[3,24] u8[3,32,12] f32[3,32]+ f32[3,32] k=2 "
    "activation_type=silu",
    "f16[2,2,32] f16[4,2] u8[2,32,32] f16[2,32,2]+ _ u8[2,32,16] f16[2,32,1]+ _ _ _ _ _ _ _ "
    "f16[4,2]+ "
    "expert_weight_bits=8 block_size=16 activation_type=swiglu swiglu_fusion=1 "
    "normalize_routing_weights=1 swiglu_limit=7 activation_beta=1 activation_alpha=1.7",
    NULL};

static const op_arg qmoe_in[] = {{"input", DT_FLOATS, 'T', 0},
                                 {"router_probs", DT_FLOATS, 'T', 0},
                                 {"fc1_experts_weights", DT(HONE_U8), 0, 0},
                                 {"fc1_scales", DT_FLOATS | DT_FLOAT8S, 0, ARG_OPTIONAL},
                                 {"fc1_experts_bias", DT_FLOATS, 'T', ARG_OPTIONAL},
                                 {"fc2_experts_weights", DT(HONE_U8), 0, 0},
                                 {"fc2_scales", DT_FLOATS | DT_FLOAT8S, 0, ARG_OPTIONAL},
                                 {"fc2_experts_bias", DT_FLOATS, 'T', ARG_OPTIONAL},
                                 {"fc3_experts_weights", DT(HONE_U8), 0, ARG_OPTIONAL},
                                 {"fc3_scales", DT_FLOATS | DT_FLOAT8S, 0, ARG_OPTIONAL},
                                 {"fc3_experts_bias", DT_FLOATS, 'T', ARG_OPTIONAL},
                                 {"fc1_zero_points", DT(HONE_U8), 0, ARG_OPTIONAL},
                                 {"fc2_zero_points", DT(HONE_U8), 0, ARG_OPTIONAL},
                                 {"fc3_zero_points", DT(HONE_U8), 0, ARG_OPTIONAL},
                                 {"router_weights", DT_FLOATS, 'T', ARG_OPTIONAL},
                                 {"fc1_global_scale", DT(HONE_F32), 0, ARG_OPTIONAL},
                                 {"fc2_global_scale", DT(HONE_F32), 0, ARG_OPTIONAL},
                                 {"fc1_act_scale", DT(HONE_F32), 0, ARG_OPTIONAL},
                                 {"fc2_act_scale", DT(HONE_F32), 0, ARG_OPTIONAL},
                                 {"fc1_act_block_scale", DT_FLOATS | DT_FLOAT8S, 0, ARG_OPTIONAL},
                                 {"fc2_act_block_scale", DT_FLOATS | DT_FLOAT8S, 0, ARG_OPTIONAL}};
static const op_arg qmoe_out[] = {{"output", DT_FLOATS, 'T', 0}};
static const op_version since_1[] = {{1, NULL}};
const op op_ms_qmoe = {.name = "QMoE",
                       .domain = "com.microsoft",
                       OP_VERSIONS(since_1),
                       OP_SLOTS(qmoe),
                       OP_ATTRS(qmoe_attrs, qmoe_params),
                       .expand = qmoe_expand,
                       .tolerance = {TOL_SUM, 8},
                       .cases = qmoe_cases};
