/* SPDX-License-Identifier: Apache-2.0 */
#include "pack.h"

#include "gemm/gemm_pack.h"

bool layout_fits(layout l, hone_dtype dtype, const shape *s) {
    const tensor t = {.dtype = dtype, .layout = l, .shape = *s};
    size_t bytes;
    return (l.kind == LAYOUT_DENSE || dtype == HONE_F32) && tensor_size(&t, &bytes);
}

bool layout_filter(layout l, const shape *s, winograd_f32_filter *f) {
    const int tile = layout_tile(l);
    if (!tile || (s->rank != 3 && s->rank != 4)) return false;
    const int64_t high = s->rank == 3 ? 1 : s->dim[1], wide = s->dim[s->rank - 2];
    if ((high != 1 && high != 3) || (wide != 1 && wide != 3) || high * wide == 1) return false;
    *f = (winograd_f32_filter){tile, {high, wide}, s->dim[s->rank - 1], s->dim[0]};
    return true;
}

/* A packed tensor as matrices of k x n each, `count` of them. */
typedef struct matrices {
    size_t count, k, n, packed;
    gemm_b_form form; /* of the dense side */
} matrices;

static matrices matrices_of(const tensor *t) {
    const shape *s = &t->shape;
    matrices m = {.form = GEMM_B_ROWS};
    if (t->layout.kind == LAYOUT_PANELS_KN) {
        m.k = (size_t)s->dim[s->rank - 2];
        m.n = (size_t)s->dim[s->rank - 1];
        m.count = (size_t)shape_span(s, 0, s->rank - 2);
    } else {
        m.form = GEMM_B_COLUMNS;
        m.k = (size_t)shape_span(s, 1, s->rank);
        m.n = (size_t)(s->dim[0] / t->layout.groups);
        m.count = (size_t)t->layout.groups;
    }
    m.packed = gemm_f32_packed_floats(m.k, m.n);
    return m;
}

void tensor_pack(const kernels *k, const tensor *from, const tensor *to) {
    winograd_f32_filter filter;
    if (layout_filter(to->layout, &to->shape, &filter)) {
        winograd_f32_pack(k, &filter, from->data, to->data);
        return;
    }
    const matrices m = matrices_of(to);
    const float *dense = from->data;
    float *packed = to->data;
    for (size_t i = 0; i < m.count; i++)
        gemm_f32_pack(k, m.form, m.k, m.n, dense + i * m.k * m.n, m.form == GEMM_B_ROWS ? m.n : m.k,
                      packed + i * m.packed, GEMM_PANEL * m.k);
}
