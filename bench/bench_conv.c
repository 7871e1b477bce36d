/* SPDX-License-Identifier: Apache-2.0
 *
 * Speed of fp32 convolutions on one thread, next to the machine's peak and to the matrix product of
 * the same size, which is what a convolution costs when finding its rows costs nothing. The last
 * columns are what two layout changes would add, of the input and of the result: the price of
 * channels-first images around a channels-last kernel; and how many times as fast Winograd's tiles
 * of 2 and 4 outputs along each axis are.
 *
 *   bench-conv [level [rounds]]
 */
#include "conv/conv_f32.h"
#include "conv/dwconv_f32.h"
#include "conv/winograd_f32.h"
#include "gemm/gemm_f32.h"
#include "gemm/sat_size.h"

#include <stdio.h>
#include <stdlib.h>

#include "bench_clock.h"

typedef struct layer {
    const char *name;
    int64_t size, ic, oc, kernel, stride; /* oc 0: depthwise */
} layer;

/* Square images and windows, or those of one line. */
typedef enum layer_form { SQUARE, LINE } layer_form;

typedef struct work {
    const kernels *ks;
    conv_f32_plan conv;
    dwconv_f32_plan depthwise;
    winograd_f32_plan winograd;
    gemm_sweep gemm;
    gemm_f32_args product;
    const float *x, *w;
    float *y;
    void *scratch;
    size_t in_pixels, out_pixels, ic, oc;
} work;

static void run_conv(void *user) {
    work *k = user;
    const conv_f32_args args = {.x = k->x, .w = k->w, .y = k->y};
    conv_f32_run(&k->conv, &args, 0, k->conv.tasks, k->scratch);
}

static void run_depthwise(void *user) {
    work *k = user;
    const dwconv_f32_operands operands = {.x = k->x, .w = k->w, .y = k->y};
    dwconv_f32_run(&k->depthwise, &operands, 0, k->depthwise.tasks, k->scratch);
}

static void run_winograd(void *user) {
    work *k = user;
    const conv_f32_args args = {.x = k->x, .w = k->w, .y = k->y};
    winograd_f32_run(&k->winograd, &args, 0, k->winograd.tasks, k->scratch);
}

static void run_product(void *user) {
    work *k = user;
    gemm_f32_run(&k->gemm, &k->product, 0, gemm_sweep_tasks(&k->gemm), k->scratch);
}

/* Into channels last and back, as an executor would around each layer. */
static void run_layout(void *user) {
    work *k = user;
    float *spare = k->scratch;
    k->ks->transpose_b32(k->ic, k->in_pixels, k->x, k->in_pixels, spare, k->ic);
    k->ks->transpose_b32(k->out_pixels, k->oc, k->y, k->oc, spare, k->out_pixels);
}

static conv_window window_of(const layer *l, layer_form form) {
    const bool line = form == LINE;
    const int64_t pad = l->kernel / 2, out = (l->size + 2 * pad - l->kernel) / l->stride + 1;
    return (conv_window){.in = {1, line ? 1 : l->size, l->size},
                         .out = {1, line ? 1 : out, out},
                         .kernel = {1, line ? 1 : l->kernel, l->kernel},
                         .stride = {1, line ? 1 : l->stride, l->stride},
                         .dilation = {1, 1, 1},
                         .pad = {0, line ? 0 : pad, pad}};
}

/* Seconds of a layer of 3 x 3 or 1 x 3 with Winograd's tiles. */
static double bench_winograd(const work *direct, const conv_window *w, int tile, double flops,
                             int rounds) {
    work k = *direct;
    const int64_t ic = (int64_t)k.ic, oc = (int64_t)k.oc;
    const winograd_f32_shape s = {.filter = {tile, {w->kernel[1], w->kernel[2]}, ic, oc},
                                  .n = 1,
                                  .in = {w->in[1], w->in[2]},
                                  .out = {w->out[1], w->out[2]},
                                  .pad = {w->pad[1], w->pad[2]},
                                  .ldx = ic,
                                  .ldy = oc};
    k.winograd = winograd_f32_make_plan(k.ks, &s, 1);
    float *packed = bench_floats(winograd_f32_packed_floats(&s.filter));
    k.w = packed;
    k.scratch = bench_floats(k.winograd.scratch / sizeof(float));
    const bench_result r = bench_run(k.ks, run_winograd, &k, flops, rounds);
    free(packed), free(k.scratch);
    return r.seconds;
}

static void bench_layer(const kernels *ks, const layer *l, layer_form form, int rounds) {
    const conv_window w = window_of(l, form);
    const size_t oc = (size_t)(l->oc ? l->oc : l->ic), ic = (size_t)l->ic;
    const size_t in = (size_t)(w.in[1] * w.in[2]), out = (size_t)(w.out[1] * w.out[2]);
    const size_t taps = (size_t)(w.kernel[1] * w.kernel[2]), depth = taps * (l->oc ? ic : 1);
    work k = {.ks = ks, .in_pixels = in, .out_pixels = out, .ic = ic, .oc = oc};
    const conv_f32_shape shape = {.window = w,
                                  .n = 1,
                                  .ic = l->ic,
                                  .oc = (int64_t)oc,
                                  .groups = 1,
                                  .ldx = l->ic,
                                  .ldy = (int64_t)oc};
    const dwconv_f32_shape channelwise = {
        .window = w, .n = 1, .channels = l->ic, .ldx = l->ic, .ldy = l->ic};
    if (l->oc)
        k.conv = conv_f32_make_plan(ks, &shape);
    else
        k.depthwise = dwconv_f32_make_plan(ks, &channelwise);
    float *a = bench_floats(out * depth);
    float *packed = bench_floats(gemm_f32_packed_floats(taps * ic, oc));
    k.x = bench_floats(in * ic);
    k.w = packed;
    k.y = bench_floats(out * oc);
    k.product = (gemm_f32_args){out, oc, depth, a, depth, packed, oc, GEMM_B_PACKED, k.y, oc, NULL};
    k.gemm = gemm_f32_plan(ks, &k.product);
    size_t scratch = larger(k.conv.scratch, k.depthwise.scratch);
    scratch = larger(larger(scratch, k.gemm.scratch), larger(in * ic, out * oc) * sizeof(float));
    k.scratch = bench_floats(scratch / sizeof(float));
    const double flops = 2.0 * (double)out * (double)oc * (double)depth;
    const bench_result r = bench_run(ks, l->oc ? run_conv : run_depthwise, &k, flops, rounds);
    const bench_result p = bench_run(ks, run_product, &k, flops, l->oc ? rounds : 1);
    const bench_result t = bench_run(ks, run_layout, &k, flops, rounds);
    printf("%-24s %9.1f %8.1f %6.1f%%", l->name, 1e6 * r.seconds, 1e-9 * flops / r.seconds,
           100 * flops / r.seconds / r.peak);
    if (l->oc)
        printf(" %7.2f", r.seconds / p.seconds);
    else
        printf(" %7s", "-");
    printf(" %7.2f", t.seconds / r.seconds);
    for (int tile = 2; tile <= 4 && l->oc && l->kernel == 3 && l->stride == 1; tile += 2)
        printf(" %7.2f", r.seconds / bench_winograd(&k, &w, tile, flops, rounds));
    printf("\n");
    free(a), free(packed), free((void *)(uintptr_t)k.x), free(k.y), free(k.scratch);
}

int main(int argc, char **argv) {
    static const layer layers[] = {
        {"224 3->64 7x7/2", 224, 3, 64, 7, 2},        {"56 64->64 1x1", 56, 64, 64, 1, 1},
        {"56 64->64 3x3", 56, 64, 64, 3, 1},          {"56 64->256 1x1", 56, 64, 256, 1, 1},
        {"28 128->128 3x3", 28, 128, 128, 3, 1},      {"28 512->128 1x1", 28, 512, 128, 1, 1},
        {"14 256->256 3x3", 14, 256, 256, 3, 1},      {"14 1024->256 1x1", 14, 1024, 256, 1, 1},
        {"7 512->512 3x3", 7, 512, 512, 3, 1},        {"7 2048->512 1x1", 7, 2048, 512, 1, 1},
        {"320 3->16 3x3/2", 320, 3, 16, 3, 2},        {"80 32->32 3x3", 80, 32, 32, 3, 1},
        {"160 24->96 3x3", 160, 24, 96, 3, 1},        {"112 16->96 1x1", 112, 16, 96, 1, 1},
        {"112 32 3x3 depthwise", 112, 32, 0, 3, 1},   {"56 144 3x3 depthwise", 56, 144, 0, 3, 1},
        {"28 192 3x3/2 depthwise", 28, 192, 0, 3, 2}, {"14 576 3x3 depthwise", 14, 576, 0, 3, 1},
        {"7 960 3x3 depthwise", 7, 960, 0, 3, 1},     {"14 480 5x5 depthwise", 14, 480, 0, 5, 1},
    };
    static const layer lines[] = {
        {"3000 80->384 1x3", 3000, 80, 384, 3, 1},
        {"1000 256->256 1x3", 1000, 256, 256, 3, 1},
        {"400 128->128 1x3", 400, 128, 128, 3, 1},
        {"2368 24->24 1x3", 2368, 24, 24, 3, 1},
    };
    int rounds;
    const kernels ks = bench_arguments(argc, argv, &rounds);
    printf("%s\n%-24s %9s %8s %7s %7s %7s %7s %7s\n", ks.gemm_f32.name, "image channels window",
           "us", "GFLOP/s", "of peak", "product", "layout", "tile 2", "tile 4");
    for (size_t i = 0; i < sizeof layers / sizeof *layers; i++)
        bench_layer(&ks, &layers[i], SQUARE, rounds);
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        bench_layer(&ks, &lines[i], LINE, rounds);
    return 0;
}
