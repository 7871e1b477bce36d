/* SPDX-License-Identifier: Apache-2.0
 *
 * com.microsoft's convolutions and pools on quantized tensors, channels first or last. Those with
 * channels last are written over ONNX's between transposes, which cancel with the ones that ONNX's
 * have around hone's own.
 */
#include "channels.h"
#include "composite.h"
#include "op.h"
#include "quantized.h"

typedef struct qlinear_conv_params {
    channels_conv_params conv; /* first: its rows have offsets from its own beginning */
    bool channels_last;
} qlinear_conv_params;
static const attr_spec conv_attrs[] = {CHANNELS_CONV_ATTRS,
                                       ATTR_ROW(BOOL, qlinear_conv_params, channels_last)};

static hone_status conv_expand(builder *b, draft *d) {
    const bool last = ((const qlinear_conv_params *)d->params)->channels_last;
    draft_drop(d, "channels_last");
    if (last) d->in[0] = emit_channels_first(b, d->in[0]);
    value *y = emit(b, "QLinearConv", d->in, d->n_in, d->attrs, d->n_attrs);
    return draft_done(b, d, last ? emit_channels_last(b, y) : y);
}

static const char *const conv_cases[] = {
    "u8[1,5,5,2] f32[]{0.5} u8[]{3} u8[3,2,3,3] f32[]{0.25} u8[]{2} f32[]{4} u8[]{10} i32[3] "
    "channels_last=1 pads=1,1,1,1",
    "i8[2,4,6] f32[]{0.1} i8[]{0} i8[4,2,3] f32{0.1,0.2,0.3,0.4} i8{0,0,0,0} f32[]{0.2} i8[]{1} "
    "strides=2 group=2",
    "u8[0,5,2] f32[]{0.5} u8[]{3} u8[3,2,2] f32[]{0.25} u8[]{2} f32[]{4} u8[]{10} channels_last=1",
    NULL};

typedef struct qlinear_pool_params {
    window_params window;
    int_list kernel_shape;
    bool count_include_pad, channels_last;
} qlinear_pool_params;
#define POOL_ATTRS                                                                                 \
    WINDOW_ATTRS(qlinear_pool_params),                                                             \
        ATTR_NAMED(BOOL, "ceil_mode", qlinear_pool_params, window.ceil_mode),                      \
        ATTR_ROW(INTS, qlinear_pool_params, kernel_shape, .required = true, .min = 1,              \
                 .max = INT32_MAX)
#define CHANNELS_LAST ATTR_ROW(BOOL, qlinear_pool_params, channels_last)
static const attr_spec average_pool_attrs[] = {
    POOL_ATTRS, CHANNELS_LAST, ATTR_ROW(BOOL, qlinear_pool_params, count_include_pad)};
static const attr_spec global_pool_attrs[] = {CHANNELS_LAST};
static const attr_spec max_pool_attrs[] = {POOL_ATTRS};

/* Inputs of both average pools; the zero points may be missing. */
enum { X, X_SCALE, X_ZERO, Y_SCALE, Y_ZERO };

static hone_status average_pool_expand(builder *b, draft *d) {
    const bool last = ((const qlinear_pool_params *)d->params)->channels_last;
    draft_drop(d, "channels_last");
    value *x = quantized_real(b, d->in[X], d->in[X_SCALE], d->in[X_ZERO]);
    if (last) x = emit_channels_first(b, x);
    value *y = emit(b, "AveragePool", IN(x), d->attrs, d->n_attrs);
    if (last) y = emit_channels_last(b, y);
    y = expand_binary(b, "Div", y, d->in[Y_SCALE]);
    return draft_done(b, d, quantized_rounded(b, y, draft_in(d, Y_ZERO), d->in[X]->type.dtype));
}

static const char *const average_pool_cases[] = {
    "u8[1,2,6,5] f32[]{0.5} u8[]{3} f32[]{0.25} u8[]{1} kernel_shape=2,2 strides=2,2",
    "i8[1,6,5,2] f32[]{0.5} _ f32[]{0.25} kernel_shape=3,3 pads=1,1,1,1 channels_last=1 "
    "count_include_pad=1",
    "u8[0,2,6] f32[]{0.5} u8[]{3} f32[]{0.25} u8[]{1} kernel_shape=2", NULL};

/* The exact sum over space, scaled once. */
static hone_status global_average_pool_expand(builder *b, draft *d) {
    const bool last = ((const qlinear_pool_params *)d->params)->channels_last;
    int64_t axes[HONE_MAX_RANK];
    const int32_t rank = emit_rank(b, d->in[X]);
    if (rank < 0) return b->status;
    if (rank < 3) return builder_fail(b, HONE_E_FORMAT, "X has rank %d: expected at least 3", rank);
    value *pixels = NULL;
    for (int32_t a = 2; a < rank; a++) {
        axes[a - 2] = last ? a - 1 : a;
        value *size = expand_size_of(b, d->in[X], (int32_t)axes[a - 2]);
        pixels = pixels ? expand_binary(b, "Mul", pixels, size) : size;
    }
    value *one = emit_scalar(b, HONE_F32, 1);
    value *x = quantized_real(b, d->in[X], one, d->in[X_ZERO]);
    value *sum = emit(b, "ReduceSum", IN(x, emit_i64s(b, axes, rank - 2)), NO_ATTRS);
    value *divisor = expand_binary(b, "Mul", d->in[Y_SCALE], expand_cast(b, pixels, HONE_F32));
    value *scale = expand_binary(b, "Div", d->in[X_SCALE], divisor);
    value *y = quantized_of(b, expand_binary(b, "Mul", sum, scale), one, draft_in(d, Y_ZERO),
                            d->in[X]->type.dtype);
    return draft_done(b, d, y);
}

static const char *const global_average_pool_cases[] = {
    "u8[1,2,6,5] f32[]{0.5} u8[]{3} f32[]{0.25} u8[]{1}",
    "i8[2,7,3] f32[]{0.5} i8[]{-3} f32[]{0.25} i8[]{1} channels_last=1",
    "u8[0,2,6] f32[]{0.5} u8[]{3} f32[]{0.25} u8[]{1}", NULL};

static hone_status max_pool_expand(builder *b, draft *d) {
    value *y = emit(b, "MaxPool", IN(emit_channels_first(b, d->in[0])), d->attrs, d->n_attrs);
    return draft_done(b, d, emit_channels_last(b, y));
}

static const char *const max_pool_cases[] = {"u8[1,6,5,3] kernel_shape=2,2 strides=2,2",
                                             "i8[2,9,3] kernel_shape=3 pads=1,1",
                                             "u8[0,6,3] kernel_shape=2", NULL};

static const op_arg conv_in[] = {{"x", DT_BYTES, 'T', 0},
                                 {"x_scale", DT(HONE_F32), 0, 0},
                                 {"x_zero_point", DT_BYTES, 'T', 0},
                                 {"w", DT_BYTES, 'U', 0},
                                 {"w_scale", DT(HONE_F32), 0, 0},
                                 {"w_zero_point", DT_BYTES, 'U', 0},
                                 {"y_scale", DT(HONE_F32), 0, 0},
                                 {"y_zero_point", DT_BYTES, 'Y', 0},
                                 {"B", DT(HONE_I32), 0, ARG_OPTIONAL}};
static const op_arg conv_out[] = {{"y", DT_BYTES, 'Y', 0}};
static const op_arg average_pool_in[] = {{"X", DT_BYTES, 'T', 0},
                                         {"x_scale", DT(HONE_F32), 0, 0},
                                         {"x_zero_point", DT_BYTES, 'T', ARG_OPTIONAL},
                                         {"y_scale", DT(HONE_F32), 0, 0},
                                         {"y_zero_point", DT_BYTES, 'T', ARG_OPTIONAL}};
static const op_arg average_pool_out[] = {{"Y", DT_BYTES, 'T', 0}};
static const op_arg max_pool_in[] = {{"x", DT_FLOATS | DT_BYTES, 'T', 0}};
static const op_arg max_pool_out[] = {{"y", DT_FLOATS | DT_BYTES, 'T', 0}};
static const op_version since_1[] = {{1, NULL}};
#define COMPOSITE(ident, label, slots, attrs, params)                                              \
    static const op ms_##ident = {.name = label,                                                   \
                                  .domain = "com.microsoft",                                       \
                                  OP_VERSIONS(since_1),                                            \
                                  OP_SLOTS(slots),                                                 \
                                  OP_ATTRS(attrs, params),                                         \
                                  .expand = ident##_expand,                                        \
                                  .tolerance = {TOL_EXACT, 0},                                     \
                                  .cases = ident##_cases}
COMPOSITE(conv, "QLinearConv", conv, conv_attrs, qlinear_conv_params);
COMPOSITE(average_pool, "QLinearAveragePool", average_pool, average_pool_attrs,
          qlinear_pool_params);
COMPOSITE(global_average_pool, "QLinearGlobalAveragePool", average_pool, global_pool_attrs,
          qlinear_pool_params);
COMPOSITE(max_pool, "NhwcMaxPool", max_pool, max_pool_attrs, qlinear_pool_params);

static const op *const members[] = {&ms_conv, &ms_average_pool, &ms_global_average_pool,
                                    &ms_max_pool};
const op_family family_ms_qlinear_window = {members, COUNT_OF(members)};
