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

value *quantized_part(builder *b, value *v, int32_t axis, quantized_cut cut, int64_t from) {
    if (cut.size >= cut.depth) return v;
    const bool last = from + cut.size >= cut.depth;
    return expand_slice(b, v, axis, from, last ? INT64_MAX : from + cut.size, 1);
}

/* The number of products in a sum, or DIM_UNKNOWN; the axes along which they are. */
static int64_t depth_of(const value *x, const value *w, int32_t *along_x, int32_t *along_w) {
    const shape *a = &x->type.shape, *c = &w->type.shape;
    if (a->rank < 1 || c->rank < 1) return DIM_UNKNOWN;
    *along_x = a->rank - 1;
    *along_w = c->rank > 1 ? c->rank - 2 : 0;
    return dim_merge(c->dim[*along_w], a->dim[*along_x]);
}

/* Through the float32 kernels, a stretch of the depth after the other; where the depth is unknown,
 * in int32. */
value *quantized_product(builder *b, value *x, value *x_zero, value *w, value *w_zero) {
    value *one = emit_scalar(b, HONE_F32, 1), *sum = NULL;
    int32_t along_x, along_w;
    if (!x || !w) return NULL;
    const int64_t depth = depth_of(x, w, &along_x, &along_w);
    x_zero = quantized_rows(b, x_zero, x);
    const quantized_cut cut = {depth, QUANTIZED_EXACT};
    if (!dim_known(depth) || depth > QUANTIZED_EXACT * QUANTIZED_PARTS)
        return expand_binary(b, "hone::MatMul", quantized_centred(b, x, x_zero),
                             quantized_centred(b, w, w_zero));
    value *left = quantized_real(b, x, one, x_zero), *right = quantized_real(b, w, one, w_zero);
    for (int64_t from = 0; from == 0 || from < depth; from += cut.size) {
        value *part = expand_binary(b, "hone::MatMul", quantized_part(b, left, along_x, cut, from),
                                    quantized_part(b, right, along_w, cut, from));
        part = expand_cast(b, part, HONE_I32);
        sum = sum ? expand_binary(b, "Add", sum, part) : part;
    }
    return sum;
}

value *quantized_result(builder *b, value *sum, value *left, value *right, value *const *result) {
    value *scale = expand_binary(b, "Mul", left, right);
    scale = expand_binary(b, "Div", scale, expand_cast(b, result[0], HONE_F32));
    value *scaled = expand_binary(b, "Mul", expand_cast(b, sum, HONE_F32), scale);
    value *one = emit_scalar(b, HONE_F32, 1);
    return emit(b, "QuantizeLinear", IN(scaled, one, result[1]), NO_ATTRS);
}

value *quantized_of(builder *b, value *v, value *scale, value *zero, hone_dtype to) {
    return emit(b, "QuantizeLinear", IN(v, scale, zero), ATTRS(A_INT("output_dtype", to)));
}

value *quantized_single(builder *b, value *v) {
    return !v || v->type.shape.rank == 0 ? v : expand_reshape(b, v, NULL, 0);
}

value *quantized_rounded(builder *b, value *v, value *zero, hone_dtype to) {
    if (zero) v = expand_binary(b, "Add", v, expand_cast(b, quantized_single(b, zero), HONE_F32));
    return quantized_of(b, v, emit_scalar(b, HONE_F32, 1), NULL, to);
}
