/* SPDX-License-Identifier: Apache-2.0
 *
 * Attention: softmax(Q * K^T * scale + bias) * V with caches, grouped heads, masks, windows and a
 * soft cap, written over products and softmax. Shapes in between:
 *
 *     Q [B, Hq, S, D]    K [B, Hkv, T, D]    V [B, Hkv, T, Dv]    scores [B, Hq, S, T]
 *
 * Hq / Hkv query heads share a key head: their rows are one tall matrix for the products, so that
 * keys and values are never repeated in memory.
 */
#include <math.h>

#include "composite.h"
#include "op.h"

enum { ATT_Q, ATT_K, ATT_V, ATT_MASK, ATT_PAST_K, ATT_PAST_V, ATT_NONPAD };
enum { OUT_Y, OUT_K, OUT_V, OUT_SCORES };
enum { SCORES_RAW, SCORES_CAPPED, SCORES_BIASED, SCORES_SOFTMAX };

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

typedef struct attention {
    builder *b;
    draft *d;
    const attention_params *p;
    hone_dtype type;
    int64_t q_heads, kv_heads;
    value *q, *k, *v;
    value *nonpad; /* [B, 1, 1, 1]: number of keys that are not padding; or NULL */
} attention;

static value *additive(attention *a, value *allowed) {
    builder *b = a->b;
    return emit(b, "Where",
                IN(allowed, emit_scalar(b, a->type, 0), emit_scalar(b, a->type, -INFINITY)),
                NO_ATTRS);
}

static value *sum_of(builder *b, value *x, value *y) {
    return x && y ? expand_binary(b, "Add", x, y) : x ? x : y;
}

static value *both_of(builder *b, value *x, value *y) {
    return x && y ? expand_binary(b, "And", x, y) : x ? x : y;
}

/* [B, S, heads * D] as [B, heads, S, D]; what has four axes stays. */
static value *split_heads(attention *a, value *v, int64_t heads) {
    const int64_t dims[] = {0, 0, heads, -1}, perm[] = {0, 2, 1, 3};
    if (!v || v->type.shape.rank != 3) return v;
    value *split = expand_reshape(a->b, v, dims, 4);
    return emit(a->b, "Transpose", IN(split), ATTRS(A_INTS("perm", perm, 4)));
}

/* Heads of an input: an attribute, or axis 1 of four. */
static int64_t heads_of(const value *v, int64_t stated) {
    const shape *s = &v->type.shape;
    return s->rank == 4 && dim_known(s->dim[1]) ? s->dim[1] : stated;
}

static hone_status read_heads(attention *a) {
    const draft *d = a->d;
    for (int32_t i = ATT_Q; i <= ATT_V; i++) {
        const int32_t rank = emit_rank(a->b, d->in[i]);
        if (rank >= 0 && rank != 3 && rank != 4)
            builder_fail(a->b, HONE_E_FORMAT, "input %d has rank %d: expected 3 or 4", i, rank);
    }
    a->q_heads = heads_of(d->in[ATT_Q], a->p->q_num_heads);
    a->kv_heads = heads_of(d->in[ATT_K], a->p->kv_num_heads);
    if (a->b->status == HONE_OK &&
        (a->q_heads < 1 || a->kv_heads < 1 || a->q_heads % a->kv_heads != 0))
        builder_fail(a->b, HONE_E_FORMAT, "%lld query heads and %lld key heads do not group",
                     (long long)a->q_heads, (long long)a->kv_heads);
    return a->b->status;
}

/* Keys or values with the past ones before them. */
static value *with_past(attention *a, int32_t input, int32_t past) {
    value *v = split_heads(a, a->d->in[input], a->kv_heads);
    if (!draft_in(a->d, past)) return v;
    return emit(a->b, "Concat", IN(a->d->in[past], v), ATTRS(A_INT("axis", 2)));
}

/* Rows of grouped query heads under their key head, and back. */
static value *grouped(attention *a, value *v) {
    const int64_t dims[] = {0, a->kv_heads, -1, 0};
    return a->q_heads == a->kv_heads ? v : expand_reshape(a->b, v, dims, 4);
}
static value *ungrouped(attention *a, value *v) {
    const int64_t dims[] = {0, a->q_heads, -1, 0};
    return a->q_heads == a->kv_heads ? v : expand_reshape(a->b, v, dims, 4);
}

static value *scale_of(attention *a) {
    builder *b = a->b;
    const int64_t size = a->q ? a->q->type.shape.dim[3] : DIM_UNKNOWN;
    if (draft_has(a->d, "scale")) return emit_scalar(b, a->type, (double)a->p->scale);
    if (dim_known(size)) return emit_scalar(b, a->type, 1 / sqrt((double)(size > 0 ? size : 1)));
    value *width = expand_cast(b, expand_size_of(b, a->q, 3), HONE_F32);
    value *root = expand_unary(b, "Reciprocal", expand_unary(b, "Sqrt", width));
    return expand_cast(b, root, a->type);
}

/* 0, 1, .. n - 1 as a column [n, 1] or a row [1, n]. */
static value *positions(builder *b, value *n, bool column) {
    value *range = emit(b, "Range", IN(emit_i64(b, 0), n, emit_i64(b, 1)), NO_ATTRS);
    return expand_unsqueeze(b, range, column ? 1 : 0);
}

/* Which keys each query may see by their places: the causal rule, the window, padding. NULL: all.
 * *empty_rows is set when a query may be left without keys. */
static value *allowed_keys(attention *a, bool *empty_rows) {
    builder *b = a->b;
    const bool causal = a->p->is_causal;
    const int64_t left = a->p->left_window_size, right = a->p->right_window_size;
    value *past = draft_in(a->d, ATT_PAST_K);
    value *allowed = NULL;
    *empty_rows = a->nonpad || left >= 0;
    if (!causal && left < 0 && right < 0 && !a->nonpad) return NULL;
    value *keys = positions(b, expand_size_of(b, a->k, 2), false);
    if (a->nonpad) allowed = expand_binary(b, "Less", keys, a->nonpad);
    if (!causal && left < 0 && right < 0) return allowed;
    value *queries = expand_size_of(b, a->q, 2);
    value *at = positions(b, queries, true);
    if (past)
        at = expand_binary(b, "Add", at, expand_size_of(b, past, 2));
    else if (a->nonpad)
        at = expand_binary(b, "Add", at, expand_binary(b, "Sub", a->nonpad, queries));
    if (causal) allowed = both_of(b, allowed, expand_binary(b, "LessOrEqual", keys, at));
    if (right >= 0) {
        value *last = expand_binary(b, "Add", at, emit_i64(b, right));
        allowed = both_of(b, allowed, expand_binary(b, "LessOrEqual", keys, last));
    }
    if (left >= 0) {
        value *first = expand_binary(b, "Sub", at, emit_i64(b, left));
        allowed = both_of(b, allowed, expand_binary(b, "GreaterOrEqual", keys, first));
    }
    return allowed;
}

/* The mask as numbers to add, as long as there are keys: keys that it does not reach are hidden. */
static value *mask_bias(attention *a) {
    builder *b = a->b;
    value *mask = draft_in(a->d, ATT_MASK);
    const int32_t rank = mask ? emit_rank(b, mask) : -1;
    if (rank < 1) return mask && rank == 0 ? expand_cast(b, mask, a->type) : NULL;
    value *bias = mask->type.dtype == HONE_BOOL ? additive(a, mask) : expand_cast(b, mask, a->type);
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

/* Softmax in the precision asked for. Rows whose bias hides every key give zeros. */
static value *probabilities(attention *a, value *scores, value *bias, bool empty_rows) {
    builder *b = a->b;
    const hone_dtype asked = a->p->softmax_precision, t = asked ? asked : a->type;
    value *p = expand_cast(b, expand_unary(b, "Softmax", expand_cast(b, scores, t)), a->type);
    if (!bias || !empty_rows) return p;
    const int64_t last = -1;
    value *most = emit(b, "ReduceMax", IN(bias, emit_i64s(b, &last, 1)), NO_ATTRS);
    value *none = emit(b, "IsInf", IN(most), ATTRS(A_INT("detect_positive", 0)));
    return emit(b, "Where", IN(none, emit_scalar(b, a->type, 0), p), NO_ATTRS);
}

/* From queries and keys to probabilities; sets the output that shows a stage of it. */
static value *attend(attention *a) {
    builder *b = a->b;
    draft *d = a->d;
    const float cap = a->p->softcap;
    bool empty_rows;
    value *q = expand_binary(b, "Mul", a->q, scale_of(a)), *stage[4];
    value *scores = emit(b, "hone::MatMul", IN(grouped(a, q), a->k), ATTRS(A_INT("trans_b", 1)));
    stage[SCORES_RAW] = scores = ungrouped(a, scores);
    if (cap > 0) {
        value *limit = emit_scalar(b, a->type, (double)cap);
        value *small = expand_unary(b, "Tanh", expand_binary(b, "Div", scores, limit));
        scores = expand_binary(b, "Mul", small, limit);
    }
    stage[SCORES_CAPPED] = scores;
    value *allowed = allowed_keys(a, &empty_rows);
    value *mask = mask_bias(a);
    value *bias = sum_of(b, allowed ? additive(a, allowed) : NULL, mask);
    stage[SCORES_BIASED] = scores = sum_of(b, scores, bias);
    value *p = probabilities(a, scores, bias, empty_rows || mask);
    stage[SCORES_SOFTMAX] = p;
    if (expand_wants(d, OUT_SCORES)) d->out[OUT_SCORES] = stage[a->p->qk_matmul_output_mode];
    return p;
}

static hone_status attention_expand(builder *b, draft *d) {
    static const char *const names[] = {"Q", "K", "V"};
    for (int32_t i = ATT_Q; i <= ATT_V; i++)
        if (!expand_needs(b, d, i, names[i])) return b->status;
    attention a = {.b = b, .d = d, .p = d->params, .type = d->in[ATT_Q]->type.dtype};
    const hone_dtype precision = a.p->softmax_precision;
    if (precision && !dtype_in(precision, DT_FLOATS))
        return builder_fail(b, HONE_E_FORMAT, "softmax_precision is %s: expected a float type",
                            hone_dtype_name(precision));
    TRY(read_heads(&a));
    const bool flat = d->in[ATT_Q]->type.shape.rank == 3;
    a.q = split_heads(&a, d->in[ATT_Q], a.q_heads);
    a.k = with_past(&a, ATT_K, ATT_PAST_K);
    a.v = with_past(&a, ATT_V, ATT_PAST_V);
    if (draft_in(d, ATT_NONPAD))
        a.nonpad = expand_reshape(b, d->in[ATT_NONPAD], (const int64_t[]){-1, 1, 1, 1}, 4);
    value *p = attend(&a);
    value *y = expand_binary(b, "hone::MatMul", grouped(&a, p), expand_cast(b, a.v, a.type));
    y = ungrouped(&a, y);
    if (flat) {
        const int64_t perm[] = {0, 2, 1, 3}, dims[] = {0, 0, -1};
        y = emit(b, "Transpose", IN(y), ATTRS(A_INTS("perm", perm, 4)));
        y = expand_reshape(b, y, dims, 3);
    }
    if (expand_wants(d, OUT_K)) d->out[OUT_K] = a.k;
    if (expand_wants(d, OUT_V)) d->out[OUT_V] = a.v;
    return draft_done(b, d, y);
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

static const op_version versions[] = {{23, NULL}};
const op op_attention = {.name = "Attention",
                         .domain = "",
                         OP_VERSIONS(versions),
                         OP_ATTRS(attention_attrs, attention_params),
                         .expand = attention_expand,
                         .tolerance = {TOL_REL, 1e-5},
                         .cases = attention_cases};
