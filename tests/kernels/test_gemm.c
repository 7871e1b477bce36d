/* SPDX-License-Identifier: Apache-2.0
 *
 * fp32 matrix products: the micro-kernels of every level, panels, and the driver.
 */
#include <float.h>
#include <math.h>
#include <stdlib.h>

#include "gemm/gemm_f32.h"
#include "kernel_case.h"

/* Each operand lies against a guard page: an access past its end faults. */
typedef struct buffers {
    guard a, b, c, bias, residual, scratch;
} buffers;

static void buffers_create(buffers *g, size_t floats) {
    guard *const all[] = {&g->a, &g->b, &g->c, &g->bias, &g->residual, &g->scratch};
    for (size_t i = 0; i < COUNT_OF(all); i++) guard_create(all[i], floats * sizeof(float));
}

static void buffers_destroy(buffers *g) {
    guard *const all[] = {&g->a, &g->b, &g->c, &g->bias, &g->residual, &g->scratch};
    for (size_t i = 0; i < COUNT_OF(all); i++) guard_destroy(all[i]);
}

static float *place_floats(guard *g, size_t n, uint64_t seed) {
    float *p = guard_place(g, n * sizeof *p, GUARD_END);
    fill_uniform(n, seed, 1.0f, p);
    return p;
}

/* Floats of a rows x cols matrix whose last row is cut off after cols. */
static size_t span_of(size_t rows, size_t cols, size_t ld) {
    return rows && cols ? (rows - 1) * ld + cols : 0;
}

static void square_act(size_t n, const void *x, void *y, const double *param) {
    const float *from = x;
    float *to = y;
    for (size_t i = 0; i < n; i++) to[i] = from[i] * from[i] + (float)param[1];
}

static double finish(const epilogue_f32 *ep, size_t row, size_t col, double v) {
    if (!ep) return v;
    if (ep->bias) v += (double)ep->bias[col];
    if (ep->residual) v += (double)ep->residual[row * ep->ldr + col];
    v = fmin(fmax(v, (double)ep->lo), (double)ep->hi);
    return ep->act->fn ? v * v + ep->act->param[1] : v;
}

/* ---- Micro-kernels --------------------------------------------------------------------------- */

typedef struct tile_run {
    const kernels *k;
    const gemm_f32_kernel *kernel;
    size_t mr, nr, k_count, taps, ldc;
    bool accumulate, packed, ep;
    buffers *g;
} tile_run;

#define OFFSET 5
static const float *tile_rows[GEMM_MAX_MR * 3];

/* Runs one tile in guarded memory and returns its C. Row i of tap t is at a + ((t * mr + i) * k).
 */
static float *run_tile(const tile_run *r, float *reference) {
    const size_t depth = r->taps * r->k_count, panels = (r->nr + GEMM_PANEL - 1) / GEMM_PANEL;
    const size_t c_floats = span_of(r->mr, r->nr, r->ldc);
    const float *before = place_floats(&r->g->a, OFFSET + r->taps * r->mr * r->k_count, 1);
    const float *a = before + OFFSET;
    const float *b = place_floats(&r->g->b, panels * depth * GEMM_PANEL, 2);
    float *c = place_floats(&r->g->c, c_floats, 3);
    const size_t ldr = r->nr + 1;
    const epilogue_f32 ep = {
        .bias = place_floats(&r->g->bias, r->nr, 4),
        .residual = place_floats(&r->g->residual, span_of(r->mr, r->nr, ldr), 5),
        .ldr = ldr,
        .lo = -0.75f,
        .hi = 1.25f,
    };
    for (size_t t = 0; t < r->taps; t++)
        for (size_t i = 0; i < r->mr; i++)
            tile_rows[t * r->kernel->mr + i] = before + (t * r->mr + i) * r->k_count;
    for (size_t i = 0; i < c_floats; i++) reference[i] = c[i];
    float *packed = NULL;
    if (r->packed) {
        packed =
            guard_place(&r->g->scratch, (depth * r->mr + GEMM_MAX_MR) * sizeof *packed, GUARD_END);
        r->kernel->pack(tile_rows, OFFSET, r->taps, r->k_count, packed);
    }
    const gemm_tile_f32 tile = {
        .a = tile_rows,
        .offset = OFFSET,
        .packed = packed,
        .b = b,
        .ldb = depth * GEMM_PANEL,
        .c = c,
        .ldc = r->ldc,
        .mr = r->mr,
        .nr = r->nr,
        .k = packed ? depth : r->k_count,
        .taps = packed ? 1 : r->taps,
        .accumulate = r->accumulate,
        .ep = r->ep ? &ep : NULL,
    };
    r->kernel->tile(&tile);
    assert_true(guard_intact(&r->g->c, c, c_floats * sizeof *c));
    for (size_t i = 0; i < r->mr; i++)
        for (size_t j = 0; j < r->nr; j++) {
            double sum = r->accumulate ? (double)reference[i * r->ldc + j] : 0.0,
                   size = fabs(sum) + 3;
            for (size_t kk = 0; kk < depth; kk++) {
                const size_t tap = kk / r->k_count, at = kk % r->k_count;
                const double product =
                    (double)a[(tap * r->mr + i) * r->k_count + at] *
                    (double)b[(j / GEMM_PANEL * depth + kk) * GEMM_PANEL + j % GEMM_PANEL];
                sum += product;
                size += fabs(product);
            }
            const double expected = finish(tile.ep, i, j, sum), got = (double)c[i * r->ldc + j];
            if (fabs(got - expected) > size * (double)(depth + 4) * (double)FLT_EPSILON)
                fail_msg("%s %zu x %zu, k %zu, taps %zu: (%zu, %zu) is %g instead of %g",
                         r->kernel->name, r->mr, r->nr, r->k_count, r->taps, i, j, got, expected);
            reference[i * r->ldc + j] = c[i * r->ldc + j];
        }
    for (size_t i = 0; i < c_floats; i++)
        if (memcmp(&c[i], &reference[i], sizeof *c) != 0)
            fail_msg("%s %zu x %zu writes between rows", r->kernel->name, r->mr, r->nr);
    return c;
}

static void run_tile_shapes(tile_run *r, size_t mr, size_t nr) {
    static const size_t depths[][2] = {{1, 1},  {1, 0},  {0, 3}, {1, 2}, {1, 7},
                                       {1, 16}, {1, 33}, {3, 1}, {2, 5}, {3, 8}};
    float reference[GEMM_MAX_MR * 80], first[GEMM_MAX_MR * 80];
    r->mr = mr, r->nr = nr, r->ldc = nr + mr % 3;
    for (size_t d = 0; d < COUNT_OF(depths); d++) {
        r->taps = depths[d][0], r->k_count = depths[d][1];
        r->accumulate = (mr + nr + d) % 2, r->ep = (mr + nr + d) % 3 != 0, r->packed = false;
        const size_t bytes = span_of(mr, nr, r->ldc) * sizeof(float);
        memcpy(first, run_tile(r, reference), bytes);
        r->packed = true;
        if (r->kernel->pack && mr == r->kernel->mr)
            assert_memory_equal(run_tile(r, reference), first, bytes);
    }
}

static void tiles_match_double_sums(void **state) {
    (void)state;
    buffers g;
    buffers_create(&g, 8192);
    for (isa_level level = ISA_SCALAR; level < ISA_COUNT; level++) {
        const kernels *k = level_table(level);
        if (!k) continue;
        const gemm_f32_kernel *const both[] = {&k->gemm_f32, &k->gemv_f32};
        for (size_t i = 0; i < COUNT_OF(both); i++) {
            tile_run r = {.k = k, .kernel = both[i], .g = &g};
            assert_true(both[i]->mr <= GEMM_MAX_MR && both[i]->nr % GEMM_PANEL == 0);
            for (size_t mr = 1; mr <= both[i]->mr; mr++)
                for (size_t nr = 1; nr <= both[i]->nr; nr++) run_tile_shapes(&r, mr, nr);
        }
    }
    buffers_destroy(&g);
}

/* ---- Panels ---------------------------------------------------------------------------------- */

static void panels_pack_and_unpack_exactly(void **state) {
    (void)state;
    static const size_t shapes[][2] = {{1, 1},   {3, 16},  {5, 17}, {16, 15},
                                       {33, 40}, {64, 64}, {7, 1}};
    const kernels *k = kernels_default();
    buffers g;
    buffers_create(&g, 16384);
    for (size_t i = 0; i < COUNT_OF(shapes); i++)
        for (int columns = 0; columns < 2; columns++) {
            const size_t depth = shapes[i][0], n = shapes[i][1];
            const gemm_b_form form = columns ? GEMM_B_COLUMNS : GEMM_B_ROWS;
            const size_t ldb = (columns ? depth : n) + i % 3, ldp = (depth + i % 2) * GEMM_PANEL;
            const size_t floats = columns ? span_of(n, depth, ldb) : span_of(depth, n, ldb);
            const size_t panels = (n + GEMM_PANEL - 1) / GEMM_PANEL;
            const size_t packed_floats = (panels - 1) * ldp + depth * GEMM_PANEL;
            assert_int_equal(gemm_f32_packed_floats(depth, n), panels * depth * GEMM_PANEL);
            const float *b = place_floats(&g.a, floats, i);
            float *packed = place_floats(&g.b, packed_floats, 9);
            gemm_f32_pack(k, form, depth, n, b, ldb, packed, ldp);
            for (size_t kk = 0; kk < depth; kk++)
                for (size_t j = 0; j < panels * GEMM_PANEL; j++) {
                    const float got =
                        packed[j / GEMM_PANEL * ldp + kk * GEMM_PANEL + j % GEMM_PANEL];
                    const float expected = j >= n    ? 0.0f
                                           : columns ? b[j * ldb + kk]
                                                     : b[kk * ldb + j];
                    assert_memory_equal(&got, &expected, sizeof got);
                }
            float *back = guard_place(&g.c, floats * sizeof *back, GUARD_END);
            memcpy(back, b, floats * sizeof *back); /* for what lies between rows */
            for (size_t kk = 0; kk < depth; kk++)
                for (size_t j = 0; j < n; j++) back[columns ? j * ldb + kk : kk * ldb + j] = 7.0f;
            gemm_f32_unpack(k, form, depth, n, packed, ldp, back, ldb);
            assert_memory_equal(back, b, floats * sizeof *back);
        }
    assert_int_equal(gemm_f32_packed_floats(0, 5), 0);
    assert_int_equal(gemm_f32_packed_floats(SIZE_MAX / 4, 5), SIZE_MAX);
    assert_int_equal(gemm_f32_packed_floats(5, SIZE_MAX), SIZE_MAX);
    buffers_destroy(&g);
}

/* ---- Products -------------------------------------------------------------------------------- */

typedef struct product {
    size_t m, n, k;
    gemm_b_form form;
    int epilogue; /* bits: 1 bias, 2 residual, 4 clamp, 8 act; 16: no epilogue at all */
} product;

static void check_product(const product *p, const gemm_f32_args *args, const float *b) {
    for (size_t i = 0; i < p->m; i++)
        for (size_t j = 0; j < p->n; j++) {
            double sum = 0.0, size = 3.0;
            for (size_t kk = 0; kk < p->k; kk++) {
                const size_t at =
                    p->form == GEMM_B_COLUMNS ? j * args->ldb + kk : kk * args->ldb + j;
                const double v = (double)args->a[i * args->lda + kk] * (double)b[at];
                sum += v;
                size += fabs(v);
            }
            const double expected = finish(args->ep, i, j, sum);
            const double got = (double)args->c[i * args->ldc + j];
            const double scale = size * (1.0 + fabs(sum));
            if (fabs(got - expected) > scale * (double)(p->k + 8) * (double)FLT_EPSILON)
                fail_msg("%zu x %zu x %zu, form %d, epilogue %d: (%zu, %zu) is %g instead of %g",
                         p->m, p->n, p->k, (int)p->form, p->epilogue, i, j, got, expected);
        }
}

static void run_ranges(const gemm_sweep *plan, const gemm_f32_args *args, guard *scratch,
                       uint64_t seed) {
    const size_t tasks = gemm_sweep_tasks(plan);
    for (size_t first = 0; first < tasks;) {
        const size_t left = tasks - first, count = seed ? 1 + next_random(&seed) % left : left;
        void *p = guard_place(scratch, plan->scratch, GUARD_END);
        assert_int_equal((uintptr_t)p % 64, 0);
        gemm_f32_run(plan, args, first, first + count, p);
        first += count;
    }
}

static void run_product(const kernels *k, const product *p, buffers *g) {
    const bool columns = p->form == GEMM_B_COLUMNS;
    const size_t ldb = (columns ? p->k : p->n) + 1, ldr = p->n + 2;
    const size_t b_floats = columns ? span_of(p->n, p->k, ldb) : span_of(p->k, p->n, ldb);
    const float *b = place_floats(&g->b, b_floats, 2);
    epilogue_f32 ep = {.lo = -INFINITY, .hi = INFINITY, .ldr = ldr};
    if (p->epilogue & 1) ep.bias = place_floats(&g->bias, p->n, 4);
    if (p->epilogue & 2) ep.residual = place_floats(&g->residual, span_of(p->m, p->n, ldr), 5);
    if (p->epilogue & 4) ep.lo = -0.5f, ep.hi = 1.5f;
    if (p->epilogue & 8) ep.act[0] = (epilogue_act){square_act, {0.0, 0.25}};
    gemm_f32_args args = {
        .m = p->m,
        .n = p->n,
        .k = p->k,
        .lda = p->k + 3,
        .ldc = p->n + 1,
        .b = b,
        .ldb = ldb,
        .form = p->form,
        .ep = p->epilogue & 16 ? NULL : &ep,
    };
    const size_t c_floats = span_of(p->m, p->n, args.ldc);
    args.a = place_floats(&g->a, span_of(p->m, p->k, args.lda), 1);
    float *packed = NULL;
    if (p->form == GEMM_B_PACKED) {
        packed = malloc(gemm_f32_packed_floats(p->k, p->n) * sizeof *packed + 1);
        gemm_f32_pack(k, GEMM_B_ROWS, p->k, p->n, b, ldb, packed, p->k * GEMM_PANEL);
        args.b = packed;
    }
    const gemm_sweep plan = gemm_f32_plan(k, &args);
    float *whole = malloc(c_floats * sizeof *whole);
    args.c = place_floats(&g->c, c_floats, 6);
    run_ranges(&plan, &args, &g->scratch, 0);
    assert_true(guard_intact(&g->c, args.c, c_floats * sizeof *whole));
    check_product(p, &args, b);
    memcpy(whole, args.c, c_floats * sizeof *whole);
    args.c = place_floats(&g->c, c_floats, 6);
    run_ranges(&plan, &args, &g->scratch, p->m + p->n + 1);
    assert_memory_equal(whole, args.c, c_floats * sizeof *whole);
    free(whole);
    free(packed);
}

static void products_match_double_sums_for_every_split(void **state) {
    (void)state;
    static const size_t shapes[][3] = {
        {1, 1, 1},     {1, 200, 40},  {2, 77, 401},  {4, 64, 33},    {3, 1000, 17}, {5, 130, 9},
        {6, 16, 16},   {7, 17, 400},  {13, 48, 385}, {40, 40, 0},    {150, 100, 7}, {300, 33, 20},
        {61, 260, 64}, {97, 80, 800}, {25, 600, 50}, {500, 128, 16}, {12, 64, 1200}};
    buffers g;
    buffers_create(&g, 1 << 19);
    for (isa_level level = ISA_SCALAR; level < ISA_COUNT; level++) {
        const kernels *k = level_table(level);
        for (size_t i = 0; k && i < COUNT_OF(shapes); i++)
            for (int form = GEMM_B_PACKED; form <= GEMM_B_COLUMNS; form++) {
                const product p = {shapes[i][0], shapes[i][1], shapes[i][2], (gemm_b_form)form,
                                   ((int)i * 5 + form) % 17};
                run_product(k, &p, &g);
            }
    }
    buffers_destroy(&g);
}

/* A row has the same bits in a product of any number of rows: micro-kernels of all heights, the
 * wide ones for few rows, packed and unpacked A, and the same K blocks. */
static void rows_do_not_depend_on_their_number(void **state) {
    (void)state;
    const size_t n = 100, depth = 900, rows = 40;
    float *a = malloc(rows * depth * sizeof *a), *b = malloc(n * depth * sizeof *b);
    float *c = malloc(rows * n * sizeof *c), *all = malloc(rows * n * sizeof *all);
    fill_uniform(rows * depth, 1, 1.0f, a);
    fill_uniform(n * depth, 2, 1.0f, b);
    for (isa_level level = ISA_SCALAR; level < ISA_COUNT; level++) {
        const kernels *k = level_table(level);
        if (!k) continue;
        for (size_t m = rows; m > 0; m--) {
            gemm_f32_args args = {.m = m,
                                  .n = n,
                                  .k = depth,
                                  .a = a,
                                  .lda = depth,
                                  .b = b,
                                  .ldb = n,
                                  .form = GEMM_B_ROWS,
                                  .c = m == rows ? all : c,
                                  .ldc = n};
            const gemm_sweep plan = gemm_f32_plan(k, &args);
            void *scratch = aligned_alloc(64, plan.scratch);
            gemm_f32_run(&plan, &args, 0, gemm_sweep_tasks(&plan), scratch);
            free(scratch);
            assert_memory_equal(all, args.c, m * n * sizeof *c);
        }
    }
    free(a), free(b), free(c), free(all);
}

static void empty_products_have_no_tasks(void **state) {
    (void)state;
    const gemm_f32_args no_rows = {.n = 5, .k = 5}, no_columns = {.m = 5, .k = 5};
    const gemm_sweep rows = gemm_f32_plan(kernels_default(), &no_rows);
    const gemm_sweep columns = gemm_f32_plan(kernels_default(), &no_columns);
    assert_int_equal(gemm_sweep_tasks(&rows), 0);
    assert_int_equal(gemm_sweep_tasks(&columns), 0);
}

/* Tall, wide and square products all fall into enough tasks for 8 threads, small ones into one. */
static void products_split_into_tasks(void **state) {
    (void)state;
    static const size_t shapes[][4] = {
        {1, 32000, 576, 16},    {50176, 64, 64, 16}, {128, 1536, 384, 16}, {1500, 1500, 64, 16},
        {1024, 1024, 1024, 16}, {49, 512, 4608, 8},  {10, 10, 10, 1}};
    for (isa_level level = ISA_SCALAR; level < ISA_COUNT; level++) {
        const kernels *k = level_table(level);
        for (size_t i = 0; k && i < COUNT_OF(shapes); i++) {
            const gemm_f32_args args = {.m = shapes[i][0], .n = shapes[i][1], .k = shapes[i][2]};
            const gemm_sweep plan = gemm_f32_plan(k, &args);
            assert_true(gemm_sweep_tasks(&plan) >= shapes[i][3]);
            assert_true(plan.scratch < (size_t)4 << 20);
            if (shapes[i][3] == 1) assert_int_equal(gemm_sweep_tasks(&plan), 1);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tiles_match_double_sums),
        cmocka_unit_test(panels_pack_and_unpack_exactly),
        cmocka_unit_test(products_match_double_sums_for_every_split),
        cmocka_unit_test(rows_do_not_depend_on_their_number),
        cmocka_unit_test(empty_products_have_no_tasks),
        cmocka_unit_test(products_split_into_tasks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
