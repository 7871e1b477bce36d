/* SPDX-License-Identifier: Apache-2.0
 *
 * com.microsoft's activations, with the additions that are fused into them, written as the
 * activations that products and convolutions take over.
 */
#include "composite.h"
#include "op.h"

typedef struct ms_gelu_params {
    float alpha, limit, beta;
    bool round_activation, is_inner_broadcast;
    int64_t axis;
} ms_gelu_params;

static const attr_spec quick_attrs[] = {ATTR_ROW(FLOAT, ms_gelu_params, alpha, .f = 1.702f)};
static const attr_spec scaled_attrs[] = {ATTR_ROW(FLOAT, ms_gelu_params, alpha, .f = 1.0f)};
static const attr_spec swiglu_attrs[] = {
    ATTR_NAMED(FLOAT, "activation_alpha", ms_gelu_params, alpha, .f = 1.0f),
    ATTR_NAMED(FLOAT, "activation_beta", ms_gelu_params, beta),
    ATTR_ROW(FLOAT, ms_gelu_params, limit), ATTR_ROW(BOOL, ms_gelu_params, round_activation)};
static const attr_spec softmax_attrs[] = {
    ATTR_ROW(AXIS, ms_gelu_params, axis, .i = 1),
    ATTR_ROW(BOOL, ms_gelu_params, is_inner_broadcast, .required = true)};

/* Input 0 plus the bias in input 1, if it is there. */
static value *biased(builder *b, const draft *d) {
    value *bias = draft_in(d, 1);
    return bias ? expand_binary(b, "Add", d->in[0], bias) : d->in[0];
}

static hone_status gelu_expand(builder *b, draft *d) {
    return draft_done(b, d, expand_unary(b, "hone::GeluErf", biased(b, d)));
}

static hone_status fast_gelu_expand(builder *b, draft *d) {
    return draft_done(b, d, expand_unary(b, "hone::GeluTanh", biased(b, d)));
}

static value *silu(builder *b, value *x, float alpha) {
    return emit(b, "hone::Silu", IN(x), ATTRS(A_FLOAT("alpha", alpha)));
}

static hone_status quick_gelu_expand(builder *b, draft *d) {
    return draft_done(b, d, silu(b, d->in[0], ((const ms_gelu_params *)d->params)->alpha));
}

/* z * sigmoid(z) of z = scale * x. */
static hone_status scaled_silu_expand(builder *b, draft *d) {
    value *x = d->in[0], *scale = draft_in(d, 1);
    const hone_dtype t = x->type.dtype;
    const double alpha = (double)((const ms_gelu_params *)d->params)->alpha;
    scale = scale ? expand_reshape(b, expand_cast(b, scale, t), NULL, 0) : emit_scalar(b, t, alpha);
    return draft_done(b, d, silu(b, expand_binary(b, "Mul", x, scale), 1.0f));
}

/* Both halves of the last axis. */
static void halves(builder *b, value *x, value **half) {
    emit_n(b, "Split", IN(x), ATTRS(A_INT("axis", -1), A_INT("num_outputs", 2)), half, 2);
}

static hone_status split_gelu_expand(builder *b, draft *d) {
    value *half[2];
    halves(b, biased(b, d), half);
    value *gate = expand_unary(b, "hone::GeluErf", half[1]);
    return draft_done(b, d, expand_binary(b, "Mul", half[0], gate));
}

static hone_status bias_add_expand(builder *b, draft *d) {
    return draft_done(b, d, expand_binary(b, "Add", biased(b, d), d->in[2]));
}

static value *clipped(builder *b, value *v, float limit, bool below) {
    value *hi = emit_scalar(b, v ? v->type.dtype : HONE_F32, (double)limit);
    value *lo = below ? emit_scalar(b, v ? v->type.dtype : HONE_F32, -(double)limit) : NULL;
    return limit > 0 ? emit(b, "Clip", IN(v, lo, hi), NO_ATTRS) : v;
}

/* gate * sigmoid(alpha * gate) * (up + beta), both bounded. */
static hone_status swiglu_expand(builder *b, draft *d) {
    const ms_gelu_params *p = d->params;
    value *half[2] = {d->in[0], draft_in(d, 1)};
    if (!half[1]) halves(b, d->in[0], half);
    const hone_dtype t = d->in[0]->type.dtype;
    value *gate = silu(b, clipped(b, half[0], p->limit, false), p->alpha);
    value *up = clipped(b, half[1], p->limit, true);
    if (p->beta != 0.0f) up = expand_binary(b, "Add", up, emit_scalar(b, t, (double)p->beta));
    return draft_done(b, d, expand_binary(b, "Mul", gate, up));
}

/* Softmax over everything from `axis` on of data + bias; a bias that repeats inside has the axes
 * before `axis` too. */
static hone_status bias_softmax_expand(builder *b, draft *d) {
    const ms_gelu_params *p = d->params;
    const int32_t rank = emit_rank(b, d->in[0]);
    int32_t axis;
    if (rank < 0) return b->status;
    if (!axis_normalize(p->axis, rank, &axis))
        return builder_fail(b, HONE_E_FORMAT, "axis is out of range for rank %d", rank);
    value *rows = emit(b, "Flatten", IN(biased(b, d)), ATTRS(A_INT("axis", axis)));
    value *dims = expand_unary(b, "Shape", d->in[0]);
    return draft_done(b, d, expand_binary(b, "Reshape", expand_unary(b, "Softmax", rows), dims));
}

static const char *const gelu_cases[] = {"f32[2,3]", "f16[7]", "f64[2,2]", "f32[0,3]", NULL};
static const char *const bias_gelu_cases[] = {"f32[2,3,4] f32[4]", "f16[2,7] f16[7]",
                                              "f32[0,3] f32[3]", NULL};
static const char *const fast_gelu_cases[] = {"f32[2,3]", "f32[2,3,4] f32[4]", "f16[3,5] f16[5]",
                                              "f32[0,3]", NULL};
static const char *const quick_gelu_cases[] = {"f32[2,3]", "f16[7] alpha=0.5", "f64[3]", "f32[0]",
                                               NULL};
static const char *const scaled_silu_cases[] = {"f32[2,3] alpha=0.5", "f32[2,3] f16[1]{2}",
                                                "f16[7]", "f32[0]", NULL};
static const char *const split_gelu_cases[] = {"f32[2,3,8] f32[8]", "f16[1,2,6] f16[6]",
                                               "f32[0,3,4] f32[4]", NULL};
static const char *const bias_add_cases[] = {"f32[2,3,5] f32[5] f32[2,3,5]",
                                             "f32[0,3,4] f32[4] f32[0,3,4]", NULL};
static const char *const swiglu_cases[] = {
    "f32[2,8]", "f32[2,3] f32[2,3] limit=1 activation_beta=1 activation_alpha=1.702", "f16[3,4]",
    "f32[0,4]", NULL};
static const char *const bias_softmax_cases[] = {
    "f32[2,3,4] f32[1,3,4] axis=1 is_inner_broadcast=0",
    "f32[2,3,4] f32[2,1,4] axis=2 is_inner_broadcast=1", "f32[0,4] f32[1,4] is_inner_broadcast=0",
    NULL};

static const op_arg unary_in[] = {{"X", DT_FLOATS, 'T', 0}};
static const op_arg unary_out[] = {{"Y", DT_FLOATS, 'T', 0}};
static const op_arg bias_gelu_in[] = {{"A", DT_FLOATS, 'T', 0}, {"B", DT_FLOATS, 'T', 0}};
static const op_arg bias_gelu_out[] = {{"C", DT_FLOATS, 'T', 0}};
static const op_arg fast_gelu_in[] = {{"X", DT_FLOATS, 'T', 0},
                                      {"bias", DT_FLOATS, 'T', ARG_OPTIONAL}};
static const op_arg fast_gelu_out[] = {{"Y", DT_FLOATS, 'T', 0}};
static const op_arg split_gelu_in[] = {{"X", DT_FLOATS, 'T', 0}, {"bias", DT_FLOATS, 'T', 0}};
static const op_arg split_gelu_out[] = {{"Y", DT_FLOATS, 'T', 0}};
static const op_arg bias_add_in[] = {
    {"X", DT_FLOATS, 'T', 0}, {"bias", DT_FLOATS, 'T', 0}, {"skip", DT_FLOATS, 'T', 0}};
static const op_arg bias_add_out[] = {{"Y", DT_FLOATS, 'T', 0}};
static const op_arg scaled_silu_in[] = {{"X", DT_FLOATS, 'T', 0},
                                        {"scale", DT_FLOATS, 0, ARG_OPTIONAL}};
static const op_arg scaled_silu_out[] = {{"Y", DT_FLOATS, 'T', 0}};
static const op_arg swiglu_in[] = {{"gate", DT_FLOATS, 'T', 0},
                                   {"up", DT_FLOATS, 'T', ARG_OPTIONAL}};
static const op_arg swiglu_out[] = {{"output", DT_FLOATS, 'T', 0}};
static const op_arg bias_softmax_in[] = {{"data", DT_FLOATS, 'T', 0}, {"bias", DT_FLOATS, 'T', 0}};
static const op_arg bias_softmax_out[] = {{"output", DT_FLOATS, 'T', 0}};
static const op_version versions[] = {{1, NULL}};
#define ACTIVATION(ident, label, formula, ...)                                                     \
    static const op op_##ident = {.name = label,                                                   \
                                  .domain = "com.microsoft",                                       \
                                  OP_VERSIONS(versions),                                           \
                                  .expand = formula##_expand,                                      \
                                  .tolerance = {TOL_REL, 1e-5},                                    \
                                  __VA_ARGS__}
ACTIVATION(gelu, "Gelu", gelu, OP_SLOTS(unary), .cases = gelu_cases);
ACTIVATION(bias_gelu, "BiasGelu", gelu, OP_SLOTS(bias_gelu), .cases = bias_gelu_cases);
ACTIVATION(fast_gelu, "FastGelu", fast_gelu, OP_SLOTS(fast_gelu), .cases = fast_gelu_cases);
ACTIVATION(split_gelu, "BiasSplitGelu", split_gelu, OP_SLOTS(split_gelu),
           .cases = split_gelu_cases);
ACTIVATION(bias_add, "BiasAdd", bias_add, OP_SLOTS(bias_add), .cases = bias_add_cases);
ACTIVATION(quick_gelu, "QuickGelu", quick_gelu, OP_SLOTS(unary),
           OP_ATTRS(quick_attrs, ms_gelu_params), .cases = quick_gelu_cases);
ACTIVATION(scaled_silu, "ScaledSiLU", scaled_silu, OP_SLOTS(scaled_silu),
           OP_ATTRS(scaled_attrs, ms_gelu_params), .cases = scaled_silu_cases);
ACTIVATION(swiglu, "SwiGLU", swiglu, OP_SLOTS(swiglu), OP_ATTRS(swiglu_attrs, ms_gelu_params),
           .cases = swiglu_cases);
ACTIVATION(bias_softmax, "BiasSoftmax", bias_softmax, OP_SLOTS(bias_softmax),
           OP_ATTRS(softmax_attrs, ms_gelu_params), .cases = bias_softmax_cases);

static const op *const members[] = {&op_gelu,        &op_bias_gelu, &op_fast_gelu,
                                    &op_split_gelu,  &op_bias_add,  &op_quick_gelu,
                                    &op_scaled_silu, &op_swiglu,    &op_bias_softmax};
const op_family family_ms_gelu = {members, COUNT_OF(members)};
