/* SPDX-License-Identifier: Apache-2.0 */
#include "conv/dwconv_f32.h"

#include "conv/dwconv_band.h"

/* In both layouts the elements of a line of the window over its width, for all channels, form a
 * matrix: [channels][width] with a leading dimension of all taps, [width][channels] with one of all
 * lines' channels. */
void dwconv_f32_pack(const kernels *ks, const int64_t kernel[3], int64_t channels, const float *w,
                     float *packed) {
    const size_t lines = (size_t)(kernel[0] * kernel[1]), width = (size_t)kernel[2];
    const size_t c = (size_t)channels;
    for (size_t l = 0; l < lines; l++)
        ks->transpose_b32(c, width, w + l * width, lines * width, packed + l * c, lines * c);
}

void dwconv_f32_unpack(const kernels *ks, const int64_t kernel[3], int64_t channels,
                       const float *packed, float *w) {
    const size_t lines = (size_t)(kernel[0] * kernel[1]), width = (size_t)kernel[2];
    const size_t c = (size_t)channels;
    for (size_t l = 0; l < lines; l++)
        ks->transpose_b32(width, c, packed + l * c, lines * c, w + l * width, lines * width);
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
    dwconv_band_plan(&plan);
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
    const size_t ldy = (size_t)s->ldy, c = run->channel;
    float *y = job->x->y + run->output * ldy + c;
    epilogue_f32 ep = all ? *all : (epilogue_f32){0};
    if (ep.bias) ep.bias += c;
    if (ep.residual) ep.residual += run->output * ep.ldr + c;
    const dwconv_f32_args args = {
        .rows = run->rows,
        .offset = c,
        .w = job->x->w + c,
        .y = y,
        .pixels = run->pixels,
        .taps = s->taps,
        .step = s->step,
        .channels = run->channels,
        .ldw = (size_t)s->channels,
        .ldy = ldy,
        .ep = all ? &ep : NULL,
    };
    job->plan->ks->dwconv_f32(&args);
    if (!ep.act->fn) return;
    for (size_t p = 0; p < run->pixels; p++, y += ldy) epilogue_activate(&ep, run->channels, y);
}

void dwconv_f32_run(const dwconv_f32_plan *plan, const dwconv_f32_operands *x, size_t first,
                    size_t last, void *scratch) {
    if (plan->band) {
        dwconv_band_run(plan, x, first, last, scratch);
        return;
    }
    dwconv_job job = {plan, x};
    line_sweep_run(&plan->sweep, x->x, convolve, &job, first, last, scratch);
}
