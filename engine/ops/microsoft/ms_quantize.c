/* SPDX-License-Identifier: Apache-2.0
 *
 * com.microsoft's conversions to and from quantized types, older than ONNX's for 16 and 4 bits, and
 * its integer arithmetic.
 */
#include "composite.h"
#include "op.h"
#include "quantized.h"

typedef struct quantize_params {
    int64_t axis;
} quantize_params;
static const attr_spec quantize_attrs[] = {ATTR_ROW(AXIS, quantize_params, axis, .i = 1)};

/* Scales that are one value ignore the axis, which is what an absent one asks for. */
static hone_status same_in_onnx(builder *b, draft *d) {
    value *y = emit(b, d->type, IN(d->in[0], d->in[1], draft_in(d, 2)), d->attrs, d->n_attrs);
    return draft_done(b, d, y);
}

static const char *const quantize_cases[] = {
    "f32[2,3,4] f32[]{0.1}", "f32[2,3] f32{0.1,0.2,0.3} i16{1,-2,3} axis=1",
    "f32[5] f32[]{0.5} i4[]{1}", "f32[0,3] f32[]{0.1}", NULL};
static const char *const dequantize_cases[] = {"u16[2,3,4] f32[]{0.1}",
                                               "i8[3,2] f32{0.1,0.2,0.3} i8{1,-2,3} axis=0",
                                               "u8[0,3] f32[]{0.1}", NULL};

/* (a - a_zero) * (b - b_zero) in int32 */
static hone_status mul_integer_expand(builder *b, draft *d) {
    value *left = quantized_centred(b, d->in[0], draft_in(d, 1));
    return draft_done(
        b, d, expand_binary(b, "Mul", left, quantized_centred(b, d->in[2], draft_in(d, 3))));
}

static const char *const mul_integer_cases[] = {"u8[2,3] u8[]{3} u8[3] u8[]{1}",
                                                "i8[2,1] _ i8[1,4]", "i8[0,3] i8[]{1} i8[3]", NULL};

typedef struct reduce_params {
    int_list axes;
    bool keepdims;
} reduce_params;
static const attr_spec reduce_attrs[] = {
    ATTR_ROW(AXES, reduce_params, axes, .required = true),
    ATTR_ROW(BOOL, reduce_params, keepdims, .required = true),
};

/* Signed numbers add up in int32, unsigned ones in uint32. */
static hone_status reduce_sum_integer_expand(builder *b, draft *d) {
    const reduce_params *p = d->params;
    value *wide = expand_cast(b, d->in[0], d->in[0]->type.dtype == HONE_U8 ? HONE_U32 : HONE_I32);
    value *y = emit(b, "ReduceSum", IN(wide, emit_i64s(b, p->axes.v, p->axes.n)),
                    ATTRS(A_INT("keepdims", p->keepdims), A_INT("noop_with_empty_axes", 1)));
    return draft_done(b, d, y);
}

static const char *const reduce_sum_integer_cases[] = {"u8[2,3,4] axes=1,-1 keepdims=1",
                                                       "i8[5,3] axes=0 keepdims=0",
                                                       "i8[0,3] axes=0 keepdims=0", NULL};

/* Products of 16-bit integers; sums wrap. */
static hone_status matmul_integer16_expand(builder *b, draft *d) {
    const bool is_unsigned = d->in[0]->type.dtype == HONE_U16 && d->in[1]->type.dtype == HONE_U16;
    const hone_dtype t = is_unsigned ? HONE_U32 : HONE_I32;
    value *x = expand_cast(b, d->in[0], t), *w = expand_cast(b, d->in[1], t);
    return draft_done(b, d, expand_binary(b, "hone::MatMul", x, w));
}

static const char *const matmul_integer16_cases[] = {"i16[2,3,4] i16[4,5]", "u16[2,4] u16[4,1]",
                                                     "i16[0,4] i16[4,5]", NULL};

#define WORDS (DT(HONE_I16) | DT(HONE_U16))
static const op_arg quantize_in[] = {{"x", DT_SINGLES | DT(HONE_I32), 'T', 0},
                                     {"y_scale", DT_SINGLES | DT(HONE_I32), 'T', 0},
                                     {"y_zero_point", DT_QUANTIZED, 'Q', ARG_OPTIONAL}};
static const op_arg quantize_out[] = {{"y", DT_QUANTIZED, 'Q', 0}};
static const op_arg dequantize_in[] = {
    {"x", DT_QUANTIZED | DT(HONE_I32), 'Q', 0},
    {"x_scale", DT_SINGLES, 'T', 0},
    {"x_zero_point", DT_QUANTIZED | DT(HONE_I32), 'Q', ARG_OPTIONAL}};
static const op_arg dequantize_out[] = {{"y", DT_SINGLES, 'T', 0}};
static const op_arg mul_integer_in[] = {{"A", DT_BYTES, 'T', 0},
                                        {"A_zero_point", DT_BYTES, 'T', ARG_OPTIONAL},
                                        {"B", DT_BYTES, 'T', 0},
                                        {"B_zero_point", DT_BYTES, 'T', ARG_OPTIONAL}};
static const op_arg mul_integer_out[] = {{"C", DT(HONE_I32), 0, 0}};
static const op_arg reduce_sum_integer_in[] = {{"data", DT_BYTES, 0, 0}};
static const op_arg reduce_sum_integer_out[] = {{"reduced", DT(HONE_I32) | DT(HONE_U32), 0, 0}};
static const op_arg matmul_integer16_in[] = {{"A", WORDS, 0, 0}, {"B", WORDS, 0, 0}};
static const op_arg matmul_integer16_out[] = {{"Y", DT(HONE_I32) | DT(HONE_U32), 0, 0}};
static const op_version since_1[] = {{1, NULL}};
#define COMPOSITE(ident, label, fn, ...)                                                           \
    static const op ms_##ident = {.name = label,                                                   \
                                  .domain = "com.microsoft",                                       \
                                  OP_VERSIONS(since_1),                                            \
                                  OP_SLOTS(ident),                                                 \
                                  .expand = fn,                                                    \
                                  .tolerance = {TOL_EXACT, 0},                                     \
                                  .cases = ident##_cases,                                          \
                                  __VA_ARGS__}
COMPOSITE(quantize, "QuantizeLinear", same_in_onnx, OP_ATTRS(quantize_attrs, quantize_params));
COMPOSITE(dequantize, "DequantizeLinear", same_in_onnx, OP_ATTRS(quantize_attrs, quantize_params));
COMPOSITE(mul_integer, "MulInteger", mul_integer_expand);
COMPOSITE(reduce_sum_integer, "ReduceSumInteger", reduce_sum_integer_expand,
          OP_ATTRS(reduce_attrs, reduce_params));
COMPOSITE(matmul_integer16, "MatMulInteger16", matmul_integer16_expand);

static const op *const members[] = {&ms_quantize, &ms_dequantize, &ms_mul_integer,
                                    &ms_reduce_sum_integer, &ms_matmul_integer16};
const op_family family_ms_quantize = {members, COUNT_OF(members)};
