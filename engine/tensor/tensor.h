/* SPDX-License-Identifier: Apache-2.0
 *
 * Tensors: a type, a shape and memory that somebody else owns; and values that are made of them.
 */
#ifndef HONE_TENSOR_H
#define HONE_TENSOR_H

#include "dtype.h"
#include "shape.h"

/* How the elements of a constant lie in memory. Everything but constants is dense. A packed
 * constant keeps its logical shape. */
typedef enum layout_kind {
    LAYOUT_DENSE = 0, /* row-major */
    /* logical [.., K, N]: per matrix, 16-column panels, K-major, zero-padded */
    LAYOUT_PANELS_KN = 1,
    /* logical [N, K..]: the same panels of the transpose, per group of rows */
    LAYOUT_PANELS_NK = 2,
    /* logical [N, 3, 3, K], [N, 1, 3, K], [N, 3, 1, K] or [N, 3, K]: transformed for tiles of 2 and
     * of 4 outputs along each axis of 3 (winograd_f32.h) */
    LAYOUT_WINOGRAD_2 = 3,
    LAYOUT_WINOGRAD_4 = 4,
    LAYOUT_KINDS
} layout_kind;

typedef struct layout {
    uint8_t kind;
    int32_t groups; /* LAYOUT_PANELS_NK: rows are split into this many groups, each padded */
} layout;

static inline bool layout_equal(layout a, layout b) {
    return a.kind == b.kind && a.groups == b.groups;
}

/* Side of a tile of LAYOUT_WINOGRAD_*, or 0. */
static inline int layout_tile(layout l) {
    return l.kind == LAYOUT_WINOGRAD_2 ? 2 : l.kind == LAYOUT_WINOGRAD_4 ? 4 : 0;
}

/* A value. Other kinds than tensors hold shape.dim[0] values in an array of tensors at data; dtype
 * and layout say nothing then. */
typedef struct tensor {
    hone_dtype dtype;
    hone_kind kind;
    layout layout;
    shape shape;
    void *data;
    size_t bytes;
} tensor;

/* Is this the slot of an omitted optional input? */
static inline bool tensor_absent(const tensor *t) {
    return t->kind == HONE_TENSOR && t->dtype == HONE_UNDEFINED;
}

/* Bytes that a tensor of this type, layout and shape takes; false when the shape is unknown, the
 * layout does not fit the shape, or the size overflows. */
bool tensor_size(const tensor *t, size_t *out);

/* Elements of a tensor whose shape is known. */
int64_t tensor_count(const tensor *t);

/* Element i of a tensor of strings. */
static inline const char *tensor_string(const tensor *t, int64_t i) {
    const char *s = ((const char *const *)t->data)[i];
    return s ? s : "";
}
/* Makes strings that were never written empty ones, for those who read them without
 * tensor_string(). Tensors of other types stay as they are. */
void tensor_settle_strings(const tensor *t);

/* Element i of a dense tensor as a number; i is in range. Of complex numbers the real part; text is
 * NaN, or 0. */
int64_t tensor_i64(const tensor *t, int64_t i);
double tensor_f64(const tensor *t, int64_t i);
/* Writes element i, converting; saturates integers, rounds to nearest even. */
void tensor_set_f64(const tensor *t, int64_t i, double v);
void tensor_set_i64(const tensor *t, int64_t i, int64_t v);

#endif
