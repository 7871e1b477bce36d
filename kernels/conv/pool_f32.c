/* SPDX-License-Identifier: Apache-2.0 */
#include "conv/pool_f32.h"

#include <math.h>

pool_f32_plan pool_f32_make_plan(const kernels *ks, const pool_f32_shape *s) {
    pool_f32_plan plan = {
        .shape = *s,
        .ks = ks,
        .sweep = {.window = s->window,
                  .n = s->n,
                  .channels = s->channels,
                  .ldx = s->ldx,
                  .ldy = s->ldy,
                  .padding = s->kind == POOL_MAX ? -INFINITY : 0.0f},
    };
    line_sweep_plan(&plan.sweep);
    plan.tasks = line_sweep_tasks(&plan.sweep);
    plan.scratch = plan.sweep.scratch;
    return plan;
}

/* Positions that the average at output o of axis d counts. */
static int64_t counted(const pool_f32_shape *s, int d, int64_t o) {
    const conv_window *w = &s->window;
    const bool padded = s->kind == POOL_AVERAGE_PADDED;
    int64_t ignored;
    return conv_taps_inside(o * w->stride[d] - w->pad[d], w->dilation[d], w->kernel[d],
                            padded ? -w->pad[d] : 0, w->in[d] + (padded ? s->pad_end[d] : 0),
                            &ignored);
}

static void fill_scales(const pool_f32_shape *s, const line_run *run) {
    const int64_t plane = counted(s, 0, run->first.o[0]) * counted(s, 1, run->first.o[1]);
    for (size_t p = 0; p < run->pixels; p++) {
        const int64_t count = plane * counted(s, 2, run->first.o[2] + (int64_t)p);
        run->extra[p] = s->kind == POOL_SUM ? 1.0f : count ? 1.0f / (float)count : 0.0f;
    }
}

typedef struct pool_job {
    const pool_f32_plan *plan;
    float *y;
} pool_job;

static void pool(void *user, const line_run *run) {
    const pool_job *job = user;
    const line_sweep *s = run->sweep;
    const pool_f32_shape *shape = &job->plan->shape;
    const pool_f32_args args = {
        .rows = run->rows,
        .offset = run->channel,
        .scale = run->extra,
        .y = job->y + run->output * (size_t)s->ldy + run->channel,
        .pixels = run->pixels,
        .taps = s->taps,
        .step = s->step,
        .channels = run->channels,
        .ldy = (size_t)s->ldy,
    };
    if (shape->kind == POOL_MAX) {
        job->plan->ks->maxpool_f32(&args);
        return;
    }
    fill_scales(shape, run);
    job->plan->ks->sumpool_f32(&args);
}

void pool_f32_run(const pool_f32_plan *plan, const float *x, float *y, size_t first, size_t last,
                  void *scratch) {
    pool_job job = {plan, y};
    line_sweep_run(&plan->sweep, x, pool, &job, first, last, scratch);
}
