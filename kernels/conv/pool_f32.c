/* SPDX-License-Identifier: Apache-2.0 */
#include "conv/pool_f32.h"

#include <math.h>

#include "gemm/sat_size.h"

/* Floats of columns that stay in L1. */
#define SPLIT_FLOATS 8192

static size_t split_columns(const pool_f32_plan *plan, size_t pixels) {
    const conv_axis *width = &plan->sweep.grid.axis[2];
    return (pixels - 1) * (size_t)width->in_step + (size_t)width->taps;
}

/* Splits windows if that halves the reads at least. */
static void plan_split(pool_f32_plan *plan) {
    const line_sweep *s = &plan->sweep;
    const size_t taps = (size_t)s->grid.axis[2].taps, reads = sat_add(s->step, taps);
    if (plan->shape.kind != POOL_MAX || plan->tasks == 0 || !s->shared || reads > s->taps / 2)
        return;
    const size_t fit = SPLIT_FLOATS / (size_t)s->channels + 1;
    plan->split = fit < taps ? taps : fit;
    if (plan->split > s->segment) plan->split = s->segment;
    const size_t columns = split_columns(plan, plan->split);
    plan->at_rows = plan->scratch;
    plan->at_columns = sat_align(sat_add(plan->at_rows, sat_mul(columns, sizeof(float *))));
    plan->scratch = sat_align(
        sat_add(plan->at_columns, sat_mul(sat_mul(columns, (size_t)s->channels), sizeof(float))));
}

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
    plan_split(&plan);
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
    char *scratch;
} pool_job;

/* Maxima of windows by way of their columns. `all` is the run. */
static void max_of_columns(const pool_job *job, const pool_f32_args *all) {
    const pool_f32_plan *plan = job->plan;
    const conv_axis *width = &plan->sweep.grid.axis[2];
    const size_t lines = all->taps / (size_t)width->taps;
    const float **rows = (const float **)(void *)(job->scratch + plan->at_rows);
    float *columns = (float *)(void *)(job->scratch + plan->at_columns);
    for (size_t p = 0; p < all->pixels; p += plan->split) {
        const size_t pixels = all->pixels - p < plan->split ? all->pixels - p : plan->split;
        pool_f32_args down = *all, across = *all;
        down.rows = all->rows + p * all->step;
        down.y = columns;
        down.pixels = split_columns(plan, pixels);
        down.taps = down.step = lines;
        down.ldy = all->channels;
        plan->ks->maxpool_f32(&down);
        for (size_t c = 0; c < down.pixels; c++) rows[c] = columns + c * all->channels;
        across.rows = rows;
        across.offset = 0;
        across.y = all->y + p * all->ldy;
        across.pixels = pixels;
        across.taps = (size_t)width->taps;
        across.step = (size_t)width->in_step;
        plan->ks->maxpool_f32(&across);
    }
}

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
        if (job->plan->split)
            max_of_columns(job, &args);
        else
            job->plan->ks->maxpool_f32(&args);
        return;
    }
    fill_scales(shape, run);
    job->plan->ks->sumpool_f32(&args);
}

void pool_f32_run(const pool_f32_plan *plan, const float *x, float *y, size_t first, size_t last,
                  void *scratch) {
    pool_job job = {plan, y, scratch};
    line_sweep_run(&plan->sweep, x, pool, &job, first, last, scratch);
}
