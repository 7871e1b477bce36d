/* SPDX-License-Identifier: Apache-2.0
 *
 * Types of values that are made of others. The types of their elements live in tables, so that
 * inference makes types without allocating.
 */
#include "graph.h"

type type_tensor(hone_dtype dtype, const shape *s) {
    return (type){.kind = HONE_TENSOR, .dtype = dtype, .shape = *s};
}

#define EACH_DTYPE(ROW)                                                                            \
    ROW(0), ROW(1), ROW(2), ROW(3), ROW(4), ROW(5), ROW(6), ROW(7), ROW(8), ROW(9), ROW(10),       \
        ROW(11), ROW(12), ROW(13), ROW(14), ROW(15), ROW(16), ROW(17), ROW(18), ROW(19), ROW(20),  \
        ROW(21), ROW(22), ROW(23), ROW(24), ROW(25), ROW(26), ROW(27), ROW(28)

/* Tensors of each element type, about whose shape nothing is known. */
#define TENSOR_ROW(t)                                                                              \
    {                                                                                              \
        .kind = HONE_TENSOR, .dtype = (t), .shape = {.rank = RANK_UNKNOWN }                        \
    }
static const type tensors[HONE_DTYPE_COUNT] = {EACH_DTYPE(TENSOR_ROW)};

#define SEQUENCE_ROW(t)                                                                            \
    { .kind = HONE_SEQUENCE, .shape = {.rank = RANK_UNKNOWN}, .element = &tensors[t] }
static const type sequences[HONE_DTYPE_COUNT] = {EACH_DTYPE(SEQUENCE_ROW)};

type type_of(hone_kind kind, const type *element) {
    return (type){.kind = kind, .shape = shape_unknown(), .element = element};
}

type type_of_tensors(hone_kind kind, hone_dtype dtype) { return type_of(kind, &tensors[dtype]); }

type type_of_sequences(hone_kind kind, hone_dtype dtype) {
    return type_of(kind, &sequences[dtype]);
}

hone_dtype type_inner(const type *t) {
    while (t->kind != HONE_TENSOR && t->element) t = t->element;
    return t->kind == HONE_TENSOR ? t->dtype : HONE_UNDEFINED;
}

bool type_equal(const type *a, const type *b) {
    for (; a && b; a = a->element, b = b->element) {
        if (a->kind != b->kind) return false;
        if (a->dtype != b->dtype && a->dtype != HONE_UNDEFINED && b->dtype != HONE_UNDEFINED)
            return false;
    }
    return true;
}
