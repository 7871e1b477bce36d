/* SPDX-License-Identifier: Apache-2.0
 *
 * Elementwise operators of one input: one row of the table each. Attributes are the formula's
 * constants p0 and p1.
 */
#include "composite.h"
#include "elementwise.h"
#include "legacy.h"

typedef struct unary_params {
    float p[2];
} unary_params;

typedef struct unary_row {
    size_t slot;
    const char *name; /* of the slot */
    double p[2];      /* constants of a formula whose operator has no attribute for them */
} unary_row;

/* Is the result bool whatever the input is (IsNaN)? */
static bool tests(const node *n) { return n->op->out[0].types == DT_BOOL; }

static hone_status unary_infer(infer *f) {
    TRY(infer_same(f, 0));
    if (tests(f->node)) f->out[0].dtype = HONE_BOOL;
    return HONE_OK;
}

static hone_status unary_plan(plan_ctx *p, step *s) {
    const unary_row *row = s->node->op->row;
    elementwise *e = plan_state(p, s, sizeof *e);
    if (!e) return HONE_E_NOMEM;
    ew_nest(e, s, 1);
    e->apply = ew_apply_unary;
    const ktype t = ew_compute_type(e, s, 0, !tests(s->node));
    e->fn.unary = slot_unary(s->k, row->slot, t);
    ew_name(p, s, row->name, t);
    unary_constants(s->node, e->param);
    return HONE_OK;
}

void unary_constants(const node *n, double *param) {
    const unary_row *row = n->op->row;
    for (int32_t i = 0; i < 2; i++)
        param[i] = i < n->op->n_attrs ? (double)((const unary_params *)n->params)->p[i] : row->p[i];
}

bool unary_slot(const op *o, size_t *slot) {
    const dtype_set f32 = DT(HONE_F32);
    if (o->run != op_relu.run || !(o->in[0].types & f32) || !(o->out[0].types & f32)) return false;
    *slot = ((const unary_row *)o->row)->slot;
    return true;
}

static hone_status unary_run(run_ctx *r, const step *s) {
    ew_run(r, s, s->state);
    return HONE_OK;
}

static const op_arg float_in[] = {{"X", DT_FLOATS, 'T', 0}};
static const op_arg float_out[] = {{"Y", DT_FLOATS, 'T', 0}};
static const op_arg signed_in[] = {{"X", DT_FLOATS | DT_SIGNED, 'T', 0}};
static const op_arg signed_out[] = {{"Y", DT_FLOATS | DT_SIGNED, 'T', 0}};
static const op_arg number_in[] = {{"X", DT_NUMBERS, 'T', 0}};
static const op_arg number_out[] = {{"Y", DT_NUMBERS, 'T', 0}};
static const op_arg bits_in[] = {{"X", DT_INTS, 'T', 0}};
static const op_arg bits_out[] = {{"Y", DT_INTS, 'T', 0}};
static const op_arg logic_in[] = {{"X", DT_BOOL, 'T', 0}};
static const op_arg logic_out[] = {{"Y", DT_BOOL, 'T', 0}};
static const op_arg test_in[] = {{"X", DT_FLOATS, 'T', 0}};
static const op_arg test_out[] = {{"Y", DT_BOOL, 0, 0}};

static const char *const float_cases[] = {"f32[2,3,4]", "f32[]",    "f32[0]", "f32[1031]",
                                          "f16[37]",    "bf16[37]", "f64[5]", NULL};
static const char *const signed_cases[] = {"f32[2,3,4]", "i32[37]", "i64[3]", "f16[37]", NULL};
static const char *const number_cases[] = {"f32[2,3,4]", "u8[37]", "i64[3]", "f16[37]", NULL};
static const char *const bits_cases[] = {"u8[37]", "i64[3]", NULL};
static const char *const logic_cases[] = {"bool[37]", NULL};
#define test_cases float_cases

static const op_version since_1[] = {{1, NULL}};
static const op_version since_7[] = {{7, NULL}};
static const op_version since_9[] = {{9, NULL}};
static const op_version is_nan_versions[] = {{9, expand_widened}};
static const op_version since_11[] = {{11, NULL}};
static const op_version since_12[] = {{12, NULL}};
static const op_version since_14[] = {{14, NULL}};
static const op_version since_18[] = {{18, NULL}};
static const op_quant table = {QUANT_TABLE, 1, -1, -1, NULL};

static hone_status relu_grad(gradient *g) {
    builder *b = g->b;
    value *x = node_in(g->node, 0);
    value *zero = emit_scalar(b, x->type.dtype, 0);
    value *on = emit(b, "Greater", IN(x, zero), NO_ATTRS);
    g->dx[0] = emit(b, "Where", IN(on, g->dy[0], zero), NO_ATTRS);
    return b->status;
}

static hone_status neg_grad(gradient *g) {
    g->dx[0] = emit(g->b, "Neg", IN(g->dy[0]), NO_ATTRS);
    return g->b->status;
}

static hone_status exp_grad(gradient *g) {
    g->dx[0] = emit(g->b, "Mul", IN(g->dy[0], g->node->out[0]), NO_ATTRS);
    return g->b->status;
}

/* y = sigmoid(x): dx = dy * y * (1 - y). */
static hone_status sigmoid_grad(gradient *g) {
    builder *b = g->b;
    value *y = g->node->out[0];
    value *rest = emit(b, "Sub", IN(emit_scalar(b, y->type.dtype, 1), y), NO_ATTRS);
    g->dx[0] = emit(b, "Mul", IN(emit(b, "Mul", IN(g->dy[0], y), NO_ATTRS), rest), NO_ATTRS);
    return b->status;
}

/* y = tanh(x): dx = dy * (1 - y * y). */
static hone_status tanh_grad(gradient *g) {
    builder *b = g->b;
    value *y = g->node->out[0];
    value *yy = emit(b, "Mul", IN(y, y), NO_ATTRS);
    value *rest = emit(b, "Sub", IN(emit_scalar(b, y->type.dtype, 1), yy), NO_ATTRS);
    g->dx[0] = emit(b, "Mul", IN(g->dy[0], rest), NO_ATTRS);
    return b->status;
}

/* One operator: identifier, name, first opsets, argument table, kernel slot, and what else it has.
 */
#define MEMBER(ident, in_domain, label, since, args, slot_name, ...)                               \
    const op op_##ident = {.name = label,                                                          \
                           .domain = in_domain,                                                    \
                           OP_VERSIONS(since),                                                     \
                           OP_ARGS_IN(args##_in),                                                  \
                           OP_ARGS_OUT(args##_out),                                                \
                           .infer = unary_infer,                                                   \
                           .axes = axes_elementwise,                                               \
                           .permute = permute_elementwise,                                         \
                           .plan = unary_plan,                                                     \
                           .run = unary_run,                                                       \
                           .inplace = 1,                                                           \
                           .cases = args##_cases,                                                  \
                           .row =                                                                  \
                               &(const unary_row){SLOT_OF(slot_name), #slot_name, {1.0 / 6, 0.5}}, \
                           __VA_ARGS__}

/* Attributes become p0 and p1. */
#define P0(label, value) ATTR_NAMED(FLOAT, label, unary_params, p[0], .f = (value))
#define P1(label, value) ATTR_NAMED(FLOAT, label, unary_params, p[1], .f = (value))
static const attr_spec alpha_001[] = {P0("alpha", 0.01f)};
static const attr_spec alpha_1[] = {P0("alpha", 1.0f)};
static const attr_spec selu_attrs[] = {P0("alpha", 1.67326319217681884765625f),
                                       P1("gamma", 1.05070102214813232421875f)};
static const attr_spec hardsigmoid_attrs[] = {P0("alpha", 0.2f), P1("beta", 0.5f)};
static const attr_spec infinity_attrs[] = {P0("positive", 1), P1("negative", 1)};
static const attr_spec affine_attrs[] = {P0("scale", 1.0f), P1("shift", -0.0f)};
static const attr_spec shrink_attrs[] = {P0("lambd", 0.5f), P1("bias", 0.0f)};

#define UNARY(ident, ...)    MEMBER(ident, "", __VA_ARGS__)
#define INTERNAL(ident, ...) MEMBER(ident, "hone", __VA_ARGS__)

#define EXACT .tolerance = {TOL_EXACT, 0}
#define CLOSE .tolerance = {TOL_ULP, 4}
/* Where terms cancel, the error is small against the largest result only. */
#define CANCELS .tolerance = {TOL_REL, 1e-6}

UNARY(abs, "Abs", legacy_unary_versions, number, abs, EXACT);
UNARY(neg, "Neg", legacy_unary_versions, signed, neg, EXACT, .grad = neg_grad);
UNARY(sign, "Sign", since_9, number, sign, EXACT);
UNARY(relu, "Relu", legacy_unary_versions, signed, relu, EXACT, .grad = relu_grad, .quant = &table);
UNARY(bitwise_not, "BitwiseNot", since_18, bits, bitnot, EXACT);
UNARY(not, "Not", since_1, logic, lnot, EXACT);
UNARY(floor, "Floor", legacy_unary_versions, float, floor, EXACT);
UNARY(ceil, "Ceil", legacy_unary_versions, float, ceil, EXACT);
UNARY(round, "Round", since_11, float, round, EXACT);
UNARY(sqrt, "Sqrt", legacy_unary_versions, float, sqrt, EXACT);
UNARY(reciprocal, "Reciprocal", legacy_unary_versions, float, reciprocal, EXACT);
UNARY(exp, "Exp", legacy_unary_versions, float, exp, CLOSE, .grad = exp_grad);
UNARY(log, "Log", legacy_unary_versions, float, log, CLOSE);
UNARY(sin, "Sin", since_7, float, sin, CLOSE);
UNARY(cos, "Cos", since_7, float, cos, CLOSE);
UNARY(tan, "Tan", since_7, float, tan, CLOSE);
UNARY(asin, "Asin", since_7, float, asin, CLOSE);
UNARY(acos, "Acos", since_7, float, acos, CLOSE);
UNARY(atan, "Atan", since_7, float, atan, CLOSE);
UNARY(sinh, "Sinh", since_9, float, sinh, CLOSE);
UNARY(cosh, "Cosh", since_9, float, cosh, CLOSE);
UNARY(asinh, "Asinh", since_9, float, asinh, CLOSE);
UNARY(acosh, "Acosh", since_9, float, acosh, CLOSE);
UNARY(atanh, "Atanh", since_9, float, atanh, CLOSE);
UNARY(tanh, "Tanh", legacy_unary_versions, float, tanh, CLOSE, .grad = tanh_grad, .quant = &table);
UNARY(erf, "Erf", since_9, float, erf, CLOSE);
UNARY(sigmoid, "Sigmoid", legacy_unary_versions, float, sigmoid, CLOSE, .grad = sigmoid_grad,
      .quant = &table);
UNARY(softplus, "Softplus", legacy_unary_versions, float, softplus, CLOSE);
UNARY(softsign, "Softsign", legacy_unary_versions, float, softsign, CLOSE);
UNARY(mish, "Mish", since_18, float, mish, CLOSE);
UNARY(elu, "Elu", legacy_unary_versions, float, elu, CLOSE, OP_ATTRS(alpha_1, unary_params));
UNARY(selu, "Selu", legacy_unary_versions, float, selu, CLOSE, OP_ATTRS(selu_attrs, unary_params));
UNARY(celu, "Celu", since_12, float, celu, CLOSE, OP_ATTRS(alpha_1, unary_params));
UNARY(leaky_relu, "LeakyRelu", legacy_unary_versions, float, leaky_relu, CLOSE,
      OP_ATTRS(alpha_001, unary_params), .quant = &table);
UNARY(thresholded_relu, "ThresholdedRelu", legacy_unary_versions, float, thresholded_relu, CLOSE,
      OP_ATTRS(alpha_1, unary_params));
UNARY(hardsigmoid, "HardSigmoid", legacy_unary_versions, float, hardsigmoid, CLOSE,
      OP_ATTRS(hardsigmoid_attrs, unary_params), .quant = &table);
UNARY(shrink, "Shrink", since_9, number, shrink, CLOSE, OP_ATTRS(shrink_attrs, unary_params));
UNARY(is_nan, "IsNaN", is_nan_versions, test, isnan, EXACT);

/* Formulas that stand for a group of nodes or one attribute value of an ONNX operator. */
INTERNAL(silu, "Silu", since_7, float, silu, CLOSE, OP_ATTRS(alpha_1, unary_params),
         .quant = &table);
UNARY(hardswish, "HardSwish", since_14, float, hardswish, CLOSE, .quant = &table);
INTERNAL(affine, "Affine", since_7, float, affine, EXACT, OP_ATTRS(affine_attrs, unary_params));
INTERNAL(gelu_erf, "GeluErf", since_7, float, gelu, CANCELS, .quant = &table);
INTERNAL(gelu_tanh, "GeluTanh", since_7, float, gelu_tanh, CANCELS, .quant = &table);
INTERNAL(is_infinite, "IsInf", since_7, test, isinf, EXACT, OP_ATTRS(infinity_attrs, unary_params));

static const op *const members[] = {
    &op_abs,         &op_neg,       &op_sign,        &op_relu,       &op_bitwise_not,
    &op_not,         &op_floor,     &op_ceil,        &op_round,      &op_sqrt,
    &op_reciprocal,  &op_exp,       &op_log,         &op_sin,        &op_cos,
    &op_tan,         &op_asin,      &op_acos,        &op_atan,       &op_sinh,
    &op_cosh,        &op_asinh,     &op_acosh,       &op_atanh,      &op_tanh,
    &op_erf,         &op_sigmoid,   &op_softplus,    &op_softsign,   &op_mish,
    &op_elu,         &op_selu,      &op_celu,        &op_leaky_relu, &op_thresholded_relu,
    &op_hardsigmoid, &op_shrink,    &op_is_nan,      &op_silu,       &op_hardswish,
    &op_gelu_erf,    &op_gelu_tanh, &op_is_infinite, &op_affine,
};
const op_family family_unary = {members, COUNT_OF(members)};
