/* SPDX-License-Identifier: Apache-2.0 */
#include "channels.h"

static value *move_channels(builder *b, value *v, bool last) {
    const int32_t rank = emit_rank(b, v);
    int64_t perm[HONE_MAX_RANK] = {0};
    if (rank < 0) return NULL;
    if (rank < 3) {
        builder_fail(b, HONE_E_FORMAT, "an input has rank %d: expected at least 3", rank);
        return NULL;
    }
    for (int32_t i = 1; i < rank; i++) perm[i] = last ? i + 1 : i - 1;
    perm[last ? rank - 1 : 1] = last ? 1 : rank - 1;
    return emit(b, "Transpose", IN(v), ATTRS(A_INTS("perm", perm, rank)));
}

value *emit_channels_last(builder *b, value *v) { return v ? move_channels(b, v, true) : NULL; }

value *emit_channels_first(builder *b, value *v) { return v ? move_channels(b, v, false) : NULL; }

hone_status drop_kernel_shape(builder *b, draft *d, const int_list *kernel, const value *weight) {
    const shape *w = &weight->type.shape;
    bool fits = !kernel->set || w->rank < 0 || kernel->n == w->rank - 2;
    for (int32_t i = 0; fits && kernel->set && i + 2 < w->rank; i++)
        fits = dim_compatible(kernel->v[i], w->dim[i + 2]);
    draft_drop(d, "kernel_shape");
    return fits ? b->status
                : builder_fail(b, HONE_E_FORMAT, "attribute 'kernel_shape' contradicts the weight");
}
