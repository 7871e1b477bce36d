/* SPDX-License-Identifier: Apache-2.0
 *
 * com.microsoft's products of 8-bit matrices. Results in float32 are products of float32 matrices:
 * constant weights become float32 when the plan is made, and take four times their memory.
 */
#include "composite.h"
#include "op.h"
#include "quantized.h"

static value *plus(builder *b, value *v, value *bias) {
    return bias ? expand_binary(b, "Add", v, bias) : v;
}

static hone_status matmul_integer_to_float_expand(builder *b, draft *d) {
    enum { A, B, A_SCALE, B_SCALE, A_ZERO, B_ZERO, BIAS };
    value *a_scale = quantized_rows(b, expand_cast(b, d->in[A_SCALE], HONE_F32), d->in[A]);
    value *a_zero = quantized_rows(b, draft_in(d, A_ZERO), d->in[A]);
    value *b_scale = expand_cast(b, d->in[B_SCALE], HONE_F32);
    value *x = quantized_real(b, d->in[A], a_scale, a_zero);
    value *w = quantized_real(b, d->in[B], b_scale, draft_in(d, B_ZERO));
    value *y = expand_binary(b, "hone::MatMul", x, w);
    y = plus(b, y, expand_cast(b, draft_in(d, BIAS), HONE_F32));
    return draft_done(b, d, expand_cast(b, y, d->in[A_SCALE]->type.dtype));
}

static const char *const matmul_integer_to_float_cases[] = {
    "u8[2,3,4] i8[4,5] f32[]{0.5} f32[5]+ u8[]{100} i8{1,2,3,4,5} f32[5]",
    "i8[3,4] i8[4,2] f16[]{0.5} f16[]{0.25}",
    "u8[2,0] u8[0,5] f32[]{0.5} f32[]{0.25} u8[]{3} u8[]{2}", NULL};

/* A becomes uint8 by its range. */
static hone_status dynamic_quantize_matmul_expand(builder *b, draft *d) {
    enum { A, B, B_SCALE, B_ZERO, BIAS };
    value *q[3];
    emit_n(b, "DynamicQuantizeLinear", IN(d->in[A]), NO_ATTRS, q, 3);
    value *x = quantized_real(b, q[0], q[1], q[2]);
    value *w = quantized_real(b, d->in[B], d->in[B_SCALE], draft_in(d, B_ZERO));
    return draft_done(b, d, plus(b, expand_binary(b, "hone::MatMul", x, w), draft_in(d, BIAS)));
}

static const char *const dynamic_quantize_matmul_cases[] = {
    "f32[2,3,4] i8[4,5] f32[5]+ i8{1,2,3,4,5} f32[5]", "f32[3,4] u8[4,2] f32[]{0.5}",
    "f32[0,4] u8[4,2] f32[]{0.5} u8[]{3}", NULL};

typedef struct qgemm_params {
    float alpha;
    bool trans_a, trans_b;
} qgemm_params;
static const attr_spec qgemm_attrs[] = {
    ATTR_ROW(FLOAT, qgemm_params, alpha, .f = 1.0f),
    ATTR_NAMED(BOOL, "transA", qgemm_params, trans_a),
    ATTR_NAMED(BOOL, "transB", qgemm_params, trans_b),
};

/* alpha * A' * B' + C, where C is in units of the product; quantized if a scale is given. */
static hone_status qgemm_expand(builder *b, draft *d) {
    enum { A, A_SCALE, A_ZERO, B, B_SCALE, B_ZERO, C, Y_SCALE, Y_ZERO };
    const qgemm_params *p = d->params;
    value *x = d->in[A], *w = d->in[B];
    if (p->trans_a) x = expand_unary(b, "Transpose", x);
    if (p->trans_b) w = expand_unary(b, "Transpose", w);
    value *sum = plus(b, quantized_product(b, x, d->in[A_ZERO], w, d->in[B_ZERO]), draft_in(d, C));
    value *left = d->in[A_SCALE];
    if (p->alpha != 1.0f)
        left = expand_binary(b, "Mul", left, emit_scalar(b, HONE_F32, (double)p->alpha));
    if (draft_in(d, Y_SCALE)) {
        value *result[2] = {d->in[Y_SCALE], draft_in(d, Y_ZERO)};
        if (!result[1]) result[1] = emit_scalar(b, d->in[A]->type.dtype, 0);
        return draft_done(b, d, quantized_result(b, sum, left, d->in[B_SCALE], result));
    }
    value *scale = expand_binary(b, "Mul", left, d->in[B_SCALE]);
    return draft_done(b, d, expand_binary(b, "Mul", expand_cast(b, sum, HONE_F32), scale));
}

static const char *const qgemm_cases[] = {
    "u8[3,4] f32[]{0.5} u8[]{3} i8[4,5] f32[5]+ i8{1,2,3,4,5} i32[5] f32[]{2} u8[]{7}",
    "i8[4,3] f32[]{0.5} i8[]{3} i8[5,4] f32[]{0.25} i8[]{1} i32[3,5] transA=1 transB=1 alpha=0.5",
    "u8[0,4] f32[]{0.5} u8[]{3} u8[4,5] f32[]{0.25} u8[]{1} _ f32[]{2} u8[]{7}",
    "u8[2,0] f32[]{0.5} u8[]{3} u8[0,3] f32[]{0.25} u8[]{1} i32[3] f32[]{2} u8[]{7}", NULL};

static const op_arg matmul_integer_to_float_in[] = {{"A", DT_BYTES, 'T', 0},
                                                    {"B", DT_BYTES, 'U', 0},
                                                    {"a_scale", DT_FLOATS, 'S', 0},
                                                    {"b_scale", DT_FLOATS, 'S', 0},
                                                    {"a_zero_point", DT_BYTES, 'T', ARG_OPTIONAL},
                                                    {"b_zero_point", DT_BYTES, 'U', ARG_OPTIONAL},
                                                    {"bias", DT_FLOATS, 'S', ARG_OPTIONAL}};
static const op_arg matmul_integer_to_float_out[] = {{"Y", DT_FLOATS, 'S', 0}};
static const op_arg dynamic_quantize_matmul_in[] = {{"A", DT(HONE_F32), 0, 0},
                                                    {"B", DT_BYTES, 0, 0},
                                                    {"b_scale", DT(HONE_F32), 0, 0},
                                                    {"b_zero_point", DT_BYTES, 0, ARG_OPTIONAL},
                                                    {"bias", DT(HONE_F32), 0, ARG_OPTIONAL}};
static const op_arg dynamic_quantize_matmul_out[] = {{"Y", DT(HONE_F32), 0, 0}};
static const op_arg qgemm_in[] = {{"A", DT_BYTES, 'T', 0},
                                  {"a_scale", DT(HONE_F32), 0, 0},
                                  {"a_zero_point", DT_BYTES, 'T', 0},
                                  {"B", DT_BYTES, 'U', 0},
                                  {"b_scale", DT(HONE_F32), 0, 0},
                                  {"b_zero_point", DT_BYTES, 'U', 0},
                                  {"C", DT(HONE_I32), 0, ARG_OPTIONAL},
                                  {"y_scale", DT(HONE_F32), 0, ARG_OPTIONAL},
                                  {"y_zero_point", DT_BYTES, 0, ARG_OPTIONAL}};
static const op_arg qgemm_out[] = {{"Y", DT_BYTES | DT(HONE_F32), 0, 0}};
static const op_version since_1[] = {{1, NULL}};
#define COMPOSITE(ident, label, ...)                                                               \
    static const op ms_##ident = {.name = label,                                                   \
                                  .domain = "com.microsoft",                                       \
                                  OP_VERSIONS(since_1),                                            \
                                  OP_SLOTS(ident),                                                 \
                                  .expand = ident##_expand,                                        \
                                  .tolerance = {TOL_SUM, 4},                                       \
                                  .cases = ident##_cases,                                          \
                                  __VA_ARGS__}
COMPOSITE(matmul_integer_to_float, "MatMulIntegerToFloat");
COMPOSITE(dynamic_quantize_matmul, "DynamicQuantizeMatMul");
COMPOSITE(qgemm, "QGemm", OP_ATTRS(qgemm_attrs, qgemm_params));

static const op *const members[] = {&ms_matmul_integer_to_float, &ms_dynamic_quantize_matmul,
                                    &ms_qgemm};
const op_family family_ms_qmatmul = {members, COUNT_OF(members)};
