/* SPDX-License-Identifier: Apache-2.0
 *
 * Floats to bytes and back, and to integers, bit for bit at every level.
 */
#include <math.h>

#include "kernel_case.h"
#include "kernel_groups.h"

typedef struct quantize_run {
    const kernels *k;
    bool is_signed, has_zero;
    size_t by;
    guard x, y, scale, zero;
} quantize_run;

static const float *place_floats(guard *g, const placement *p, size_t n) {
    float *v = place(g, n, sizeof *v, p->offset_x);
    fill_uniform(n, p->start + 1, 1.0f, v);
    return v;
}

/* The scales and zero points of a run. */
static void place_parameters(quantize_run *r, const placement *p, const float **scale,
                             const float **zero) {
    const size_t n = r->by ? p->n : 1;
    *scale = place_floats(&r->scale, p, n);
    float *z = place(&r->zero, n, sizeof *z, p->offset_y);
    for (size_t i = 0; i < n; i++)
        z[i] = r->is_signed ? (float)(i * 7 % 256) - 128 : (float)(i * 7 % 256);
    *zero = r->has_zero ? z : NULL;
}

static int byte_of(const quantize_run *r, float x, float scale, float zero) {
    const float lo = r->is_signed ? -128 : 0, v = rintf(x / scale) + zero;
    return v != v ? 0 : (int)fminf(fmaxf(v, lo), lo + 255);
}

static void check_quantize(void *user, const placement *p) {
    quantize_run *r = user;
    const float *scale, *zero;
    float *x = place(&r->x, p->n, sizeof *x, p->offset_x);
    uint8_t *y = place(&r->y, p->n, 1, p->offset_y);
    fill_values(KT_F32, p->n, p->start, x);
    place_parameters(r, p, &scale, &zero);
    (r->is_signed ? r->k->quantize_i8 : r->k->quantize_u8)(p->n, x, scale, zero, r->by, y);
    assert_true(guard_intact(&r->y, y, p->n));
    for (size_t i = 0; i < p->n; i++) {
        const int got = r->is_signed ? (int8_t)y[i] : y[i];
        const int expected = byte_of(r, x[i], scale[i * r->by], zero ? zero[i * r->by] : 0);
        if (got != expected)
            fail_msg("quantize at %s: %a / %a becomes %d instead of %d", isa_name(r->k->level),
                     (double)x[i], (double)scale[i * r->by], got, expected);
    }
}

static void check_dequantize(void *user, const placement *p) {
    quantize_run *r = user;
    const float *scale, *zero;
    uint8_t *x = place(&r->x, p->n, 1, p->offset_x);
    float *y = place(&r->y, p->n, sizeof *y, p->offset_y);
    for (size_t i = 0; i < p->n; i++) x[i] = (uint8_t)((p->start + i) * 37);
    place_parameters(r, p, &scale, &zero);
    (r->is_signed ? r->k->dequantize_i8 : r->k->dequantize_u8)(p->n, x, scale, zero, r->by, y);
    assert_true(guard_intact(&r->y, y, p->n * sizeof *y));
    for (size_t i = 0; i < p->n; i++) {
        const float v = r->is_signed ? (float)(int8_t)x[i] : (float)x[i];
        const float expected = (v - (zero ? zero[i * r->by] : 0)) * scale[i * r->by];
        assert_true(y[i] == expected);
    }
}

static int64_t cut(float x) {
    if (x != x) return 0;
    if (x >= 0x1p63f) return INT64_MAX;
    return x <= -0x1p63f ? INT64_MIN : (int64_t)x;
}

static void check_cast(void *user, const placement *p) {
    quantize_run *r = user;
    const kernels *k = r->k;
    cast_fn *const all[] = {k->cast_f32_8, k->cast_f32_i32, k->cast_f32_i64};
    static const size_t sizes[] = {1, 4, 8};
    float *x = place(&r->x, p->n, sizeof *x, p->offset_x);
    fill_values(KT_F32, p->n, p->start, x);
    for (size_t f = 0; f < COUNT_OF(all); f++) {
        char *y = place(&r->y, p->n, sizes[f], p->offset_y);
        all[f](p->n, x, y);
        assert_true(guard_intact(&r->y, y, p->n * sizes[f]));
        for (size_t i = 0; i < p->n; i++) {
            const int64_t expected = cut(x[i]); /* little-endian: low bytes first */
            if (memcmp(y + i * sizes[f], &expected, sizes[f]) != 0)
                fail_msg("cast to %zu bytes at %s: %a", sizes[f], isa_name(k->level), (double)x[i]);
        }
    }
    int32_t *apart = place(&r->scale, p->n, sizeof *apart, p->offset_y);
    k->cast_f32_i32(p->n, x, apart);
    k->cast_f32_i32(p->n, x, x);
    assert_memory_equal(x, apart, p->n * sizeof *apart);
}

void floats_are_cut_to_integers(void **state) {
    (void)state;
    quantize_run r = {0};
    guard *const all[] = {&r.x, &r.y, &r.scale};
    for (size_t i = 0; i < COUNT_OF(all); i++) guard_create(all[i], 1 << 16);
    for (isa_level level = ISA_SCALAR; level < ISA_COUNT; level++) {
        if (!level_table(level)) continue;
        r.k = level_table(level);
        for_each_placement(check_cast, &r);
    }
    for (size_t i = 0; i < COUNT_OF(all); i++) guard_destroy(all[i]);
}

void bytes_and_floats_are_exact(void **state) {
    (void)state;
    quantize_run r = {0};
    guard *const all[] = {&r.x, &r.y, &r.scale, &r.zero};
    for (size_t i = 0; i < COUNT_OF(all); i++) guard_create(all[i], 1 << 16);
    for (isa_level level = ISA_SCALAR; level < ISA_COUNT; level++)
        for (unsigned form = 0; level_table(level) && form < 8; form++) {
            r.k = level_table(level);
            r.is_signed = form & 1;
            r.has_zero = form & 2;
            r.by = form >> 2;
            for_each_placement(check_quantize, &r);
            for_each_placement(check_dequantize, &r);
        }
    for (size_t i = 0; i < COUNT_OF(all); i++) guard_destroy(all[i]);
}
