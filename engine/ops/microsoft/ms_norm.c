/* SPDX-License-Identifier: Apache-2.0
 *
 * com.microsoft's normalisations, with the sums and lookups that are fused before them, written
 * over hone::LayerNorm, hone::RmsNorm and ONNX's GroupNormalization.
 */
#include "composite.h"
#include "op.h"

enum { OUT_Y, OUT_MEAN, OUT_INV_STD, OUT_SUM };
enum { ACTIVATION_NONE, ACTIVATION_SILU };

typedef struct ms_norm_params {
    int64_t groups, activation, mask_index_type;
    int32_t gate;
    float epsilon;
    bool channels_last;
} ms_norm_params;

static const char *const gates[] = {"silu", "swish", "sigmoid", NULL}; /* the first two are one */
enum { GATE_SIGMOID = 2 };
static const attr_spec skip_attrs[] = {ATTR_ROW(FLOAT, ms_norm_params, epsilon, .f = 1e-12f)};
static const attr_spec embed_attrs[] = {ATTR_ROW(FLOAT, ms_norm_params, epsilon, .f = 1e-12f),
                                        ATTR_ROW(INT, ms_norm_params, mask_index_type, .max = 1)};
static const attr_spec gated_attrs[] = {
    ATTR_ROW(FLOAT, ms_norm_params, epsilon, .f = 1e-5f),
    ATTR_NAMED(CHOICE, "activation", ms_norm_params, gate, .choices = gates)};
static const attr_spec group_attrs[] = {
    ATTR_ROW(FLOAT, ms_norm_params, epsilon, .f = 1e-5f),
    ATTR_ROW(INT, ms_norm_params, groups, .required = true, .min = 1, .max = INT32_MAX),
    ATTR_ROW(INT, ms_norm_params, activation, .required = true, .max = ACTIVATION_SILU),
    ATTR_ROW(BOOL, ms_norm_params, channels_last, .i = 1)};

static value *plus(builder *b, value *x, value *y) { return y ? expand_binary(b, "Add", x, y) : x; }

static value *widened(builder *b, value *v) {
    return v && dtype_in(v->type.dtype, DT_FLOAT16S) ? expand_cast(b, v, HONE_F32) : v;
}

/* The operator `name` of input + skip + bias, with its n outputs; 16-bit floats are added in
 * float32 too. */
static hone_status skip_norm(builder *b, draft *d, const char *name, int32_t bias, int32_t n) {
    const attr attrs[] = {A_INT("axis", -1),
                          A_FLOAT("epsilon", ((const ms_norm_params *)d->params)->epsilon)};
    value *in[5] = {NULL}, *out[3] = {NULL};
    for (int32_t i = 0; i < 5; i++) in[i] = widened(b, draft_in(d, i));
    const hone_dtype t = d->in[0]->type.dtype;
    value *sum = plus(b, plus(b, in[0], in[1]), in[bias]);
    emit_n(b, name, IN(sum, in[2], bias == 4 ? in[3] : NULL), attrs, 2, out, n);
    if (expand_wants(d, OUT_SUM)) d->out[OUT_SUM] = expand_cast(b, sum, t);
    const int32_t shift = OUT_INV_STD + 1 - n; /* the inverse deviation is the last of them */
    for (int32_t i = 1; i < n; i++)
        if (expand_wants(d, i + shift)) d->out[i + shift] = out[i];
    return draft_done(b, d, expand_cast(b, out[OUT_Y], t));
}

static hone_status skip_layer_norm_expand(builder *b, draft *d) {
    const bool wants = expand_wants(d, OUT_MEAN) || expand_wants(d, OUT_INV_STD);
    return skip_norm(b, d, "hone::LayerNorm", 4, wants ? 3 : 1);
}

static hone_status skip_rms_norm_expand(builder *b, draft *d) {
    if (expand_wants(d, OUT_MEAN))
        return builder_fail(b, HONE_E_UNSUPPORTED, "the mean of a root mean square is no output");
    const bool wants = expand_wants(d, OUT_INV_STD);
    return skip_norm(b, d, wants ? "SimplifiedLayerNormalization" : "hone::RmsNorm", 3,
                     wants ? 2 : 1);
}

/* Groups of as many elements as there are scales, each times an activation of its gate. */
static hone_status gated_norm_expand(builder *b, draft *d) {
    const ms_norm_params *p = d->params;
    const hone_dtype t = d->in[0]->type.dtype;
    value *x = expand_cast(b, d->in[0], HONE_F32), *scale = expand_cast(b, d->in[1], HONE_F32);
    value *gate = expand_cast(b, d->in[2], HONE_F32);
    value *minus = emit_i64s(b, (const int64_t[]){-1}, 1);
    value *dims =
        emit(b, "Concat", IN(minus, expand_unary(b, "Shape", scale)), ATTRS(A_INT("axis", 0)));
    value *y = emit(b, "hone::RmsNorm", IN(expand_binary(b, "Reshape", x, dims), scale),
                    ATTRS(A_INT("axis", -1), A_FLOAT("epsilon", p->epsilon)));
    y = expand_binary(b, "Reshape", y, expand_unary(b, "Shape", x));
    gate = expand_unary(b, p->gate == GATE_SIGMOID ? "Sigmoid" : "hone::Silu", gate);
    return draft_done(b, d, expand_cast(b, expand_binary(b, "Mul", y, gate), t));
}

enum { EMB_IDS, EMB_SEGMENTS, EMB_WORDS, EMB_PLACES, EMB_SEGMENT, EMB_GAMMA, EMB_BETA, EMB_MASK };
enum { EMB_PLACE_IDS = EMB_MASK + 1 };
enum { EMB_OUT, EMB_COUNT, EMB_SUM };

/* How many of each row's mask are 1; zeros without a mask. */
static value *count_mask(builder *b, const draft *d) {
    value *mask = draft_in(d, EMB_MASK);
    if (!mask) {
        value *batch =
            emit(b, "Shape", IN(d->in[EMB_IDS]), ATTRS(A_INT("start", 0), A_INT("end", 1)));
        return expand_binary(b, "Expand", emit_scalar(b, HONE_I32, 0), batch);
    }
    value *one = emit_scalar(b, mask->type.dtype, 1), *last = emit_i64s(b, (const int64_t[]){1}, 1);
    value *ones = expand_cast(b, expand_binary(b, "Equal", mask, one), HONE_I32);
    return emit(b, "ReduceSum", IN(ones, last), ATTRS(A_INT("keepdims", 0)));
}

static hone_status embed_norm_expand(builder *b, draft *d) {
    emit_assume_rank(d->in[EMB_IDS], 2);
    if (emit_rank(b, d->in[EMB_IDS]) != 2)
        return builder_fail(b, HONE_E_FORMAT, "'input_ids' has rank %d: expected 2",
                            d->in[EMB_IDS]->type.shape.rank);
    value *at = draft_in(d, EMB_PLACE_IDS);
    if (!at)
        at = emit(b, "Range",
                  IN(emit_i64(b, 0), expand_size_of(b, d->in[EMB_IDS], 1), emit_i64(b, 1)),
                  NO_ATTRS);
    value *sum = expand_binary(b, "Gather", d->in[EMB_WORDS], d->in[EMB_IDS]);
    sum = plus(b, sum, expand_binary(b, "Gather", d->in[EMB_PLACES], at));
    if (draft_in(d, EMB_SEGMENTS) && draft_in(d, EMB_SEGMENT))
        sum = plus(b, sum, expand_binary(b, "Gather", d->in[EMB_SEGMENT], d->in[EMB_SEGMENTS]));
    const float epsilon = ((const ms_norm_params *)d->params)->epsilon;
    value *y = emit(b, "hone::LayerNorm", IN(sum, d->in[EMB_GAMMA], d->in[EMB_BETA]),
                    ATTRS(A_INT("axis", -1), A_FLOAT("epsilon", epsilon)));
    if (expand_wants(d, EMB_COUNT)) d->out[EMB_COUNT] = count_mask(b, d);
    if (expand_wants(d, EMB_SUM)) d->out[EMB_SUM] = sum;
    return draft_done(b, d, y);
}

/* The normalised groups of x, which ONNX's operator wants channels first and in one type. */
static value *grouped_norm(builder *b, const draft *d, value *x) {
    const ms_norm_params *p = d->params;
    const int64_t first[] = {0, 3, 1, 2}, last[] = {0, 2, 3, 1};
    const hone_dtype t = x ? x->type.dtype : HONE_F32;
    x = expand_cast(b, x, HONE_F32);
    if (p->channels_last) x = emit(b, "Transpose", IN(x), ATTRS(A_INTS("perm", first, 4)));
    value *y = emit(b, "GroupNormalization",
                    IN(x, expand_cast(b, d->in[1], HONE_F32), expand_cast(b, d->in[2], HONE_F32)),
                    ATTRS(A_INT("num_groups", p->groups), A_FLOAT("epsilon", p->epsilon)));
    if (p->activation == ACTIVATION_SILU) y = expand_unary(b, "hone::Silu", y);
    if (p->channels_last) y = emit(b, "Transpose", IN(y), ATTRS(A_INTS("perm", last, 4)));
    return expand_cast(b, y, t);
}

static hone_status check_group_norm(builder *b, const draft *d) {
    emit_assume_rank(d->in[0], 4);
    if (emit_rank(b, d->in[0]) != 4)
        return builder_fail(b, HONE_E_FORMAT, "X has rank %d: expected 4",
                            d->in[0]->type.shape.rank);
    return b->status;
}

static hone_status group_norm_expand(builder *b, draft *d) {
    TRY(check_group_norm(b, d));
    return draft_done(b, d, grouped_norm(b, d, d->in[0]));
}

/* The skip input has four axes or one value a channel; so has the bias. */
static hone_status skip_group_norm_expand(builder *b, draft *d) {
    TRY(check_group_norm(b, d));
    const bool last = ((const ms_norm_params *)d->params)->channels_last;
    value *skip = d->in[3], *bias = draft_in(d, 4);
    const int32_t rank = emit_rank(b, skip);
    const int64_t by_row[2][4] = {{0, -1, 1, 1}, {0, 1, 1, -1}};
    if (rank == 2) skip = expand_reshape(b, skip, by_row[last], 4);
    if (bias && !last) bias = expand_per_channel(b, bias, 4);
    value *sum = plus(b, plus(b, d->in[0], skip), bias);
    if (expand_wants(d, 1)) d->out[1] = sum;
    return draft_done(b, d, grouped_norm(b, d, sum));
}

static const char *const skip_layer_norm_cases[] = {
    "f32[2,3,8] f32[2,3,8] f32[8] f32[8] f32[8] >4", "f32[2,3,8] f32[3,8] f32[8]",
    "f16[2,3,8] f16[1,3,8] f16[8] f16[8] epsilon=0.01", "f32[0,3,8] f32[0,3,8] f32[8]", NULL};
static const char *const skip_rms_norm_cases[] = {
    "f32[2,3,8] f32[2,3,8] f32[8] f32[8]", "f32[3,7] f32[3,7] f32[7] epsilon=0.01",
    "f16[2,3,8] f16[2,3,8] f16[8]", "f32[0,3,8] f32[0,3,8] f32[8]", NULL};
static const char *const gated_norm_cases[] = {
    "f32[2,3,8] f32[4] f32[2,3,8]", "f16[2,8] f16[8] f16[2,8] activation=sigmoid epsilon=0.01",
    "f32[0,8] f32[4] f32[0,8]", NULL};
static const char *const embed_norm_cases[] = {
    "i32[2,3]{0,1,2,3,2,1} i32[2,3]{0,0,1,1,0,1} f32[5,8] f32[4,8] f32[2,8] f32[8] f32[8] "
    "i32[2,3]{1,1,0,1,1,1} >3",
    "i32[1,3]{4,1,2} _ f32[5,8] f32[4,8] _ f32[8] f32[8] _ i32[1,3]{3,0,1} >2",
    "i32[0,3]{} _ f32[5,8] f32[4,8] _ f32[8] f32[8]", NULL};
static const char *const group_norm_cases[] = {
    "f32[2,3,3,4] f32[4] f32[4] groups=2 activation=1",
    "f16[1,2,5,6] f32[6] f32[6] groups=3 activation=0 epsilon=0.01",
    "f32[1,4,2,3] f32[4] f32[4] groups=2 activation=0 channels_last=0",
    "f32[0,2,2,4] f32[4] f32[4] groups=4 activation=0", NULL};
static const char *const skip_group_norm_cases[] = {
    "f32[2,3,3,4] f32[4] f32[4] f32[2,3,3,4] f32[4] groups=2 activation=1 >2",
    "f32[2,3,3,4] f32[4] f32[4] f32[2,4] groups=2 activation=0",
    "f32[2,4,3,3] f32[4] f32[4] f32[2,4] f32[4] groups=2 activation=0 channels_last=0",
    "f32[0,2,2,4] f32[4] f32[4] f32[0,4] groups=4 activation=0", NULL};

static const op_arg skip_layer_norm_in[] = {{"input", DT_SINGLES, 'T', 0},
                                            {"skip", DT_SINGLES, 'T', 0},
                                            {"gamma", DT_SINGLES, 'T', 0},
                                            {"beta", DT_SINGLES, 'T', ARG_OPTIONAL},
                                            {"bias", DT_SINGLES, 'T', ARG_OPTIONAL}};
static const op_arg skip_layer_norm_out[] = {
    {"output", DT_SINGLES, 'T', 0},
    {"mean", DT(HONE_F32), 0, ARG_OPTIONAL},
    {"inv_std_var", DT(HONE_F32), 0, ARG_OPTIONAL},
    {"input_skip_bias_sum", DT_SINGLES, 'T', ARG_OPTIONAL}};
static const op_arg skip_rms_norm_in[] = {{"input", DT_SINGLES, 'T', 0},
                                          {"skip", DT_SINGLES, 'T', 0},
                                          {"gamma", DT_SINGLES, 'T', 0},
                                          {"bias", DT_SINGLES, 'T', ARG_OPTIONAL}};
static const op_arg gated_norm_in[] = {
    {"X", DT_FLOATS, 'T', 0}, {"scale", DT_FLOATS, 'T', 0}, {"gate", DT_FLOATS, 'T', 0}};
static const op_arg gated_norm_out[] = {{"Y", DT_FLOATS, 'T', 0}};
static const op_arg embed_norm_in[] = {{"input_ids", DT_INDEX, 0, 0},
                                       {"segment_ids", DT_INDEX, 0, ARG_OPTIONAL},
                                       {"word_embedding", DT_SINGLES, 'T', 0},
                                       {"position_embedding", DT_SINGLES, 'T', 0},
                                       {"segment_embedding", DT_SINGLES, 'T', ARG_OPTIONAL},
                                       {"gamma", DT_SINGLES, 'T', 0},
                                       {"beta", DT_SINGLES, 'T', 0},
                                       {"mask", DT_INDEX, 0, ARG_OPTIONAL},
                                       {"position_ids", DT_INDEX, 0, ARG_OPTIONAL}};
static const op_arg embed_norm_out[] = {{"output", DT_SINGLES, 'T', 0},
                                        {"mask_index", DT(HONE_I32), 0, ARG_OPTIONAL},
                                        {"embedding_sum", DT_SINGLES, 'T', ARG_OPTIONAL}};
static const op_arg group_norm_in[] = {
    {"X", DT_FLOATS, 'T', 0}, {"gamma", DT_FLOATS, 'M', 0}, {"beta", DT_FLOATS, 'M', 0}};
static const op_arg group_norm_out[] = {{"Y", DT_FLOATS, 'T', 0}};
static const op_arg skip_group_norm_in[] = {{"X", DT_FLOATS, 'T', 0},
                                            {"gamma", DT_FLOATS, 'M', 0},
                                            {"beta", DT_FLOATS, 'M', 0},
                                            {"skip", DT_FLOATS, 'T', 0},
                                            {"bias", DT_FLOATS, 'T', ARG_OPTIONAL}};
static const op_arg skip_group_norm_out[] = {{"Y", DT_FLOATS, 'T', 0},
                                             {"S", DT_FLOATS, 'T', ARG_OPTIONAL}};
static const op_version versions[] = {{1, NULL}};
#define NORM(ident, label, results, table)                                                         \
    static const op op_##ident = {.name = label,                                                   \
                                  .domain = "com.microsoft",                                       \
                                  OP_VERSIONS(versions),                                           \
                                  OP_ARGS_IN(ident##_in),                                          \
                                  OP_ARGS_OUT(results##_out),                                      \
                                  OP_ATTRS(table, ms_norm_params),                                 \
                                  .expand = ident##_expand,                                        \
                                  .tolerance = {TOL_REL, 1e-5},                                    \
                                  .cases = ident##_cases}
NORM(skip_layer_norm, "SkipLayerNormalization", skip_layer_norm, skip_attrs);
NORM(skip_rms_norm, "SkipSimplifiedLayerNormalization", skip_layer_norm, skip_attrs);
NORM(gated_norm, "GatedRMSNorm", gated_norm, gated_attrs);
NORM(embed_norm, "EmbedLayerNormalization", embed_norm, embed_attrs);
NORM(group_norm, "GroupNorm", group_norm, group_attrs);
NORM(skip_group_norm, "SkipGroupNorm", skip_group_norm, group_attrs);

static const op *const members[] = {&op_skip_layer_norm, &op_skip_rms_norm, &op_gated_norm,
                                    &op_embed_norm,      &op_group_norm,    &op_skip_group_norm};
const op_family family_ms_norm = {members, COUNT_OF(members)};
