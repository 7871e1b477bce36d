/* SPDX-License-Identifier: Apache-2.0
 *
 * What all attention operators share once their inputs are heads: softmax(Q K^T * scale + bias) V
 * with grouped heads, windows, caches of which a part is in use, a soft cap and sinks, emitted as
 * products and softmax.
 *
 *     Q [B, Hq, S, D]    K [B, Hkv, T, D]    V [B, Hkv, T, Dv]    scores [B, Hq, S, T]
 *
 * Hq / Hkv query heads share a key head: their rows are one tall matrix for the products, so that
 * keys and values are never repeated in memory.
 */
#ifndef HONE_ATTEND_H
#define HONE_ATTEND_H

#include "composite.h"

/* Stages of the scores that operators may show. */
enum { SCORES_RAW, SCORES_CAPPED, SCORES_BIASED, SCORES_SOFTMAX, SCORES_STAGES };

typedef struct attend {
    builder *b;
    hone_dtype type;      /* of queries and the result */
    hone_dtype precision; /* of the softmax; HONE_UNDEFINED: that of the data */
    int64_t q_heads, kv_heads;
    value *q, *k, *v;
    const float *scale; /* NULL: 1 / sqrt(D) */
    float softcap;      /* 0: none */
    bool causal;
    int64_t left, right; /* keys that a query sees before and after its place; -1: no bound */
    value *past;         /* place of the first query among the keys: [] or [B, 1, 1, 1]; NULL: 0 */
    value *length;       /* number of keys in use, [B, 1, 1, 1]; NULL: all */
    value *bias;         /* added to the scores; its -infinity hides keys; or NULL */
    value *sink; /* one score a query head, [Hq] or [], that takes its share and has no value */
    value *stage[SCORES_STAGES]; /* set by attend_heads */
} attend;

/* Emits the whole of it: [B, Hq, S, Dv]. Fails unless queries, keys and values have four axes. */
value *attend_heads(attend *a);

/* [B, S, heads * D] as [B, heads, S, D] and back; what has four axes stays. */
value *split_heads(builder *b, value *v, int64_t heads);
value *join_heads(builder *b, value *v);
/* [B, S, H, D] as [B, H, S, D], or the reverse. */
value *swap_heads(builder *b, value *v);

/* 0 where allowed, elsewhere `hidden`. */
value *attend_mask(builder *b, value *allowed, hone_dtype t, double hidden);
/* 0, 1, .. n - 1 as a column [n, 1] or a row [1, n]. */
value *attend_places(builder *b, value *n, bool column);
/* x + y, either of which may be NULL. */
value *attend_sum(builder *b, value *x, value *y);

#endif
