/* SPDX-License-Identifier: Apache-2.0 */
#include "ms_attend.h"

value *ms_count(builder *b, value *v) {
    return expand_reshape(b, expand_cast(b, v, HONE_I64), NULL, 0);
}

/* Bounds, one a batch entry, in a shape that meets the scores. */
static value *bounds(builder *b, value *v) {
    return expand_reshape(b, v, (const int64_t[]){-1, 1, 1, 1}, 4);
}

/* Starts of the keys in use, where the mask may have more than ends: what is behind them, and zeros
 * where nothing is. */
static value *starts_of(const attend *a, value *mask, value *batch) {
    builder *b = a->b;
    value *far = emit_i64s(b, (const int64_t[]){INT64_MAX}, 1);
    value *zero = emit_i64s(b, (const int64_t[]){0}, 1);
    value *rest = emit(b, "Slice", IN(mask, batch, far), NO_ATTRS);
    value *none = expand_binary(b, "Expand", emit_scalar(b, HONE_I32, 0), batch);
    value *all = emit(b, "Concat", IN(rest, none), ATTRS(A_INT("axis", 0)));
    return emit(b, "Slice", IN(all, zero, batch), NO_ATTRS);
}

/* Keys that bounds allow: those below the ends, and from the starts on. */
static value *within(const attend *a, value *mask) {
    builder *b = a->b;
    const int64_t n = mask->type.shape.dim[0], size = a->q ? a->q->type.shape.dim[0] : DIM_UNKNOWN;
    const bool known = dim_known(n) && dim_known(size);
    value *keys = expand_cast(b, attend_places(b, expand_size_of(b, a->k, 2), false), HONE_I32);
    value *ends = mask, *starts = NULL;
    if (known && n != size && n != 2 * size && n != 3 * size + 2)
        builder_fail(b, HONE_E_FORMAT, "the mask has %lld elements for a batch of %lld",
                     (long long)n, (long long)size);
    if (n != size || n == DIM_UNKNOWN) {
        value *batch = expand_unsqueeze(b, expand_size_of(b, a->q, 0), 0);
        value *zero = emit_i64s(b, (const int64_t[]){0}, 1);
        ends = emit(b, "Slice", IN(mask, zero, batch), NO_ATTRS);
        if (!known || n == 2 * size) starts = starts_of(a, mask, batch);
    }
    value *allowed = expand_binary(b, "Less", keys, bounds(b, ends));
    if (!starts) return allowed;
    value *from = expand_binary(b, "GreaterOrEqual", keys, bounds(b, starts));
    return expand_binary(b, "And", allowed, from);
}

/* Rows of the queries and columns of the keys of a mask over all places. */
static value *cut_square(const attend *a, value *mask) {
    builder *b = a->b;
    value *first = a->past ? a->past : emit_i64(b, 0);
    value *last = expand_binary(b, "Add", first, expand_size_of(b, a->q, 2));
    value *rows = emit_i64s(b, (const int64_t[]){2}, 1);
    value *columns = emit_i64s(b, (const int64_t[]){3}, 1),
          *zero = emit_i64s(b, (const int64_t[]){0}, 1);
    mask =
        emit(b, "Slice",
             IN(mask, expand_unsqueeze(b, first, 0), expand_unsqueeze(b, last, 0), rows), NO_ATTRS);
    value *keys = expand_unsqueeze(b, expand_size_of(b, a->k, 2), 0);
    return emit(b, "Slice", IN(mask, zero, keys, columns), NO_ATTRS);
}

value *ms_mask(const attend *a, value *mask, float hidden) {
    builder *b = a->b;
    const int32_t rank = mask ? emit_rank(b, mask) : -1;
    value *allowed = NULL;
    if (rank < 0 || b->status != HONE_OK) return NULL;
    if (rank < 1 || rank > 4) {
        builder_fail(b, HONE_E_FORMAT, "the mask has rank %d: expected 1 to 4", rank);
        return NULL;
    }
    if (rank == 1) {
        allowed = within(a, mask);
    } else {
        if (rank == 2) mask = expand_reshape(b, mask, (const int64_t[]){0, 1, 1, -1}, 4);
        if (rank == 3) mask = expand_unsqueeze(b, mask, 1);
        if (rank == 4) mask = cut_square(a, mask);
        allowed = expand_binary(b, "Greater", mask,
                                emit_scalar(b, mask ? mask->type.dtype : HONE_I32, 0));
    }
    return attend_mask(b, allowed, a->type, (double)hidden);
}

value *ms_cache(builder *b, value *past, value *fresh, value *at, value *total, value **used) {
    value *more = expand_binary(b, "Sub", total, expand_size_of(b, past, 2));
    value *zero = emit_i64(b, 0), *axis = emit_i64s(b, (const int64_t[]){2}, 1);
    more = expand_unsqueeze(b, expand_binary(b, "Max", more, zero), 0);
    value *pads =
        emit(b, "Concat", IN(expand_unsqueeze(b, zero, 0), more), ATTRS(A_INT("axis", 0)));
    value *grown = emit(b, "Pad", IN(past, pads, NULL, axis), NO_ATTRS);
    value *all = emit(b, "TensorScatter", IN(grown, fresh, at), ATTRS(A_INT("axis", 2)));
    *used =
        emit(b, "Slice", IN(all, expand_unsqueeze(b, zero, 0), expand_unsqueeze(b, total, 0), axis),
             NO_ATTRS);
    return all;
}

value *ms_attend(attend *a) {
    builder *b = a->b;
    const hone_dtype t = a->type;
    if (dtype_in(t, DT_FLOAT16S)) {
        a->type = HONE_F32;
        a->q = expand_cast(b, a->q, HONE_F32);
        a->k = expand_cast(b, a->k, HONE_F32);
        a->v = expand_cast(b, a->v, HONE_F32);
        a->bias = expand_cast(b, a->bias, HONE_F32);
    }
    value *y = expand_cast(b, join_heads(b, attend_heads(a)), t);
    for (int32_t i = 0; i < SCORES_STAGES; i++) a->stage[i] = expand_cast(b, a->stage[i], t);
    return y;
}
