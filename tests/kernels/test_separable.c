/* SPDX-License-Identifier: Apache-2.0
 *
 * Separable convolutions by bands against the same convolutions one after the other, which must
 * agree to the bit, at every level, between guard pages.
 */
#include <stdlib.h>
#include <string.h>

#include "conv/conv_f32.h"
#include "conv/dwconv_f32.h"
#include "conv/separable_f32.h"
#include "conv_case.h"

typedef struct separable_job {
    separable_f32_plan plan;
    separable_f32_args args;
} separable_job;

static void run_separable(void *user, float *y, size_t first, size_t last, void *scratch) {
    separable_job *job = user;
    job->args.y = y;
    separable_f32_run(&job->plan, &job->args, first, last, scratch);
}

static float *random_floats(size_t n, uint64_t seed) {
    float *p = malloc(n * sizeof *p + 1);
    fill_uniform(n, seed, 1.0f, p);
    return p;
}

/* y = x through a 1 x 1 convolution of `pixels` from ic to oc channels. */
static void pointwise(const kernels *k, const int64_t size[3], const float *x,
                      const separable_f32_part *part, float *y) {
    const int64_t pixels = size[0];
    const conv_f32_shape shape = {.window = {.in = {1, 1, pixels},
                                             .out = {1, 1, pixels},
                                             .kernel = {1, 1, 1},
                                             .stride = {1, 1, 1},
                                             .dilation = {1, 1, 1}},
                                  .n = 1,
                                  .ic = size[1],
                                  .oc = size[2],
                                  .groups = 1,
                                  .ldx = size[1],
                                  .ldy = size[2]};
    const conv_f32_plan plan = conv_f32_make_plan(k, &shape);
    const conv_f32_args args = {x, part->w, y, part->ep};
    void *scratch = aligned_alloc(64, plan.scratch);
    conv_f32_run(&plan, &args, 0, plan.tasks, scratch);
    free(scratch);
}

/* The result that is expected; the caller frees it. */
static float *one_by_one(const kernels *k, const separable_f32_shape *s,
                         const separable_f32_args *args) {
    const conv_window *w = &s->window;
    const size_t in = pixels_of(w->in, s->n), out = pixels_of(w->out, s->n);
    const size_t channels = (size_t)s->channels;
    float *expanded = malloc(in * channels * sizeof *expanded);
    float *between = malloc(out * channels * sizeof *between);
    float *y = malloc(out * (size_t)s->oc * sizeof *y);
    if (s->expand)
        pointwise(k, (int64_t[]){(int64_t)in, s->ic, s->channels}, args->x, &args->expand,
                  expanded);
    else
        memcpy(expanded, args->x, in * channels * sizeof *expanded);
    const dwconv_f32_shape shape = {*w, s->n, s->channels, s->channels, s->channels};
    const dwconv_f32_plan plan = dwconv_f32_make_plan(k, &shape);
    const dwconv_f32_operands operands = {expanded, args->depthwise.w, between, args->depthwise.ep};
    void *scratch = aligned_alloc(64, plan.scratch);
    dwconv_f32_run(&plan, &operands, 0, plan.tasks, scratch);
    pointwise(k, (int64_t[]){(int64_t)out, s->channels, s->oc}, between, &args->project, y);
    free(scratch), free(expanded), free(between);
    return y;
}

static problem random_problem(uint64_t seed) {
    uint64_t s = seed;
    problem p = {.seed = seed, .n = pick(&s, 1, 2), .groups = 1};
    const int64_t size = pick(&s, 0, 2) ? 3 : 5;
    p.window = (conv_window){.in = {1, pick(&s, 3, seed % 8 ? 20 : 150), pick(&s, 3, 40)},
                             .out = {1, 1, 1},
                             .kernel = {1, size, size},
                             .stride = {1, pick(&s, 1, 2), pick(&s, 1, 2)},
                             .dilation = {1, 1, 1},
                             .pad = {0, size / 2, size / 2}};
    for (int d = 1; d < 3; d++) p.window.out[d] = (p.window.in[d] - 1) / p.window.stride[d] + 1;
    p.ic = p.ldx = pick(&s, 1, 20);
    p.oc = p.ldy = pick(&s, 1, 40);
    return p;
}

static void test_problem(const kernels *k, const problem *p, bool expand, buffers *g) {
    const separable_f32_shape s = {.window = p->window,
                                   .n = p->n,
                                   .ic = p->ic,
                                   .channels = expand ? 6 * p->ic : p->ic,
                                   .oc = p->oc,
                                   .expand = expand};
    const size_t ic = (size_t)s.ic, channels = (size_t)s.channels, oc = (size_t)s.oc;
    const size_t taps = pixels_of(p->window.kernel, 1), out = pixels_of(p->window.out, p->n) * oc;
    /* Panels of 16 columns; all of the padding is read, none of it counts. */
    float *w1 = random_floats((channels + 15) / 16 * 16 * ic, 1);
    float *w2 = random_floats(taps * channels, 2), *bias = random_floats(channels, 3);
    float *w3 = random_floats((oc + 15) / 16 * 16 * channels, 4), *before;
    const epilogue_f32 relu6 = {.bias = bias, .lo = 0.0f, .hi = 6.0f};
    const epilogue_f32 ep = make_epilogue(g, p, (unsigned)(p->seed % 16));
    separable_job job = {.plan = separable_f32_make_plan(k, &s)};
    job.args.x = place_floats(&g->x, pixels_of(p->window.in, p->n) * ic, p->seed);
    if (expand) job.args.expand = (separable_f32_part){w1, &relu6};
    job.args.depthwise = (separable_f32_part){w2, p->seed % 2 ? &relu6 : NULL};
    job.args.project = (separable_f32_part){w3, &ep};
    float *expected = one_by_one(k, &s, &job.args);
    const subject t = {job.plan.tasks, job.plan.scratch, run_separable, &job};
    const float *y = run_subject(p, &t, g, &before);
    if (memcmp(y, expected, out * sizeof *y) != 0)
        fail_msg("%s: differs from one after the other", problem_text(p));
    free(w1), free(w2), free(w3), free(bias), free(expected), free(before);
}

static void bands_give_what_whole_images_give(void **state) {
    (void)state;
    buffers g;
    buffers_create(&g);
    for (isa_level level = ISA_SCALAR; level < ISA_COUNT; level++) {
        const kernels *k = level_table(level);
        for (uint64_t seed = 0; k && seed < 100; seed++) {
            const problem p = random_problem(seed);
            test_problem(k, &p, seed % 3 != 0, &g);
        }
    }
    buffers_destroy(&g);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(bands_give_what_whole_images_give)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
