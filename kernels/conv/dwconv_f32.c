/* SPDX-License-Identifier: Apache-2.0 */
#include "conv/dwconv_f32.h"

static size_t kernel_taps(const int64_t kernel[3]) {
    return (size_t)(kernel[0] * kernel[1] * kernel[2]);
}

void dwconv_f32_pack(const kernels *ks, const int64_t kernel[3], int64_t channels, const float *w,
                     float *packed) {
    const size_t taps = kernel_taps(kernel), c = (size_t)channels;
    ks->transpose_b32(c, taps, w, taps, packed, c);
}

void dwconv_f32_unpack(const kernels *ks, const int64_t kernel[3], int64_t channels,
                       const float *packed, float *w) {
    const size_t taps = kernel_taps(kernel), c = (size_t)channels;
    ks->transpose_b32(taps, c, packed, c, w, taps);
}

dwconv_f32_plan dwconv_f32_make_plan(const kernels *ks, const dwconv_f32_shape *s) {
    dwconv_f32_plan plan = {
        .ks = ks,
        .sweep =
            {.window = s->window, .n = s->n, .channels = s->channels, .ldx = s->ldx, .ldy = s->ldy},
    };
    line_sweep_plan(&plan.sweep);
    plan.tasks = line_sweep_tasks(&plan.sweep);
    plan.scratch = plan.sweep.scratch;
    return plan;
}

typedef struct dwconv_job {
    const dwconv_f32_plan *plan;
    const dwconv_f32_operands *x;
} dwconv_job;

static void convolve(void *user, const line_run *run) {
    const dwconv_job *job = user;
    const line_sweep *s = run->sweep;
    const epilogue_f32 *all = job->x->ep;
    const size_t ldy = (size_t)s->ldy, c = run->x.offset;
    float *y = job->x->y + run->output * ldy + c;
    epilogue_f32 ep = all ? *all : (epilogue_f32){0};
    if (ep.bias) ep.bias += c;
    if (ep.residual) ep.residual += run->output * ep.ldr + c;
    const dwconv_f32_args args = {
        .x = run->x,
        .w = job->x->w + c,
        .y = y,
        .channels = run->channels,
        .ldw = (size_t)s->channels,
        .ldy = ldy,
        .ep = all ? &ep : NULL,
    };
    job->plan->ks->dwconv_f32(&args);
    if (!ep.act) return;
    for (size_t p = 0; p < run->x.pixels; p++, y += ldy) ep.act(run->channels, y, y, ep.act_param);
}

void dwconv_f32_run(const dwconv_f32_plan *plan, const dwconv_f32_operands *x, size_t first,
                    size_t last, void *scratch) {
    dwconv_job job = {plan, x};
    line_sweep_run(&plan->sweep, x->x, convolve, &job, first, last, scratch);
}
