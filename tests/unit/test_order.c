/* SPDX-License-Identifier: Apache-2.0
 *
 * Keys compare as their numbers do, the few first of many are the first of all, and sorting is
 * stable.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "order.h"
#include "unit_test.h"

static const double numbers[] = {-INFINITY, -3e30,  -70000, -200,  -129,  -128,  -2,   -1,
                                 -0.5,      -1e-30, 0,      1e-30, 0.5,   1,     2,    100,
                                 127,       128,    255,    256,   65504, 70000, 3e30, INFINITY};
enum { NUMBERS = sizeof numbers / sizeof numbers[0], MANY = 3000 };

static void keys_order_as_numbers_do(void **state) {
    (void)state;
    for (int d = 1; d < HONE_DTYPE_COUNT; d++) {
        if (!dtype_in((hone_dtype)d, ORDER_TYPES)) continue;
        char data[8 * 2 * NUMBERS];
        uint64_t keys[NUMBERS], apart[NUMBERS];
        const tensor t = {.dtype = (hone_dtype)d, .data = data};
        for (int i = 0; i < NUMBERS; i++) {
            tensor_set_f64(&t, 2 * i, numbers[i]);
            tensor_set_f64(&t, 2 * i + 1, 0);
        }
        order_keys(t.dtype, data, 2, NUMBERS, apart);
        for (int i = 0; i < NUMBERS; i++) tensor_set_f64(&t, i, numbers[i]);
        order_keys(t.dtype, data, 1, NUMBERS, keys);
        assert_memory_equal(keys, apart, sizeof keys);
        for (int i = 0; i < NUMBERS; i++)
            for (int j = 0; j < NUMBERS; j++) {
                const double a = tensor_f64(&t, i), b = tensor_f64(&t, j);
                assert_int_equal(keys[i] < keys[j], a < b);
                assert_int_equal(keys[i] == keys[j], a == b);
            }
    }
}

static void zeros_are_equal_and_nan_is_last(void **state) {
    static const hone_dtype floats[] = {HONE_F16, HONE_BF16, HONE_F32, HONE_F64};
    (void)state;
    for (int i = 0; i < 4; i++) {
        char data[8 * 5];
        uint64_t keys[5];
        const tensor t = {.dtype = floats[i], .data = data};
        const double v[] = {-0.0, 0.0, INFINITY, (double)NAN, -(double)NAN};
        for (int j = 0; j < 5; j++) tensor_set_f64(&t, j, v[j]);
        order_keys(t.dtype, data, 1, 5, keys);
        assert_true(keys[0] == keys[1]);
        assert_true(keys[2] < keys[3]);
        assert_true(keys[3] == UINT64_MAX && keys[4] == UINT64_MAX);
    }
}

static int by_rank(const void *a, const void *b) {
    const ranked *x = a, *y = b;
    if (x->key != y->key) return x->key < y->key ? -1 : 1;
    return x->index < y->index ? -1 : x->index > y->index;
}

static void rankings_keep_the_first(void **state) {
    static ranked all[MANY], heap[MANY];
    uint32_t seed = 7;
    (void)state;
    for (int64_t capacity = 0; capacity <= MANY; capacity = capacity * 3 + 1) {
        ranking r = {.heap = heap, .capacity = capacity};
        for (int64_t i = 0; i < MANY; i++) {
            seed = seed * 1664525u + 1013904223u;
            all[i] = (ranked){(seed >> 8) % 500, i};
            if (!ranking_drops(&r, all[i].key)) ranking_push(&r, all[i]);
        }
        ranking_sort(&r);
        qsort(all, MANY, sizeof *all, by_rank);
        assert_true(r.count == capacity);
        assert_memory_equal(heap, all, (size_t)capacity * sizeof *all);
    }
}

static bool tens_before(const void *arg, int64_t a, int64_t b) {
    (void)arg;
    return a / 10 < b / 10;
}

static void sorting_keeps_the_order_of_equals(void **state) {
    static int64_t v[MANY], tmp[MANY];
    (void)state;
    for (int64_t n = 0; n <= MANY; n = n * 2 + 1) {
        /* Every number once, stepping through them; within a group of ten its own order. */
        for (int64_t i = 0; i < n; i++) v[i] = i * 13 % n;
        int64_t before[MANY];
        for (int64_t i = 0; i < n; i++) before[v[i]] = i;
        order_sort(v, tmp, n, tens_before, NULL);
        for (int64_t i = 1; i < n; i++) {
            assert_true(v[i - 1] / 10 <= v[i] / 10);
            if (v[i - 1] / 10 == v[i] / 10) assert_true(before[v[i - 1]] < before[v[i]]);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_order_as_numbers_do),
        cmocka_unit_test(zeros_are_equal_and_nan_is_last),
        cmocka_unit_test(rankings_keep_the_first),
        cmocka_unit_test(sorting_keeps_the_order_of_equals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
