/* SPDX-License-Identifier: Apache-2.0
 *
 * com.microsoft MultiHeadAttention: attention over projections, which come apart, packed by head or
 * as a cache, and whose bias is added here.
 */
#include "ms_attend.h"
#include "op.h"

enum { MHA_Q, MHA_K, MHA_V, MHA_BIAS, MHA_MASK, MHA_ADD, MHA_PAST_K, MHA_PAST_V, MHA_PAST_LENGTH };
enum { MHA_BEAMS = MHA_PAST_LENGTH + 1 };
enum { MHA_OUT, MHA_PRESENT_K, MHA_PRESENT_V, MHA_SCORES };

typedef struct mha_params {
    int64_t num_heads;
    float scale, mask_filter_value;
    bool unidirectional;
} mha_params;

static const attr_spec mha_attrs[] = {
    ATTR_ROW(INT, mha_params, num_heads, .required = true, .min = 1, .max = INT32_MAX),
    ATTR_ROW(FLOAT, mha_params, scale),
    ATTR_ROW(FLOAT, mha_params, mask_filter_value, .f = -10000.0f),
    ATTR_ROW(BOOL, mha_params, unidirectional),
};

typedef struct mha {
    attend a;
    draft *d;
    value *bias[3]; /* of queries, keys and values; NULL: none */
} mha;

/* Part i of [B, S, N, parts, D], with its bias, as [B, N, S, D]. */
static value *packed_part(mha *m, value *v, int64_t i, value *bias) {
    builder *b = m->a.b;
    value *part = expand_squeeze(b, expand_slice(b, v, 3, i, i + 1, 1), 3);
    if (bias) {
        bias = expand_reshape(b, bias, (const int64_t[]){m->a.q_heads, -1}, 2);
        part = expand_binary(b, "Add", part, bias);
    }
    return swap_heads(b, part);
}

/* An input [B, S, N * D] with its bias, or a cache as it is. */
static value *plain_part(mha *m, value *v, value *bias) {
    builder *b = m->a.b;
    if (v && v->type.shape.rank == 3) v = attend_sum(b, v, bias);
    return split_heads(b, v, m->a.q_heads);
}

/* The parts of the bias: as long as the query, as long, and what is left. */
static void read_bias(mha *m) {
    builder *b = m->a.b;
    value *bias = draft_in(m->d, MHA_BIAS), *q = m->d->in[MHA_Q];
    if (!bias) return;
    if (q->type.shape.rank == 5) { /* all have one length */
        emit_n(b, "Split", IN(bias), ATTRS(A_INT("axis", 0), A_INT("num_outputs", 3)), m->bias, 3);
        return;
    }
    value *zero = emit_i64s(b, (const int64_t[]){0}, 1);
    value *end = emit_i64s(b, (const int64_t[]){INT64_MAX}, 1);
    value *width = expand_unsqueeze(b, expand_size_of(b, q, 2), 0);
    value *both = expand_binary(b, "Add", width, width);
    m->bias[MHA_Q] = emit(b, "Slice", IN(bias, zero, width), NO_ATTRS);
    m->bias[MHA_K] = emit(b, "Slice", IN(bias, width, both), NO_ATTRS);
    m->bias[MHA_V] = emit(b, "Slice", IN(bias, both, end), NO_ATTRS);
}

/* What the inputs that are there say about ranks that are unknown so far. */
static void assume_ranks(const draft *d) {
    value *k = draft_in(d, MHA_K), *v = draft_in(d, MHA_V);
    emit_assume_rank(d->in[MHA_Q], k ? 3 : 5);
    if (k && !v) emit_assume_rank(k, 5);
    for (int32_t i = MHA_K; i <= MHA_V && draft_in(d, MHA_BIAS) && k && v; i++)
        emit_assume_rank(d->in[i], 3);
}

static hone_status read_heads(mha *m) {
    builder *b = m->a.b;
    attend *a = &m->a;
    value *q = draft_in(m->d, MHA_Q), *k = draft_in(m->d, MHA_K), *v = draft_in(m->d, MHA_V);
    assume_ranks(m->d);
    const int32_t q_rank = emit_rank(b, q), k_rank = k ? emit_rank(b, k) : -1;
    if (v) emit_rank(b, v);
    TRY(b->status);
    const bool apart = k && k_rank < 5;
    if (q_rank != (k ? 3 : 5) || (k && (k_rank < 3 || k_rank > 5)) || apart != (v != NULL))
        return builder_fail(b, HONE_E_FORMAT,
                            "query of rank %d and key of rank %d are of no known layout", q_rank,
                            k_rank);
    read_bias(m);
    a->q = k ? plain_part(m, q, m->bias[MHA_Q]) : packed_part(m, q, 0, m->bias[MHA_Q]);
    if (apart) {
        a->k = plain_part(m, k, m->bias[MHA_K]);
        a->v = plain_part(m, v, m->bias[MHA_V]);
    } else {
        value *from = k ? k : q;
        a->k = packed_part(m, from, k ? 0 : 1, m->bias[MHA_K]);
        a->v = packed_part(m, from, k ? 1 : 2, m->bias[MHA_V]);
    }
    return b->status;
}

/* Past keys and values come first; a cache that has more room than it uses says how much it uses.
 */
static void read_past(mha *m, value **present_k, value **present_v) {
    builder *b = m->a.b;
    attend *a = &m->a;
    value *past_k = draft_in(m->d, MHA_PAST_K), *past_v = draft_in(m->d, MHA_PAST_V);
    value *length = draft_in(m->d, MHA_PAST_LENGTH);
    if (!past_k || !past_v) {
        *present_k = a->k;
        *present_v = a->v;
    } else if (length) {
        a->past = ms_count(b, length);
        value *total = expand_binary(b, "Add", a->past, expand_size_of(b, a->k, 2));
        value *batch = expand_unsqueeze(b, expand_size_of(b, a->k, 0), 0);
        value *at = expand_binary(b, "Expand", a->past, batch);
        *present_k = ms_cache(b, past_k, a->k, at, total, &a->k);
        *present_v = ms_cache(b, past_v, a->v, at, total, &a->v);
    } else {
        emit_assume_rank(past_k, 4);
        a->past = expand_size_of(b, past_k, 2);
        *present_k = a->k = emit(b, "Concat", IN(past_k, a->k), ATTRS(A_INT("axis", 2)));
        *present_v = a->v = emit(b, "Concat", IN(past_v, a->v), ATTRS(A_INT("axis", 2)));
    }
}

static hone_status mha_expand(builder *b, draft *d) {
    const mha_params *p = d->params;
    value *present[2];
    if (draft_in(d, MHA_BEAMS))
        return builder_fail(b, HONE_E_UNSUPPORTED, "cache_indirection is not supported");
    mha m = {.d = d,
             .a = {.b = b,
                   .type = d->in[MHA_Q]->type.dtype,
                   .q_heads = p->num_heads,
                   .kv_heads = p->num_heads,
                   .scale = ms_scale(&p->scale),
                   .causal = p->unidirectional,
                   .left = -1,
                   .right = -1}};
    TRY(read_heads(&m));
    read_past(&m, &present[0], &present[1]);
    m.a.bias = attend_sum(b, ms_mask(&m.a, draft_in(d, MHA_MASK), p->mask_filter_value),
                          draft_in(d, MHA_ADD));
    value *y = ms_attend(&m.a);
    for (int32_t i = 0; i < 2; i++)
        if (expand_wants(d, MHA_PRESENT_K + i)) d->out[MHA_PRESENT_K + i] = present[i];
    if (expand_wants(d, MHA_SCORES)) d->out[MHA_SCORES] = m.a.stage[SCORES_BIASED];
    return draft_done(b, d, y);
}

static const char *const mha_cases[] = {
    "f32[2,3,8] f32[2,5,8] f32[2,5,6] f32[22] num_heads=2",
    "f32[2,3,8] f32[2,5,2,2,4] _ _ i32{3,5} num_heads=2",
    "f32[1,3,2,3,4] _ _ f32[24] num_heads=2 unidirectional=1 >4",
    "f32[2,1,8] f32[2,1,8] f32[2,1,8] _ i32[2,4]{1,1,0,1,1,1,1,1} f32[1,2,1,4] f32[2,2,3,4] "
    "f32[2,2,3,4] num_heads=2 >3",
    "f32[1,1,8] f32[1,1,8] f32[1,1,8] _ _ _ f32[1,2,6,4] f32[1,2,6,4] i32{3} num_heads=2 >3",
    "f16[1,3,8] f16[1,2,5,4] f16[1,2,5,4] num_heads=2 scale=0.25",
    "f32[0,3,8] f32[0,5,8] f32[0,5,8] num_heads=2",
    NULL};

static const op_arg mha_in[] = {{"query", DT_FLOATS, 'T', 0},
                                {"key", DT_FLOATS, 'T', ARG_OPTIONAL},
                                {"value", DT_FLOATS, 'T', ARG_OPTIONAL},
                                {"bias", DT_FLOATS, 'T', ARG_OPTIONAL},
                                {"key_padding_mask", DT_INDEX, 0, ARG_OPTIONAL},
                                {"attention_bias", DT_FLOATS, 'T', ARG_OPTIONAL},
                                {"past_key", DT_FLOATS, 'T', ARG_OPTIONAL},
                                {"past_value", DT_FLOATS, 'T', ARG_OPTIONAL},
                                {"past_sequence_length", DT_INDEX, 0, ARG_OPTIONAL},
                                {"cache_indirection", DT_INDEX, 0, ARG_OPTIONAL}};
static const op_arg mha_out[] = {{"output", DT_FLOATS, 'T', 0},
                                 {"present_key", DT_FLOATS, 'T', ARG_OPTIONAL},
                                 {"present_value", DT_FLOATS, 'T', ARG_OPTIONAL},
                                 {"qk", DT_FLOATS, 0, ARG_OPTIONAL}};
static const op_version versions[] = {{1, NULL}};
const op op_ms_multi_head_attention = {.name = "MultiHeadAttention",
                                       .domain = "com.microsoft",
                                       OP_VERSIONS(versions),
                                       OP_SLOTS(mha),
                                       OP_ATTRS(mha_attrs, mha_params),
                                       .expand = mha_expand,
                                       .tolerance = {TOL_REL, 1e-5},
                                       .cases = mha_cases};
