/* SPDX-License-Identifier: Apache-2.0
 *
 * com.microsoft's convolutions, written as ONNX's: with a residual and an activation, over data
 * whose channels come last, and transposed ones whose padding is an input.
 */
#include "channels.h"
#include "composite.h"
#include "ms_activation.h"
#include "op.h"

enum { CONV_X, CONV_W, CONV_BIAS, CONV_RESIDUAL };
enum { DECONV_X, DECONV_W, DECONV_PADS, DECONV_BIAS };

typedef struct ms_conv_params {
    channels_conv_params conv;
    const char *activation;
    float_list activation_params;
} ms_conv_params;

/* The shared attributes come first in both structs. */
static const attr_spec conv_attrs[] = {CHANNELS_CONV_ATTRS};
static const attr_spec fused_attrs[] = {CHANNELS_CONV_ATTRS,
                                        ATTR_ROW(STRING, ms_conv_params, activation, .s = ""),
                                        ATTR_ROW(FLOATS, ms_conv_params, activation_params)};
static const attr_spec deconv_attrs[] = {
    CHANNELS_CONV_ATTRS,
    ATTR_ROW(INTS, channels_conv_params, output_padding, .min = 0, .max = INT32_MAX)};

/* Data and weight have the same rank, which is at least 3. */
static hone_status check(builder *b, const draft *d) {
    const int32_t rank = emit_rank(b, d->in[CONV_W]);
    if (rank >= 0) emit_assume_rank(d->in[CONV_X], rank);
    return b->status;
}

static hone_status fused_conv_expand(builder *b, draft *d) {
    const ms_conv_params *p = d->params;
    const float_list *list = &p->activation_params;
    float params[] = {MS_ABSENT, MS_ABSENT, MS_ABSENT};
    TRY(check(b, d));
    for (int32_t i = 0; i < list->n && i < 3; i++) params[i] = list->v[i];
    draft_drop(d, "activation");
    draft_drop(d, "activation_params");
    value *y = emit(b, "Conv", IN(d->in[CONV_X], d->in[CONV_W], draft_in(d, CONV_BIAS)), d->attrs,
                    d->n_attrs);
    value *residual = draft_in(d, CONV_RESIDUAL);
    if (residual) y = expand_binary(b, "Add", y, residual);
    return draft_done(b, d, ms_activation(b, y, p->activation, params));
}

/* The same between transpositions, which the convolution's own undo. */
static hone_status nhwc_conv_expand(builder *b, draft *d) {
    TRY(check(b, d));
    value *x = emit_channels_first(b, d->in[CONV_X]), *residual = draft_in(d, CONV_RESIDUAL);
    if (residual) residual = emit_channels_first(b, residual);
    value *y = emit(b, "com.microsoft::FusedConv",
                    IN(x, d->in[CONV_W], draft_in(d, CONV_BIAS), residual), d->attrs, d->n_attrs);
    return draft_done(b, d, emit_channels_last(b, y));
}

/* The padding of a transposed convolution crops its result: `pads` are begins, then ends. */
static value *cropped(builder *b, value *y, value *pads) {
    const int32_t n = y ? y->type.shape.rank - 2 : 0;
    int64_t axes[HONE_MAX_RANK];
    for (int32_t i = 0; i < n; i++) axes[i] = i + 2;
    value *sizes = emit(b, "Shape", IN(y), ATTRS(A_INT("start", 2)));
    value *from = expand_slice(b, pads, 0, 0, n, 1);
    value *to = expand_binary(b, "Sub", sizes, expand_slice(b, pads, 0, n, INT64_MAX, 1));
    return emit(b, "Slice", IN(y, from, to, emit_i64s(b, axes, n)), NO_ATTRS);
}

static hone_status dynamic_deconv_expand(builder *b, draft *d) {
    TRY(check(b, d));
    value *pads = draft_in(d, DECONV_PADS);
    value *y =
        emit(b, "ConvTranspose", IN(d->in[DECONV_X], d->in[DECONV_W], draft_in(d, DECONV_BIAS)),
             d->attrs, d->n_attrs);
    return draft_done(b, d, pads ? cropped(b, y, pads) : y);
}

static const char *const fused_conv_cases[] = {
    "f32[1,3,5,5] f32[4,3,3,3] f32[4] pads=1,1,1,1 activation=Relu",
    "f32[1,2,5,5] f32[3,2,3,3] _ f32[1,3,3,3] activation=Clip activation_params=-0.5,0.5",
    "f32[2,4,9] f32[6,2,3] group=2 strides=2 activation=LeakyRelu activation_params=0.1",
    "f32[0,3,5,5] f32[2,3,3,3]", NULL};
static const char *const nhwc_conv_cases[] = {"f32[1,5,5,3] f32[4,3,3,3] f32[4] pads=1,1,1,1",
                                              "f16[1,9,4] f16[6,2,3] group=2 strides=2",
                                              "f32[0,5,5,3] f32[2,3,3,3]", NULL};
static const char *const nhwc_fused_conv_cases[] = {
    "f32[1,5,5,3] f32[4,3,3,3] f32[4] f32[1,3,3,4] activation=Relu",
    "f32[0,5,5,3] f32[2,3,3,3] activation=Sigmoid", NULL};
static const char *const dynamic_deconv_cases[] = {
    "f32[1,3,4,4] f32[3,2,3,3] i64{1,0,0,1} f32[2] strides=2,2 output_padding=1,1",
    "f32[1,4,5] f32[4,2,3] group=2", "f32[1,2,5] f32[2,2,3] i64[2]{0,1}",
    "f32[0,2,3,3] f32[2,3,2,2]", NULL};

static const op_arg conv_in[] = {
    {"X", DT_FLOATS, 'T', 0}, {"W", DT_FLOATS, 'T', 0}, {"B", DT_FLOATS, 'T', ARG_OPTIONAL}};
static const op_arg conv_out[] = {{"Y", DT_FLOATS, 'T', 0}};
static const op_arg fused_conv_in[] = {{"X", DT_FLOATS, 'T', 0},
                                       {"W", DT_FLOATS, 'T', 0},
                                       {"B", DT_FLOATS, 'T', ARG_OPTIONAL},
                                       {"Z", DT_FLOATS, 'T', ARG_OPTIONAL}};
static const op_arg deconv_in[] = {{"X", DT_FLOATS, 'T', 0},
                                   {"W", DT_FLOATS, 'T', 0},
                                   {"Pads", DT(HONE_I64), 0, ARG_OPTIONAL},
                                   {"B", DT_FLOATS, 'T', ARG_OPTIONAL}};
static const op_version versions[] = {{1, NULL}};
#define CONVOLUTION(ident, label, slots, formula, table, params)                                   \
    static const op op_##ident = {.name = label,                                                   \
                                  .domain = "com.microsoft",                                       \
                                  OP_VERSIONS(versions),                                           \
                                  OP_ARGS_IN(slots##_in),                                          \
                                  OP_ARGS_OUT(conv_out),                                           \
                                  OP_ATTRS(table, params),                                         \
                                  .expand = formula##_expand,                                      \
                                  .tolerance = {TOL_SUM, 4},                                       \
                                  .cases = ident##_cases}
CONVOLUTION(fused_conv, "FusedConv", fused_conv, fused_conv, fused_attrs, ms_conv_params);
CONVOLUTION(nhwc_conv, "NhwcConv", conv, nhwc_conv, conv_attrs, channels_conv_params);
CONVOLUTION(nhwc_fused_conv, "NhwcFusedConv", fused_conv, nhwc_conv, fused_attrs, ms_conv_params);
CONVOLUTION(dynamic_deconv, "ConvTransposeWithDynamicPads", deconv, dynamic_deconv, deconv_attrs,
            channels_conv_params);

static const op *const members[] = {&op_fused_conv, &op_nhwc_conv, &op_nhwc_fused_conv,
                                    &op_dynamic_deconv};
const op_family family_ms_conv = {members, COUNT_OF(members)};
