/* SPDX-License-Identifier: Apache-2.0
 *
 * Speed of fp32 convolutions and pools on one thread, next to the machine's peak: layers of
 * ResNet-50, MobileNetV2 and text detectors.
 *
 *   bench-conv [level [rounds]]
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench_clock.h"
#include "conv/conv_f32.h"
#include "conv/dwconv_f32.h"
#include "conv/pool_f32.h"

typedef enum layer_kind { CONV, DECONV, DEPTHWISE, MAXPOOL, AVGPOOL } layer_kind;

typedef struct layer {
    const char *name;
    layer_kind kind;
    int64_t in, kernel, stride, pad, ic, oc;
} layer;

static const layer layers[] = {
    {"resnet stem", CONV, 224, 7, 2, 3, 3, 64},
    {"resnet 3x3", CONV, 56, 3, 1, 1, 64, 64},
    {"resnet 3x3", CONV, 28, 3, 1, 1, 128, 128},
    {"resnet 3x3", CONV, 14, 3, 1, 1, 256, 256},
    {"resnet 3x3", CONV, 7, 3, 1, 1, 512, 512},
    {"resnet 1x1", CONV, 56, 1, 1, 0, 64, 256},
    {"resnet 1x1", CONV, 56, 1, 1, 0, 256, 64},
    {"resnet 1x1", CONV, 14, 1, 1, 0, 1024, 256},
    {"resnet 1x1", CONV, 7, 1, 1, 0, 512, 2048},
    {"resnet 1x1 /2", CONV, 56, 1, 2, 0, 256, 512},
    {"resnet 3x3 /2", CONV, 56, 3, 2, 1, 128, 128},
    {"mobile stem", CONV, 224, 3, 2, 1, 3, 32},
    {"mobile expand", CONV, 112, 1, 1, 0, 16, 96},
    {"mobile project", CONV, 112, 1, 1, 0, 32, 16},
    {"mobile project", CONV, 56, 1, 1, 0, 144, 24},
    {"mobile expand", CONV, 14, 1, 1, 0, 64, 384},
    {"mobile dw", DEPTHWISE, 112, 3, 1, 1, 32, 32},
    {"mobile dw /2", DEPTHWISE, 112, 3, 2, 1, 96, 96},
    {"mobile dw", DEPTHWISE, 56, 3, 1, 1, 144, 144},
    {"mobile dw", DEPTHWISE, 28, 3, 1, 1, 192, 192},
    {"mobile dw", DEPTHWISE, 14, 3, 1, 1, 576, 576},
    {"mobile dw", DEPTHWISE, 7, 3, 1, 1, 960, 960},
    {"dw 5x5", DEPTHWISE, 28, 5, 1, 2, 120, 120},
    {"dw 7x7", DEPTHWISE, 28, 7, 1, 3, 96, 96},
    {"text stem", CONV, 640, 3, 2, 1, 3, 16},
    {"text neck 3x3", CONV, 160, 3, 1, 1, 24, 24},
    {"text neck 9x9", CONV, 80, 9, 1, 4, 16, 64},
    {"text head 3x3", CONV, 160, 3, 1, 1, 96, 24},
    {"text up 2x2 /2", DECONV, 160, 2, 2, 0, 24, 24},
    {"text up 2x2 /2", DECONV, 320, 2, 2, 0, 24, 1},
    {"up 4x4 /2", DECONV, 80, 4, 2, 1, 64, 64},
    {"max 3x3 /2", MAXPOOL, 112, 3, 2, 1, 64, 64},
    {"average 7x7", AVGPOOL, 7, 7, 1, 0, 1280, 1280},
};

typedef struct work {
    conv_f32_plan conv;
    dwconv_f32_plan depthwise;
    pool_f32_plan pool;
    const float *x, *w;
    float *y;
    void *scratch;
    epilogue_f32 ep;
} work;

static void run_conv(void *user) {
    work *k = user;
    const conv_f32_args args = {k->x, k->w, k->y, &k->ep};
    conv_f32_run(&k->conv, &args, 0, k->conv.tasks, k->scratch);
}

static void run_depthwise(void *user) {
    work *k = user;
    const dwconv_f32_operands args = {k->x, k->w, k->y, &k->ep};
    dwconv_f32_run(&k->depthwise, &args, 0, k->depthwise.tasks, k->scratch);
}

static void run_pool(void *user) {
    work *k = user;
    pool_f32_run(&k->pool, k->x, k->y, 0, k->pool.tasks, k->scratch);
}

static int64_t output_of(const layer *l) {
    return l->kind == DECONV ? (l->in - 1) * l->stride + l->kernel - 2 * l->pad
                             : (l->in + 2 * l->pad - l->kernel) / l->stride + 1;
}

/* Plans the layer; returns the bytes of scratch. */
static size_t plan_layer(const kernels *ks, const layer *l, const conv_window *w, work *k) {
    if (l->kind == CONV || l->kind == DECONV) {
        const conv_f32_shape s = {*w, l->kind == DECONV, 1, l->ic, l->oc, 1, l->ic, l->oc};
        k->w = bench_floats(conv_f32_packed_floats(&s));
        k->conv = conv_f32_make_plan(ks, &s);
        return k->conv.scratch;
    }
    if (l->kind == DEPTHWISE) {
        const dwconv_f32_shape s = {*w, 1, l->ic, l->ic, l->ic};
        k->w = bench_floats((size_t)(l->kernel * l->kernel * l->ic));
        k->depthwise = dwconv_f32_make_plan(ks, &s);
        return k->depthwise.scratch;
    }
    const pool_f32_shape s = {.window = *w,
                              .kind = l->kind == MAXPOOL ? POOL_MAX : POOL_AVERAGE,
                              .n = 1,
                              .channels = l->ic,
                              .ldx = l->ic,
                              .ldy = l->ic};
    k->pool = pool_f32_make_plan(ks, &s);
    return k->pool.scratch;
}

static void bench_layer(const kernels *ks, const layer *l, int rounds) {
    const int64_t out = output_of(l);
    const conv_window w = {
        .in = {1, l->in, l->in},
        .out = {1, out, out},
        .kernel = {1, l->kernel, l->kernel},
        .stride = {1, l->stride, l->stride},
        .dilation = {1, 1, 1},
        .pad = {0, l->pad, l->pad},
    };
    work k = {.ep = {.lo = 0.0f, .hi = INFINITY, .bias = bench_floats((size_t)l->oc)}};
    float *x = bench_floats((size_t)(l->in * l->in * l->ic));
    k.x = x;
    k.y = bench_floats((size_t)(out * out * l->oc));
    k.scratch = bench_floats(plan_layer(ks, l, &w, &k) / sizeof(float));
    const int64_t windows = l->kind == DECONV ? l->in * l->in : out * out;
    const int64_t per_channel = l->kind == CONV || l->kind == DECONV ? 2 * l->ic
                                : l->kind == DEPTHWISE               ? 2
                                                                     : 1;
    const double flops = (double)(windows * l->kernel * l->kernel * per_channel * l->oc);
    const double bytes = 4.0 * (double)(l->in * l->in * l->ic + out * out * l->oc);
    void (*const run)(void *) = l->kind == DEPTHWISE ? run_depthwise
                                : l->kind <= DECONV  ? run_conv
                                                     : run_pool;
    const bench_result r = bench_run(ks, run, &k, flops, rounds);
    printf("%-15s %4lld %2lldx%lld /%lld %5lld -> %4lld %10.1f %8.1f %6.1f%% %6.1f%% %7.1f\n",
           l->name, (long long)l->in, (long long)l->kernel, (long long)l->kernel,
           (long long)l->stride, (long long)l->ic, (long long)l->oc, 1e6 * r.seconds,
           1e-9 * flops / r.seconds, 100 * flops / r.seconds / r.peak, 100 * r.share,
           1e-9 * bytes / r.seconds);
    free((void *)(uintptr_t)k.ep.bias);
    free((void *)(uintptr_t)k.w);
    free(x), free(k.y), free(k.scratch);
}

int main(int argc, char **argv) {
    kernels ks = *kernels_default();
    if (argc > 1) {
        const isa_level level = isa_from_name(argv[1]);
        if (!isa_supported(level)) return fprintf(stderr, "%s: not here\n", argv[1]), 1;
        kernels_fill(level, &ks);
    }
    const int rounds = argc > 2 ? atoi(argv[2]) : 25;
    printf("%s\n%-15s %-26s %11s %8s %7s %7s %7s\n", ks.gemm_f32.name, "", "", "us", "GFLOP/s",
           "of peak", "median", "GB/s");
    for (size_t i = 0; i < sizeof layers / sizeof *layers; i++)
        bench_layer(&ks, &layers[i], rounds);
    return 0;
}
