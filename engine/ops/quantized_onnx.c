/* SPDX-License-Identifier: Apache-2.0
 *
 * ONNX's operators on quantized tensors, written over integer products and the two conversions.
 */
#include "channels.h"
#include "composite.h"
#include "op.h"
#include "quantized.h"

static hone_status matmul_integer_expand(builder *b, draft *d) {
    return draft_done(b, d,
                      quantized_product(b, d->in[0], draft_in(d, 2), d->in[1], draft_in(d, 3)));
}

static const char *const matmul_integer_cases[] = {"u8[3,4] i8[4,2] u8[]{2} i8[]{1}",
                                                   "u8[2,3,4] u8[4,5] u8[]{1} u8{1,2,3,4,5}",
                                                   "u8[2,4] u8[4,3] u8{1,2}",
                                                   "i8[2,0] i8[0,3]",
                                                   "u8[4] u8[4]",
                                                   NULL};

/* Inputs: a, scale, zero, b, scale, zero, scale and zero of the result. */
static hone_status qlinear_matmul_expand(builder *b, draft *d) {
    value **in = d->in;
    value *a_scale = quantized_rows(b, expand_cast(b, in[1], HONE_F32), in[0]);
    value *b_scale = expand_cast(b, in[4], HONE_F32), *sum;
    if (dtype_in(in[0]->type.dtype, DT_FLOAT8S)) {
        value *x = expand_cast(b, in[0], HONE_F32), *w = expand_cast(b, in[3], HONE_F32);
        sum = emit(b, "hone::MatMul", IN(x, w), NO_ATTRS);
    } else {
        sum = quantized_product(b, in[0], in[2], in[3], in[5]);
    }
    return draft_done(b, d, quantized_result(b, sum, a_scale, b_scale, in + 6));
}

static const char *const qlinear_matmul_cases[] = {
    "u8[2,4] f32[]{0.5} u8[]{3} u8[4,3] f32[]{0.25} u8[]{1} f32[]{2} u8[]{5}",
    "i8[2,3,4] f32[]{0.1} i8[]{0} i8[2,4,3] f32[]{0.2} i8[]{0} f32[]{0.3} i8[]{-1}",
    "u8[2,4] f32{0.5,0.25} u8{1,2} u8[4,3] f32[]{0.25} u8[]{1} f32[]{2} u8[]{5}",
    "u8[2,0] f32[]{0.5} u8[]{3} u8[0,3] f32[]{0.25} u8[]{1} f32[]{2} u8[]{5}", NULL};

static const attr_spec conv_attrs[] = {CHANNELS_CONV_ATTRS};

/* What a convolution adds up. */
typedef struct integer_conv {
    value *x, *x_zero, *w, *w_zero;
} integer_conv;

/* How the channels of a group are cut so that a window over a part of them is exact. A size of 0:
 * there is no such way. */
static quantized_cut cut_of(const integer_conv *c, int64_t group) {
    const shape *w = &c->w->type.shape;
    quantized_cut cut = {.depth = DIM_UNKNOWN};
    if (!shape_known(w) || w->rank < 3) return cut;
    int64_t taps = 1;
    for (int32_t a = 2; a < w->rank; a++) taps = dim_mul(taps, w->dim[a]);
    cut.depth = w->dim[1];
    if (taps < 1 || taps > QUANTIZED_EXACT) return cut;
    cut.size = QUANTIZED_EXACT / taps;
    if (cut.size < cut.depth && (group != 1 || cut.depth > cut.size * QUANTIZED_PARTS))
        cut.size = 0;
    return cut;
}

/* The sums by float32 convolutions of parts of the channels. */
static value *exact_conv(builder *b, draft *d, const integer_conv *c, quantized_cut cut) {
    const int64_t dims[HONE_MAX_RANK] = {-1, 1, 1, 1, 1, 1, 1, 1};
    value *one = emit_scalar(b, HONE_F32, 1), *w_zero = c->w_zero, *sum = NULL;
    if (w_zero) w_zero = expand_reshape(b, w_zero, dims, c->w->type.shape.rank);
    value *x = quantized_real(b, c->x, one, quantized_single(b, c->x_zero));
    value *w = quantized_real(b, c->w, one, w_zero);
    for (int64_t from = 0; from == 0 || from < cut.depth; from += cut.size) {
        value *part = emit(
            b, "Conv", IN(quantized_part(b, x, 1, cut, from), quantized_part(b, w, 1, cut, from)),
            d->attrs, d->n_attrs);
        part = expand_cast(b, part, HONE_I32);
        sum = sum ? expand_binary(b, "Add", sum, part) : part;
    }
    return sum;
}

/* The integer sums of a convolution, channels first. Attributes are the draft's. */
static value *conv_integer(builder *b, draft *d, const integer_conv *c) {
    const channels_conv_params *p = d->params;
    drop_kernel_shape(b, d, &p->kernel_shape, c->w);
    const quantized_cut cut = cut_of(c, p->group);
    if (cut.size > 0) return exact_conv(b, d, c, cut);
    value *x = emit_channels_last(b, c->x), *w = emit_channels_last(b, c->w);
    value *y = emit(b, "hone::ConvInteger", IN(x, w, c->x_zero, c->w_zero), d->attrs, d->n_attrs);
    return emit_channels_first(b, y);
}

static hone_status conv_integer_expand(builder *b, draft *d) {
    const integer_conv c = {d->in[0], draft_in(d, 2), d->in[1], draft_in(d, 3)};
    return draft_done(b, d, conv_integer(b, d, &c));
}

static const char *const conv_integer_cases[] = {
    "u8[1,2,5,5] i8[3,2,3,3] u8[]{3} pads=1,1,1,1 kernel_shape=3,3",
    "u8[1,4,6] u8[4,2,3] u8[]{1} u8{1,2,3,4} group=2",
    "u8[1,40,4,4] i8[3,40,3,3] u8[]{3} i8{1,2,3} pads=1,1,1,1",
    "u8[1,600,5] i8[4,300,3] group=2",
    "u8[0,2,5] u8[3,2,2]",
    NULL};

static hone_status qlinear_conv_expand(builder *b, draft *d) {
    value **in = d->in, *bias = draft_in(d, 8);
    const int32_t rank = emit_rank(b, in[0]);
    if (rank < 0) return b->status;
    const integer_conv c = {in[0], in[2], in[3], in[5]};
    value *sum = conv_integer(b, d, &c);
    if (bias) sum = emit(b, "Add", IN(sum, expand_per_channel(b, bias, rank)), NO_ATTRS);
    value *w_scale = expand_per_channel(b, in[4], rank);
    return draft_done(b, d, quantized_result(b, sum, in[1], w_scale, in + 6));
}

static const char *const qlinear_conv_cases[] = {
    "u8[1,2,5,5] f32[]{0.5} u8[]{3} u8[3,2,3,3] f32[]{0.25} u8[]{2} f32[]{4} u8[]{10} i32[3]",
    "i8[2,2,6] f32[]{0.1} i8[]{0} i8[3,2,3] f32{0.1,0.2,0.3} i8{0,0,0} f32[]{0.2} i8[]{1} "
    "strides=2",
    "u8[0,2,5] f32[]{0.5} u8[]{3} u8[3,2,2] f32[]{0.25} u8[]{2} f32[]{4} u8[]{10}", NULL};

/* The range of x, widened to hold 0, becomes 0 .. 255. A range of 0 alone has steps of 1, as in
 * ONNX Runtime; ONNX has no answer. */
static hone_status dynamic_quantize_expand(builder *b, draft *d) {
    const attr all = A_INT("keepdims", 0);
    value *x = d->in[0], *zero = emit_scalar(b, HONE_F32, 0), *one = emit_scalar(b, HONE_F32, 1);
    value *steps = emit_scalar(b, HONE_F32, 255);
    value *hi = emit(b, "Max", IN(emit(b, "ReduceMax", IN(x), &all, 1), zero), NO_ATTRS);
    value *lo = emit(b, "Min", IN(emit(b, "ReduceMin", IN(x), &all, 1), zero), NO_ATTRS);
    value *scale = emit(b, "Div", IN(emit(b, "Sub", IN(hi, lo), NO_ATTRS), steps), NO_ATTRS);
    value *flat = emit(b, "Equal", IN(scale, zero), NO_ATTRS);
    value *divisor = emit(b, "Where", IN(flat, one, scale), NO_ATTRS);
    value *at = emit(b, "Sub", IN(zero, emit(b, "Div", IN(lo, divisor), NO_ATTRS)), NO_ATTRS);
    value *cut = emit(b, "Clip", IN(emit(b, "Round", IN(at), NO_ATTRS), zero, steps), NO_ATTRS);
    value *point = expand_cast(b, cut, HONE_U8);
    if (expand_wants(d, 1)) d->out[1] = divisor;
    if (expand_wants(d, 2)) d->out[2] = point;
    return draft_done(b, d, emit(b, "QuantizeLinear", IN(x, divisor, point), NO_ATTRS));
}

static const char *const dynamic_quantize_cases[] = {"f32[3,4] >3", "f32[7]+ >3", "f32[] >2",
                                                     "f32{0,0,0} >3", NULL};

static const op_arg matmul_integer_in[] = {{"A", DT_BYTES, 'T', 0},
                                           {"B", DT_BYTES, 'U', 0},
                                           {"a_zero_point", DT_BYTES, 'T', ARG_OPTIONAL},
                                           {"b_zero_point", DT_BYTES, 'U', ARG_OPTIONAL}};
static const op_arg matmul_integer_out[] = {{"Y", DT(HONE_I32), 0, 0}};
static const op_arg qlinear_matmul_in[] = {{"a", DT_BYTES | DT_FLOAT8S, 'T', 0},
                                           {"a_scale", DT_SINGLES, 'S', 0},
                                           {"a_zero_point", DT_BYTES | DT_FLOAT8S, 'T', 0},
                                           {"b", DT_BYTES | DT_FLOAT8S, 'U', 0},
                                           {"b_scale", DT_SINGLES, 'S', 0},
                                           {"b_zero_point", DT_BYTES | DT_FLOAT8S, 'U', 0},
                                           {"y_scale", DT_SINGLES, 'S', 0},
                                           {"y_zero_point", DT_BYTES | DT_FLOAT8S, 'Y', 0}};
static const op_arg qlinear_matmul_out[] = {{"y", DT_BYTES | DT_FLOAT8S, 'Y', 0}};
static const op_arg dynamic_quantize_in[] = {{"x", DT(HONE_F32), 0, 0}};
static const op_arg dynamic_quantize_out[] = {
    {"y", DT(HONE_U8), 0, 0}, {"y_scale", DT(HONE_F32), 0, 0}, {"y_zero_point", DT(HONE_U8), 0, 0}};
static const op_arg conv_integer_in[] = {{"x", DT_BYTES, 'T', 0},
                                         {"w", DT_BYTES, 'U', 0},
                                         {"x_zero_point", DT_BYTES, 'T', ARG_OPTIONAL},
                                         {"w_zero_point", DT_BYTES, 'U', ARG_OPTIONAL}};
static const op_arg conv_integer_out[] = {{"y", DT(HONE_I32), 0, 0}};
static const op_arg qlinear_conv_in[] = {{"x", DT_BYTES, 'T', 0},
                                         {"x_scale", DT(HONE_F32), 0, 0},
                                         {"x_zero_point", DT_BYTES, 'T', 0},
                                         {"w", DT_BYTES, 'U', 0},
                                         {"w_scale", DT(HONE_F32), 0, 0},
                                         {"w_zero_point", DT_BYTES, 'U', 0},
                                         {"y_scale", DT(HONE_F32), 0, 0},
                                         {"y_zero_point", DT_BYTES, 'Y', 0},
                                         {"B", DT(HONE_I32), 0, ARG_OPTIONAL}};
static const op_arg qlinear_conv_out[] = {{"y", DT_BYTES, 'Y', 0}};
static const op_version since_10[] = {{10, NULL}};
static const op_version since_11[] = {{11, NULL}};
#define COMPOSITE(ident, label, since, ...)                                                        \
    static const op onnx_##ident = {                                                               \
        .name = label, .domain = "", OP_VERSIONS(since), .expand = ident##_expand, __VA_ARGS__}
COMPOSITE(matmul_integer, "MatMulInteger", since_10, OP_SLOTS(matmul_integer),
          .tolerance = {TOL_EXACT, 0}, .cases = matmul_integer_cases);
COMPOSITE(qlinear_matmul, "QLinearMatMul", since_10, OP_SLOTS(qlinear_matmul),
          .tolerance = {TOL_EXACT, 0}, .cases = qlinear_matmul_cases);
COMPOSITE(dynamic_quantize, "DynamicQuantizeLinear", since_11, OP_SLOTS(dynamic_quantize),
          .tolerance = {TOL_EXACT, 0}, .cases = dynamic_quantize_cases);
#define CONVOLUTION(ident, label, ...)                                                             \
    static const op onnx_##ident = {.name = label,                                                 \
                                    .domain = "",                                                  \
                                    OP_VERSIONS(since_10),                                         \
                                    OP_ATTRS(conv_attrs, channels_conv_params),                    \
                                    .expand = ident##_expand,                                      \
                                    __VA_ARGS__}
CONVOLUTION(conv_integer, "ConvInteger", OP_SLOTS(conv_integer), .tolerance = {TOL_EXACT, 0},
            .cases = conv_integer_cases);
CONVOLUTION(qlinear_conv, "QLinearConv", OP_SLOTS(qlinear_conv), .tolerance = {TOL_EXACT, 0},
            .cases = qlinear_conv_cases);

static const op *const members[] = {&onnx_matmul_integer, &onnx_qlinear_matmul, &onnx_conv_integer,
                                    &onnx_qlinear_conv, &onnx_dynamic_quantize};
const op_family family_quantized_onnx = {members, COUNT_OF(members)};
