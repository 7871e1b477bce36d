/* SPDX-License-Identifier: Apache-2.0
 *
 * com.microsoft's operators on weights of 2, 4 or 8 bits in blocks: MatMulNBits and MatMulBnb4,
 * written as hone::MatMulNBits. `accuracy_level` permits a lower precision and is not needed.
 */
#include "composite.h"
#include "op.h"

enum { A, CODES, SCALES, ZEROS, GROUPS, BIAS };

typedef struct nbits_onnx_params {
    int64_t k, n, block_size, bits;
    int64_t accuracy_level, weight_prepacked;
    int64_t quant_type;
    bool trans_b, training_mode;
} nbits_onnx_params;

#define SIZES                                                                                      \
    ATTR_NAMED(INT, "K", nbits_onnx_params, k, .required = true, .min = 1, .max = INT32_MAX),      \
        ATTR_NAMED(INT, "N", nbits_onnx_params, n, .required = true, .min = 1, .max = INT32_MAX),  \
        ATTR_ROW(INT, nbits_onnx_params, block_size, .required = true, .min = 16, .max = 1 << 30)
static const attr_spec nbits_attrs[] = {
    SIZES,
    ATTR_ROW(INT, nbits_onnx_params, bits, .i = 4, .min = 2, .max = 8),
    ATTR_ROW(INT, nbits_onnx_params, accuracy_level, .min = 0, .max = 4),
    ATTR_ROW(INT, nbits_onnx_params, weight_prepacked),
};
static const attr_spec bnb4_attrs[] = {
    SIZES,
    ATTR_ROW(INT, nbits_onnx_params, quant_type, .required = true, .min = 0, .max = 1),
    ATTR_NAMED(BOOL, "transB", nbits_onnx_params, trans_b, .i = 1),
    ATTR_ROW(BOOL, nbits_onnx_params, training_mode),
};

/* A scale, zero point or bias as the core operator takes it. */
static value *real(builder *b, value *v) {
    return v && v->type.dtype != HONE_U8 ? expand_cast(b, v, HONE_F32) : v;
}

static hone_status check_block(builder *b, const nbits_onnx_params *p) {
    if ((p->block_size & (p->block_size - 1)) == 0) return b->status;
    return builder_fail(b, HONE_E_FORMAT, "block_size is %lld: expected a power of two",
                        (long long)p->block_size);
}

static hone_status matmul_nbits_expand(builder *b, draft *d) {
    const nbits_onnx_params *p = d->params;
    TRY(check_block(b, p));
    if (p->weight_prepacked)
        return builder_fail(b, HONE_E_UNSUPPORTED, "the weights are packed for another runtime");
    value *y = emit(b, "hone::MatMulNBits",
                    IN(d->in[A], d->in[CODES], real(b, d->in[SCALES]), real(b, draft_in(d, ZEROS)),
                       draft_in(d, GROUPS), real(b, draft_in(d, BIAS))),
                    ATTRS(A_INT("N", p->n), A_INT("K", p->k), A_INT("bits", p->bits),
                          A_INT("block_size", p->block_size)));
    return draft_done(b, d, y);
}

static const char *const matmul_nbits_cases[] = {
    "f32[3,40] u8[5,3,8] f32[5,3] N=5 K=40 block_size=16",
    "f16[2,3,32] u8[66,1,32] f16[66] f16[66,1] N=66 K=32 block_size=32 bits=8 accuracy_level=4",
    "f32[2,100] u8[3,4,8] f32[3,4] u8[3] _ f32[3] N=3 K=100 block_size=32 bits=2",
    "f32[0,16] u8[2,1,8] f32[2,1] N=2 K=16 block_size=16", NULL};

/* What the codes of bitsandbytes stand for: FP4 has a sign, two bits of exponent and one of
 * mantissa, divided by its largest value; NF4 are quantiles of the normal distribution. */
static const float fp4[16] = {
    0.0f,  5.208333333e-03f,  0.66666667f,  1.0f,  0.33333333f,  0.5f,  0.16666667f,  0.25f,
    -0.0f, -5.208333333e-03f, -0.66666667f, -1.0f, -0.33333333f, -0.5f, -0.16666667f, -0.25f};
static const float nf4[16] = {-1.0f,
                              -0.6961928009986877f,
                              -0.5250730514526367f,
                              -0.39491748809814453f,
                              -0.28444138169288635f,
                              -0.18477343022823334f,
                              -0.09105003625154495f,
                              0.0f,
                              0.07958029955625534f,
                              0.16093020141124725f,
                              0.24611230194568634f,
                              0.33791524171829224f,
                              0.44070982933044434f,
                              0.5626170039176941f,
                              0.7229568362236023f,
                              1.0f};

/* The first code of a byte is in its high bits; hone's is in the low ones. */
static value *swapped(builder *b, value *codes) {
    value *four = emit_scalar(b, HONE_U8, 4);
    value *left = emit(b, "BitShift", IN(codes, four), ATTRS(A_STRING("direction", "LEFT")));
    value *right = emit(b, "BitShift", IN(codes, four), ATTRS(A_STRING("direction", "RIGHT")));
    return expand_binary(b, "BitwiseOr", left, right);
}

static hone_status matmul_bnb4_expand(builder *b, draft *d) {
    const nbits_onnx_params *p = d->params;
    TRY(check_block(b, p));
    const attr table = {
        .name = "table", .kind = ATTR_FLOATS, .floats = p->quant_type ? nf4 : fp4, .count = 16};
    value *codes = swapped(b, d->in[CODES]), *scales = real(b, d->in[SCALES]);
    if (p->trans_b)
        return draft_done(b, d,
                          emit(b, "hone::MatMulNBits", IN(d->in[A], codes, scales),
                               ATTRS(A_INT("N", p->n), A_INT("K", p->k), A_INT("flat", 1),
                                     A_INT("block_size", p->block_size), table)));
    /* A * W: blocks run along the wrong axis for the product, so the weights are decoded. */
    int64_t elements = dim_mul(p->n, p->k);
    if (elements > INT32_MAX) return builder_fail(b, HONE_E_LIMIT, "the weights are too large");
    const int64_t dims[] = {p->n, p->k};
    value *flat = emit(b, "hone::DequantizeNBits", IN(codes, scales),
                       ATTRS(A_INT("K", elements), A_INT("block_size", p->block_size), table));
    value *w = expand_cast(b, expand_reshape(b, flat, dims, 2), d->in[A]->type.dtype);
    return draft_done(b, d, expand_binary(b, "hone::MatMul", d->in[A], w));
}

static const char *const matmul_bnb4_cases[] = {
    "f32[3,20] u8[50] f32[7] N=5 K=20 block_size=16 quant_type=1",
    "f32[2,7] u8[18] f32[3] N=5 K=7 block_size=16 quant_type=0",
    "f16[2,5] u8[20] f16[3] N=5 K=8 block_size=16 quant_type=1 transB=0",
    "f32[0,16] u8[8] f32[1] N=1 K=16 block_size=16 quant_type=0", NULL};

static const op_arg matmul_nbits_in[] = {{"A", DT_SINGLES, 'T', 0},
                                         {"B", DT(HONE_U8), 0, 0},
                                         {"scales", DT_SINGLES, 'T', 0},
                                         {"zero_points", DT_SINGLES | DT(HONE_U8), 0, ARG_OPTIONAL},
                                         {"g_idx", DT_INDEX, 0, ARG_OPTIONAL},
                                         {"bias", DT_SINGLES, 'T', ARG_OPTIONAL}};
static const op_arg matmul_nbits_out[] = {{"Y", DT_SINGLES, 'T', 0}};
static const op_arg matmul_bnb4_in[] = {
    {"A", DT_FLOATS, 'T', 0}, {"B", DT(HONE_U8), 0, 0}, {"absmax", DT_FLOATS, 'T', 0}};
static const op_arg matmul_bnb4_out[] = {{"Y", DT_FLOATS, 'T', 0}};
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
COMPOSITE(matmul_nbits, "MatMulNBits", OP_ATTRS(nbits_attrs, nbits_onnx_params));
COMPOSITE(matmul_bnb4, "MatMulBnb4", OP_ATTRS(bnb4_attrs, nbits_onnx_params));

static const op *const members[] = {&ms_matmul_nbits, &ms_matmul_bnb4};
const op_family family_ms_matmul_nbits = {members, COUNT_OF(members)};
