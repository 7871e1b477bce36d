/* SPDX-License-Identifier: Apache-2.0
 *
 * fp32 convolutions and pools against plain loops, at every level, between guard pages.
 */
#include <math.h>
#include <stdlib.h>

#include "conv/conv_f32.h"
#include "conv/dwconv_f32.h"
#include "conv/pool_f32.h"
#include "conv_case.h"

#define SLACK 200.0

/* ---- Convolutions ---------------------------------------------------------------------------- */

/* Fills in axis d; false if it has no output. */
static bool random_axis(problem *p, int d, int64_t most, uint64_t *s) {
    conv_window *w = &p->window;
    w->kernel[d] = pick(s, 1, 5);
    w->stride[d] = pick(s, 1, 3);
    w->dilation[d] = pick(s, 0, 2) ? 1 : pick(s, 2, 3);
    w->pad[d] = pick(s, 0, 3);
    p->pad_end[d] = pick(s, 0, 3);
    w->in[d] = pick(s, 1, most);
    const int64_t extent = (w->kernel[d] - 1) * w->dilation[d] + 1;
    if (p->transposed) {
        w->out[d] = (w->in[d] - 1) * w->stride[d] + extent - w->pad[d] - p->pad_end[d] +
                    pick(s, 0, w->stride[d] - 1);
        return w->out[d] > 0;
    }
    const int64_t room = w->in[d] + w->pad[d] + p->pad_end[d] - extent;
    w->out[d] = room / w->stride[d] + 1;
    return room >= 0;
}

/* One, two or three axes; gaps between pixels now and then. */
static bool random_problem(problem *p, uint64_t seed, bool transposed) {
    uint64_t s = seed;
    *p = (problem){.seed = seed, .transposed = transposed, .n = pick(&s, 1, 2), .groups = 1};
    const int64_t axes = pick(&s, 1, 3);
    for (int d = 0; d < 3; d++) {
        conv_window *w = &p->window;
        w->in[d] = w->out[d] = w->kernel[d] = w->stride[d] = w->dilation[d] = 1;
        if (d >= 3 - axes && !random_axis(p, d, axes == 3 ? 7 : axes == 2 ? 15 : 60, &s))
            return false;
    }
    if (pick(&s, 0, 3) == 0) p->groups = pick(&s, 2, 4);
    p->ic = pick(&s, 0, 1) ? pick(&s, 1, 5) : pick(&s, 1, 50);
    p->oc = pick(&s, 0, 1) ? pick(&s, 1, 20) : pick(&s, 1, 70);
    p->ldx = p->groups * p->ic + (pick(&s, 0, 2) ? 0 : pick(&s, 1, 5));
    p->ldy = p->groups * p->oc + (pick(&s, 0, 2) ? 0 : pick(&s, 1, 5));
    return true;
}

typedef struct conv_job {
    conv_f32_plan plan;
    conv_f32_args args;
} conv_job;

static void run_conv(void *user, float *y, size_t first, size_t last, void *scratch) {
    conv_job *job = user;
    job->args.y = y;
    conv_f32_run(&job->plan, &job->args, first, last, scratch);
}

static void test_conv_problem(const kernels *k, const problem *p, buffers *g) {
    const conv_f32_shape shape = {p->window, p->transposed, p->n,   p->ic,
                                  p->oc,     p->groups,     p->ldx, p->ldy};
    const size_t inputs = image_floats(pixels_of(p->window.in, p->n), p->groups * p->ic, p->ldx);
    const size_t weights =
        pixels_of(p->window.kernel, 1) * (size_t)p->ic * (size_t)(p->groups * p->oc);
    float *w = malloc(weights * sizeof *w), *back = malloc(weights * sizeof *w), *before;
    fill_uniform(weights, p->seed + 1, 1.0f, w);
    const float *x = place_floats(&g->x, inputs, p->seed);
    const conv_sums sums = conv_sums_create(p, x, w);

    float *packed = place_floats(&g->w, conv_f32_packed_floats(&shape), 1);
    conv_f32_pack(k, &shape, w, packed);
    conv_f32_unpack(k, &shape, packed, back);
    if (memcmp(w, back, weights * sizeof *w) != 0)
        fail_msg("%s: unpacked weights differ", problem_text(p));
    const epilogue_f32 ep = make_epilogue(g, p, (unsigned)(p->seed % 16));
    conv_job job = {conv_f32_make_plan(k, &shape), {.x = x, .w = packed, .ep = &ep}};
    const subject t = {job.plan.tasks, job.plan.scratch, run_conv, &job};
    const float *y = run_subject(p, &t, g, &before);
    check_image(p, &ep, y, before, &sums, SLACK);
    free(w), free(back), free(before), free(sums.sum);
}

static void convolutions_match_plain_loops(void **state) {
    (void)state;
    buffers g;
    buffers_create(&g);
    for (isa_level level = ISA_SCALAR; level < ISA_COUNT; level++) {
        const kernels *k = level_table(level);
        for (uint64_t seed = 0; k && seed < 600; seed++) {
            problem p;
            if (random_problem(&p, seed, seed % 3 == 0)) test_conv_problem(k, &p, &g);
        }
    }
    buffers_destroy(&g);
}

/* {in, kernel, stride, dilation, pad} of height and width, n, ic, oc, groups, transposed. */
static void usual_convolutions_match_plain_loops(void **state) {
    (void)state;
    static const int64_t cases[][9] = {
        /* in  k  s  d  p   ic   oc  g  transposed */
        {28, 3, 2, 1, 1, 3, 32, 1, 0},   {30, 7, 2, 1, 3, 3, 64, 1, 0},
        {14, 3, 1, 1, 1, 64, 64, 1, 0},  {14, 1, 1, 1, 0, 96, 24, 1, 0},
        {14, 1, 2, 1, 0, 64, 128, 1, 0}, {7, 3, 1, 1, 1, 130, 40, 1, 0},
        {12, 3, 1, 2, 2, 400, 17, 1, 0}, {16, 3, 1, 1, 1, 4, 4, 32, 0},
        {9, 5, 1, 1, 2, 33, 1, 1, 0},    {8, 2, 2, 1, 0, 24, 24, 1, 1},
        {8, 4, 2, 1, 1, 24, 16, 1, 1},   {6, 3, 2, 1, 1, 8, 8, 2, 1},
        {7, 2, 2, 1, 1, 5, 3, 1, 1},     {6, 3, 3, 1, 2, 4, 7, 2, 1},
        {5, 2, 3, 1, 0, 8, 8, 1, 1},     {5, 3, 2, 2, 1, 8, 8, 1, 1},
        {5, 3, 4, 6, 1, 8, 8, 1, 1},     {1, 1, 1, 1, 0, 960, 240, 1, 0},
        {1, 3, 1, 1, 1, 20, 70, 1, 0},   {7, 3, 1, 1, 1, 16, 16, 24, 0},
        {7, 3, 1, 1, 1, 9, 70, 2, 0}};
    buffers g;
    buffers_create(&g);
    for (isa_level level = ISA_SCALAR; level < ISA_COUNT; level++) {
        const kernels *k = level_table(level);
        for (size_t i = 0; k && i < COUNT_OF(cases); i++) {
            const int64_t *c = cases[i], extent = (c[1] - 1) * c[3] + 1;
            const int64_t out = c[8] ? (c[0] - 1) * c[2] + extent - 2 * c[4]
                                     : (c[0] + 2 * c[4] - extent) / c[2] + 1;
            const problem p = {.window = {.in = {1, c[0], c[0]},
                                          .out = {1, out, out},
                                          .kernel = {1, c[1], c[1]},
                                          .stride = {1, c[2], c[2]},
                                          .dilation = {1, c[3], c[3]},
                                          .pad = {0, c[4], c[4]}},
                               .transposed = c[8] != 0,
                               .n = 1,
                               .ic = c[5],
                               .oc = c[6],
                               .groups = c[7],
                               .ldx = c[5] * c[7],
                               .ldy = c[6] * c[7],
                               .seed = 1000 + i};
            test_conv_problem(k, &p, &g);
        }
    }
    buffers_destroy(&g);
}

/* ---- Depthwise convolutions ------------------------------------------------------------------ */

typedef struct dwconv_job {
    dwconv_f32_plan plan;
    dwconv_f32_operands args;
} dwconv_job;

static void run_dwconv(void *user, float *y, size_t first, size_t last, void *scratch) {
    dwconv_job *job = user;
    job->args.y = y;
    dwconv_f32_run(&job->plan, &job->args, first, last, scratch);
}

static void test_dwconv_problem(const kernels *k, const problem *p, buffers *g) {
    const dwconv_f32_shape shape = {p->window, p->n, p->oc, p->ldx, p->ldy};
    const size_t inputs = image_floats(pixels_of(p->window.in, p->n), p->oc, p->ldx);
    const size_t weights = pixels_of(p->window.kernel, 1) * (size_t)p->oc;
    float *w = malloc(weights * sizeof *w), *back = malloc(weights * sizeof *w), *before;
    fill_uniform(weights, p->seed + 1, 1.0f, w);
    const float *x = place_floats(&g->x, inputs, p->seed);
    problem grouped = *p;
    grouped.groups = p->oc;
    grouped.ic = grouped.oc = 1;
    const conv_sums sums = conv_sums_create(&grouped, x, w);

    float *packed = place_floats(&g->w, weights, 1);
    dwconv_f32_pack(k, p->window.kernel, p->oc, w, packed);
    dwconv_f32_unpack(k, p->window.kernel, p->oc, packed, back);
    assert_memory_equal(w, back, weights * sizeof *w);
    const epilogue_f32 ep = make_epilogue(g, p, (unsigned)(p->seed % 16));
    dwconv_job job = {dwconv_f32_make_plan(k, &shape), {.x = x, .w = packed, .ep = &ep}};
    const subject t = {job.plan.tasks, job.plan.scratch, run_dwconv, &job};
    const float *y = run_subject(p, &t, g, &before);
    check_image(p, &ep, y, before, &sums, SLACK);
    free(w), free(back), free(before), free(sums.sum);
}

/* Turns a problem into one whose outputs have the channels of its inputs. */
static void make_channelwise(problem *p) {
    p->ldx += p->oc - p->groups * p->ic;
    p->ldy += p->oc - p->groups * p->oc;
    p->groups = 1;
    p->ic = p->oc;
}

static void depthwise_convolutions_match_plain_loops(void **state) {
    (void)state;
    buffers g;
    buffers_create(&g);
    for (isa_level level = ISA_SCALAR; level < ISA_COUNT; level++) {
        const kernels *k = level_table(level);
        for (uint64_t seed = 0; k && seed < 400; seed++) {
            problem p;
            if (!random_problem(&p, seed, false)) continue;
            make_channelwise(&p);
            test_dwconv_problem(k, &p, &g);
        }
    }
    buffers_destroy(&g);
}

/* The windows that bands of lines are for: square, over two axes, without holes. */
static bool random_band_problem(problem *p, uint64_t seed) {
    uint64_t s = seed + 1000;
    conv_window *w = &p->window;
    *p = (problem){.seed = seed, .n = pick(&s, 1, 3), .groups = 1};
    *w = (conv_window){.in = {1, 1, 1}, .out = {1, 1, 1}, .kernel = {1, 1, 1}};
    const int64_t size = pick(&s, 0, 1) ? 3 : 5;
    for (int d = 0; d < 3; d++) w->stride[d] = w->dilation[d] = 1;
    for (int d = 1; d < 3; d++) {
        w->kernel[d] = size;
        w->stride[d] = pick(&s, 1, 2);
        w->pad[d] = pick(&s, -1, size);
        w->in[d] = pick(&s, 1, 3) == 1 ? pick(&s, 1, 4) : pick(&s, 5, 19);
        const int64_t room = w->in[d] + w->pad[d] + pick(&s, 0, size) - size;
        if (room < 0) return false;
        w->out[d] = room / w->stride[d] + 1;
    }
    p->ic = p->oc = pick(&s, 0, 2) ? pick(&s, 1, 40) : pick(&s, 41, 100);
    p->ldx = p->ic + (pick(&s, 0, 2) ? 0 : pick(&s, 1, 5));
    p->ldy = p->oc + (pick(&s, 0, 2) ? 0 : pick(&s, 1, 5));
    return true;
}

static void usual_depthwise_convolutions_match_plain_loops(void **state) {
    (void)state;
    buffers g;
    buffers_create(&g);
    for (isa_level level = ISA_SCALAR; level < ISA_COUNT; level++) {
        const kernels *k = level_table(level);
        for (uint64_t seed = 0; k && seed < 300; seed++) {
            problem p;
            if (random_band_problem(&p, seed)) test_dwconv_problem(k, &p, &g);
        }
    }
    buffers_destroy(&g);
}

/* ---- Pools ----------------------------------------------------------------------------------- */

typedef struct pool_job {
    const problem *p;
    const float *x;
    double *value, *count;
    pool_f32_plan plan;
} pool_job;

static void add_pool_pair(void *user, size_t in, size_t out, size_t tap) {
    const pool_job *job = user;
    const size_t channels = (size_t)job->p->oc;
    (void)tap;
    for (size_t c = 0; c < channels; c++) {
        const double v = (double)job->x[in * (size_t)job->p->ldx + c];
        double *value = &job->value[out * channels + c];
        const bool max = job->plan.shape.kind == POOL_MAX;
        *value = !max ? *value + v : isnan(*value) || *value > v ? *value : v;
        job->count[out * channels + c] += 1.0;
    }
}

static void run_pool(void *user, float *y, size_t first, size_t last, void *scratch) {
    pool_job *job = user;
    pool_f32_run(&job->plan, job->x, y, first, last, scratch);
}

/* How many taps at output o are over the image or its padding? */
static double padded_count(const problem *p, size_t o) {
    double count = 1.0;
    for (int d = 2; d >= 0; d--) {
        const conv_window *w = &p->window;
        const int64_t at = (int64_t)o % w->out[d] * w->stride[d] - w->pad[d];
        int64_t inside = 0;
        for (int64_t t = 0; t < w->kernel[d]; t++)
            inside += at + t * w->dilation[d] < w->in[d] + p->pad_end[d];
        count *= (double)inside;
        o /= (size_t)w->out[d];
    }
    return count;
}

static void test_pool_problem(const kernels *k, const problem *p, pool_kind kind, buffers *g) {
    pool_f32_shape shape = {.window = p->window,
                            .kind = kind,
                            .n = p->n,
                            .channels = p->oc,
                            .ldx = p->ldx,
                            .ldy = p->ldy};
    memcpy(shape.pad_end, p->pad_end, sizeof shape.pad_end);
    const size_t pixels = pixels_of(p->window.out, p->n), channels = (size_t)p->oc;
    const size_t inputs = image_floats(pixels_of(p->window.in, p->n), p->oc, p->ldx);
    float *before;
    pool_job job = {.p = p, .x = place_floats(&g->x, inputs, p->seed)};
    job.value = calloc(2 * pixels * channels, sizeof *job.value);
    job.count = job.value + pixels * channels;
    job.plan = pool_f32_make_plan(k, &shape);
    for (size_t i = 0; i < pixels * channels; i++)
        job.value[i] = kind == POOL_MAX ? -INFINITY : 0.0;
    for_each_pair(p, add_pool_pair, &job);
    const subject t = {job.plan.tasks, job.plan.scratch, run_pool, &job};
    const float *y = run_subject(p, &t, g, &before);
    for (size_t o = 0; o < pixels; o++)
        for (size_t c = 0; c < channels; c++) {
            const double count =
                kind == POOL_AVERAGE_PADDED ? padded_count(p, o) : job.count[o * channels + c];
            double expected = job.value[o * channels + c];
            if (kind == POOL_AVERAGE || kind == POOL_AVERAGE_PADDED)
                expected = count > 0.0 ? expected / count : 0.0;
            const double got = (double)y[o * (size_t)p->ldy + c];
            if (got != expected && !(fabs(got - expected) <= 2e-5))
                fail_msg("%s, pool %d: pixel %zu channel %zu is %g instead of %g", problem_text(p),
                         (int)kind, o, c, got, expected);
        }
    free(before), free(job.value);
}

static void pools_match_plain_loops(void **state) {
    (void)state;
    buffers g;
    buffers_create(&g);
    for (isa_level level = ISA_SCALAR; level < ISA_COUNT; level++) {
        const kernels *k = level_table(level);
        for (uint64_t seed = 0; k && seed < 400; seed++) {
            problem p;
            if (!random_problem(&p, seed, false)) continue;
            make_channelwise(&p);
            if (seed % 5 == 0) p.window.out[2]++; /* a window that starts in the end padding */
            test_pool_problem(k, &p, (pool_kind)(seed % 4), &g);
        }
    }
    buffers_destroy(&g);
}

static void a_pool_over_everything_splits_by_channels(void **state) {
    (void)state;
    const problem p = {.window = {.in = {1, 45, 41},
                                  .out = {1, 1, 1},
                                  .kernel = {1, 45, 41},
                                  .stride = {1, 1, 1},
                                  .dilation = {1, 1, 1}},
                       .n = 1,
                       .ic = 331,
                       .oc = 331,
                       .groups = 1,
                       .ldx = 331,
                       .ldy = 331,
                       .seed = 3};
    buffers g;
    buffers_create(&g);
    for (isa_level level = ISA_SCALAR; level < ISA_COUNT; level++) {
        const kernels *k = level_table(level);
        if (!k) continue;
        test_pool_problem(k, &p, POOL_AVERAGE, &g);
        test_pool_problem(k, &p, POOL_MAX, &g);
        const pool_f32_shape shape = {
            .window = p.window, .n = 1, .channels = 331, .ldx = 331, .ldy = 331};
        assert_true(pool_f32_make_plan(k, &shape).tasks > 2);
    }
    buffers_destroy(&g);
}

/* A NaN reaches the outputs whose windows hold it, and no others. */
static void max_pools_keep_nan(void **state) {
    (void)state;
    for (isa_level level = ISA_SCALAR; level < ISA_COUNT; level++) {
        const kernels *k = level_table(level);
        if (!k) continue;
        float x[9 * 19], y[8 * 19];
        fill_uniform(COUNT_OF(x), 1, 1.0f, x);
        for (size_t c = 0; c < 19; c++) x[4 * 19 + c] = c % 2 ? NAN : 0.0f;
        const pool_f32_shape shape = {.window = {.in = {1, 1, 9},
                                                 .out = {1, 1, 8},
                                                 .kernel = {1, 1, 2},
                                                 .stride = {1, 1, 1},
                                                 .dilation = {1, 1, 1}},
                                      .kind = POOL_MAX,
                                      .n = 1,
                                      .channels = 19,
                                      .ldx = 19,
                                      .ldy = 19};
        const pool_f32_plan plan = pool_f32_make_plan(k, &shape);
        void *scratch = aligned_alloc(64, plan.scratch);
        pool_f32_run(&plan, x, y, 0, plan.tasks, scratch);
        free(scratch);
        for (size_t i = 0; i < COUNT_OF(y); i++)
            assert_int_equal(isnan(y[i]) != 0, (i / 19 == 3 || i / 19 == 4) && i % 19 % 2);
    }
}

/* Shapes that no memory holds are refused by their sizes, not by overflow. */
static void huge_shapes_have_huge_sizes(void **state) {
    (void)state;
    const int64_t huge = (int64_t)1 << 40;
    const conv_f32_shape conv = {.window = {.in = {1, 1, huge},
                                            .out = {1, 1, 1},
                                            .kernel = {1, 1, huge},
                                            .stride = {1, 1, 1},
                                            .dilation = {1, 1, 1}},
                                 .n = 1,
                                 .ic = huge,
                                 .oc = 1,
                                 .groups = 1,
                                 .ldx = huge,
                                 .ldy = 1};
    assert_int_equal(conv_f32_packed_floats(&conv), SIZE_MAX);
    const pool_f32_shape pool = {.window = {.in = {1, 1, 1},
                                            .out = {1, 1, 1},
                                            .kernel = {huge, huge, 1},
                                            .stride = {1, 1, 1},
                                            .dilation = {1, 1, 1},
                                            .pad = {huge - 1, huge - 1, 0}},
                                 .n = 1,
                                 .channels = 1,
                                 .ldx = 1,
                                 .ldy = 1};
    assert_int_equal(pool_f32_make_plan(kernels_default(), &pool).scratch, SIZE_MAX);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(usual_convolutions_match_plain_loops),
        cmocka_unit_test(convolutions_match_plain_loops),
        cmocka_unit_test(depthwise_convolutions_match_plain_loops),
        cmocka_unit_test(usual_depthwise_convolutions_match_plain_loops),
        cmocka_unit_test(pools_match_plain_loops),
        cmocka_unit_test(a_pool_over_everything_splits_by_channels),
        cmocka_unit_test(max_pools_keep_nan),
        cmocka_unit_test(huge_shapes_have_huge_sizes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
