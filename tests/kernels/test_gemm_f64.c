/* SPDX-License-Identifier: Apache-2.0
 *
 * Products of doubles at every level: against sums in long double, and the same bits for any number
 * of rows.
 */
#include <float.h>
#include <math.h>
#include <stdlib.h>

#include "gemm/gemm_f64.h"
#include "kernel_case.h"

typedef struct operands {
    guard a, b, c, scratch;
} operands;

static double *place_doubles(guard *g, size_t n, uint64_t seed) {
    double *p = guard_place(g, n * sizeof *p, GUARD_END);
    for (size_t i = 0; i < n; i++) p[i] = (double)(int64_t)next_random(&seed) * 0x1p-63;
    return p;
}

/* Doubles of a rows x cols matrix whose last row is cut off after cols. */
static size_t span_of(size_t rows, size_t cols, size_t ld) {
    return rows && cols ? (rows - 1) * ld + cols : 0;
}

static void check(const gemm_f64_args *x, const char *level) {
    for (size_t i = 0; i < x->m; i++)
        for (size_t j = 0; j < x->n; j++) {
            long double sum = 0, size = 0;
            for (size_t l = 0; l < x->k; l++) {
                const size_t at = x->form == GEMM_B_COLUMNS ? j * x->ldb + l : l * x->ldb + j;
                const long double v = (long double)x->a[i * x->lda + l] * (long double)x->b[at];
                sum += v;
                size += fabsl(v);
            }
            const double got = x->c[i * x->ldc + j], expected = (double)sum;
            if (fabs(got - expected) > (double)size * (double)(x->k + 2) * DBL_EPSILON)
                fail_msg("%s: %zu x %zu x %zu: (%zu, %zu) is %g instead of %g", level, x->m, x->n,
                         x->k, i, j, got, expected);
        }
}

static void run_product(const kernels *k, size_t m, size_t n, size_t depth, gemm_b_form form,
                        operands *g) {
    const bool columns = form == GEMM_B_COLUMNS;
    gemm_f64_args x = {.m = m, .n = n, .k = depth, .form = form, .lda = depth + 1, .ldc = n + 3};
    x.ldb = (columns ? depth : n) + 2;
    x.a = place_doubles(&g->a, span_of(m, depth, x.lda), 1);
    x.b = place_doubles(&g->b, columns ? span_of(n, depth, x.ldb) : span_of(depth, n, x.ldb), 2);
    const size_t count = span_of(m, n, x.ldc);
    double *before = malloc(count * sizeof *before + 1);
    x.c = place_doubles(&g->c, count, 3);
    memcpy(before, x.c, count * sizeof *before);
    void *scratch = guard_place(&g->scratch, GEMM_F64_SCRATCH, GUARD_END);
    for (size_t task = gemm_f64_tasks(m, n); task-- > 0;)
        gemm_f64_run(k, &x, task, task + 1, scratch);
    assert_true(guard_intact(&g->c, x.c, count * sizeof *x.c));
    for (size_t i = 0; i < count; i++)
        if (i % x.ldc >= n) assert_memory_equal(&x.c[i], &before[i], sizeof *before);
    check(&x, isa_name(k->level));
    free(before);
}

static void products_match_sums_of_long_doubles(void **state) {
    (void)state;
    static const size_t shapes[][3] = {{1, 1, 1},    {1, 30, 300}, {7, 8, 9},   {8, 16, 256},
                                       {13, 17, 40}, {27, 5, 600}, {130, 9, 3}, {300, 40, 257},
                                       {4, 4, 0},    {0, 4, 4},    {4, 0, 4}};
    operands g;
    guard *const all[] = {&g.a, &g.b, &g.c, &g.scratch};
    for (size_t i = 0; i < COUNT_OF(all); i++) guard_create(all[i], 1 << 20);
    for (isa_level level = ISA_SCALAR; level < ISA_COUNT; level++)
        for (size_t i = 0; level_table(level) && i < COUNT_OF(shapes); i++)
            for (int form = GEMM_B_ROWS; form <= GEMM_B_COLUMNS; form++)
                run_product(level_table(level), shapes[i][0], shapes[i][1], shapes[i][2],
                            (gemm_b_form)form, &g);
    for (size_t i = 0; i < COUNT_OF(all); i++) guard_destroy(all[i]);
}

static void rows_do_not_depend_on_their_number(void **state) {
    (void)state;
    enum { ROWS = 140, DEPTH = 300, N = 19 };
    double *a = malloc(ROWS * DEPTH * sizeof *a), *b = malloc(N * DEPTH * sizeof *b);
    double *c = malloc(ROWS * N * sizeof *c), *all = malloc(ROWS * N * sizeof *all);
    void *scratch = aligned_alloc(64, GEMM_F64_SCRATCH);
    uint64_t seed = 5;
    for (size_t i = 0; i < ROWS * DEPTH; i++) a[i] = (double)next_random(&seed) * 0x1p-64;
    for (size_t i = 0; i < N * DEPTH; i++) b[i] = (double)next_random(&seed) * 0x1p-64;
    for (isa_level level = ISA_SCALAR; level < ISA_COUNT; level++)
        for (size_t m = ROWS; level_table(level) && m > 0; m -= m > 20 ? 17 : 1) {
            const gemm_f64_args x = {.m = m,
                                     .n = N,
                                     .k = DEPTH,
                                     .a = a,
                                     .b = b,
                                     .lda = DEPTH,
                                     .ldb = N,
                                     .form = GEMM_B_ROWS,
                                     .c = m == ROWS ? all : c,
                                     .ldc = N};
            gemm_f64_run(level_table(level), &x, 0, gemm_f64_tasks(m, N), scratch);
            assert_memory_equal(all, x.c, m * N * sizeof *c);
        }
    free(a), free(b), free(c), free(all), free(scratch);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(products_match_sums_of_long_doubles),
        cmocka_unit_test(rows_do_not_depend_on_their_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
