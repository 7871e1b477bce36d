/* SPDX-License-Identifier: Apache-2.0
 *
 * ONNX's Conv and ConvTranspose, written as hone's channels-last operators.
 */
#include <math.h>

#include "channels.h"
#include "conv.h"

static const op_arg conv_in[] = {
    {"X", DT_FLOATS, 'T', 0}, {"W", DT_FLOATS, 'T', 0}, {"B", DT_FLOATS, 'T', ARG_OPTIONAL}};
static const op_arg conv_out[] = {{"Y", DT_FLOATS, 'T', 0}};
static const op_version since_1[] = {{1, NULL}};

static const attr_spec conv_attrs[] = {CHANNELS_CONV_ATTRS};
static const attr_spec conv_transpose_attrs[] = {
    CHANNELS_CONV_ATTRS,
    ATTR_ROW(INTS, channels_conv_params, output_padding, .min = 0, .max = INT32_MAX),
    ATTR_ROW(INTS, channels_conv_params, output_shape, .min = 0, .max = INT32_MAX),
};

/* Data and weight have the same rank of at least 3. */
static hone_status check_ranks(builder *b, const draft *d) {
    value *x = d->in[0];
    const value *w = d->in[1];
    const int32_t rank_w = emit_rank(b, w);
    if (rank_w >= 0) emit_assume_rank(x, rank_w);
    const int32_t rank_x = emit_rank(b, x);
    if (b->status == HONE_OK && (rank_w < 3 || rank_x != rank_w))
        builder_fail(b, HONE_E_FORMAT, "X has rank %d and W rank %d: expected the same, at least 3",
                     rank_x, rank_w);
    return b->status;
}

static bool is_f64(const draft *d) { return draft_in(d, 0)->type.dtype == HONE_F64; }

/* v with its axes in the order first, first + 1 .. last - 1, then `rest`. */
static value *emit_moved(builder *b, value *v, int32_t first, int32_t last, int64_t rest) {
    int64_t perm[HONE_MAX_RANK];
    int32_t n = 0;
    for (int32_t i = first; i < last; i++) perm[n++] = i;
    perm[n++] = rest;
    return emit(b, "Transpose", IN(v), ATTRS(A_INTS("perm", perm, n)));
}

/* One filter a channel: the weight is [C, 1, k..] and there are C groups. */
static bool is_depthwise(const draft *d) {
    const channels_conv_params *p = d->params;
    const shape *s = &draft_in(d, 1)->type.shape;
    return s->dim[1] == 1 && dim_known(s->dim[0]) && s->dim[0] > 1 && s->dim[0] == p->group &&
           draft_in(d, 1)->type.dtype == HONE_F32;
}

/* [C, k..] as hone::DepthwiseConv wants it: the last spatial axis, the others, C. */
static value *emit_lines(builder *b, value *v) {
    const int32_t rank = v ? v->type.shape.rank : 0;
    int64_t perm[HONE_MAX_RANK] = {rank - 1};
    for (int32_t i = 1; i < rank - 1; i++) perm[i] = i;
    if (rank > 1) perm[rank - 1] = 0;
    return emit(b, "Transpose", IN(v), ATTRS(A_INTS("perm", perm, rank)));
}

static hone_status conv_expand(builder *b, draft *d) {
    const channels_conv_params *p = d->params;
    TRY(check_ranks(b, d));
    TRY(drop_kernel_shape(b, d, &p->kernel_shape, draft_in(d, 1)));
    value *x = emit_channels_last(b, draft_in(d, 0)), *w = draft_in(d, 1), *y;
    if (is_depthwise(d)) {
        const int64_t one = 1;
        w = emit(b, "Squeeze", IN(w, emit_i64s(b, &one, 1)), NO_ATTRS); /* [C, k..] */
        w = emit_lines(b, w);
        draft_drop(d, "group");
        y = emit(b, "hone::DepthwiseConv", IN(x, w, draft_in(d, 2)), d->attrs, d->n_attrs);
    } else {
        w = emit_channels_last(b, w); /* [OC, k.., IC / group] */
        y = emit(b, is_f64(d) ? "hone::ConvF64" : "hone::Conv", IN(x, w, draft_in(d, 2)), d->attrs,
                 d->n_attrs);
    }
    return draft_done(b, d, emit_channels_first(b, y));
}

static const char *const conv_cases[] = {
    "f32[1,3,7,7] f32[4,3,3,3] f32[4] pads=1,1,1,1 kernel_shape=3,3",
    "f32[2,4,9] f32[6,2,3] group=2 strides=2 auto_pad=SAME_UPPER",
    "f32[1,5,6,6] f32[5,1,3,3] group=5 dilations=2,2",
    "f16[1,2,5,5] f16[3,2,2,2]",
    "f32[1,2,4,4,4] f32[3,2,2,2,2]",
    "f32[0,3,5,5] f32[2,3,3,3]",
    "f64[1,2,5,4] f64[4,1,3,2] f64[4] group=2 strides=2,1 pads=1,0,1,1",
    NULL};

/* ONNX's weight is [IC, OC / group, k..]; hone's is [OC, k.., IC / group], as that of Conv. */
static value *transpose_weight(builder *b, const draft *d) {
    value *w = draft_in(d, 1);
    const shape *s = &w->type.shape;
    const int64_t group = ((const channels_conv_params *)d->params)->group;
    if (group == 1) return emit_moved(b, w, 1, s->rank, 0);
    int64_t dims[HONE_MAX_RANK + 1];
    if (!shape_known(s) || s->dim[0] % group || s->rank == HONE_MAX_RANK) {
        builder_fail(b, HONE_E_FORMAT, "%lld groups do not fit the weight", (long long)group);
        return NULL;
    }
    dims[0] = group;
    dims[1] = s->dim[0] / group;
    for (int32_t i = 1; i < s->rank; i++) dims[i + 1] = s->dim[i];
    value *v = emit(b, "Reshape", IN(w, emit_i64s(b, dims, s->rank + 1)), NO_ATTRS);
    int64_t perm[HONE_MAX_RANK + 1] = {0};
    for (int32_t i = 1; i < s->rank; i++) perm[i] = i + 1;
    perm[s->rank] = 1;
    v = emit(b, "Transpose", IN(v), ATTRS(A_INTS("perm", perm, s->rank + 1)));
    int64_t last[HONE_MAX_RANK];
    last[0] = dim_mul(group, s->dim[1]);
    for (int32_t i = 2; i < s->rank; i++) last[i - 1] = s->dim[i];
    last[s->rank - 1] = s->dim[0] / group;
    return emit(b, "Reshape", IN(v, emit_i64s(b, last, s->rank)), NO_ATTRS);
}

static hone_status conv_transpose_expand(builder *b, draft *d) {
    const channels_conv_params *p = d->params;
    TRY(check_ranks(b, d));
    TRY(drop_kernel_shape(b, d, &p->kernel_shape, draft_in(d, 1)));
    value *x = emit_channels_last(b, draft_in(d, 0)), *w = transpose_weight(b, d);
    value *y = emit(b, is_f64(d) ? "hone::ConvTransposeF64" : "hone::ConvTranspose",
                    IN(x, w, draft_in(d, 2)), d->attrs, d->n_attrs);
    return draft_done(b, d, emit_channels_first(b, y));
}

static const char *const conv_transpose_cases[] = {
    "f32[1,3,4,4] f32[3,2,3,3] f32[2] strides=2,2 output_padding=1,1",
    "f32[1,4,5] f32[4,2,3] group=2",
    "f32[1,2,3,3] f32[2,2,2,2] strides=2,2 output_shape=7,7",
    "f16[1,2,3,3] f16[2,3,2,2] kernel_shape=2,2",
    "f32[0,2,3,3] f32[2,3,2,2]",
    "f64[1,4,3,3] f64[4,1,3,2] f64[2] group=2 strides=2,1 pads=1,0,1,1 output_padding=1,0",
    NULL};

static const op onnx_conv = {.name = "Conv",
                             .domain = "",
                             OP_VERSIONS(since_1),
                             OP_ARGS_IN(conv_in),
                             OP_ARGS_OUT(conv_out),
                             OP_ATTRS(conv_attrs, channels_conv_params),
                             .expand = conv_expand,
                             .tolerance = {TOL_SUM, 4},
                             .cases = conv_cases};
static const op onnx_conv_transpose = {.name = "ConvTranspose",
                                       .domain = "",
                                       OP_VERSIONS(since_1),
                                       OP_ARGS_IN(conv_in),
                                       OP_ARGS_OUT(conv_out),
                                       OP_ATTRS(conv_transpose_attrs, channels_conv_params),
                                       .expand = conv_transpose_expand,
                                       .tolerance = {TOL_SUM, 4},
                                       .cases = conv_transpose_cases};

static const op *const members[] = {&onnx_conv, &onnx_conv_transpose};
const op_family family_conv_onnx = {members, COUNT_OF(members)};
