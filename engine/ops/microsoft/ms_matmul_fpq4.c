/* SPDX-License-Identifier: Apache-2.0
 *
 * MatMulFpQ4: a product with weights of 4 bits in a blob. Column after column, block after block:
 *
 *     scale, float32 | zero point, one byte, if there are any | codes
 *
 * where 16 bytes hold 32 codes, number i in the low half of byte i and number 16 + i in the high
 * one. Taken apart here into what hone::MatMulNBits reads.
 */
#include "composite.h"
#include "op.h"

enum { A, BLOB, B_SHAPE };
enum { BLOCK = 32, UNIT = 16 }; /* codes of a block, and their bytes */

typedef struct fpq4_params {
    bool blk_quant_type; /* are there zero points? */
} fpq4_params;
static const attr_spec fpq4_attrs[] = {ATTR_ROW(BOOL, fpq4_params, blk_quant_type, .i = 1)};

static value *shifted(builder *b, value *v, hone_dtype t, double bits, const char *direction) {
    return emit(b, "BitShift", IN(v, emit_scalar(b, t, bits)),
                ATTRS(A_STRING("direction", direction)));
}

/* Four bytes along axis 1 as a float32. */
static value *float_of(builder *b, value *bytes) {
    value *word = NULL;
    for (int32_t i = 0; i < 4; i++) {
        value *byte = expand_cast(b, expand_slice(b, bytes, 1, i, i + 1, 1), HONE_U32);
        byte = shifted(b, byte, HONE_U32, 8 * i, "LEFT");
        word = word ? expand_binary(b, "BitwiseOr", word, byte) : byte;
    }
    return emit(b, "BitCast", IN(word), ATTRS(A_INT("to", HONE_F32)));
}

/* Codes with neighbours in one byte. */
static value *neighbours(builder *b, value *units, int64_t rows, int64_t row_bytes) {
    const int64_t halves[] = {-1, UNIT}, pairs[] = {-1, UNIT, 2}, whole[] = {rows, row_bytes};
    value *bytes = expand_reshape(b, units, halves, 2);
    value *low = expand_binary(b, "BitwiseAnd", bytes, emit_scalar(b, HONE_U8, 15));
    value *high = shifted(b, bytes, HONE_U8, 4, "RIGHT");
    value *codes = emit(b, "Concat", IN(low, high), ATTRS(A_INT("axis", 1)));
    codes = expand_reshape(b, codes, pairs, 3);
    value *first = expand_slice(b, codes, 2, 0, 1, 1), *second = expand_slice(b, codes, 2, 1, 2, 1);
    value *packed = expand_binary(b, "BitwiseOr", first, shifted(b, second, HONE_U8, 4, "LEFT"));
    return expand_reshape(b, packed, whole, 2);
}

static hone_status matmul_fpq4_expand(builder *b, draft *d) {
    const bool has_zeros = ((const fpq4_params *)d->params)->blk_quant_type;
    const tensor *size = d->in[B_SHAPE]->constant;
    if (!size || size->dtype != HONE_I64 || tensor_count(size) != 2)
        return builder_fail(b, HONE_E_UNSUPPORTED, "B_shape is no constant of two integers");
    const int64_t k = tensor_i64(size, 0), n = tensor_i64(size, 1);
    if (k < 1 || n < 1 || k > INT32_MAX || n > INT32_MAX)
        return builder_fail(b, HONE_E_FORMAT, "weights of %lld x %lld", (long long)k, (long long)n);
    const int64_t blocks = (k + BLOCK - 1) / BLOCK, head = has_zeros ? 5 : 4;
    const int64_t rows = dim_mul(n, blocks), dims[] = {rows, head + UNIT};
    const int64_t each[] = {n, blocks};
    value *blob = expand_reshape(b, d->in[BLOB], dims, 2), *zeros = NULL;
    value *scales = expand_reshape(b, float_of(b, blob), each, 2);
    value *codes = neighbours(b, expand_slice(b, blob, 1, head, dims[1], 1), n, blocks * UNIT);
    if (has_zeros)
        zeros =
            expand_reshape(b, expand_cast(b, expand_slice(b, blob, 1, 4, 5, 1), HONE_F32), each, 2);
    value *y = emit(b, "hone::MatMulNBits", IN(d->in[A], codes, scales, zeros),
                    ATTRS(A_INT("N", n), A_INT("K", k), A_INT("block_size", BLOCK)));
    return draft_done(b, d, y);
}

static const char *const matmul_fpq4_cases[] = {"f32[2,3,32] u8[105] i64{32,5}",
                                                "f32[2,40] u8[120] i64{40,3} blk_quant_type=0",
                                                "f32[0,32] u8[21] i64{32,1}", NULL};

static const op_arg matmul_fpq4_in[] = {
    {"A", DT_SINGLES, 'T', 0}, {"B", DT(HONE_U8), 0, 0}, {"B_shape", DT(HONE_I64), 0, 0}};
static const op_arg matmul_fpq4_out[] = {{"Y", DT_SINGLES, 'T', 0}};
static const op_version since_1[] = {{1, NULL}};
const op op_ms_matmul_fpq4 = {.name = "MatMulFpQ4",
                              .domain = "com.microsoft",
                              OP_VERSIONS(since_1),
                              OP_SLOTS(matmul_fpq4),
                              OP_ATTRS(fpq4_attrs, fpq4_params),
                              .expand = matmul_fpq4_expand,
                              .tolerance = {TOL_SUM, 4},
                              .cases = matmul_fpq4_cases};
