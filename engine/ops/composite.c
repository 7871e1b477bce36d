/* SPDX-License-Identifier: Apache-2.0 */
#include "composite.h"

value *expand_cast(builder *b, value *v, hone_dtype to) {
    return !v || v->type.dtype == to ? v : emit(b, "Cast", IN(v), ATTRS(A_INT("to", to)));
}

value *expand_per_channel(builder *b, value *v, int32_t rank) {
    const int64_t dims[HONE_MAX_RANK] = {-1, 1, 1, 1, 1, 1, 1, 1};
    return rank <= 2 ? v : emit(b, "Reshape", IN(v, emit_i64s(b, dims, rank - 1)), NO_ATTRS);
}

value *expand_affine(builder *b, value *v, value *scale, value *bias) {
    if (scale) v = emit(b, "Mul", IN(v, scale), NO_ATTRS);
    return bias ? emit(b, "Add", IN(v, bias), NO_ATTRS) : v;
}

hone_status expand_flat_rows(builder *b, draft *d) {
    value *x = draft_in(d, 0);
    const int32_t rank = emit_rank(b, x);
    int32_t axis = 0;
    if (rank < 0) return b->status;
    if (rank > 0 && !axis_normalize(draft_int(d, "axis", 1), rank, &axis))
        return builder_fail(b, HONE_E_FORMAT, "axis is out of range for rank %d", rank);
    if (axis >= rank - 1) return draft_set_attr(b, d, A_INT("axis", -1));
    value *flat = emit(b, "Flatten", IN(x), ATTRS(A_INT("axis", axis)));
    value *y = emit(b, d->type, IN(flat), ATTRS(A_INT("axis", 1)));
    value *dims = emit(b, "Shape", IN(x), NO_ATTRS);
    return draft_done(b, d, emit(b, "Reshape", IN(y, dims), ATTRS(A_INT("allowzero", 1))));
}

bool expand_needs(builder *b, const draft *d, int32_t i, const char *name) {
    if (draft_in(d, i)) return true;
    builder_fail(b, HONE_E_FORMAT, "input '%s' is missing", name);
    return false;
}

bool expand_wants(const draft *d, int32_t i) {
    return i < d->n_out && (!d->out_names || d->out_names[i]);
}
