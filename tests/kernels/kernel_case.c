/* SPDX-License-Identifier: Apache-2.0 */
#include "kernel_case.h"

#include <float.h>
#include <math.h>
#include <stdio.h>

const slot slots[] = {
#define TYPED(name, type, mask, doc) {#name, #type, mask, offsetof(kernels, name)},
#define SLOT(name, type, doc)        {#name, #type, 0, offsetof(kernels, name)},
#define DATA(name, type, doc)        {#name, #type, 0, offsetof(kernels, name)},
#include "slots.def"
};
const size_t slot_count = COUNT_OF(slots);

bool slot_has_type(const slot *s, const char *type) { return strcmp(s->type, type) == 0; }

any_fn *slot_get(const kernels *k, const slot *s, ktype t) {
    any_fn *f;
    const size_t index = s->mask ? (size_t)t : 0;
    memcpy(&f, (const char *)k + s->offset + index * sizeof f, sizeof f);
    return f;
}

const char *ktype_name(ktype t) {
    static const char *const name[KT_COUNT] = {"f32", "f64", "i8",  "i16", "i32", "i64",
                                               "u8",  "u16", "u32", "u64", "bool"};
    return name[t];
}

const char *slot_label(const slot *s, ktype t) {
    static char text[64];
    snprintf(text, sizeof text, s->mask ? "%s_%s" : "%s", s->name, ktype_name(t));
    return text;
}

/* ---- Levels ---------------------------------------------------------------------------------- */

const kernels *level_table(isa_level level) {
    static kernels tables[ISA_COUNT];
    static bool filled[ISA_COUNT];
    if (!isa_supported(level)) return NULL;
    if (!filled[level]) kernels_fill(level, &tables[level]);
    filled[level] = true;
    return &tables[level];
}

bool level_overrides(isa_level level, const slot *s, ktype t) {
    for (int below = 0; below < (int)level; below++) {
        const kernels *k = level_table((isa_level)below);
        if (k && slot_get(k, s, t) == slot_get(level_table(level), s, t)) return false;
    }
    return true;
}

/* ---- Values ---------------------------------------------------------------------------------- */

bool ktype_is_float(ktype t) { return (KT_BIT(t) & KT_FLOAT) != 0; }
bool ktype_is_signed(ktype t) { return (KT_BIT(t) & KT_SIGNED) != 0; }

wide load_wide(ktype t, const void *p, size_t i) {
    switch (t) {
    case KT_I8: return ((const int8_t *)p)[i];
    case KT_I16: return ((const int16_t *)p)[i];
    case KT_I32: return ((const int32_t *)p)[i];
    case KT_I64: return ((const int64_t *)p)[i];
    case KT_U16: return ((const uint16_t *)p)[i];
    case KT_U32: return ((const uint32_t *)p)[i];
    case KT_U64: return ((const uint64_t *)p)[i];
    default: return ((const uint8_t *)p)[i];
    }
}

double load_double(ktype t, const void *p, size_t i) {
    return t == KT_F32 ? (double)((const float *)p)[i] : ((const double *)p)[i];
}

wide wrap_wide(ktype t, wide v) {
    uint64_t bits = (uint64_t)(unsigned __int128)v;
    const size_t size = ktype_size(t);
    if (size < 8) bits &= (UINT64_C(1) << (8 * size)) - 1;
    return load_wide(t, &bits, 0); /* little-endian */
}
wide multiply_wide(wide a, wide b) { return (wide)((unsigned __int128)a * (unsigned __int128)b); }
wide highest_wide(ktype t) {
    if (t == KT_BOOL) return 1;
    return ((wide)1 << (8 * ktype_size(t) - ktype_is_signed(t))) - 1;
}
wide lowest_wide(ktype t) { return ktype_is_signed(t) ? -highest_wide(t) - 1 : 0; }

uint64_t next_random(uint64_t *state) {
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    uint64_t v = *state;
    v ^= v >> 33;
    v *= UINT64_C(0xff51afd7ed558ccd);
    return v ^ (v >> 33);
}

static double random_unit(uint64_t *state) { return (double)(next_random(state) >> 11) * 0x1p-53; }

void fill_uniform(size_t n, uint64_t seed, float limit, float *out) {
    for (size_t i = 0; i < n; i++) out[i] = (float)(2 * random_unit(&seed) - 1) * limit;
}

/* Element number i of the sequence. */
static double float_value(ktype t, size_t i) {
    const bool single = t == KT_F32;
    const double tiny = single ? (double)FLT_MIN : DBL_MIN;
    const double huge = single ? (double)FLT_MAX : DBL_MAX;
    const double least = single ? (double)FLT_TRUE_MIN : DBL_TRUE_MIN;
    const double edge[] = {0.0,   1.0,       0.5,        2.0,     1.5,      2.5,       3.0,  7.0,
                           10.0,  88.0,      89.0,       104.,    1e-3,     1e-10,     0.25, 0.75,
                           1e5,   1.1e5,     1e10,       8388609, INFINITY, NAN,       tiny, huge,
                           least, 3 * least, 3.14159265, 0.92,    0.4142,   16777217.0};
    if (i < 2 * COUNT_OF(edge)) return i % 2 ? -edge[i / 2] : edge[i / 2];
    uint64_t state = i * UINT64_C(0x9e3779b97f4a7c15);
    const uint64_t kind = next_random(&state) % 8;
    const double v = 2 * random_unit(&state) - 1;
    if (kind < 4) return 6 * v;
    if (kind < 6) return 100 * v;
    return ldexp(v, (int)(next_random(&state) % 200) - 100);
}

static wide int_value(ktype t, size_t i) {
    const wide low = lowest_wide(t), high = highest_wide(t);
    const wide edge[] = {0,       1,        -1,      2,        3, -2, low, high,
                         low + 1, high - 1, low / 2, high / 2, 7, 8,  31,  64};
    if (i < COUNT_OF(edge)) return wrap_wide(t, edge[i]);
    uint64_t state = i * UINT64_C(0x9e3779b97f4a7c15);
    const uint64_t kind = next_random(&state) % 4;
    const wide v = (wide)next_random(&state);
    return wrap_wide(t, kind < 2 ? v % 16 - 4 : kind == 2 ? v % 1000 - 500 : v);
}

void fill_values(ktype t, size_t n, size_t start, void *out) {
    const size_t size = ktype_size(t);
    for (size_t i = 0; i < n; i++) {
        if (t == KT_F32) {
            ((float *)out)[i] = (float)float_value(t, start + i);
        } else if (t == KT_F64) {
            ((double *)out)[i] = float_value(t, start + i);
        } else {
            const uint64_t bits = (uint64_t)(unsigned __int128)int_value(t, start + i);
            const uint64_t value = t == KT_BOOL ? bits & 1 : bits;
            memcpy((char *)out + i * size, &value, size);
        }
    }
}

/* ---- Runs ------------------------------------------------------------------------------------ */

void for_each_placement(placement_fn *f, void *user) {
    /* 0 and V - 1, V, V + 1, 2 V + 3 for V of 1, 4, 8 and 16, and a long prime. */
    static const size_t lengths[] = {0, 1, 2, 3, 4, 5, 7, 8, 9, 11, 15, 16, 17, 19, 35, 1009};
    for (size_t l = 0; l < COUNT_OF(lengths); l++) {
        const size_t n = lengths[l];
        const size_t shifts = n < 100 ? 16 : 3;
        const size_t start = n < 100 ? n * n : 0;
        f(user, &(placement){n, start, GUARD_END, GUARD_END});
        for (size_t shift = 0; shift < shifts; shift++)
            f(user, &(placement){n, start + shift, shift, shift * 7 % 16});
    }
}

void *place(guard *g, size_t n, size_t size, size_t offset) {
    return guard_place(g, n * size, offset == GUARD_END ? offset : offset * size);
}

/* ---- Comparisons ----------------------------------------------------------------------------- */

double ulp_error(ktype t, double got, double expected, double scale) {
    if (isnan(got) || isnan(expected)) return isnan(got) && isnan(expected) ? 0 : INFINITY;
    if (got == (t == KT_F32 ? (double)(float)expected : expected)) return 0;
    const double largest = t == KT_F32 ? (double)FLT_MAX : DBL_MAX;
    if (isinf(expected)) return INFINITY;
    if (isinf(got)) got = copysign(largest, got);
    const int digits = t == KT_F32 ? FLT_MANT_DIG : DBL_MANT_DIG;
    const int lowest = t == KT_F32 ? FLT_MIN_EXP - 1 : DBL_MIN_EXP - 1;
    const int exponent = scale == 0 || ilogb(scale) < lowest ? lowest : ilogb(scale);
    return ldexp(fabs(got - expected), digits - 1 - exponent);
}
