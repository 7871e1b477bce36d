/* SPDX-License-Identifier: Apache-2.0
 *
 * CausalConvWithState: a depthwise convolution that looks back only. What it would read before the
 * input comes from the state that the last call left.
 */
#include "composite.h"
#include "op.h"

enum { CAUSAL_X, CAUSAL_W, CAUSAL_BIAS, CAUSAL_PAST };

typedef struct causal_conv_params {
    int32_t activation;
    int64_t dilation, ndim, state_window, state_length, state_channels_last;
    int64_t state_update_capacity, input_channels, input_channel_offset;
    bool channels_last;
} causal_conv_params;

enum { CAUSAL_NONE };
static const char *const activations[] = {"none", "silu", "swish", NULL}; /* the last two are one */
static const attr_spec causal_conv_attrs[] = {
    ATTR_ROW(CHOICE, causal_conv_params, activation, .choices = activations)};
static const attr_spec ms_causal_conv_attrs[] = {
    ATTR_ROW(CHOICE, causal_conv_params, activation, .choices = activations),
    ATTR_ROW(INT, causal_conv_params, dilation, .i = 1, .min = 1, .max = INT32_MAX),
    ATTR_ROW(INT, causal_conv_params, ndim, .i = 1, .min = 1, .max = 3),
    ATTR_ROW(INT, causal_conv_params, state_window),
    ATTR_ROW(INT, causal_conv_params, state_length),
    ATTR_ROW(INT, causal_conv_params, state_channels_last, .i = -1),
    ATTR_ROW(INT, causal_conv_params, state_update_capacity),
    ATTR_ROW(INT, causal_conv_params, input_channels),
    ATTR_ROW(INT, causal_conv_params, input_channel_offset),
    ATTR_ROW(BOOL, causal_conv_params, channels_last)};

/* The last `count` steps. */
static value *last_steps(builder *b, value *v, int64_t count) {
    return expand_slice(b, v, 2, count > 0 ? -count : INT64_MAX, INT64_MAX, 1);
}

/* [B, steps, C] as [B, C, steps] and back, if channels come last. */
static value *turned(builder *b, value *v, bool channels_last) {
    const int64_t perm[] = {0, 2, 1};
    return v && channels_last ? emit(b, "Transpose", IN(v), ATTRS(A_INTS("perm", perm, 3))) : v;
}

static hone_status causal_conv(builder *b, draft *d, int64_t dilation) {
    const shape *w = &d->in[CAUSAL_W]->type.shape;
    const causal_conv_params *p = d->params;
    if (w->rank != 3 || !dim_known(w->dim[0]) || !dim_known(w->dim[2]) || w->dim[2] < 1)
        return builder_fail(b, HONE_E_UNSUPPORTED,
                            "the weight's shape is not known to be [C, 1, k]");
    const int64_t reach = dim_mul(w->dim[2] - 1, dilation), pads[] = {0, 0, reach, 0, 0, 0};
    value *past = turned(b, draft_in(d, CAUSAL_PAST), p->channels_last);
    value *x = turned(b, d->in[CAUSAL_X], p->channels_last);
    x = past ? emit(b, "Concat", IN(past, x), ATTRS(A_INT("axis", 2)))
             : expand_binary(b, "Pad", x, emit_i64s(b, pads, 6));
    value *y = emit(b, "Conv", IN(x, d->in[CAUSAL_W], draft_in(d, CAUSAL_BIAS)),
                    ATTRS(A_INT("group", w->dim[0]), A_INTS("dilations", &dilation, 1)));
    if (p->activation != CAUSAL_NONE) y = expand_unary(b, "hone::Silu", y);
    if (expand_wants(d, 1)) d->out[1] = turned(b, last_steps(b, x, reach), p->channels_last);
    return draft_done(b, d, turned(b, y, p->channels_last));
}

static hone_status causal_conv_expand(builder *b, draft *d) { return causal_conv(b, d, 1); }

/* com.microsoft has strides between taps, and channels that come last. */
static hone_status ms_causal_conv_expand(builder *b, draft *d) {
    const causal_conv_params *p = d->params;
    if (p->ndim != 1 || p->state_window || p->state_length || p->state_update_capacity ||
        p->input_channels || p->input_channel_offset || p->state_channels_last >= 0)
        return builder_fail(b, HONE_E_UNSUPPORTED,
                            "windows of states, parts of the channels and "
                            "more than one axis are not supported");
    return causal_conv(b, d, p->dilation);
}

static const char *const causal_conv_cases[] = {
    "f32[2,3,7] f32[3,1,4]",    "f32[1,2,5] f32[2,1,3] f32[2] f32[1,2,2] activation=silu >2",
    "f32[1,2,4] f32[2,1,1] >2", "f16[1,2,6] f16[2,1,3] activation=swish",
    "f32[0,2,4] f32[2,1,3]",    NULL};

static const char *const ms_causal_conv_cases[] = {
    "f32[2,3,7] f32[3,1,3] f32[3] dilation=2 >2",
    "f32[2,7,3] f32[3,1,3] _ f32[2,2,3] channels_last=1 activation=silu >2",
    "f32[0,2,4] f32[2,1,3]", NULL};

static const op_arg causal_conv_in[] = {{"input", DT_FLOATS, 'T', 0},
                                        {"weight", DT_FLOATS, 'T', 0},
                                        {"bias", DT_FLOATS, 'T', ARG_OPTIONAL},
                                        {"past_state", DT_FLOATS, 'T', ARG_OPTIONAL}};
static const op_arg causal_conv_out[] = {{"output", DT_FLOATS, 'T', 0},
                                         {"present_state", DT_FLOATS, 'T', 0}};
static const op_arg ms_causal_conv_out[] = {{"output", DT_FLOATS, 'T', 0},
                                            {"present_state", DT_FLOATS, 'T', 0},
                                            {"state_update", DT_FLOATS, 'T', ARG_OPTIONAL}};
static const op_version since_1[] = {{1, NULL}};
static const op_version since_27[] = {{27, NULL}};
static const op onnx_causal_conv = {.name = "CausalConvWithState",
                                    .domain = "",
                                    OP_VERSIONS(since_27),
                                    OP_SLOTS(causal_conv),
                                    OP_ATTRS(causal_conv_attrs, causal_conv_params),
                                    .expand = causal_conv_expand,
                                    .tolerance = {TOL_REL, 1e-5},
                                    .cases = causal_conv_cases};
static const op ms_causal_conv = {.name = "CausalConvWithState",
                                  .domain = "com.microsoft",
                                  OP_VERSIONS(since_1),
                                  OP_ARGS_IN(causal_conv_in),
                                  OP_ARGS_OUT(ms_causal_conv_out),
                                  OP_ATTRS(ms_causal_conv_attrs, causal_conv_params),
                                  .expand = ms_causal_conv_expand,
                                  .tolerance = {TOL_REL, 1e-5},
                                  .cases = ms_causal_conv_cases};

static const op *const members[] = {&onnx_causal_conv, &ms_causal_conv};
const op_family family_causal_conv = {members, COUNT_OF(members)};
