/* SPDX-License-Identifier: Apache-2.0 */
#include "quantized.h"

#include "composite.h"

value *quantized_centred(builder *b, value *v, value *zero) {
    value *wide = expand_cast(b, v, HONE_I32);
    return zero ? expand_binary(b, "Sub", wide, expand_cast(b, zero, HONE_I32)) : wide;
}

value *quantized_rows(builder *b, value *v, const value *matrix) {
    if (!v || v->type.shape.rank != 1 || matrix->type.shape.rank < 2) return v;
    return expand_unsqueeze(b, v, 1);
}

value *quantized_product(builder *b, value *x, value *x_zero, value *w, value *w_zero) {
    value *left = quantized_centred(b, x, quantized_rows(b, x_zero, x));
    return expand_binary(b, "hone::MatMul", left, quantized_centred(b, w, w_zero));
}

value *quantized_result(builder *b, value *sum, value *left, value *right, value *const *result) {
    value *scale = expand_binary(b, "Mul", left, right);
    scale = expand_binary(b, "Div", scale, expand_cast(b, result[0], HONE_F32));
    value *scaled = expand_binary(b, "Mul", expand_cast(b, sum, HONE_F32), scale);
    value *one = emit_scalar(b, HONE_F32, 1);
    return emit(b, "QuantizeLinear", IN(scaled, one, result[1]), NO_ATTRS);
}

/* Is it one value, as far as is known? */
static bool is_single(const value *v) {
    int64_t count;
    return !v || v->type.shape.rank == 0 || (shape_count(&v->type.shape, &count) && count == 1);
}

value *quantized_real(builder *b, value *v, value *scale, value *zero) {
    if (is_single(scale) && is_single(zero))
        return emit(b, "DequantizeLinear", IN(v, scale, zero), NO_ATTRS);
    value *wide = expand_cast(b, v, HONE_F32);
    if (zero) wide = expand_binary(b, "Sub", wide, expand_cast(b, zero, HONE_F32));
    return expand_binary(b, "Mul", wide, scale);
}

value *quantized_of(builder *b, value *v, value *scale, value *zero, hone_dtype to) {
    return emit(b, "QuantizeLinear", IN(v, scale, zero), ATTRS(A_INT("output_dtype", to)));
}

value *quantized_rounded(builder *b, value *v, value *zero, hone_dtype to) {
    if (zero) v = expand_binary(b, "Add", v, expand_cast(b, zero, HONE_F32));
    return quantized_of(b, v, emit_scalar(b, HONE_F32, 1), NULL, to);
}
