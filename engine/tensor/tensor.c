/* SPDX-License-Identifier: Apache-2.0 */
#include "tensor.h"

#include <math.h>

#include "checked.h"
#include "narrow.h"
#include "pack.h"

/* Bytes of `matrices` matrices of K x N in panels of GEMM_PANEL columns. */
static bool panels_size(const tensor *t, int64_t matrices, int64_t k, int64_t n, size_t *out) {
    int64_t columns, count;
    return hone_dtype_bits(t->dtype) >= 8 && i64_add(n, GEMM_PANEL - 1, &columns) &&
           i64_mul(columns / GEMM_PANEL * GEMM_PANEL, k, &count) &&
           i64_mul(count, matrices, &count) && dtype_bytes(t->dtype, count, out);
}

bool tensor_size(const tensor *t, size_t *out) {
    const shape *s = &t->shape;
    int64_t count;
    if (!shape_count(s, &count)) return false;
    if (t->layout.kind == LAYOUT_DENSE) return dtype_bytes(t->dtype, count, out);
    if (count == 0 || s->rank < 2) return false;
    if (t->layout.kind == LAYOUT_PANELS_KN) {
        const int64_t k = s->dim[s->rank - 2], n = s->dim[s->rank - 1];
        return panels_size(t, shape_span(s, 0, s->rank - 2), k, n, out);
    }
    const int64_t groups = t->layout.groups, rows = s->dim[0];
    winograd_f32_filter filter;
    if (layout_filter(t->layout, s, &filter)) {
        return groups == 1 &&
               panels_size(t, (int64_t)winograd_f32_planes(&filter), filter.ic, rows, out);
    }
    if (t->layout.kind != LAYOUT_PANELS_NK || groups < 1 || rows % groups) return false;
    return panels_size(t, groups, shape_span(s, 1, s->rank), rows / groups, out);
}

int64_t tensor_count(const tensor *t) {
    int64_t n;
    return shape_count(&t->shape, &n) ? n : 0;
}

int64_t tensor_i64(const tensor *t, int64_t i) {
    const void *p = t->data;
    switch (t->dtype) {
    case HONE_I64: return ((const int64_t *)p)[i];
    case HONE_I32: return ((const int32_t *)p)[i];
    case HONE_I16: return ((const int16_t *)p)[i];
    case HONE_I8: return ((const int8_t *)p)[i];
    case HONE_U64: {
        const uint64_t v = ((const uint64_t *)p)[i];
        return v > INT64_MAX ? INT64_MAX : (int64_t)v;
    }
    case HONE_U32: return ((const uint32_t *)p)[i];
    case HONE_U16: return ((const uint16_t *)p)[i];
    case HONE_U8:
    case HONE_BOOL: return ((const uint8_t *)p)[i];
    case HONE_U4:
    case HONE_I4:
    case HONE_U2:
    case HONE_I2:
        return packed_get(p, i, (int)hone_dtype_bits(t->dtype),
                          dtype_in(t->dtype, DT(HONE_I4) | DT(HONE_I2)));
    default: return f64_to_i64(tensor_f64(t, i));
    }
}

double tensor_f64(const tensor *t, int64_t i) {
    const void *p = t->data;
    switch (t->dtype) {
    case HONE_F32: return (double)((const float *)p)[i];
    case HONE_F64: return ((const double *)p)[i];
    case HONE_F16: return (double)f16_to_f32(((const uint16_t *)p)[i]);
    case HONE_BF16: return (double)bf16_to_f32(((const uint16_t *)p)[i]);
    case HONE_U64: return (double)((const uint64_t *)p)[i];
    case HONE_F8E4M3FN:
    case HONE_F8E4M3FNUZ:
    case HONE_F8E5M2:
    case HONE_F8E5M2FNUZ:
    case HONE_F8E8M0: return (double)f8_to_f32(t->dtype, ((const uint8_t *)p)[i]);
    case HONE_F4E2M1:
    case HONE_F6E2M3:
    case HONE_F6E3M2:
        return (double)mini_to_f32(
            t->dtype, (uint8_t)packed_get(p, i, (int)hone_dtype_bits(t->dtype), false));
    case HONE_C64: return (double)((const float *)p)[2 * i];
    case HONE_C128: return ((const double *)p)[2 * i];
    case HONE_STRING:
    case HONE_UNDEFINED: return NAN;
    default: return (double)tensor_i64(t, i);
    }
}

void tensor_set_i64(const tensor *t, int64_t i, int64_t v) {
    switch (t->dtype) {
    case HONE_I64: ((int64_t *)t->data)[i] = v; break;
    case HONE_I32: ((int32_t *)t->data)[i] = (int32_t)clamp_i64(v, INT32_MIN, INT32_MAX); break;
    case HONE_U64: ((uint64_t *)t->data)[i] = v < 0 ? 0 : (uint64_t)v; break;
    case HONE_U32: ((uint32_t *)t->data)[i] = (uint32_t)clamp_i64(v, 0, UINT32_MAX); break;
    default: tensor_set_f64(t, i, (double)v);
    }
}

void tensor_set_f64(const tensor *t, int64_t i, double v) {
    void *p = t->data;
    const int64_t whole = f64_to_i64(nearbyint(v));
    switch (t->dtype) {
    case HONE_F32: ((float *)p)[i] = (float)v; break;
    case HONE_F64: ((double *)p)[i] = v; break;
    case HONE_F16: ((uint16_t *)p)[i] = f32_to_f16((float)v); break;
    case HONE_BF16: ((uint16_t *)p)[i] = f32_to_bf16((float)v); break;
    case HONE_I64:
    case HONE_I32: tensor_set_i64(t, i, whole); break;
    case HONE_U64:
        ((uint64_t *)p)[i] = v >= 9223372036854775807.0
                                 ? (v < 18446744073709551615.0 ? (uint64_t)v : UINT64_MAX)
                                 : (uint64_t)clamp_i64(whole, 0, INT64_MAX);
        break;
    case HONE_U32: tensor_set_i64(t, i, whole); break;
    case HONE_I16: ((int16_t *)p)[i] = (int16_t)clamp_i64(whole, INT16_MIN, INT16_MAX); break;
    case HONE_I8: ((int8_t *)p)[i] = (int8_t)clamp_i64(whole, INT8_MIN, INT8_MAX); break;
    case HONE_U16: ((uint16_t *)p)[i] = (uint16_t)clamp_i64(whole, 0, UINT16_MAX); break;
    case HONE_U8: ((uint8_t *)p)[i] = (uint8_t)clamp_i64(whole, 0, UINT8_MAX); break;
    case HONE_BOOL: ((uint8_t *)p)[i] = v != 0.0; break;
    case HONE_C64: ((float *)p)[2 * i] = (float)v; break;
    case HONE_C128: ((double *)p)[2 * i] = v; break;
    case HONE_F8E4M3FN:
    case HONE_F8E4M3FNUZ:
    case HONE_F8E5M2:
    case HONE_F8E5M2FNUZ:
    case HONE_F8E8M0: ((uint8_t *)p)[i] = f32_to_f8(t->dtype, (float)v, true); break;
    case HONE_F4E2M1:
    case HONE_F6E2M3:
    case HONE_F6E3M2:
        packed_set(p, i, (int)hone_dtype_bits(t->dtype), f32_to_mini(t->dtype, (float)v));
        break;
    case HONE_U4: packed_set(p, i, 4, (uint8_t)clamp_i64(whole, 0, 15)); break;
    case HONE_I4: packed_set(p, i, 4, (uint8_t)clamp_i64(whole, -8, 7)); break;
    case HONE_U2: packed_set(p, i, 2, (uint8_t)clamp_i64(whole, 0, 3)); break;
    case HONE_I2: packed_set(p, i, 2, (uint8_t)clamp_i64(whole, -2, 1)); break;
    default: break;
    }
}

void tensor_settle_strings(const tensor *t) {
    const char **s = t->data;
    const int64_t count = t->dtype == HONE_STRING ? tensor_count(t) : 0;
    for (int64_t i = 0; i < count; i++)
        if (!s[i]) s[i] = "";
}
