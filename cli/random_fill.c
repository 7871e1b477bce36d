/* SPDX-License-Identifier: Apache-2.0 */
#include "random_fill.h"

#include "element.h"

/* SplitMix64: a counter and a mixing function, the same everywhere. */
static uint64_t next(uint64_t *state) {
    uint64_t z = *state += UINT64_C(0x9E3779B97F4A7C15);
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

/* FNV-1a, so that inputs of one model differ. */
static uint64_t hash_name(const char *name) {
    uint64_t hash = UINT64_C(0xCBF29CE484222325);
    for (; *name; name++) hash = (hash ^ (unsigned char)*name) * UINT64_C(0x100000001B3);
    return hash;
}

/* The sum of four uniform numbers is near enough to a normal one: mean 0, deviation 1, |x| < 3.5.
 * It takes no transcendental function, whose last bit would depend on the C library. */
static double nearly_normal(uint64_t bits) {
    const double sqrt3 = 1.7320508075688772;
    double sum = 0;
    for (int i = 0; i < 4; i++) sum += (double)(bits >> (16 * i) & 0xFFFF) + 0.5;
    return (sum / 65536 - 2) * sqrt3;
}

/* Bytes are data (pixels, samples); wider integers are mostly indices and masks, where anything
 * above 1 may be out of range. */
static double small_integer(hone_dtype dtype, uint64_t bits) {
    if (dtype == HONE_U8) return (double)(bits >> 56);
    if (dtype == HONE_I8) return (double)(bits >> 57);
    return (double)(bits >> 63);
}

void random_fill(const hone_view *view, const char *name, int64_t seed, int64_t count) {
    uint64_t state = hash_name(name) ^ (uint64_t)seed * UINT64_C(0x9E3779B97F4A7C15);
    const bool is_float = element_is_float(view->dtype);
    for (int64_t i = 0; i < count; i++) {
        const uint64_t bits = next(&state);
        element_set(view->dtype, view->data, i,
                    is_float ? nearly_normal(bits) : small_integer(view->dtype, bits));
    }
}
