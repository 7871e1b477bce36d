/* SPDX-License-Identifier: Apache-2.0 */
#include "elementwise.h"

#include <stdio.h>
#include <string.h>

unary_fn *slot_unary(const kernels *k, size_t offset, ktype t) {
    unary_fn *fn;
    memcpy(&fn, (const char *)k + offset + (size_t)t * sizeof fn, sizeof fn);
    return fn;
}

binary_fn *slot_binary(const kernels *k, size_t offset, ktype t) {
    binary_fn *fn;
    memcpy(&fn, (const char *)k + offset + (size_t)t * sizeof fn, sizeof fn);
    return fn;
}

/* Stride of input axis `a` (counted in the output's axes), 0 where it is broadcast. */
static int64_t axis_stride(const shape *in, int32_t out_rank, int32_t a) {
    const int32_t ia = a - (out_rank - in->rank);
    if (ia < 0 || in->dim[ia] == 1) return 0;
    return shape_span(in, ia + 1, in->rank);
}

/* Can axis a of the nest be joined with the one before it, for every input? */
static bool joins(const elementwise *e, int32_t outer, const int64_t *stride, int64_t dim) {
    for (int32_t j = 0; j < e->n_in; j++)
        if (e->stride[j][outer] != stride[j] * dim) return false;
    return true;
}

void ew_nest(elementwise *e, const step *s, int32_t n_in) {
    const shape *out = &s->out[0].shape;
    e->n_in = n_in;
    e->k = s->k;
    e->rank = 0;
    e->out_size = dtype_size(s->out[0].dtype);
    for (int32_t j = 0; j < n_in; j++) e->in_size[j] = dtype_size(s->in[j].dtype);
    for (int32_t a = 0; a < out->rank; a++) {
        int64_t stride[EW_MAX_IN];
        if (out->dim[a] == 1) continue;
        for (int32_t j = 0; j < n_in; j++) stride[j] = axis_stride(&s->in[j].shape, out->rank, a);
        const bool join = e->rank > 0 && joins(e, e->rank - 1, stride, out->dim[a]);
        const int32_t at = join ? e->rank - 1 : e->rank++;
        e->dim[at] = join ? e->dim[at] * out->dim[a] : out->dim[a];
        for (int32_t j = 0; j < n_in; j++) e->stride[j][at] = stride[j];
    }
    if (e->rank == 0) { /* one element */
        e->inner = 1;
        e->rows = 1;
        return;
    }
    e->rank--;
    e->inner = e->dim[e->rank];
    e->rows = 1;
    for (int32_t a = 0; a < e->rank; a++) e->rows *= e->dim[a];
    for (int32_t j = 0; j < n_in; j++) e->inner_step[j] = (size_t)e->stride[j][e->rank];
}

ktype ew_compute_type(elementwise *e, const step *s, int32_t of, bool narrow_result) {
    const hone_dtype t = s->in[of].dtype;
    if (t != HONE_F16 && t != HONE_BF16) return dtype_ktype(t);
    e->widen = t == HONE_F16 ? s->k->widen_f16 : s->k->widen_bf16;
    if (narrow_result) e->narrow = t == HONE_F16 ? s->k->narrow_f16 : s->k->narrow_bf16;
    return KT_F32;
}

void ew_name(plan_ctx *p, step *s, const char *slot, ktype t) {
    static const char *const types[KT_COUNT] = {"f32", "f64", "i8",  "i16", "i32", "i64",
                                                "u8",  "u16", "u32", "u64", "bool"};
    const char *level = isa_name(s->k->level);
    plan_kernel(p, s, "%s_%s_%s", slot, types[t], level);
    if (t == KT_F32 || s->k->level == ISA_SCALAR) return;
    char best[64];
    snprintf(best, sizeof best, "%s_f32_%s", slot, level);
    plan_kernel(p, s, "%s_%s", slot, types[t]);
    plan_decline(p, s, best, "elements are %s", hone_dtype_name(s->in[0].dtype));
}

void ew_apply_unary(const elementwise *e, const ew_row *r) {
    e->fn.unary((size_t)r->n, r->in[0], r->out, e->param);
}

void ew_apply_binary(const elementwise *e, const ew_row *r) {
    const int a = e->swap ? 1 : 0, b = 1 - a;
    e->fn.binary((size_t)r->n, r->in[a], r->step[a], r->in[b], r->step[b], r->out);
}

void ew_apply_select(const elementwise *e, const ew_row *r) {
    e->fn.select((size_t)r->n, r->in[0], r->step[0], r->in[1], r->step[1], r->in[2], r->step[2],
                 r->out);
}
