/* SPDX-License-Identifier: Apache-2.0
 *
 * Attention, as attend.h emits it, with caches, masks and heads as ONNX states them.
 */
#include <math.h>

#include "attend.h"
#include "op.h"

enum { ATT_Q, ATT_K, ATT_V, ATT_MASK, ATT_PAST_K, ATT_PAST_V, ATT_NONPAD };
enum { OUT_Y, OUT_K, OUT_V, OUT_SCORES };

typedef struct attention_params {
    int64_t q_num_heads, kv_num_heads;           /* 0: the input's own axis says it */
    int64_t left_window_size, right_window_size; /* -1: no bound */
    int64_t qk_matmul_output_mode;
    float scale, softcap;
    hone_dtype softmax_precision; /* HONE_UNDEFINED: that of the data */
    bool is_causal;
} attention_params;

static const attr_spec attention_attrs[] = {
    ATTR_ROW(INT, attention_params, q_num_heads, .min = 1, .max = INT32_MAX),
    ATTR_ROW(INT, attention_params, kv_num_heads, .min = 1, .max = INT32_MAX),
    ATTR_ROW(INT, attention_params, left_window_size, .i = -1, .min = -1, .max = INT64_MAX),
    ATTR_ROW(INT, attention_params, right_window_size, .i = -1, .min = -1, .max = INT64_MAX),
    ATTR_ROW(INT, attention_params, qk_matmul_output_mode, .max = SCORES_SOFTMAX),
    ATTR_ROW(FLOAT, attention_params, scale),
    ATTR_ROW(FLOAT, attention_params, softcap),
    ATTR_ROW(DTYPE, attention_params, softmax_precision),
    ATTR_ROW(BOOL, attention_params, is_causal),
};

/* Heads of an input: an attribute, or axis 1 of four. */
static int64_t heads_of(const value *v, int64_t stated) {
    const shape *s = &v->type.shape;
    return s->rank == 4 && dim_known(s->dim[1]) ? s->dim[1] : stated;
}

static hone_status read_heads(attend *a, const draft *d) {
    const attention_params *p = d->params;
    for (int32_t i = ATT_Q; i <= ATT_V; i++) {
        const int32_t rank = emit_rank(a->b, d->in[i]);
        if (rank >= 0 && rank != 3 && rank != 4)
            builder_fail(a->b, HONE_E_FORMAT, "input %d has rank %d: expected 3 or 4", i, rank);
    }
    a->q_heads = heads_of(d->in[ATT_Q], p->q_num_heads);
    a->kv_heads = heads_of(d->in[ATT_K], p->kv_num_heads);
    if (a->b->status == HONE_OK &&
        (a->q_heads < 1 || a->kv_heads < 1 || a->q_heads % a->kv_heads != 0))
        builder_fail(a->b, HONE_E_FORMAT, "%lld query heads and %lld key heads do not group",
                     (long long)a->q_heads, (long long)a->kv_heads);
    return a->b->status;
}

/* Keys or values with the past ones before them. */
static value *with_past(attend *a, const draft *d, int32_t input, int32_t past) {
    value *v = split_heads(a->b, d->in[input], a->kv_heads);
    if (!draft_in(d, past)) return v;
    return emit(a->b, "Concat", IN(d->in[past], v), ATTRS(A_INT("axis", 2)));
}

/* The mask as numbers to add, as long as there are keys: keys that it does not reach are hidden. */
static value *mask_bias(attend *a, value *mask) {
    builder *b = a->b;
    const int32_t rank = mask ? emit_rank(b, mask) : -1;
    if (rank < 1) return mask && rank == 0 ? expand_cast(b, mask, a->type) : NULL;
    value *bias = mask->type.dtype == HONE_BOOL ? attend_mask(b, mask, a->type, -INFINITY)
                                                : expand_cast(b, mask, a->type);
    const int64_t have = mask->type.shape.dim[rank - 1];
    const int64_t want = a->k ? a->k->type.shape.dim[2] : DIM_UNKNOWN;
    if (!bias || (dim_known(have) && have == want)) return bias;
    value *more =
        expand_binary(b, "Sub", expand_size_of(b, a->k, 2), expand_size_of(b, mask, rank - 1));
    const int64_t last = rank - 1;
    value *pads =
        emit(b, "Concat", IN(emit_i64s(b, (const int64_t[]){0}, 1), expand_unsqueeze(b, more, 0)),
             ATTRS(A_INT("axis", 0)));
    return emit(b, "Pad",
                IN(bias, pads, emit_scalar(b, a->type, -INFINITY), emit_i64s(b, &last, 1)),
                NO_ATTRS);
}

/* Where the queries stand among the keys, and how many keys there are. */
static void read_places(attend *a, const draft *d) {
    builder *b = a->b;
    value *past = draft_in(d, ATT_PAST_K), *nonpad = draft_in(d, ATT_NONPAD);
    if (nonpad) a->length = expand_reshape(b, nonpad, (const int64_t[]){-1, 1, 1, 1}, 4);
    if (past)
        a->past = expand_size_of(b, past, 2);
    else if (nonpad)
        a->past = expand_binary(b, "Sub", a->length, expand_size_of(b, a->q, 2));
}

static hone_status attention_expand(builder *b, draft *d) {
    const attention_params *p = d->params;
    const hone_dtype precision = p->softmax_precision;
    if (precision && !dtype_in(precision, DT_FLOATS))
        return builder_fail(b, HONE_E_FORMAT, "softmax_precision is %s: expected a float type",
                            hone_dtype_name(precision));
    attend a = {.b = b,
                .type = d->in[ATT_Q]->type.dtype,
                .precision = precision,
                .scale = draft_has(d, "scale") ? &p->scale : NULL,
                .softcap = p->softcap,
                .causal = p->is_causal,
                .left = p->left_window_size,
                .right = p->right_window_size};
    TRY(read_heads(&a, d));
    const bool flat = d->in[ATT_Q]->type.shape.rank == 3;
    a.q = split_heads(b, d->in[ATT_Q], a.q_heads);
    a.k = with_past(&a, d, ATT_K, ATT_PAST_K);
    a.v = with_past(&a, d, ATT_V, ATT_PAST_V);
    read_places(&a, d);
    a.bias = mask_bias(&a, draft_in(d, ATT_MASK));
    value *y = attend_heads(&a);
    if (expand_wants(d, OUT_K)) d->out[OUT_K] = a.k;
    if (expand_wants(d, OUT_V)) d->out[OUT_V] = a.v;
    if (expand_wants(d, OUT_SCORES)) d->out[OUT_SCORES] = a.stage[p->qk_matmul_output_mode];
    return draft_done(b, d, flat ? join_heads(b, y) : y);
}

static const char *const attention_cases[] = {
    "f32[2,3,8] f32[2,5,8] f32[2,5,6] q_num_heads=2 kv_num_heads=2",
    "f32[1,4,3,8] f32[1,2,5,8] f32[1,2,5,8] is_causal=1",
    "f16[1,2,3,4] f16[1,2,4,4] f16[1,2,4,4] f16[3,4] softcap=2 softmax_precision=1",
    "f32[2,2,3,4] f32[2,2,3,4] f32[2,2,3,4] _ f32[2,2,2,4] f32[2,2,2,4] is_causal=1 >3",
    "f32[1,1,4,4] f32[1,1,4,4] f32[1,1,4,4] bool[4,4] left_window_size=1 right_window_size=0 "
    "qk_matmul_output_mode=3 >4",
    "f64[1,1,2,4] f64[1,1,3,4] f64[1,1,3,4] scale=0.5 softmax_precision=11",
    "f32[0,2,3,4] f32[0,2,5,4] f32[0,2,5,4]",
    "f32[0,3,8] f32[0,5,8] f32[0,5,6] q_num_heads=2 kv_num_heads=2",
    "f32[1,2,0,4] f32[1,2,5,4] f32[1,2,5,4]",
    NULL};

static const op_arg attention_in[] = {{"Q", DT_FLOATS, 'T', 0},
                                      {"K", DT_FLOATS, 'T', 0},
                                      {"V", DT_FLOATS, 'V', 0},
                                      {"attn_mask", DT_NUMBERS | DT_BOOL, 0, ARG_OPTIONAL},
                                      {"past_key", DT_FLOATS, 'T', ARG_OPTIONAL},
                                      {"past_value", DT_FLOATS, 'V', ARG_OPTIONAL},
                                      {"nonpad_kv_seqlen", DT(HONE_I64), 0, ARG_OPTIONAL}};
static const op_arg attention_out[] = {{"Y", DT_FLOATS, 'T', 0},
                                       {"present_key", DT_FLOATS, 'T', ARG_OPTIONAL},
                                       {"present_value", DT_FLOATS, 'V', ARG_OPTIONAL},
                                       {"qk_matmul_output", DT_FLOATS, 'T', ARG_OPTIONAL}};
static const op_version versions[] = {{23, NULL}};
const op op_attention = {.name = "Attention",
                         .domain = "",
                         OP_VERSIONS(versions),
                         OP_SLOTS(attention),
                         OP_ATTRS(attention_attrs, attention_params),
                         .expand = attention_expand,
                         .tolerance = {TOL_REL, 1e-5},
                         .cases = attention_cases};
