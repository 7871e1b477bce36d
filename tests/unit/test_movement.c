/* SPDX-License-Identifier: Apache-2.0
 *
 * Copies between strided boxes against one element at a time, for every element size, level and
 * number of threads.
 */
#include <stdlib.h>
#include <string.h>

#include "movement.h"
#include "unit_test.h"

enum { MAX_BYTES = 1 << 20, ROUNDS = 400 };

static uint32_t seed = 1;

/* 0 .. n - 1 */
static int64_t draw(int64_t n) {
    seed = seed * 1664525u + 1013904223u;
    return (int64_t)(seed >> 8) % n;
}

/* A box of random axes: permuted, turned round, repeated and with gaps. */
typedef struct box {
    int32_t rank;
    int64_t n[MOVE_MAX_AXES], from[MOVE_MAX_AXES], to[MOVE_MAX_AXES];
    int64_t first;    /* element of the source where it begins */
    int64_t src, dst; /* elements that source and result span */
} box;

static box random_box(void) {
    static const int64_t sizes[] = {1, 1, 2, 3, 4, 5, 8, 17, 33, 70};
    box b = {.rank = (int32_t)draw(5) + 1, .src = 1, .dst = 1};
    int32_t order[MOVE_MAX_AXES];
    for (int32_t a = 0; a < b.rank; a++) {
        order[a] = a;
        do b.n[a] = sizes[draw(10)];
        while (b.dst * b.n[a] > 20000);
        b.dst *= b.n[a];
    }
    for (int32_t a = b.rank - 1; a > 0; a--) {
        const int32_t other = (int32_t)draw(a + 1), kept = order[a];
        order[a] = order[other];
        order[other] = kept;
    }
    int64_t to = 1;
    for (int32_t a = b.rank - 1; a >= 0; a--) {
        b.to[a] = to;
        to *= b.n[a];
    }
    for (int32_t i = 0; i < b.rank; i++) {
        const int32_t a = order[i];
        b.from[a] = draw(8) ? b.src : 0;
        if (b.from[a]) b.src *= b.n[a] + (draw(4) ? 0 : 1);
        if (draw(6)) continue;
        b.first += (b.n[a] - 1) * b.from[a];
        b.from[a] = -b.from[a];
    }
    return b;
}

static void copy_naive(const box *b, size_t size, const char *src, char *dst) {
    for (int64_t i = 0; i < b->dst; i++) {
        int64_t at = b->first, rest = i;
        for (int32_t a = b->rank - 1; a >= 0; a--) {
            at += rest % b->n[a] * b->from[a];
            rest /= b->n[a];
        }
        memcpy(dst + (size_t)i * size, src + (size_t)at * size, size);
    }
}

static void check_box(const box *b, size_t size, const kernels *k, team *t, const char *src) {
    const size_t bytes = (size_t)b->dst * size;
    char *expected = malloc(bytes), *got = malloc(bytes);
    assert_non_null(expected);
    assert_non_null(got);
    memset(got, 0x5A, bytes);
    copy_naive(b, size, src, expected);
    movement m;
    movement_init(&m, size);
    for (int32_t a = 0; a < b->rank; a++) movement_add(&m, b->n[a], b->from[a], b->to[a]);
    run_ctx r = {.team = t};
    movement_run(&r, k, &m, src + (size_t)b->first * size, got);
    assert_memory_equal(expected, got, bytes);
    free(expected);
    free(got);
}

static void boxes_are_copied_element_by_element(void **state) {
    static const size_t sizes[] = {1, 2, 4, 8, 16};
    allocator a;
    ctx c = {.alloc = &a};
    team *t;
    char *src = malloc(MAX_BYTES * 16);
    (void)state;
    assert_non_null(src);
    for (size_t i = 0; i < MAX_BYTES * 16; i++) src[i] = (char)draw(256);
    allocator_init(&a, NULL, 0);
    assert_int_equal(team_create(&c, &t, 3), HONE_OK);
    for (int level = 0; level < ISA_COUNT; level++) {
        kernels k;
        if (!isa_supported((isa_level)level)) continue;
        kernels_fill((isa_level)level, &k);
        for (int32_t i = 0; i < ROUNDS; i++) {
            const box b = random_box();
            if (b.src > MAX_BYTES) continue;
            check_box(&b, sizes[draw(5)], &k, i % 2 ? t : NULL, src);
        }
    }
    team_destroy(t);
    free(src);
}

static void empty_boxes_touch_nothing(void **state) {
    char x = 1, y = 2;
    movement m;
    run_ctx r = {.team = NULL};
    (void)state;
    movement_init(&m, 1);
    movement_add(&m, 3, 1, 1);
    movement_add(&m, 0, 1, 1);
    movement_run(&r, kernels_default(), &m, &x, &y);
    assert_int_equal(y, 2);
}

static void fills_repeat_the_pattern(void **state) {
    static const char pattern[3] = {1, 2, 3};
    char y[3 * 5000 + 1];
    (void)state;
    for (int64_t n = 0; n <= 5000; n = n * 2 + 1) {
        memset(y, 9, sizeof y);
        fill_units(n, 3, pattern, y);
        for (int64_t i = 0; i < 3 * n; i++) assert_int_equal(y[i], pattern[i % 3]);
        assert_int_equal(y[3 * n], 9);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(boxes_are_copied_element_by_element),
        cmocka_unit_test(empty_boxes_touch_nothing),
        cmocka_unit_test(fills_repeat_the_pattern),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
