/* SPDX-License-Identifier: Apache-2.0
 *
 * com.microsoft's element-wise operators on quantized tensors. Each computes in float32 and rounds
 * once, to even; scales are combined first, so that where their ratios are exact the results are.
 */
#include "composite.h"
#include "op.h"
#include "quantized.h"

static value *ratio(builder *b, value *x, value *y) { return expand_binary(b, "Div", x, y); }

enum { A, A_SCALE, A_ZERO, B, B_SCALE, B_ZERO, C_SCALE, C_ZERO };

static hone_status add_expand(builder *b, draft *d) {
    value **in = d->in;
    value *x = quantized_real(b, in[A], ratio(b, in[A_SCALE], in[C_SCALE]), in[A_ZERO]);
    value *y = quantized_real(b, in[B], ratio(b, in[B_SCALE], in[C_SCALE]), in[B_ZERO]);
    return draft_done(b, d,
                      quantized_rounded(b, expand_binary(b, "Add", x, y), draft_in(d, C_ZERO),
                                        in[A]->type.dtype));
}

static hone_status mul_expand(builder *b, draft *d) {
    value **in = d->in, *one = emit_scalar(b, HONE_F32, 1);
    value *scale = ratio(b, expand_binary(b, "Mul", in[A_SCALE], in[B_SCALE]), in[C_SCALE]);
    value *x = quantized_real(b, in[A], one, in[A_ZERO]);
    value *y = quantized_real(b, in[B], one, in[B_ZERO]);
    value *product =
        expand_binary(b, "Mul", expand_binary(b, "Mul", x, y), quantized_single(b, scale));
    return draft_done(b, d, quantized_rounded(b, product, draft_in(d, C_ZERO), in[A]->type.dtype));
}

static const char *const add_cases[] = {
    "u8[2,3] f32[]{0.5} u8[]{3} u8[3] f32[]{0.25} u8[]{1} f32[]{0.75} u8[]{5}",
    "i8[2,1] f32{0.5} _ i8[1,4] f32{0.25} _ f32{0.3}",
    "u8[] f32{0.5} u8{3} u8[] f32{0.25} u8{1} f32{0.3} u8{7}",
    "i8[0,3] f32[]{0.5} i8[]{3} i8[3] f32[]{0.25} i8[]{1} f32[]{0.75} i8[]{5}", NULL};

enum { X, X_SCALE, X_ZERO, Y_SCALE, Y_ZERO };

/* One value's function: from the scale of X to that of Y. */
static hone_status through_float(builder *b, draft *d, const char *name) {
    value *x = quantized_real(b, d->in[X], d->in[X_SCALE], d->in[X_ZERO]);
    value *y = emit(b, name, IN(x), d->attrs, d->n_attrs);
    y = quantized_of(b, y, d->in[Y_SCALE], draft_in(d, Y_ZERO), d->in[X]->type.dtype);
    return draft_done(b, d, y);
}

static hone_status sigmoid_expand(builder *b, draft *d) { return through_float(b, d, "Sigmoid"); }

static hone_status leaky_relu_expand(builder *b, draft *d) {
    return through_float(b, d, "LeakyRelu");
}

static const char *const unary_cases[] = {"u8[2,3] f32[]{0.05} u8[]{128} f32[]{0.00390625} u8[]{0}",
                                          "i8[7] f32{0.05} _ f32{0.0078125}",
                                          "u8[0] f32[]{0.05} u8[]{128} f32[]{0.1} u8[]{0}", NULL};

typedef struct qlinear_params {
    float alpha;
    int64_t axis, opset;
    int_list axes;
    bool keepdims;
} qlinear_params;
static const attr_spec leaky_relu_attrs[] = {ATTR_ROW(FLOAT, qlinear_params, alpha, .f = 0.01f)};

/* v from one scale to another: itself where they are the same values. */
static value *rescaled(builder *b, value *const *from, value *scale, value *zero) {
    if (from[1] == scale && from[2] == zero) return from[0];
    value *real = quantized_real(b, from[0], from[1], from[2]);
    return quantized_of(b, real, scale, zero, from[0]->type.dtype);
}

static hone_status where_expand(builder *b, draft *d) {
    value *x = rescaled(b, d->in + 1, d->in[7], d->in[8]);
    value *y = rescaled(b, d->in + 4, d->in[7], d->in[8]);
    return draft_done(b, d, emit(b, "Where", IN(d->in[0], x, y), NO_ATTRS));
}

static const char *const where_cases[] = {
    "bool[2,3] u8[2,3] f32[]{0.5} u8[]{3} u8[1] f32[]{0.25} u8[]{1} f32[]{0.75} u8[]{5}",
    "bool[0,3] i8[3] f32[]{0.5} i8[]{3} i8[1] f32[]{0.25} i8[]{1} f32[]{0.75} i8[]{5}", NULL};

static const attr_spec concat_attrs[] = {ATTR_ROW(INT, qlinear_params, axis, .required = true)};

/* Scale and zero point of the result, then three inputs for each part. */
static hone_status concat_expand(builder *b, draft *d) {
    const int32_t n = (d->n_in - 2) / 3;
    if (n < 1 || (d->n_in - 2) % 3)
        return builder_fail(b, HONE_E_FORMAT, "%d inputs: expected 2 and 3 for each part", d->n_in);
    value **parts = arena_array(b->graph->arena, (size_t)n, sizeof *parts);
    if (!parts) return builder_fail(b, HONE_E_NOMEM, "out of memory");
    for (int32_t i = 0; i < n; i++) {
        value *const *in = d->in + 2 + 3 * i;
        if (!in[0] || !in[1] || !in[2])
            return builder_fail(b, HONE_E_FORMAT, "an input of part %d is missing", i);
        parts[i] = rescaled(b, in, d->in[0], d->in[1]);
    }
    return draft_done(b, d, emit(b, "Concat", parts, n, d->attrs, d->n_attrs));
}

static const char *const concat_cases[] = {
    "f32[]{0.5} u8[]{3} u8[2,3] f32[]{0.25} u8[]{1} u8[2,1] f32[]{0.5} u8[]{3} axis=1",
    "f32[]{0.5} i8[]{3} i8[0,3] f32[]{0.25} i8[]{1} axis=-1", NULL};

static const attr_spec reduce_mean_attrs[] = {
    ATTR_ROW(AXES, qlinear_params, axes, .required = true),
    ATTR_ROW(BOOL, qlinear_params, keepdims, .required = true),
};

static hone_status reduce_mean_expand(builder *b, draft *d) {
    const qlinear_params *p = d->params;
    value *x = quantized_real(b, d->in[X], d->in[X_SCALE], d->in[X_ZERO]);
    value *y = emit(b, "ReduceMean", IN(x, emit_i64s(b, p->axes.v, p->axes.n)),
                    ATTRS(A_INT("keepdims", p->keepdims)));
    y = quantized_of(b, y, d->in[Y_SCALE], draft_in(d, Y_ZERO), d->in[X]->type.dtype);
    return draft_done(b, d, y);
}

static const char *const reduce_mean_cases[] = {
    "u8[2,3,4] f32[]{0.5} u8[]{3} f32[]{0.25} u8[]{1} axes=1,-1 keepdims=1",
    "i8[5,3] f32[]{0.5} _ f32[]{0.25} axes=0 keepdims=0",
    "i8[5,0] f32[]{0.5} _ f32[]{0.25} axes=0 keepdims=0", NULL};

static const attr_spec softmax_attrs[] = {
    ATTR_ROW(INT, qlinear_params, opset, .required = true, .min = 1, .max = INT32_MAX),
    ATTR_ROW(AXIS, qlinear_params, axis, .i = -1),
};

/* Before opset 13, everything from the axis on is one row. */
static hone_status softmax_expand(builder *b, draft *d) {
    const qlinear_params *p = d->params;
    const bool flat = p->opset < 13;
    value *x = quantized_real(b, d->in[X], d->in[X_SCALE], d->in[X_ZERO]), *y = x;
    if (flat) y = emit(b, "Flatten", IN(y), ATTRS(A_INT("axis", p->axis)));
    y = emit(b, "Softmax", IN(y), ATTRS(A_INT("axis", flat ? 1 : p->axis)));
    if (flat)
        y = emit(b, "Reshape", IN(y, emit(b, "Shape", IN(x), NO_ATTRS)),
                 ATTRS(A_INT("allowzero", 1)));
    y = quantized_of(b, y, d->in[Y_SCALE], draft_in(d, Y_ZERO), d->in[X]->type.dtype);
    return draft_done(b, d, y);
}

static const char *const softmax_cases[] = {
    "u8[2,3,4] f32[]{0.05} u8[]{3} f32[]{0.00390625} u8[]{0} opset=13",
    "i8[2,3,4] f32[]{0.05} _ f32[]{0.00390625} i8[]{-128} opset=12 axis=1",
    "u8[2,0] f32[]{0.05} u8[]{3} f32[]{0.00390625} u8[]{0} opset=13 axis=0", NULL};

static const op_arg binary_in[] = {{"A", DT_BYTES, 'T', 0},
                                   {"A_scale", DT(HONE_F32), 0, 0},
                                   {"A_zero_point", DT_BYTES, 'T', ARG_OPTIONAL},
                                   {"B", DT_BYTES, 'T', 0},
                                   {"B_scale", DT(HONE_F32), 0, 0},
                                   {"B_zero_point", DT_BYTES, 'T', ARG_OPTIONAL},
                                   {"C_scale", DT(HONE_F32), 0, 0},
                                   {"C_zero_point", DT_BYTES, 'T', ARG_OPTIONAL}};
static const op_arg binary_out[] = {{"C", DT_BYTES, 'T', 0}};
static const op_arg unary_in[] = {{"X", DT_BYTES, 'T', 0},
                                  {"X_scale", DT(HONE_F32), 0, 0},
                                  {"X_zero_point", DT_BYTES, 'T', ARG_OPTIONAL},
                                  {"Y_scale", DT(HONE_F32), 0, 0},
                                  {"Y_zero_point", DT_BYTES, 'T', ARG_OPTIONAL}};
static const op_arg unary_out[] = {{"Y", DT_BYTES, 'T', 0}};
static const op_arg reduce_mean_in[] = {{"data", DT_BYTES, 'T', 0},
                                        {"data_scale", DT(HONE_F32), 0, 0},
                                        {"data_zero_point", DT_BYTES, 'T', ARG_OPTIONAL},
                                        {"reduced_scale", DT(HONE_F32), 0, 0},
                                        {"reduced_zero_point", DT_BYTES, 'T', ARG_OPTIONAL}};
static const op_arg reduce_mean_out[] = {{"reduced", DT_BYTES, 'T', 0}};
static const op_arg where_in[] = {{"condition", DT_BOOL, 0, 0},
                                  {"X", DT_BYTES, 'T', 0},
                                  {"x_scale", DT(HONE_F32), 0, 0},
                                  {"x_zero_point", DT_BYTES, 'T', 0},
                                  {"Y", DT_BYTES, 'T', 0},
                                  {"y_scale", DT(HONE_F32), 0, 0},
                                  {"y_zero_point", DT_BYTES, 'T', 0},
                                  {"z_scale", DT(HONE_F32), 0, 0},
                                  {"z_zero_point", DT_BYTES, 'T', 0}};
static const op_arg where_out[] = {{"Z", DT_BYTES, 'T', 0}};
static const op_arg concat_in[] = {{"Y_scale", DT(HONE_F32), 0, 0},
                                   {"Y_zero_point", DT_BYTES, 'T', 0},
                                   {"inputs", DT_BYTES | DT(HONE_F32), 0, ARG_VARIADIC}};
static const op_arg concat_out[] = {{"Y", DT_BYTES, 'T', 0}};
static const op_version since_1[] = {{1, NULL}};
#define COMPOSITE(ident, label, slots, case_list, ...)                                             \
    static const op ms_##ident = {.name = "QLinear" label,                                         \
                                  .domain = "com.microsoft",                                       \
                                  OP_VERSIONS(since_1),                                            \
                                  OP_SLOTS(slots),                                                 \
                                  .expand = ident##_expand,                                        \
                                  .cases = case_list,                                              \
                                  __VA_ARGS__}
COMPOSITE(add, "Add", binary, add_cases);
COMPOSITE(mul, "Mul", binary, add_cases);
COMPOSITE(sigmoid, "Sigmoid", unary, unary_cases);
COMPOSITE(leaky_relu, "LeakyRelu", unary, unary_cases, OP_ATTRS(leaky_relu_attrs, qlinear_params));
COMPOSITE(where, "Where", where, where_cases);
COMPOSITE(concat, "Concat", concat, concat_cases, OP_ATTRS(concat_attrs, qlinear_params));
COMPOSITE(reduce_mean, "ReduceMean", reduce_mean, reduce_mean_cases,
          OP_ATTRS(reduce_mean_attrs, qlinear_params));
COMPOSITE(softmax, "Softmax", unary, softmax_cases, OP_ATTRS(softmax_attrs, qlinear_params));

static const op *const members[] = {&ms_add,   &ms_mul,    &ms_sigmoid,     &ms_leaky_relu,
                                    &ms_where, &ms_concat, &ms_reduce_mean, &ms_softmax};
const op_family family_ms_qlinear = {members, COUNT_OF(members)};
