/* SPDX-License-Identifier: Apache-2.0
 *
 * Winograd convolutions against plain loops, at every level, between guard pages.
 */
#include <float.h>
#include <math.h>
#include <stdlib.h>

#include "conv/winograd_f32.h"
#include "conv_case.h"

/* Transforms add up values before they multiply them: tiles of 4 x 4 up to 100 times the size of
 * the operands, which is what the rounding of a term is relative to. */
static double slack_of(int tile) { return tile == 2 ? 1000.0 : 20000.0; }

typedef struct winograd_job {
    winograd_f32_plan plan;
    conv_f32_args args;
} winograd_job;

static void run_winograd(void *user, float *y, size_t first, size_t last, void *scratch) {
    winograd_job *job = user;
    job->args.y = y;
    winograd_f32_run(&job->plan, &job->args, first, last, scratch);
}

static winograd_f32_shape shape_of(const problem *p, int tile) {
    const conv_window *w = &p->window;
    return (winograd_f32_shape){.filter = {tile, {w->kernel[1], w->kernel[2]}, p->ic, p->oc},
                                .n = p->n,
                                .in = {w->in[1], w->in[2]},
                                .out = {w->out[1], w->out[2]},
                                .pad = {w->pad[1], w->pad[2]},
                                .ldx = p->ldx,
                                .ldy = p->ldy};
}

static size_t weights_of(const winograd_f32_filter *f) {
    return (size_t)(f->ic * f->oc * f->taps[0] * f->taps[1]);
}

/* Packed weights, which must come back as they were but for rounding. */
static float *pack(const kernels *k, const problem *p, const winograd_f32_filter *f, const float *w,
                   buffers *g) {
    const size_t weights = weights_of(f);
    float *packed = place_floats(&g->w, winograd_f32_packed_floats(f), 1);
    float *back = malloc(weights * sizeof *back);
    winograd_f32_pack(k, f, w, packed);
    winograd_f32_unpack(k, f, packed, back);
    for (size_t i = 0; i < weights; i++)
        if (!(fabsf(w[i] - back[i]) <= 8 * FLT_EPSILON))
            fail_msg("%s: weight %zu came back as %g instead of %g", problem_text(p), i,
                     (double)back[i], (double)w[i]);
    free(back);
    return packed;
}

static void test_problem(const kernels *k, const problem *p, int tile, buffers *g) {
    const winograd_f32_shape shape = shape_of(p, tile);
    const size_t inputs = image_floats(pixels_of(p->window.in, p->n), p->ic, p->ldx);
    const size_t weights = weights_of(&shape.filter);
    float *w = malloc(weights * sizeof *w), *before;
    fill_uniform(weights, p->seed + 1, 1.0f, w);
    const float *x = place_floats(&g->x, inputs, p->seed);
    const conv_sums sums = conv_sums_create(p, x, w);
    const float *packed = pack(k, p, &shape.filter, w, g);
    const epilogue_f32 ep = make_epilogue(g, p, (unsigned)(p->seed % 16));
    const size_t workers = (size_t)(p->seed % 4 + 1);
    winograd_job job = {winograd_f32_make_plan(k, &shape, workers),
                        {.x = x, .w = packed, .ep = &ep}};
    const subject t = {job.plan.tasks, job.plan.scratch, run_winograd, &job};
    const float *y = run_subject(p, &t, g, &before);
    check_image(p, &ep, y, before, &sums, slack_of(tile));
    free(w), free(before), free(sums.sum);
}

/* Most images are small; some have several blocks of tiles or of columns. */
static problem random_problem(uint64_t seed) {
    uint64_t s = seed;
    problem p = {.seed = seed, .n = pick(&s, 1, 2), .groups = 1};
    conv_window *w = &p.window;
    w->in[0] = w->out[0] = w->kernel[0] = 1;
    for (int d = 0; d < 3; d++) w->stride[d] = w->dilation[d] = 1;
    const int64_t along = pick(&s, 0, 3); /* the axis of one tap, if 1 or 2 */
    for (int d = 1; d < 3; d++) {
        w->kernel[d] = d == along ? 1 : 3;
        w->pad[d] = d == along ? 0 : pick(&s, 0, 2);
        w->in[d] = pick(&s, 3, pick(&s, 0, 3) ? 12 : 60);
        w->out[d] = w->in[d] + w->pad[d] + (d == along ? 0 : pick(&s, 0, 2) - 2);
    }
    p.ic = pick(&s, 0, 1) ? pick(&s, 1, 20) : pick(&s, 1, 70);
    p.oc = pick(&s, 0, 1) ? pick(&s, 1, 20) : pick(&s, 1, 150);
    if (seed % 16 == 0) p.ic = pick(&s, 250, 400); /* several blocks of the depth */
    p.ldx = p.ic + (pick(&s, 0, 2) ? 0 : pick(&s, 1, 5));
    p.ldy = p.oc + (pick(&s, 0, 2) ? 0 : pick(&s, 1, 5));
    return p;
}

static void tiles_match_plain_loops(void **state) {
    (void)state;
    buffers g;
    buffers_create(&g);
    for (isa_level level = ISA_SCALAR; level < ISA_COUNT; level++) {
        const kernels *k = level_table(level);
        for (uint64_t seed = 0; k && seed < 240; seed++) {
            const problem p = random_problem(seed);
            test_problem(k, &p, seed % 2 ? 4 : 2, &g);
        }
    }
    buffers_destroy(&g);
}

static void a_choice_is_a_tile_or_none(void **state) {
    (void)state;
    static const struct {
        winograd_f32_filter filter;
        int64_t high, wide;
        int tile;
    } choices[] = {
        {{.taps = {3, 3}, .ic = 64, .oc = 64}, 56, 56, 4},
        {{.taps = {3, 3}, .ic = 256, .oc = 256}, 14, 14, 2},
        {{.taps = {3, 3}, .ic = 512, .oc = 512}, 7, 7, 0},
        {{.taps = {3, 3}, .ic = 64, .oc = 64}, 1, 1, 0},
        {{.taps = {1, 3}, .ic = 64, .oc = 64}, 1, 1500, 4},
        {{.taps = {3, 1}, .ic = 64, .oc = 64}, 30, 8, 4},
        {{.taps = {1, 3}, .ic = 512, .oc = 512}, 1, 40, 0},
    };
    for (size_t i = 0; i < COUNT_OF(choices); i++)
        assert_int_equal(winograd_f32_choose(&choices[i].filter, choices[i].high, choices[i].wide),
                         choices[i].tile);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tiles_match_plain_loops),
        cmocka_unit_test(a_choice_is_a_tile_or_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
