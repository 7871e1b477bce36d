/* SPDX-License-Identifier: Apache-2.0
 *
 * com.microsoft operators on packed batches, which are rows of tokens without padding. token_offset
 * [B, S] has the places of the tokens in the padded batch, then those of the padding. Attention is
 * computed on the padded batch, with as many keys as each sequence has tokens.
 */
#include "composite.h"
#include "op.h"

typedef struct packed_params {
    int64_t num_heads;
    int_list qkv_hidden_sizes;
    float scale, mask_filter_value;
} packed_params;

#define HEADS ATTR_ROW(INT, packed_params, num_heads, .required = true, .min = 1, .max = INT32_MAX)
static const attr_spec attention_attrs[] = {
    HEADS, ATTR_ROW(FLOAT, packed_params, scale),
    ATTR_ROW(INTS, packed_params, qkv_hidden_sizes, .min = 1, .max = INT32_MAX)};
static const attr_spec multi_head_attrs[] = {
    HEADS, ATTR_ROW(FLOAT, packed_params, scale),
    ATTR_ROW(FLOAT, packed_params, mask_filter_value, .f = -10000.0f)};

/* v [B, S, ..] with its first two axes as one. */
static value *flat_tokens(builder *b, value *v) {
    value *rest = emit(b, "Shape", IN(v), ATTRS(A_INT("start", 2)));
    value *all = emit_i64s(b, (const int64_t[]){-1}, 1);
    value *dims = emit(b, "Concat", IN(all, rest), ATTRS(A_INT("axis", 0)));
    return expand_binary(b, "Reshape", v, dims);
}

/* Places of the first `count` tokens of token_offset. */
static value *places(builder *b, value *offsets, value *count) {
    value *flat = expand_reshape(b, offsets, (const int64_t[]){-1}, 1);
    value *zero = emit_i64s(b, (const int64_t[]){0}, 1);
    value *some = emit(b, "Slice", IN(flat, zero, expand_unsqueeze(b, count, 0)), NO_ATTRS);
    return expand_cast(b, some, HONE_I64);
}

/* Rows [T, ..] as [B, S, ..] with zeros as padding. */
static value *padded(builder *b, value *rows, value *offsets) {
    const int32_t rank = rows ? emit_rank(b, rows) : -1;
    if (rank == HONE_MAX_RANK) builder_fail(b, HONE_E_FORMAT, "the tokens have rank %d", rank);
    if (rank < 1 || rank == HONE_MAX_RANK) return NULL;
    value *at = places(b, offsets, expand_size_of(b, rows, 0));
    value *rest = emit(b, "Shape", IN(rows), ATTRS(A_INT("start", 1)));
    value *batch = expand_unary(b, "Shape", offsets);
    value *dims = emit(b, "Concat", IN(batch, rest), ATTRS(A_INT("axis", 0)));
    value *zero = emit_scalar(b, rows->type.dtype, 0);
    value *room = flat_tokens(b, expand_binary(b, "Expand", zero, dims));
    value *y = emit(b, "ScatterND", IN(room, expand_unsqueeze(b, at, 1), rows), NO_ATTRS);
    y = expand_binary(b, "Reshape", y, dims);
    if (!y) return NULL;
    emit_assume_rank(y, rows->type.shape.rank + 1);
    for (int32_t a = 1; a < rows->type.shape.rank; a++) /* known before the sizes are computed */
        y->type.shape.dim[a + 1] = rows->type.shape.dim[a];
    return y;
}

/* The tokens of [B, S, ..] that `like` [T, ..] has. */
static value *packed(builder *b, value *v, value *offsets, value *like) {
    value *at = places(b, offsets, expand_size_of(b, like, 0));
    return expand_binary(b, "Gather", flat_tokens(b, v), at);
}

/* Lengths [B] from where sequences begin [B + 1]. */
static value *lengths(builder *b, value *starts) {
    value *ends = expand_slice(b, starts, 0, 1, INT64_MAX, 1);
    return expand_binary(b, "Sub", ends, expand_slice(b, starts, 0, 0, -1, 1));
}

enum { PA_X, PA_W, PA_BIAS, PA_OFFSETS, PA_STARTS, PA_ADD };

static hone_status packed_attention_expand(builder *b, draft *d) {
    emit_assume_rank(d->in[PA_X], 2);
    emit_assume_rank(d->in[PA_OFFSETS], 2);
    value *x = padded(b, d->in[PA_X], d->in[PA_OFFSETS]);
    value *y = emit(
        b, "com.microsoft::Attention",
        IN(x, d->in[PA_W], d->in[PA_BIAS], lengths(b, d->in[PA_STARTS]), NULL, draft_in(d, PA_ADD)),
        d->attrs, d->n_attrs);
    return draft_done(b, d, packed(b, y, d->in[PA_OFFSETS], d->in[PA_X]));
}

enum { PM_Q, PM_K, PM_V, PM_BIAS, PM_OFFSETS, PM_STARTS, PM_ADD };

static hone_status packed_multi_head_expand(builder *b, draft *d) {
    value *part[3];
    emit_assume_rank(d->in[PM_OFFSETS], 2);
    emit_assume_rank(d->in[PM_Q], draft_in(d, PM_K) ? 2 : 4);
    for (int32_t i = PM_Q; i <= PM_V; i++) part[i] = padded(b, draft_in(d, i), d->in[PM_OFFSETS]);
    value *y = emit(b, "com.microsoft::MultiHeadAttention",
                    IN(part[0], part[1], part[2], draft_in(d, PM_BIAS),
                       lengths(b, d->in[PM_STARTS]), draft_in(d, PM_ADD)),
                    d->attrs, d->n_attrs);
    return draft_done(b, d, packed(b, y, d->in[PM_OFFSETS], d->in[PM_Q]));
}

static hone_status restore_expand(builder *b, draft *d) {
    emit_assume_rank(d->in[1], 2);
    return draft_done(b, d, padded(b, d->in[0], d->in[1]));
}

/* Where a mask of any shape is set, in its order as a vector. */
static value *set_places(builder *b, value *mask) {
    mask = expand_reshape(b, mask, (const int64_t[]){-1}, 1);
    return expand_squeeze(b, expand_unary(b, "NonZero", mask), 0);
}

static hone_status remove_expand(builder *b, draft *d) {
    enum { OUT_ROWS, OUT_OFFSETS, OUT_STARTS, OUT_LONGEST };
    value *x = d->in[0], *count = d->in[1], *zero = emit_i64s(b, (const int64_t[]){0}, 1);
    emit_assume_rank(x, 3);
    value *at =
        emit(b, "Range", IN(emit_i64(b, 0), expand_size_of(b, x, 1), emit_i64(b, 1)), NO_ATTRS);
    value *bounds = expand_cast(b, expand_unsqueeze(b, count, 1), HONE_I64);
    value *there = expand_binary(b, "Less", at, bounds);
    value *tokens = set_places(b, there), *padding = set_places(b, expand_unary(b, "Not", there));
    value *order = emit(b, "Concat", IN(tokens, padding), ATTRS(A_INT("axis", 0)));
    value *dims = emit(b, "Shape", IN(x), ATTRS(A_INT("start", 0), A_INT("end", 2)));
    value *offsets = expand_cast(b, expand_binary(b, "Reshape", order, dims), HONE_I32);
    value *sums = emit(b, "CumSum", IN(count, emit_i64(b, 0)), NO_ATTRS);
    value *first = emit_constant(b, HONE_I32, &(shape){.rank = 1, .dim = {1}}, NULL);
    if (expand_wants(d, OUT_OFFSETS)) d->out[OUT_OFFSETS] = offsets;
    if (expand_wants(d, OUT_STARTS))
        d->out[OUT_STARTS] = emit(b, "Concat", IN(first, sums), ATTRS(A_INT("axis", 0)));
    if (expand_wants(d, OUT_LONGEST))
        d->out[OUT_LONGEST] = emit(b, "ReduceMax", IN(count, zero), ATTRS(A_INT("keepdims", 1)));
    return draft_done(b, d, expand_binary(b, "Gather", flat_tokens(b, x), tokens));
}

static const char *const packed_attention_cases[] = {
    "f32[4,8] f32[8,24] f32[24] i32[2,3]{0,3,4,5,1,2} i32{0,1,4} num_heads=2",
    "f16[2,8] f16[8,24] f16[24] i32[1,2]{0,1} i32{0,2} num_heads=2 scale=0.5", NULL};
static const char *const packed_multi_head_cases[] = {
    "f32[4,8] f32[4,8] f32[4,6] f32[22] i32[2,3]{0,3,4,5,1,2} i32{0,1,4} num_heads=2",
    "f32[4,2,3,4] _ _ f32[24] i32[2,3]{0,3,4,5,1,2} i32{0,1,4} num_heads=2", NULL};
static const char *const restore_cases[] = {"f32[4,5] i32[2,3]{0,3,4,5,1,2}",
                                            "f16[0,5] i32[1,2]{0,1}", NULL};
static const char *const remove_cases[] = {"f32[2,3,4] i32{1,3} >4", "f32[2,3,4] i32{0,0} >4",
                                           NULL};

static const op_arg packed_attention_in[] = {{"input", DT_FLOATS, 'T', 0},
                                             {"weights", DT_FLOATS, 'T', 0},
                                             {"bias", DT_FLOATS, 'T', 0},
                                             {"token_offset", DT(HONE_I32), 0, 0},
                                             {"cumulative_sequence_length", DT(HONE_I32), 0, 0},
                                             {"attention_bias", DT_FLOATS, 'T', ARG_OPTIONAL}};
static const op_arg packed_attention_out[] = {{"output", DT_FLOATS, 'T', 0}};
static const op_arg packed_multi_head_in[] = {{"query", DT_FLOATS, 'T', 0},
                                              {"key", DT_FLOATS, 'T', ARG_OPTIONAL},
                                              {"value", DT_FLOATS, 'T', ARG_OPTIONAL},
                                              {"bias", DT_FLOATS, 'T', ARG_OPTIONAL},
                                              {"token_offset", DT(HONE_I32), 0, 0},
                                              {"cumulative_sequence_length", DT(HONE_I32), 0, 0},
                                              {"attention_bias", DT_FLOATS, 'T', ARG_OPTIONAL}};
static const op_arg packed_multi_head_out[] = {{"output", DT_FLOATS, 'T', 0}};
static const op_arg restore_in[] = {{"input", DT_MOVABLE, 'T', 0},
                                    {"token_offset", DT_INDEX, 0, 0}};
static const op_arg restore_out[] = {{"output", DT_MOVABLE, 'T', 0}};
static const op_arg remove_in[] = {{"input", DT_MOVABLE, 'T', 0},
                                   {"sequence_token_count", DT(HONE_I32), 0, 0}};
static const op_arg remove_out[] = {{"output", DT_MOVABLE, 'T', 0},
                                    {"token_offset", DT(HONE_I32), 0, 0},
                                    {"cumulated_seq_len", DT(HONE_I32), 0, 0},
                                    {"max_seq_len", DT(HONE_I32), 0, 0}};
static const op_version versions[] = {{1, NULL}};
#define PACKED(ident, label, ...)                                                                  \
    static const op op_##ident = {.name = label,                                                   \
                                  .domain = "com.microsoft",                                       \
                                  OP_VERSIONS(versions),                                           \
                                  OP_SLOTS(ident),                                                 \
                                  .expand = ident##_expand,                                        \
                                  .tolerance = {TOL_REL, 1e-5},                                    \
                                  __VA_ARGS__}
PACKED(packed_attention, "PackedAttention", OP_ATTRS(attention_attrs, packed_params),
       .cases = packed_attention_cases);
PACKED(packed_multi_head, "PackedMultiHeadAttention", OP_ATTRS(multi_head_attrs, packed_params),
       .cases = packed_multi_head_cases);
PACKED(restore, "RestorePadding", .cases = restore_cases);
PACKED(remove, "RemovePadding", .cases = remove_cases);

static const op *const members[] = {&op_packed_attention, &op_packed_multi_head, &op_restore,
                                    &op_remove};
const op_family family_ms_packed = {members, COUNT_OF(members)};
