/* SPDX-License-Identifier: Apache-2.0
 *
 * What Winograd's algorithm costs in accuracy: the largest error of 3 x 3 convolutions against sums
 * in double, relative to the largest result, directly and with tiles of 2 x 2 and 4 x 4. Values and
 * weights are random, of mean 0; weights have the deviation sqrt(2 / (9 channels)) that networks
 * are initialised with, and images are cut at 0, as after a ReLU.
 *
 *   bench-winograd [level]
 */
#include "conv/conv_f32.h"
#include "conv/winograd_f32.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench_clock.h"

typedef struct layer {
    int64_t size, ic, oc;
} layer;

typedef struct problem {
    const layer *l;
    float *x, *w, *y;
} problem;

static conv_window window_of(const layer *l) {
    return (conv_window){.in = {1, l->size, l->size},
                         .out = {1, l->size, l->size},
                         .kernel = {1, 3, 3},
                         .stride = {1, 1, 1},
                         .dilation = {1, 1, 1},
                         .pad = {0, 1, 1}};
}

/* One result in double. */
static double exact(const problem *p, int64_t high, int64_t wide, int64_t o) {
    const int64_t size = p->l->size, ic = p->l->ic;
    double sum = 0;
    for (int64_t t = 0; t < 9; t++) {
        const int64_t h = high + t / 3 - 1, w = wide + t % 3 - 1;
        if (h < 0 || h >= size || w < 0 || w >= size) continue;
        const float *x = p->x + (h * size + w) * ic, *g = p->w + (o * 9 + t) * ic;
        for (int64_t c = 0; c < ic; c++) sum += (double)x[c] * (double)g[c];
    }
    return sum;
}

/* Every third pixel of every line, every seventh channel. */
static double error_of(const problem *p) {
    const int64_t size = p->l->size, oc = p->l->oc;
    double error = 0, largest = 0;
    for (int64_t i = 0; i < size * size; i += 3)
        for (int64_t o = 0; o < oc; o += 7) {
            const double y = exact(p, i / size, i % size, o);
            error = fmax(error, fabs((double)p->y[i * oc + o] - y));
            largest = fmax(largest, fabs(y));
        }
    return error / largest;
}

static double direct(const kernels *ks, const problem *p) {
    const layer *l = p->l;
    const conv_f32_shape s = {window_of(l), false, 1, l->ic, l->oc, 1, l->ic, l->oc};
    const conv_f32_plan plan = conv_f32_make_plan(ks, &s);
    float *packed = bench_floats(conv_f32_packed_floats(&s));
    float *scratch = bench_floats(plan.scratch / sizeof(float) + 1);
    conv_f32_pack(ks, &s, p->w, packed);
    const conv_f32_args args = {.x = p->x, .w = packed, .y = p->y};
    conv_f32_run(&plan, &args, 0, plan.tasks, scratch);
    free(packed), free(scratch);
    return error_of(p);
}

static double winograd(const kernels *ks, const problem *p, int tile) {
    const layer *l = p->l;
    const winograd_f32_shape s = {.filter = {tile, {3, 3}, l->ic, l->oc},
                                  .n = 1,
                                  .in = {l->size, l->size},
                                  .out = {l->size, l->size},
                                  .pad = {1, 1},
                                  .ldx = l->ic,
                                  .ldy = l->oc};
    const winograd_f32_plan plan = winograd_f32_make_plan(ks, &s, 1);
    float *packed = bench_floats(winograd_f32_packed_floats(&s.filter));
    float *scratch = bench_floats(plan.scratch / sizeof(float));
    winograd_f32_pack(ks, &s.filter, p->w, packed);
    const conv_f32_args args = {.x = p->x, .w = packed, .y = p->y};
    winograd_f32_run(&plan, &args, 0, plan.tasks, scratch);
    free(packed), free(scratch);
    return error_of(p);
}

/* n numbers of mean 0 and the deviation 1, from uniform ones. */
static float *normals(size_t n, uint64_t seed) {
    float *x = bench_floats(n);
    for (size_t i = 0; i < n; i++) {
        double sum = -6;
        for (int k = 0; k < 12; k++) {
            seed = seed * 6364136223846793005u + 1442695040888963407u;
            sum += (double)(seed >> 32) * 0x1p-32;
        }
        x[i] = (float)sum;
    }
    return x;
}

static void report(const kernels *ks, const layer *l) {
    const size_t pixels = (size_t)(l->size * l->size), weights = (size_t)(9 * l->ic * l->oc);
    problem p = {l, normals(pixels * (size_t)l->ic, 1), normals(weights, 2),
                 bench_floats(pixels * (size_t)l->oc)};
    const float scale = sqrtf(2.0f / (float)(9 * l->ic));
    for (size_t i = 0; i < pixels * (size_t)l->ic; i++) p.x[i] = fmaxf(p.x[i], 0);
    for (size_t i = 0; i < weights; i++) p.w[i] *= scale;
    printf("%3lld x %-3lld %4lld -> %-4lld %9.1e %9.1e %9.1e\n", (long long)l->size,
           (long long)l->size, (long long)l->ic, (long long)l->oc, direct(ks, &p),
           winograd(ks, &p, 2), winograd(ks, &p, 4));
    free(p.x), free(p.w), free(p.y);
}

int main(int argc, char **argv) {
    static const layer layers[] = {{56, 64, 64},  {28, 128, 128}, {14, 256, 256}, {7, 512, 512},
                                   {80, 16, 16},  {40, 32, 32},   {20, 64, 64},   {10, 128, 128},
                                   {160, 24, 96}, {80, 96, 24},   {112, 3, 64}};
    int rounds;
    const kernels ks = bench_arguments(argc, argv, &rounds);
    printf("%-9s %-12s %9s %9s %9s\n", "image", "channels", "direct", "2 x 2", "4 x 4");
    for (size_t i = 0; i < sizeof layers / sizeof *layers; i++) report(&ks, &layers[i]);
    return 0;
}
