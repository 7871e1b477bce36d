/* SPDX-License-Identifier: Apache-2.0
 *
 * What the attention operators of com.microsoft share: how they state masks, rotations and caches.
 */
#ifndef HONE_MS_ATTEND_H
#define HONE_MS_ATTEND_H

#include "attend.h"

/* The mask_index or key_padding_mask of an attention whose heads are set, as numbers to add to the
 * scores: `hidden` where keys are hidden, else 0.
 *
 *     [B], [3 B + 2]    number of keys in use (and what follows from it)
 *     [2 B]             ends, then starts of the keys in use
 *     [B, T]            a flag for each key
 *     [B, S, T]         a flag for each query and key
 *     [B, 1, M, M]      the same for all places up to M
 */
value *ms_mask(const attend *a, value *mask, float hidden);

/* A cache [B, H, M, D] with fresh entries written from place at[b] on, grown to `total` entries if
 * it is shorter. *used becomes its first `total` entries. */
value *ms_cache(builder *b, value *past, value *fresh, value *at, value *total, value **used);

/* attend_heads with 16-bit floats computed in float32, as [B, S, Hq * Dv] of the type that the
 * queries had. */
value *ms_attend(attend *a);

/* A scalar or vector of one element as an int64 scalar. */
value *ms_count(builder *b, value *v);

/* The scale of an attention: 0 stands for the default. */
static inline const float *ms_scale(const float *scale) { return *scale != 0.0f ? scale : NULL; }

#endif
