/* SPDX-License-Identifier: Apache-2.0
 *
 * Conversions between all types against the rules of Cast, one element at a time.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "convert.h"
#include "unit_test.h"

/* More than a block, and not a whole number of bytes of a packed type. */
enum { COUNT = CONVERT_BLOCK + 77 };

static const double numbers[] = {0,     -0.0,  1,      -1,     2.5,    -2.5, 3.99,  -3.99, 100.7,
                                 -100,  127,   128,    255,    256,    -129, 32768, 65535, 65536,
                                 1e6,   -1e6,  2.2e9,  -2.2e9, 4.3e9,  9e15, 1e18,  -1e18, 1e-3,
                                 1e-7,  65504, 65519,  65520,  448,    464,  465,   57344, 61440,
                                 0.124, 6,     5.0001, 0.25,   0.7500, 3e38, 1.001, 1.5,   7};

static bool is_real(hone_dtype t) { return dtype_in(t, DT_FLOATS | DT_FLOAT8S | DT_MINIFLOATS); }

static bool is_signed(hone_dtype t) { return dtype_in(t, DT_SIGNED | DT(HONE_I4) | DT(HONE_I2)); }

/* v's low bits, as an integer type has them. */
static int64_t wrap(hone_dtype t, int64_t v) {
    const int bits = (int)hone_dtype_bits(t);
    if (t == HONE_BOOL) return v != 0;
    if (bits == 64) return v;
    const int64_t low = v & (((int64_t)1 << bits) - 1);
    return is_signed(t) && low >> (bits - 1) ? low - ((int64_t)1 << bits) : low;
}

/* Element i of y must be element i of x converted. */
static void check_element(const tensor *x, const tensor *y, int64_t i) {
    if (is_real(y->dtype)) {
        /* Setting an element rounds to nearest, once, from double. */
        uint64_t bits[2] = {0, 0};
        const tensor one = {.dtype = y->dtype, .data = bits};
        if (y->dtype == HONE_F8E8M0 || x->dtype == HONE_U64) return; /* rules of their own */
        tensor_set_f64(&one, 0, tensor_f64(x, i));
        const double a = tensor_f64(&one, 0), b = tensor_f64(y, i);
        if (a != b && !(isnan(a) && isnan(b)))
            fail_msg("%s to %s: %g becomes %g: expected %g", hone_dtype_name(x->dtype),
                     hone_dtype_name(y->dtype), tensor_f64(x, i), b, a);
        return;
    }
    if (y->dtype == HONE_U64 || x->dtype == HONE_U64) return; /* tensor_i64 saturates these */
    const int64_t whole = is_real(x->dtype) ? f64_to_i64(tensor_f64(x, i)) : tensor_i64(x, i);
    const int64_t expected = y->dtype == HONE_BOOL ? tensor_f64(x, i) != 0 : wrap(y->dtype, whole);
    if (tensor_i64(y, i) != expected)
        fail_msg("%s to %s: %g becomes %lld: expected %lld", hone_dtype_name(x->dtype),
                 hone_dtype_name(y->dtype), tensor_f64(x, i), (long long)tensor_i64(y, i),
                 (long long)expected);
}

static void all_pairs_follow_the_rules(void **state) {
    static char from[COUNT * 8], to[COUNT * 8 + 8];
    const convert_rules rules = {.saturate = true, .e8m0_round = E8M0_NEAREST};
    (void)state;
    for (int a = 1; a < HONE_DTYPE_COUNT; a++)
        for (int b = 1; b < HONE_DTYPE_COUNT; b++) {
            const tensor x = {.dtype = (hone_dtype)a, .data = from};
            const tensor y = {.dtype = (hone_dtype)b, .data = to};
            if (!convert_has(x.dtype) || !convert_has(y.dtype) || a == b) continue;
            memset(from, 0, sizeof from);
            for (int64_t i = 0; i < COUNT; i++)
                tensor_set_f64(&x, i, numbers[i % (int64_t)(sizeof numbers / sizeof *numbers)]);
            size_t bytes;
            assert_true(dtype_bytes(y.dtype, COUNT, &bytes));
            memset(to, 0x5A, sizeof to);
            convert_range(kernels_default(), &x, &y, &rules, 0, COUNT);
            assert_int_equal(to[bytes], 0x5A);
            for (int64_t i = 0; i < COUNT; i++) check_element(&x, &y, i);
        }
}

static uint64_t to_u64(double v) {
    uint64_t out;
    const tensor x = {.dtype = HONE_F64, .data = &v}, y = {.dtype = HONE_U64, .data = &out};
    const convert_rules rules = {.saturate = true};
    convert_range(kernels_default(), &x, &y, &rules, 0, 1);
    return out;
}

static void large_unsigned_numbers_are_exact(void **state) {
    uint64_t v = 0xFFFFFFFFFFFFF800u;
    float f;
    const tensor x = {.dtype = HONE_U64, .data = &v}, y = {.dtype = HONE_F32, .data = &f};
    const convert_rules rules = {.saturate = true};
    (void)state;
    convert_range(kernels_default(), &x, &y, &rules, 0, 1);
    assert_true(f == 0x1p64f);
    assert_true(to_u64(0x1p63) == (uint64_t)1 << 63);
    assert_true(to_u64(18446744073709549568.0) == 18446744073709549568u);
    assert_true(to_u64(0x1p64) == UINT64_MAX);
    assert_true(to_u64((double)NAN) == 0);
}

/* A double next to the middle of two shorter numbers goes to the nearer one, not where its float32
 * would go. */
static void doubles_are_rounded_once(void **state) {
    double v[] = {1 + 0x1p-11 + 0x1p-40, 1 + 0x1p-11 - 0x1p-40, -1 - 0x1p-11 - 0x1p-40};
    uint16_t out[3];
    const tensor x = {.dtype = HONE_F64, .data = v}, y = {.dtype = HONE_F16, .data = out};
    const convert_rules rules = {.saturate = true};
    (void)state;
    convert_range(kernels_default(), &x, &y, &rules, 0, 3);
    assert_int_equal(out[0], 0x3C01);
    assert_int_equal(out[1], 0x3C00);
    assert_int_equal(out[2], 0xBC01);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_pairs_follow_the_rules),
        cmocka_unit_test(large_unsigned_numbers_are_exact),
        cmocka_unit_test(doubles_are_rounded_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
