/* SPDX-License-Identifier: Apache-2.0 */
#include "ml_composite.h"

#include "composite.h"

value *emit_rows(builder *b, value *x, hone_dtype t) {
    if (!x) return NULL;
    emit_assume_rank(x, 2);
    const int32_t rank = x->type.shape.rank;
    if (rank < 1 || rank > 2) {
        builder_fail(b, HONE_E_FORMAT, "input 'X' has rank %d: expected 1 to 2", rank);
        return NULL;
    }
    return expand_cast(b, rank == 1 ? expand_unsqueeze(b, x, 0) : x, t);
}

value *emit_int_list(builder *b, const int_list *l) { return emit_i64s(b, l->v, l->n); }

value *emit_float_list(builder *b, const float_list *l, hone_dtype t) {
    const shape s = shape_vector(l->n);
    if (t == HONE_F32) return emit_constant(b, t, &s, l->v);
    value *c = emit_constant(b, t, &s, NULL);
    for (int32_t i = 0; c && i < l->n; i++) tensor_set_f64(c->constant, i, (double)l->v[i]);
    return c;
}

value *emit_float_rows(builder *b, const char *name, const float_list *l, int64_t rows) {
    if (rows > 0 && l->n % rows == 0) {
        const shape s = shape_make(2, (const int64_t[]){rows, l->n / rows});
        return emit_constant(b, HONE_F32, &s, l->v);
    }
    builder_fail(b, HONE_E_FORMAT, "'%s' has %d elements: expected a multiple of %lld", name, l->n,
                 (long long)rows);
    return NULL;
}

value *emit_string_list(builder *b, const string_list *l) {
    const shape s = shape_vector(l->n);
    return emit_constant(b, HONE_STRING, &s, l->v);
}

value *emit_tensor_list(builder *b, const tensor *t) {
    const shape s = shape_vector(tensor_count(t));
    return emit_constant(b, t->dtype, &s, t->data);
}

hone_status labels_check(builder *b, const label_lists *l) {
    if ((l->ints.n > 0) != (l->strings.n > 0)) return b->status;
    return builder_fail(b, HONE_E_FORMAT,
                        "has %d labels of integers and %d of text: expected one kind", l->ints.n,
                        l->strings.n);
}

int32_t labels_count(const label_lists *l) { return l->strings.n ? l->strings.n : l->ints.n; }

value *emit_labels(builder *b, const label_lists *l) {
    return l->strings.n ? emit_string_list(b, &l->strings) : emit_int_list(b, &l->ints);
}

value *emit_label_of(builder *b, const label_lists *l, value *index) {
    return expand_binary(b, "Gather", emit_labels(b, l), index);
}
