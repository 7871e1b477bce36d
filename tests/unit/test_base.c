/* SPDX-License-Identifier: Apache-2.0
 *
 * Checked arithmetic against 128 bits, memory with a budget, error text.
 */
#include <string.h>

#include "checked.h"
#include "status.h"
#include "unit_test.h"

static const uint64_t edges[] = {0,
                                 1,
                                 2,
                                 3,
                                 63,
                                 64,
                                 65,
                                 INT32_MAX,
                                 (uint64_t)INT32_MAX + 1,
                                 UINT32_MAX,
                                 (uint64_t)UINT32_MAX + 1,
                                 (uint64_t)1 << 62,
                                 INT64_MAX - 1,
                                 INT64_MAX,
                                 (uint64_t)INT64_MAX + 1,
                                 UINT64_MAX - 1,
                                 UINT64_MAX};
enum { EDGES = sizeof edges / sizeof edges[0] };

static void sizes_agree_with_128_bits(void **state) {
    (void)state;
    for (int i = 0; i < EDGES; i++) {
        for (int j = 0; j < EDGES; j++) {
            const unsigned __int128 a = edges[i], b = edges[j];
            size_t out = 42;
            assert_int_equal(size_add(edges[i], edges[j], &out), a + b <= PTRDIFF_MAX);
            assert_true(out == (a + b <= PTRDIFF_MAX ? (size_t)(a + b) : 42));
            out = 42;
            assert_int_equal(size_mul(edges[i], edges[j], &out), a * b <= PTRDIFF_MAX);
            assert_true(out == (a * b <= PTRDIFF_MAX ? (size_t)(a * b) : 42));
        }
    }
}

static void dimensions_agree_with_128_bits(void **state) {
    (void)state;
    for (int i = 0; i < EDGES; i++) {
        for (int j = 0; j < EDGES; j++) {
            const int64_t a = (int64_t)edges[i], b = (int64_t)edges[j];
            const __int128 sum = (__int128)a + b, product = (__int128)a * b, diff = (__int128)a - b;
            int64_t out;
            assert_int_equal(i64_add(a, b, &out), sum == (int64_t)sum);
            assert_int_equal(i64_mul(a, b, &out), product == (int64_t)product);
            assert_int_equal(i64_sub(a, b, &out), diff == (int64_t)diff);
        }
    }
}

static void ranges_do_not_wrap(void **state) {
    (void)state;
    for (int i = 0; i < EDGES; i++)
        for (int j = 0; j < EDGES; j++)
            for (int k = 0; k < EDGES; k++) {
                const unsigned __int128 end = (unsigned __int128)edges[i] + edges[j];
                assert_int_equal(in_range(edges[i], edges[j], edges[k]), end <= edges[k]);
            }
}

static void alignment_rounds_up_or_refuses(void **state) {
    (void)state;
    size_t out = 0;
    assert_true(size_align(0, 64, &out) && out == 0);
    assert_true(size_align(1, 64, &out) && out == 64);
    assert_true(size_align(64, 64, &out) && out == 64);
    assert_false(size_align(PTRDIFF_MAX, 64, &out));
}

static void allocator_keeps_its_budget(void **state) {
    (void)state;
    allocator a;
    allocator_init(&a, NULL, 1000);
    void *p = mem_alloc(&a, 500, 64);
    assert_non_null(p);
    assert_int_equal((uintptr_t)p % 64, 0);
    assert_null(mem_alloc(&a, 500, 16));
    assert_true(mem_over_limit(&a, 500));
    mem_free(&a, p);
    assert_int_equal(atomic_load(&a.used), 0);
    assert_true(atomic_load(&a.peak) >= 500);
    p = mem_alloc(&a, 0, 16);
    assert_non_null(p);
    mem_free(&a, p);
    mem_free(&a, NULL);
    assert_null(mem_alloc(&a, SIZE_MAX, 64));
    assert_null(mem_zalloc(&a, SIZE_MAX / 2, 4));
}

static void arena_gives_zeroed_aligned_memory(void **state) {
    (void)state;
    allocator a;
    arena ar;
    allocator_init(&a, NULL, 0);
    arena_init(&ar, &a);
    for (size_t n = 0; n < 5000; n += 37) {
        unsigned char *p = arena_alloc(&ar, n);
        assert_non_null(p);
        assert_int_equal((uintptr_t)p % 16, 0);
        for (size_t i = 0; i < n; i++) assert_int_equal(p[i], 0);
        memset(p, 0xA5, n);
    }
    unsigned char *big = arena_alloc(&ar, 1 << 20);
    assert_non_null(big);
    assert_string_equal(arena_strndup(&ar, "hello", 4), "hell");
    arena_reset(&ar, &a);
    unsigned char *again = arena_alloc(&ar, 4096);
    for (size_t i = 0; i < 4096; i++) assert_int_equal(again[i], 0);
    assert_null(arena_array(&ar, SIZE_MAX, 2));
    arena_fini(&ar);
    assert_int_equal(atomic_load(&a.used), 0);
}

static void first_error_wins_and_places_are_added(void **state) {
    (void)state;
    hone_error err;
    allocator a;
    allocator_init(&a, NULL, 0);
    error_clear(&err);
    const ctx c = {.alloc = &a, .err = &err};
    assert_int_equal(fail_at(&c, HONE_E_FORMAT, 7, "bad %s", "thing"), HONE_E_FORMAT);
    fail(&c, HONE_E_IO, "later");
    fail_in_node(&c, HONE_E_FORMAT, "n\n1", "Conv");
    fail_in_node(&c, HONE_E_FORMAT, "outer", "If");
    fail_in_file(&c, HONE_E_FORMAT, "m.onnx");
    assert_int_equal(err.status, HONE_E_FORMAT);
    assert_int_equal(err.offset, 7);
    assert_string_equal(err.op, "Conv");
    assert_string_equal(err.text, "m.onnx: node 'n\\x0a1' (Conv): bad thing (byte 7)");
}

static void names_are_escaped_and_cut(void **state) {
    (void)state;
    char out[24];
    assert_string_equal(escape_name(out, sizeof out, "plain"), "plain");
    assert_string_equal(escape_name(out, sizeof out, "\x1b[31m"), "\\x1b[31m");
    assert_string_equal(escape_name(out, sizeof out, "\xc3\xa9\xff"), "\xc3\xa9\\xff");
    escape_name(out, sizeof out, "a very long name that does not fit in the buffer");
    assert_true(strlen(out) < sizeof out);
    assert_string_equal(out + strlen(out) - 3, "...");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes_agree_with_128_bits),
        cmocka_unit_test(dimensions_agree_with_128_bits),
        cmocka_unit_test(ranges_do_not_wrap),
        cmocka_unit_test(alignment_rounds_up_or_refuses),
        cmocka_unit_test(allocator_keeps_its_budget),
        cmocka_unit_test(arena_gives_zeroed_aligned_memory),
        cmocka_unit_test(first_error_wins_and_places_are_added),
        cmocka_unit_test(names_are_escaped_and_cut),
    };
    return cmocka_run_group_tests_name("base", tests, NULL, NULL);
}
