/* SPDX-License-Identifier: Apache-2.0 */
#include "legacy.h"

#include "composite.h"

hone_status legacy_consumed(builder *b, draft *d) {
    draft_drop(d, "consumed_inputs");
    return b->status;
}

/* v with axes of size 1 behind its own, so that they begin at `axis` of something of this rank. */
static value *aligned(builder *b, value *v, int64_t axis, int32_t rank) {
    int64_t added[HONE_MAX_RANK];
    const int32_t own = emit_rank(b, v);
    if (own < 0) return NULL;
    if (axis < 0) axis += rank;
    if (axis < 0 || axis > rank - own) {
        builder_fail(b, HONE_E_FORMAT, "axis %lld with %d axes is out of range for rank %d",
                     (long long)axis, own, rank);
        return NULL;
    }
    const int32_t n = rank - (int32_t)axis - own;
    for (int32_t i = 0; i < n; i++) added[i] = own + i;
    return n == 0 ? v : expand_binary(b, "Unsqueeze", v, emit_i64s(b, added, n));
}

hone_status legacy_broadcast(builder *b, draft *d) {
    const bool broadcast = draft_int(d, "broadcast", 0) != 0;
    const int64_t axis = draft_int(d, "axis", -1);
    const bool has_axis = broadcast && draft_has(d, "axis") && axis != -1;
    draft_drop(d, "broadcast");
    draft_drop(d, "axis");
    TRY(legacy_consumed(b, d));
    if (!has_axis || !draft_in(d, 0) || !draft_in(d, 1)) return b->status;
    const int32_t rank = emit_rank(b, d->in[0]);
    if (rank < 0) return b->status;
    /* A single element fits whatever its rank is. */
    int64_t count;
    const shape *s = &d->in[1]->type.shape;
    if (shape_count(s, &count) && count == 1 && s->rank <= rank) return b->status;
    return draft_set_in(b, d, 1, aligned(b, d->in[1], axis, rank));
}

const op_version legacy_unary_versions[2] = {{1, legacy_consumed}, {7, NULL}};
const op_version legacy_binary_versions[2] = {{1, legacy_broadcast}, {7, NULL}};
