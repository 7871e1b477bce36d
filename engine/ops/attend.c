/* SPDX-License-Identifier: Apache-2.0 */
#include "attend.h"

#include <math.h>

value *attend_mask(builder *b, value *allowed, hone_dtype t, double hidden) {
    return emit(b, "Where", IN(allowed, emit_scalar(b, t, 0), emit_scalar(b, t, hidden)), NO_ATTRS);
}

value *attend_sum(builder *b, value *x, value *y) {
    return x && y ? expand_binary(b, "Add", x, y) : x ? x : y;
}

static value *both_of(builder *b, value *x, value *y) {
    return x && y ? expand_binary(b, "And", x, y) : x ? x : y;
}

value *swap_heads(builder *b, value *v) {
    const int64_t perm[] = {0, 2, 1, 3};
    return emit(b, "Transpose", IN(v), ATTRS(A_INTS("perm", perm, 4)));
}

value *split_heads(builder *b, value *v, int64_t heads) {
    const int64_t dims[] = {0, 0, heads, -1};
    if (!v || v->type.shape.rank != 3) return v;
    return swap_heads(b, expand_reshape(b, v, dims, 4));
}

value *join_heads(builder *b, value *v) {
    const int64_t dims[] = {0, 0, -1};
    return expand_reshape(b, swap_heads(b, v), dims, 3);
}

value *attend_places(builder *b, value *n, bool column) {
    value *range = emit(b, "Range", IN(emit_i64(b, 0), n, emit_i64(b, 1)), NO_ATTRS);
    return expand_unsqueeze(b, range, column ? 1 : 0);
}

/* Rows of grouped query heads under their key head, and back. */
static value *grouped(attend *a, value *v) {
    const int64_t dims[] = {0, a->kv_heads, -1, 0};
    return a->q_heads == a->kv_heads ? v : expand_reshape(a->b, v, dims, 4);
}
static value *ungrouped(attend *a, value *v) {
    const int64_t dims[] = {0, a->q_heads, -1, 0};
    return a->q_heads == a->kv_heads ? v : expand_reshape(a->b, v, dims, 4);
}

static value *scale_of(attend *a) {
    builder *b = a->b;
    const int64_t size = a->q ? a->q->type.shape.dim[3] : DIM_UNKNOWN;
    if (a->scale) return emit_scalar(b, a->type, (double)*a->scale);
    if (dim_known(size)) return emit_scalar(b, a->type, 1 / sqrt((double)(size > 0 ? size : 1)));
    value *width = expand_cast(b, expand_size_of(b, a->q, 3), HONE_F32);
    value *root = expand_unary(b, "Reciprocal", expand_unary(b, "Sqrt", width));
    return expand_cast(b, root, a->type);
}

/* Which keys each query may see by their places: the causal rule, the window, padding. NULL: all.
 */
static value *allowed_keys(attend *a) {
    builder *b = a->b;
    value *allowed = NULL;
    if (!a->causal && a->left < 0 && a->right < 0 && !a->length) return NULL;
    value *keys = attend_places(b, expand_size_of(b, a->k, 2), false);
    if (a->length) allowed = expand_binary(b, "Less", keys, a->length);
    if (!a->causal && a->left < 0 && a->right < 0) return allowed;
    value *at = attend_places(b, expand_size_of(b, a->q, 2), true);
    if (a->past) at = expand_binary(b, "Add", at, a->past);
    if (a->causal) allowed = both_of(b, allowed, expand_binary(b, "LessOrEqual", keys, at));
    if (a->right >= 0) {
        value *last = expand_binary(b, "Add", at, emit_i64(b, a->right));
        allowed = both_of(b, allowed, expand_binary(b, "LessOrEqual", keys, last));
    }
    if (a->left >= 0) {
        value *first = expand_binary(b, "Sub", at, emit_i64(b, a->left));
        allowed = both_of(b, allowed, expand_binary(b, "GreaterOrEqual", keys, first));
    }
    return allowed;
}

/* Softmax with another column of scores that is dropped afterwards. */
static value *softmax_with_sink(attend *a, value *scores, hone_dtype t) {
    builder *b = a->b;
    const bool scalar = a->sink->type.shape.rank == 0;
    value *sink = expand_cast(b, a->sink, t);
    if (!scalar) sink = expand_reshape(b, sink, (const int64_t[]){-1, 1, 1}, 3);
    value *rows = emit(b, "Shape", IN(scores), ATTRS(A_INT("start", 0), A_INT("end", 3)));
    value *one = emit_i64s(b, (const int64_t[]){1}, 1);
    value *dims = emit(b, "Concat", IN(rows, one), ATTRS(A_INT("axis", 0)));
    sink = expand_binary(b, "Expand", sink, dims);
    value *all = emit(b, "Concat", IN(sink, scores), ATTRS(A_INT("axis", -1)));
    return expand_slice(b, expand_unary(b, "Softmax", all), -1, 1, INT64_MAX, 1);
}

/* Softmax in the precision asked for. Rows whose bias hides every key give zeros. */
static value *probabilities(attend *a, value *scores, value *bias, bool empty_rows) {
    builder *b = a->b;
    const hone_dtype t = a->precision ? a->precision : a->type;
    value *wide = expand_cast(b, scores, t);
    value *p = a->sink ? softmax_with_sink(a, wide, t) : expand_unary(b, "Softmax", wide);
    p = expand_cast(b, p, a->type);
    if (!bias || !empty_rows || a->sink) return p;
    const int64_t last = -1;
    value *most = emit(b, "ReduceMax", IN(bias, emit_i64s(b, &last, 1)), NO_ATTRS);
    value *none = emit(b, "IsInf", IN(most), ATTRS(A_INT("detect_positive", 0)));
    return emit(b, "Where", IN(none, emit_scalar(b, a->type, 0), p), NO_ATTRS);
}

static value *capped(attend *a, value *scores) {
    builder *b = a->b;
    if (!(a->softcap > 0)) return scores;
    value *limit = emit_scalar(b, a->type, (double)a->softcap);
    value *small = expand_unary(b, "Tanh", expand_binary(b, "Div", scores, limit));
    return expand_binary(b, "Mul", small, limit);
}

/* Queries, keys and values have four axes each. */
static bool are_heads(attend *a) {
    value *const parts[] = {a->q, a->k, a->v};
    for (int32_t i = 0; i < 3; i++) {
        const int32_t rank = emit_rank(a->b, parts[i]);
        if (rank >= 0 && rank != 4)
            builder_fail(a->b, HONE_E_FORMAT, "heads of attention have rank %d: expected 4", rank);
    }
    return a->b->status == HONE_OK;
}

value *attend_heads(attend *a) {
    builder *b = a->b;
    if (!are_heads(a)) return NULL;
    value *q = expand_binary(b, "Mul", a->q, scale_of(a));
    value *scores = emit(b, "hone::MatMul", IN(grouped(a, q), a->k), ATTRS(A_INT("trans_b", 1)));
    a->stage[SCORES_RAW] = scores = ungrouped(a, scores);
    a->stage[SCORES_CAPPED] = scores = capped(a, scores);
    value *allowed = allowed_keys(a);
    value *bias = allowed ? attend_mask(b, allowed, a->type, -INFINITY) : NULL;
    bias = attend_sum(b, bias, a->bias);
    a->stage[SCORES_BIASED] = scores = attend_sum(b, scores, bias);
    const bool empty_rows = a->length || a->left >= 0 || a->bias;
    value *p = probabilities(a, scores, bias, empty_rows);
    a->stage[SCORES_SOFTMAX] = p;
    value *y = expand_binary(b, "hone::MatMul", grouped(a, p), expand_cast(b, a->v, a->type));
    return ungrouped(a, y);
}
