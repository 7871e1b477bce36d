/* SPDX-License-Identifier: Apache-2.0 */
#include "composite.h"

value *expand_unary(builder *b, const char *name, value *x) {
    return emit(b, name, IN(x), NO_ATTRS);
}

value *expand_binary(builder *b, const char *name, value *x, value *y) {
    return emit(b, name, IN(x, y), NO_ATTRS);
}

value *expand_cast(builder *b, value *v, hone_dtype to) {
    return !v || v->type.dtype == to ? v : emit(b, "Cast", IN(v), ATTRS(A_INT("to", to)));
}

value *expand_per_channel(builder *b, value *v, int32_t rank) {
    const int64_t dims[HONE_MAX_RANK] = {-1, 1, 1, 1, 1, 1, 1, 1};
    return rank <= 2 ? v : expand_reshape(b, v, dims, rank - 1);
}

value *expand_affine(builder *b, value *v, value *scale, value *bias) {
    if (scale) v = expand_binary(b, "Mul", v, scale);
    return bias ? expand_binary(b, "Add", v, bias) : v;
}

hone_status expand_flat_rows(builder *b, draft *d) {
    value *x = draft_in(d, 0);
    const int32_t rank = emit_rank(b, x);
    int32_t axis = 0;
    if (rank < 0) return b->status;
    if (rank > 0 && !axis_normalize(draft_int(d, "axis", 1), rank, &axis))
        return builder_fail(b, HONE_E_FORMAT, "axis is out of range for rank %d", rank);
    if (b->status != HONE_OK) return b->status;
    if (axis >= rank - 1) return draft_set_attr(b, d, A_INT("axis", -1));
    draft_drop(d, "axis");
    TRY(draft_no_attrs(b, d));
    value *flat = emit(b, "Flatten", IN(x), ATTRS(A_INT("axis", axis)));
    value *y = emit(b, d->type, IN(flat), ATTRS(A_INT("axis", 1)));
    value *dims = emit(b, "Shape", IN(x), NO_ATTRS);
    return draft_done(b, d, emit(b, "Reshape", IN(y, dims), ATTRS(A_INT("allowzero", 1))));
}

hone_dtype wider_type(hone_dtype t) {
    switch (t) {
    case HONE_U4:
    case HONE_U2: return HONE_U8;
    case HONE_I4:
    case HONE_I2: return HONE_I8;
    default: return dtype_in(t, DT_FLOAT8S | DT_MINIFLOATS) ? HONE_F32 : t;
    }
}

hone_status expand_widened(builder *b, draft *d) {
    const hone_dtype t = draft_in(d, 0) ? d->in[0]->type.dtype : HONE_UNDEFINED,
                     wide = wider_type(t);
    if (wide == t || d->n_in > HONE_MAX_RANK) return b->status;
    value *in[HONE_MAX_RANK];
    for (int32_t i = 0; i < d->n_in; i++)
        in[i] = d->in[i] && d->in[i]->type.dtype == t ? expand_cast(b, d->in[i], wide) : d->in[i];
    value *y = emit(b, d->type, in, d->n_in, d->attrs, d->n_attrs);
    return draft_done(b, d, y && y->type.dtype == wide ? expand_cast(b, y, t) : y);
}

value *expand_reshape(builder *b, value *v, const int64_t *dims, int32_t n) {
    int64_t size[HONE_MAX_RANK], rest = 1, stated = 1;
    int32_t open = -1;
    const shape *s = v ? &v->type.shape : NULL;
    for (int32_t i = 0; i < n; i++) {
        size[i] = dims[i];
        if (dims[i] > 0) stated = dim_mul(stated, dims[i]);
        if (dims[i] < 0) open = i;
    }
    for (int32_t a = 0; s && a < s->rank; a++)
        if (a >= n || dims[a] != 0) rest = dim_mul(rest, s->dim[a]);
    if (s && s->rank >= 0 && open >= 0 && rest > 0 && stated > 0 && rest % stated == 0)
        size[open] = rest / stated;
    return expand_binary(b, "Reshape", v, emit_i64s(b, size, n));
}

value *expand_unsqueeze(builder *b, value *v, int64_t axis) {
    return expand_binary(b, "Unsqueeze", v, emit_i64s(b, &axis, 1));
}

value *expand_squeeze(builder *b, value *v, int64_t axis) {
    return expand_binary(b, "Squeeze", v, emit_i64s(b, &axis, 1));
}

value *expand_slice(builder *b, value *v, int64_t axis, int64_t from, int64_t to, int64_t step) {
    return emit(b, "Slice",
                IN(v, emit_i64s(b, &from, 1), emit_i64s(b, &to, 1), emit_i64s(b, &axis, 1),
                   emit_i64s(b, &step, 1)),
                NO_ATTRS);
}

value *expand_size_of(builder *b, value *v, int32_t axis) {
    if (!v) return NULL;
    const int64_t size = v->type.shape.dim[axis];
    if (dim_known(size)) return emit_i64(b, size);
    value *dims = emit(b, "Shape", IN(v), ATTRS(A_INT("start", axis), A_INT("end", axis + 1)));
    return expand_squeeze(b, dims, 0);
}

bool expand_needs(builder *b, const draft *d, int32_t i, const char *name) {
    if (draft_in(d, i)) return true;
    builder_fail(b, HONE_E_FORMAT, "input '%s' is missing", name);
    return false;
}

bool expand_wants(const draft *d, int32_t i) {
    return i < d->n_out && (!d->out_names || d->out_names[i]);
}
