/* SPDX-License-Identifier: Apache-2.0
 *
 * 16-bit floats: widening every pattern, narrowing around every rounding boundary.
 */
#include <math.h>

#include "kernel_case.h"
#include "kernel_groups.h"

typedef struct half_format {
    int fraction_bits, exponent_bits;
} half_format;
static const half_format ieee_half = {10, 5}, bfloat16 = {7, 8};

static int bias_of(half_format h) { return (1 << (h.exponent_bits - 1)) - 1; }

static double decode(half_format h, uint16_t bits) {
    const int fraction = bits & ((1 << h.fraction_bits) - 1);
    const int exponent = (bits >> h.fraction_bits) & ((1 << h.exponent_bits) - 1);
    const double sign = bits >> 15 ? -1.0 : 1.0;
    if (exponent == (1 << h.exponent_bits) - 1) return fraction ? NAN : sign * INFINITY;
    const int implicit = exponent ? 1 << h.fraction_bits : 0;
    const int scale = (exponent ? exponent : 1) - bias_of(h) - h.fraction_bits;
    return sign * ldexp(fraction + implicit, scale);
}

/* x rounded to a multiple of the format's step at its magnitude. */
static double rounded(half_format h, double x) {
    if (isnan(x) || isinf(x) || x == 0) return x;
    const int lowest = 1 - bias_of(h);
    const int exponent = ilogb(x) < lowest ? lowest : ilogb(x);
    const double step = ldexp(1, exponent - h.fraction_bits);
    const double r = nearbyint(x / step) * step;
    return fabs(r) >= ldexp(1, bias_of(h) + 1) ? copysign(INFINITY, x) : r;
}

static void check_narrow(half_format h, narrow_fn *f, isa_level level, size_t n, const float *x) {
    uint16_t y[64];
    f(n, x, y);
    for (size_t i = 0; i < n; i++) {
        const double expected = rounded(h, (double)x[i]), got = decode(h, y[i]);
        const bool same =
            isnan(expected) ? isnan(got) : got == expected && (y[i] >> 15) == (signbit(x[i]) != 0);
        if (!same)
            fail_msg("narrow to %d bits of fraction at %s: %a becomes %04x", h.fraction_bits,
                     isa_name(level), (double)x[i], y[i]);
    }
}

/* Every value of the format, the points halfway to the next, and their neighbours in float. */
static void narrow_boundaries(half_format h, narrow_fn *f, isa_level level) {
    float x[64];
    size_t n = 0;
    for (uint32_t bits = 0; bits <= UINT16_MAX; bits++) {
        const double here = decode(h, (uint16_t)bits);
        const double there = (bits & 0x7fff) == 0x7fff ? NAN : decode(h, (uint16_t)(bits + 1));
        const double middle =
            isinf(there) ? ldexp(copysign(2, here) - ldexp(here, -bias_of(h) - 1), bias_of(h))
                         : (here + there) / 2;
        x[n++] = (float)here;
        x[n++] = (float)middle;
        x[n++] = nextafterf((float)middle, 0.0f);
        x[n++] = nextafterf((float)middle, (float)here > 0 ? INFINITY : -INFINITY);
        if (n == COUNT_OF(x)) check_narrow(h, f, level, n, x), n = 0;
    }
}

static void narrow_sweep(half_format h, narrow_fn *f, isa_level level) {
    float x[61]; /* leaves a tail */
    size_t n = 0;
    for (uint64_t bits = 0; bits <= UINT32_MAX; bits += 2049) {
        const uint32_t b = (uint32_t)bits;
        memcpy(&x[n++], &b, sizeof b);
        if (n == COUNT_OF(x)) check_narrow(h, f, level, n, x), n = 0;
    }
}

void narrowing_to_16_bits_rounds_to_nearest_even(void **state) {
    (void)state;
    for (isa_level level = ISA_SCALAR; level < ISA_COUNT; level++) {
        const kernels *k = level_table(level);
        if (!k) continue;
        narrow_boundaries(ieee_half, k->narrow_f16, level);
        narrow_boundaries(bfloat16, k->narrow_bf16, level);
        narrow_sweep(ieee_half, k->narrow_f16, level);
        narrow_sweep(bfloat16, k->narrow_bf16, level);
    }
}

static void widen_all(half_format h, widen_fn *f, isa_level level) {
    static uint16_t x[65536];
    static float y[65536];
    for (uint32_t i = 0; i < 65536; i++) x[i] = (uint16_t)i;
    f(65536, x, y);
    for (uint32_t i = 0; i < 65536; i++)
        if (ulp_error(KT_F32, (double)y[i], decode(h, x[i]), 1) != 0 ||
            (signbit(y[i]) != 0) != (i >> 15))
            fail_msg("widening %04x at %s gives %a", i, isa_name(level), (double)y[i]);
}

/* Tails, in buffers that end at a guard page. */
static void convert_lengths(const kernels *k, isa_level level) {
    guard narrow, wide_guard;
    guard_create(&narrow, 256);
    guard_create(&wide_guard, 256);
    for (size_t n = 0; n <= 35; n++) {
        for (int bf16 = 0; bf16 < 2; bf16++) {
            uint16_t *h = place(&narrow, n, 2, GUARD_END);
            for (size_t i = 0; i < n; i++) h[i] = (uint16_t)(0x3c00 + 37 * i);
            float *f = place(&wide_guard, n, 4, GUARD_END);
            (bf16 ? k->widen_bf16 : k->widen_f16)(n, h, f);
            assert_true(guard_intact(&wide_guard, f, n * 4));
            h = place(&narrow, n, 2, n % 8);
            (bf16 ? k->narrow_bf16 : k->narrow_f16)(n, f, h);
            assert_true(guard_intact(&narrow, h, n * 2));
            for (size_t i = 0; i < n; i++)
                if (h[i] != 0x3c00 + 37 * i)
                    fail_msg("%s: element %zu of %zu is lost on the way there and back",
                             isa_name(level), i, n);
        }
    }
    guard_destroy(&narrow);
    guard_destroy(&wide_guard);
}

void widening_16_bit_floats_is_exact(void **state) {
    (void)state;
    for (isa_level level = ISA_SCALAR; level < ISA_COUNT; level++) {
        const kernels *k = level_table(level);
        if (!k) continue;
        widen_all(ieee_half, k->widen_f16, level);
        widen_all(bfloat16, k->widen_bf16, level);
        convert_lengths(k, level);
    }
}
