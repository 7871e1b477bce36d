/* SPDX-License-Identifier: Apache-2.0
 *
 * Operators that ONNX had for a while without promising to keep them, and that files of 2017 and
 * 2018 use: each is a formula over others. (Not here: ATen, which is whatever a name says, GRUUnit
 * and GivenTensorFill.)
 */
#include "composite.h"
#include "op.h"

/* Of all of them; each table has the rows that its operator has. */
typedef struct experimental_params {
    float alpha, beta, scale, value;
    float_list bias;
    int_list border, size, shape, extra_shape;
    hone_dtype dtype;
    bool input_as_shape;
} experimental_params;

#define ALPHA ATTR_ROW(FLOAT, experimental_params, alpha, .f = 1.0f)
#define BETA  ATTR_ROW(FLOAT, experimental_params, beta, .f = 1.0f)
static const attr_spec affine_attrs[] = {ALPHA,
                                         ATTR_ROW(FLOAT, experimental_params, beta, .f = 0.0f)};
static const attr_spec factor_attrs[] = {ALPHA, BETA};
static const attr_spec scale_attrs[] = {ATTR_ROW(FLOAT, experimental_params, scale, .f = 1.0f)};
static const attr_spec image_scaler_attrs[] = {
    ATTR_ROW(FLOAT, experimental_params, scale, .f = 1.0f),
    ATTR_ROW(FLOATS, experimental_params, bias)};
static const attr_spec crop_attrs[] = {
    ATTR_ROW(INTS, experimental_params, border, .required = true, .min = 0, .max = INT32_MAX),
    ATTR_NAMED(INTS, "scale", experimental_params, size, .min = 0, .max = INT32_MAX)};
static const attr_spec constant_fill_attrs[] = {
    ATTR_ROW(DTYPE, experimental_params, dtype, .i = HONE_F32),
    ATTR_ROW(FLOAT, experimental_params, value),
    ATTR_ROW(INTS, experimental_params, shape, .min = 0, .max = INT32_MAX),
    ATTR_ROW(INTS, experimental_params, extra_shape, .min = 0, .max = INT32_MAX),
    ATTR_ROW(BOOL, experimental_params, input_as_shape)};

/* v * factor. */
static value *scaled(builder *b, value *v, float factor) {
    if (!v || factor == 1.0f) return v;
    return expand_binary(b, "Mul", v, emit_scalar(b, v->type.dtype, (double)factor));
}

/* alpha * x + beta. */
static hone_status affine_expand(builder *b, draft *d) {
    const experimental_params *p = d->params;
    value *beta = emit_scalar(b, d->in[0]->type.dtype, (double)p->beta);
    return draft_done(b, d, expand_binary(b, "Add", scaled(b, d->in[0], p->alpha), beta));
}

/* alpha * f(beta * x). */
static hone_status factors_expand(builder *b, draft *d, const char *name) {
    const experimental_params *p = d->params;
    value *y = expand_unary(b, name, scaled(b, d->in[0], p->beta));
    return draft_done(b, d, scaled(b, y, p->alpha));
}
static hone_status softplus_expand(builder *b, draft *d) {
    return factors_expand(b, d, "Softplus");
}
static hone_status scaled_tanh_expand(builder *b, draft *d) { return factors_expand(b, d, "Tanh"); }

static hone_status scale_expand(builder *b, draft *d) {
    value *factor = emit_scalar(b, d->in[0]->type.dtype,
                                (double)((const experimental_params *)d->params)->scale);
    return draft_done(b, d, expand_binary(b, "Mul", d->in[0], factor));
}

/* scale * x + bias, one bias a channel. */
static hone_status image_scaler_expand(builder *b, draft *d) {
    const experimental_params *p = d->params;
    value *y = d->in[0];
    const int32_t rank = emit_rank(b, y);
    const shape s = shape_vector(p->bias.n);
    if (rank < 0) return b->status;
    if (rank < 2)
        return builder_fail(b, HONE_E_FORMAT, "input has rank %d: expected at least 2", rank);
    value *bias = emit_constant(b, HONE_F32, &s, p->bias.v);
    bias = expand_per_channel(b, expand_cast(b, bias, y->type.dtype), rank);
    return draft_done(b, d, expand_affine(b, scaled(b, y, p->scale), NULL, bias));
}

/* Takes away borders (left, top, right, bottom), or keeps a size (height, width) from the left and
 * upper one on. */
static hone_status crop_expand(builder *b, draft *d) {
    const experimental_params *p = d->params;
    if (p->border.n != 4 || (p->size.set && p->size.n != 2))
        return builder_fail(b, HONE_E_FORMAT,
                            "attributes 'border' and 'scale' have %d and %d values: expected 4 "
                            "and, if any, 2",
                            p->border.n, p->size.n);
    value *y = d->in[0];
    for (int32_t i = 0; i < 2; i++) {
        const int64_t from = p->border.v[1 - i], less = p->border.v[3 - i];
        const int64_t to = p->size.set ? from + p->size.v[i] : less ? -less : INT64_MAX;
        y = expand_slice(b, y, 2 + i, from, to, 1);
    }
    return draft_done(b, d, y);
}

/* What Slice is since its indices are inputs. */
static hone_status dynamic_slice_expand(builder *b, draft *d) {
    return draft_done(b, d, emit(b, "Slice", d->in, d->n_in, NO_ATTRS));
}

/* The shape is an attribute, the values or the shape of the input. */
static hone_status constant_fill_expand(builder *b, draft *d) {
    const experimental_params *p = d->params;
    value *like = draft_in(d, 0), *dims;
    if (like && p->shape.set)
        return builder_fail(b, HONE_E_FORMAT, "has an input and attribute 'shape'");
    if (!like)
        dims = emit_i64s(b, p->shape.v, p->shape.n);
    else
        dims = p->input_as_shape ? expand_cast(b, like, HONE_I64) : expand_unary(b, "Shape", like);
    if (p->extra_shape.n)
        dims = emit(b, "Concat", IN(dims, emit_i64s(b, p->extra_shape.v, p->extra_shape.n)),
                    ATTRS(A_INT("axis", 0)));
    return draft_done(b, d,
                      expand_binary(b, "Expand", emit_scalar(b, p->dtype, (double)p->value), dims));
}

static const char *const unary_cases[] = {"f32[2,3] alpha=2 beta=0.5", "f16[4]", "f64[]", "f32[0]",
                                          NULL};
static const char *const scale_cases[] = {"f32[2,3] scale=3", "f16[4]", "f32[0,2]", NULL};
static const char *const image_scaler_cases[] = {
    "f32[1,2,3,4] scale=2 bias=1,2", "f16[2,3,2,2] bias=1,2,3", "f32[0,2,3,3] bias=1,2", NULL};
static const char *const crop_cases[] = {"f32[1,2,5,6] border=1,0,2,1",
                                         "u8[1,1,5,6] border=1,2,0,0 scale=2,3",
                                         "f32[1,1,3,3] border=2,2,2,2", NULL};
static const char *const dynamic_slice_cases[] = {"f32[4,5] i64{1,0} i64{3,-1} i64{1,0}",
                                                  "i64[7] i32{2} i32{100}",
                                                  "f32[0,2] i64{0} i64{1}", NULL};
static const char *const constant_fill_cases[] = {"_ shape=2,3 value=1.5",
                                                  "f32[2,3] value=2 dtype=7 extra_shape=2",
                                                  "i64{2,0} input_as_shape=1 dtype=11", NULL};

static const op_arg unary_in[] = {{"X", DT_FLOATS, 'T', 0}};
static const op_arg unary_out[] = {{"Y", DT_FLOATS, 'T', 0}};
static const op_arg image_in[] = {{"input", DT_FLOATS, 'T', 0}};
static const op_arg image_out[] = {{"output", DT_FLOATS, 'T', 0}};
static const op_arg crop_in[] = {{"input", DT_MOVABLE, 'T', 0}};
static const op_arg crop_out[] = {{"output", DT_MOVABLE, 'T', 0}};
static const op_arg constant_fill_in[] = {{"input", DT_ALL, 0, ARG_OPTIONAL}};
static const op_arg constant_fill_out[] = {{"output", DT_NUMBERS | DT_BOOL, 0, 0}};
static const op_arg dynamic_slice_in[] = {{"data", DT_MOVABLE, 'T', 0},
                                          {"starts", DT_INDEX, 'U', 0},
                                          {"ends", DT_INDEX, 'U', 0},
                                          {"axes", DT_INDEX, 'U', ARG_OPTIONAL}};
static const op_arg dynamic_slice_out[] = {{"output", DT_MOVABLE, 'T', 0}};
static const op_version since_1[] = {{1, NULL}};
#define COMPOSITE(ident, label, form, table, ...)                                                  \
    static const op experimental_##ident = {.name = label,                                         \
                                            .domain = "",                                          \
                                            OP_VERSIONS(since_1),                                  \
                                            OP_ATTRS(table##_attrs, experimental_params),          \
                                            .expand = form##_expand,                               \
                                            __VA_ARGS__}
COMPOSITE(affine, "Affine", affine, affine, OP_SLOTS(unary), .cases = unary_cases);
COMPOSITE(parametric_softplus, "ParametricSoftplus", softplus, factor, OP_SLOTS(unary),
          .tolerance = {TOL_REL, 1e-6}, .cases = unary_cases);
COMPOSITE(scaled_tanh, "ScaledTanh", scaled_tanh, factor, OP_SLOTS(unary),
          .tolerance = {TOL_REL, 1e-6}, .cases = unary_cases);
COMPOSITE(scale, "Scale", scale, scale, OP_SLOTS(image), .cases = scale_cases);
COMPOSITE(image_scaler, "ImageScaler", image_scaler, image_scaler, OP_SLOTS(image),
          .cases = image_scaler_cases);
COMPOSITE(crop, "Crop", crop, crop, OP_SLOTS(crop), .cases = crop_cases);
COMPOSITE(constant_fill, "ConstantFill", constant_fill, constant_fill, OP_SLOTS(constant_fill),
          .cases = constant_fill_cases);
static const op experimental_dynamic_slice = {.name = "DynamicSlice",
                                              .domain = "",
                                              OP_VERSIONS(since_1),
                                              OP_SLOTS(dynamic_slice),
                                              .expand = dynamic_slice_expand,
                                              .cases = dynamic_slice_cases};

static const op *const members[] = {&experimental_affine,        &experimental_parametric_softplus,
                                    &experimental_scaled_tanh,   &experimental_scale,
                                    &experimental_image_scaler,  &experimental_crop,
                                    &experimental_constant_fill, &experimental_dynamic_slice};
const op_family family_experimental = {members, COUNT_OF(members)};
