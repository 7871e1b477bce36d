/* SPDX-License-Identifier: Apache-2.0
 *
 * com.microsoft GroupQueryAttention: causal attention with grouped heads over a cache, of which
 * each batch entry has another length in use, with rotation, normalised heads, a window and sinks.
 */
#include "ms_attend.h"
#include "op.h"

enum {
    GQA_Q,
    GQA_K,
    GQA_V,
    GQA_PAST_K,
    GQA_PAST_V,
    GQA_LAST, /* lengths less one */
    GQA_TOTAL,
    GQA_COS,
    GQA_SIN,
    GQA_PLACES,
    GQA_ADD,
    GQA_SINK,
    GQA_K_SCALE,
    GQA_V_SCALE,
    GQA_Q_NORM,
    GQA_K_NORM,
    GQA_CHUNK
};
enum { GQA_OUT, GQA_PRESENT_K, GQA_PRESENT_V, GQA_SCORES };
enum { SHOW_NOTHING, SHOW_SCORES, SHOW_PROBABILITIES };

typedef struct gqa_params {
    int64_t num_heads, kv_num_heads, local_window_size, kv_cache_bit_width, smooth_softmax;
    int64_t qk_output;
    int32_t k_quant_type, v_quant_type;
    float scale, softcap, qk_norm_epsilon, q_norm_epsilon, k_norm_epsilon;
    bool do_rotary, rotary_interleaved, causal, sliding_window_cache;
} gqa_params;

enum { QUANT_OFF };
static const char *const quant_types[] = {"NONE", "PER_TENSOR", "PER_CHANNEL", NULL};
static const attr_spec gqa_attrs[] = {
    ATTR_ROW(INT, gqa_params, num_heads, .required = true, .min = 1, .max = INT32_MAX),
    ATTR_ROW(INT, gqa_params, kv_num_heads, .required = true, .min = 1, .max = INT32_MAX),
    ATTR_ROW(INT, gqa_params, local_window_size, .i = -1, .min = -1, .max = INT32_MAX),
    ATTR_ROW(INT, gqa_params, kv_cache_bit_width, .max = 8),
    ATTR_ROW(INT, gqa_params, smooth_softmax, .i = -1, .min = -1, .max = 1),
    ATTR_ROW(INT, gqa_params, qk_output, .max = SHOW_PROBABILITIES),
    ATTR_ROW(CHOICE, gqa_params, k_quant_type, .choices = quant_types),
    ATTR_ROW(CHOICE, gqa_params, v_quant_type, .choices = quant_types),
    ATTR_ROW(FLOAT, gqa_params, scale),
    ATTR_ROW(FLOAT, gqa_params, softcap),
    ATTR_ROW(FLOAT, gqa_params, qk_norm_epsilon, .f = 1e-6f),
    ATTR_ROW(FLOAT, gqa_params, q_norm_epsilon),
    ATTR_ROW(FLOAT, gqa_params, k_norm_epsilon),
    ATTR_ROW(BOOL, gqa_params, do_rotary),
    ATTR_ROW(BOOL, gqa_params, rotary_interleaved),
    ATTR_ROW(BOOL, gqa_params, causal, .i = 1),
    ATTR_ROW(BOOL, gqa_params, sliding_window_cache),
};

/* What is not computed here fails when the model is opened. */
static hone_status check(builder *b, const draft *d) {
    const gqa_params *p = d->params;
    if (p->num_heads % p->kv_num_heads != 0)
        return builder_fail(b, HONE_E_FORMAT, "%lld query heads and %lld key heads do not group",
                            (long long)p->num_heads, (long long)p->kv_num_heads);
    if (p->k_quant_type != QUANT_OFF || p->v_quant_type != QUANT_OFF || p->kv_cache_bit_width)
        return builder_fail(b, HONE_E_UNSUPPORTED, "quantized caches are not supported");
    if (p->sliding_window_cache || draft_in(d, GQA_CHUNK))
        return builder_fail(b, HONE_E_UNSUPPORTED,
                            "caches that drop entries and padded chunks are not supported");
    if ((draft_in(d, GQA_PAST_K) == NULL) != (draft_in(d, GQA_PAST_V) == NULL) ||
        (draft_in(d, GQA_K) == NULL) != (draft_in(d, GQA_V) == NULL))
        return builder_fail(b, HONE_E_FORMAT, "keys and values do not come together");
    if (p->do_rotary && (!draft_in(d, GQA_COS) || !draft_in(d, GQA_SIN)))
        return builder_fail(b, HONE_E_FORMAT, "input 'cos_cache' or 'sin_cache' is missing");
    for (int32_t i = GQA_Q; i <= GQA_V; i++)
        if (draft_in(d, i)) emit_assume_rank(d->in[i], 3);
    return b->status;
}

/* Queries, keys and values by heads; one input holds all three where there are no keys. */
static void split_inputs(attend *a, const draft *d) {
    builder *b = a->b;
    const int64_t hq = a->q_heads, hk = a->kv_heads, sizes[] = {hq, hk, hk};
    value *part[3];
    if (draft_in(d, GQA_K)) {
        a->q = split_heads(b, d->in[GQA_Q], hq);
        a->k = split_heads(b, d->in[GQA_K], hk);
        a->v = split_heads(b, d->in[GQA_V], hk);
        return;
    }
    value *all = split_heads(b, d->in[GQA_Q], hq + 2 * hk);
    emit_n(b, "Split", IN(all, emit_i64s(b, sizes, 3)), ATTRS(A_INT("axis", 1)), part, 3);
    a->q = part[0];
    a->k = part[1];
    a->v = part[2];
}

static value *normalized(builder *b, value *v, value *weight, float own, float shared) {
    if (!weight) return v;
    return emit(b, "hone::RmsNorm", IN(v, weight),
                ATTRS(A_INT("axis", 3), A_FLOAT("epsilon", own > 0 ? own : shared)));
}

/* Turns queries and keys to their places, which begin at `start` [B] (NULL: 0). */
static void rotate(attend *a, const draft *d, value *start) {
    builder *b = a->b;
    const gqa_params *p = d->params;
    value *cos = d->in[GQA_COS], *sin = d->in[GQA_SIN], *places = draft_in(d, GQA_PLACES);
    const int64_t half = cos->type.shape.rank == 2 ? cos->type.shape.dim[1] : DIM_UNKNOWN;
    const int64_t head = a->q ? a->q->type.shape.dim[3] : DIM_UNKNOWN;
    if (!places) {
        places = attend_places(b, expand_size_of(b, a->q, 2), false);
        if (start) places = expand_binary(b, "Add", places, expand_unsqueeze(b, start, 1));
    }
    const bool part = dim_known(half) && dim_known(head) && half < head - half;
    const attr attrs[] = {A_INT("interleaved", p->rotary_interleaved),
                          A_INT("rotary_embedding_dim", part ? 2 * half : 0)};
    a->q = emit(b, "RotaryEmbedding", IN(a->q, cos, sin, places), attrs, 2);
    a->k = emit(b, "RotaryEmbedding", IN(a->k, cos, sin, places), attrs, 2);
}

/* Where each batch entry's new keys go: behind the ones before them; the first prompt, which is as
 * long as the total, begins at 0 even if it is padded. */
static value *first_places(attend *a, value *lengths, value *total) {
    builder *b = a->b;
    value *steps = expand_size_of(b, a->q, 2);
    value *prompt = expand_binary(b, "Equal", steps, total);
    value *behind = expand_binary(b, "Sub", lengths, steps);
    return emit(b, "Where", IN(prompt, emit_i64(b, 0), behind), NO_ATTRS);
}

static void read_heads(attend *a, const draft *d, value **present) {
    builder *b = a->b;
    const gqa_params *p = d->params;
    const int64_t each[] = {-1, 1, 1, 1};
    value *past_k = draft_in(d, GQA_PAST_K), *start = NULL;
    value *total = ms_count(b, d->in[GQA_TOTAL]);
    value *last = expand_reshape(b, d->in[GQA_LAST], (const int64_t[]){-1}, 1);
    value *lengths = expand_binary(b, "Add", expand_cast(b, last, HONE_I64), emit_i64(b, 1));
    split_inputs(a, d);
    a->q = normalized(b, a->q, draft_in(d, GQA_Q_NORM), p->q_norm_epsilon, p->qk_norm_epsilon);
    a->k = normalized(b, a->k, draft_in(d, GQA_K_NORM), p->k_norm_epsilon, p->qk_norm_epsilon);
    if (past_k) {
        emit_assume_rank(past_k, 4);
        emit_assume_rank(d->in[GQA_PAST_V], 4);
        start = first_places(a, lengths, total);
        a->past = expand_reshape(b, start, each, 4);
    }
    if (p->do_rotary) rotate(a, d, start);
    present[0] = a->k;
    present[1] = a->v;
    if (past_k) {
        present[0] = ms_cache(b, past_k, a->k, start, total, &a->k);
        present[1] = ms_cache(b, d->in[GQA_PAST_V], a->v, start, total, &a->v);
    }
    a->length = expand_reshape(b, lengths, each, 4);
}

/* Scores with 0 where keys are hidden. */
static value *shown(builder *b, value *scores) {
    if (!scores) return NULL;
    value *hidden = expand_unary(b, "IsInf", scores);
    return emit(b, "Where", IN(hidden, emit_scalar(b, scores->type.dtype, 0), scores), NO_ATTRS);
}

static hone_status gqa_expand(builder *b, draft *d) {
    const gqa_params *p = d->params;
    value *present[2];
    TRY(check(b, d));
    attend a = {.b = b,
                .type = d->in[GQA_Q]->type.dtype,
                .q_heads = p->num_heads,
                .kv_heads = p->kv_num_heads,
                .scale = ms_scale(&p->scale),
                .softcap = p->softcap,
                .causal = p->causal,
                .left = p->local_window_size > 0 ? p->local_window_size - 1 : -1,
                .right = -1,
                .bias = draft_in(d, GQA_ADD),
                .sink = draft_in(d, GQA_SINK)};
    if (!a.sink && p->smooth_softmax == 1) a.sink = emit_scalar(b, a.type, 0);
    read_heads(&a, d, present);
    value *y = ms_attend(&a);
    for (int32_t i = 0; i < 2; i++)
        if (expand_wants(d, GQA_PRESENT_K + i)) d->out[GQA_PRESENT_K + i] = present[i];
    if (expand_wants(d, GQA_SCORES))
        d->out[GQA_SCORES] = p->qk_output == SHOW_PROBABILITIES ? a.stage[SCORES_SOFTMAX]
                                                                : shown(b, a.stage[SCORES_BIASED]);
    return draft_done(b, d, y);
}

static const char *const gqa_cases[] = {
    "f32[2,3,8] f32[2,3,4] f32[2,3,4] _ _ i32{2,1} i32{3} num_heads=2 kv_num_heads=1 >3",
    "f32[2,1,16] _ _ f32[2,1,6,4] f32[2,1,6,4] i32{3,5} i32{6} f32[8,2] f32[8,2] num_heads=2 "
    "kv_num_heads=1 do_rotary=1 >3",
    "f32[1,2,8] f32[1,2,8] f32[1,2,8] f32[1,2,3,4] f32[1,2,3,4] i32{4} i32{5} _ _ _ f32[1,1,2,5] "
    "f32[2] num_heads=2 kv_num_heads=2 local_window_size=3 softcap=5 qk_output=1 >4",
    "f32[1,2,8] f32[1,2,4] f32[1,2,4] f32[1,1,9,4] f32[1,1,9,4] i32[1,1]{4} i32[1]{5} f32[9,1] "
    "f32[9,1] i64[1,2]{3,4} _ _ _ _ f32[4] f32[4] num_heads=2 kv_num_heads=1 do_rotary=1 "
    "rotary_interleaved=1 smooth_softmax=1 >3",
    "f16[1,3,8] f16[1,3,4] f16[1,3,4] _ _ i32{2} i32{3} num_heads=2 kv_num_heads=1 scale=0.5 >3",
    "f32[0,3,8] f32[0,3,4] f32[0,3,4] _ _ i32{} i32{3} num_heads=2 kv_num_heads=1",
    NULL};

static const op_arg gqa_in[] = {{"query", DT_FLOATS, 'T', 0},
                                {"key", DT_FLOATS, 'T', ARG_OPTIONAL},
                                {"value", DT_FLOATS, 'T', ARG_OPTIONAL},
                                {"past_key", DT_FLOATS, 'T', ARG_OPTIONAL},
                                {"past_value", DT_FLOATS, 'T', ARG_OPTIONAL},
                                {"seqlens_k", DT_INDEX, 0, 0},
                                {"total_sequence_length", DT_INDEX, 0, 0},
                                {"cos_cache", DT_FLOATS, 'T', ARG_OPTIONAL},
                                {"sin_cache", DT_FLOATS, 'T', ARG_OPTIONAL},
                                {"position_ids", DT_INDEX, 0, ARG_OPTIONAL},
                                {"attention_bias", DT_FLOATS, 'T', ARG_OPTIONAL},
                                {"head_sink", DT_FLOATS, 'T', ARG_OPTIONAL},
                                {"k_scale", DT(HONE_F32), 0, ARG_OPTIONAL},
                                {"v_scale", DT(HONE_F32), 0, ARG_OPTIONAL},
                                {"q_norm_weight", DT_FLOATS, 'T', ARG_OPTIONAL},
                                {"k_norm_weight", DT_FLOATS, 'T', ARG_OPTIONAL},
                                {"query_seqlens", DT_INDEX, 0, ARG_OPTIONAL}};
static const op_arg gqa_out[] = {{"output", DT_FLOATS, 'T', 0},
                                 {"present_key", DT_FLOATS, 'T', ARG_OPTIONAL},
                                 {"present_value", DT_FLOATS, 'T', ARG_OPTIONAL},
                                 {"output_qk", DT_FLOATS, 'T', ARG_OPTIONAL}};
static const op_version versions[] = {{1, NULL}};
const op op_ms_group_query_attention = {.name = "GroupQueryAttention",
                                        .domain = "com.microsoft",
                                        OP_VERSIONS(versions),
                                        OP_SLOTS(gqa),
                                        OP_ATTRS(gqa_attrs, gqa_params),
                                        .expand = gqa_expand,
                                        .tolerance = {TOL_REL, 1e-5},
                                        .cases = gqa_cases};
