/* SPDX-License-Identifier: Apache-2.0 */
#include "conv/line_sweep.h"

#include "gemm/sat_size.h"

/* Pointers of a run: 32 KB at most, unless one pixel has more. */
#define MAX_POINTERS 4096
/* Work of a task in elements read, and how many tasks are enough for 8 threads. */
#define TASK_READS   ((size_t)1 << 17)
#define MAX_TASKS    64
#define MIN_CHANNELS 32

static void plan_tasks(line_sweep *s) {
    const size_t count = (size_t)s->grid.axis[2].count, channels = (size_t)s->channels;
    const size_t reads = sat_mul(sat_mul(s->lines, count), sat_mul(s->taps, channels));
    const size_t want = larger(smaller(reads / TASK_READS, MAX_TASKS), 1);
    s->task_lines = ceil_div(s->lines, smaller(want, s->lines));
    s->line_tasks = ceil_div(s->lines, s->task_lines);
    const size_t parts = smaller(ceil_div(want, s->line_tasks), larger(channels / MIN_CHANNELS, 1));
    s->task_channels = ceil_div(ceil_div(channels, parts), MIN_CHANNELS) * MIN_CHANNELS;
    s->channel_tasks = ceil_div(channels, s->task_channels);
}

void line_sweep_plan(line_sweep *s) {
    s->grid = conv_forward_grid(&s->window);
    const conv_axis *a = s->grid.axis;
    const size_t heights = sat_mul((size_t)a[0].taps, (size_t)a[1].taps);
    const size_t widths = (size_t)a[2].taps, count = (size_t)a[2].count;
    s->taps = sat_mul(heights, widths);
    s->shared = a[2].tap_step == 1 && a[2].in_step <= a[2].taps;
    s->step = s->shared ? (size_t)a[2].in_step * heights : s->taps;
    s->lines = (size_t)(s->n * a[0].count * a[1].count);
    s->line_tasks = s->channel_tasks = 0;
    s->scratch = 0;
    if (s->lines == 0 || count == 0 || s->channels == 0) return;
    plan_tasks(s);
    s->segment = smaller(count, larger(MAX_POINTERS / s->step, 1));
    const size_t pointers = sat_add(sat_mul(s->segment - 1, s->step), s->taps);
    s->at_lines = sat_align(sat_mul(pointers, sizeof(float *)));
    s->at_padding = sat_align(sat_add(s->at_lines, sat_mul(heights, sizeof(float *))));
    s->at_extra = sat_align(sat_add(s->at_padding, sat_mul((size_t)s->channels, sizeof(float))));
    s->scratch = sat_align(sat_add(s->at_extra, sat_mul(s->segment, sizeof(float))));
}

/* Columns w, w + step, ... of the lines under a window. */
static const float **fill_columns(const line_sweep *s, const float *const *lines,
                                  const float *padding, int64_t w, size_t columns,
                                  const float **out) {
    const conv_axis *a = s->grid.axis;
    const size_t heights = (size_t)(a[0].taps * a[1].taps);
    for (size_t c = 0; c < columns; c++, w += a[2].tap_step) {
        const bool inside = conv_axis_inside(&a[2], w);
        for (size_t l = 0; l < heights; l++)
            *out++ = inside && lines[l] ? lines[l] + w * s->ldx : padding;
    }
    return out;
}

static void fill_run(const line_run *run, const float *const *lines, const float *padding,
                     const float **out) {
    const line_sweep *s = run->sweep;
    const conv_axis *width = &s->grid.axis[2];
    const size_t taps = (size_t)width->taps;
    int64_t w = conv_axis_start(width, run->first.o[2]);
    if (s->shared) {
        const size_t columns = (run->pixels - 1) * (size_t)width->in_step + taps;
        fill_columns(s, lines, padding, w, columns, out);
        return;
    }
    for (size_t p = 0; p < run->pixels; p++, w += width->in_step)
        out = fill_columns(s, lines, padding, w, taps, out);
}

/* All runs of output line `line`. */
static void visit_line(line_run *run, const float *x, size_t line, line_visit *visit, void *user,
                       char *scratch) {
    const line_sweep *s = run->sweep;
    const conv_source source = {.grid = s->grid, .x = x, .ldx = s->ldx};
    const size_t count = (size_t)s->grid.axis[2].count;
    const float **rows = (const float **)(void *)scratch;
    const float **lines = (const float **)(void *)(scratch + s->at_lines);
    const float *padding = (const float *)(const void *)(scratch + s->at_padding);
    run->first = conv_pixel_at(&s->grid, line * count);
    run->rows = rows;
    for (size_t l = 0; l < (size_t)(s->grid.axis[0].taps * s->grid.axis[1].taps); l++)
        lines[l] = conv_image_line(&source, &run->first, l);
    for (size_t o = 0; o < count; o += run->pixels) {
        run->first.o[2] = (int64_t)o;
        run->pixels = smaller(s->segment, count - o);
        run->output = line * count + o;
        fill_run(run, lines, padding, rows);
        visit(user, run);
    }
}

void line_sweep_run(const line_sweep *s, const float *x, line_visit *visit, void *user,
                    size_t first, size_t last, void *scratch) {
    float *padding = (float *)(void *)((char *)scratch + s->at_padding);
    line_run run = {.sweep = s, .extra = (float *)(void *)((char *)scratch + s->at_extra)};
    for (int64_t c = 0; c < s->channels; c++) padding[c] = s->padding;
    while (first < last) {
        const size_t part = first % s->channel_tasks;
        const size_t parts = smaller(s->channel_tasks - part, last - first);
        const size_t line = first / s->channel_tasks * s->task_lines;
        const size_t end = smaller((part + parts) * s->task_channels, (size_t)s->channels);
        run.channel = part * s->task_channels;
        run.channels = end - run.channel;
        for (size_t l = line; l < smaller(line + s->task_lines, s->lines); l++)
            visit_line(&run, x, l, visit, user, scratch);
        first += parts;
    }
}
