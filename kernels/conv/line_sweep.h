/* SPDX-License-Identifier: Apache-2.0
 *
 * The machine behind depthwise convolutions and pools: visits the output lines of a window in
 * tasks, and tells a kernel where the pixels under each window are.
 *
 * Taps are ordered by width first, so that windows which overlap share pointers:
 *
 *   columns of the image     w0        w1        w2        w3
 *   pointers (3 lines)       . . .     . . .     . . .     . . .
 *   pixel 0, 3 x 3           [t0 t1 t2  t3 t4 t5  t6 t7 t8]
 *   pixel 1, stride 1                  [t0 t1 t2  ...              ]
 */
#ifndef HONE_LINE_SWEEP_H
#define HONE_LINE_SWEEP_H

#include "conv/conv_rows.h"
#include "conv/conv_window.h"

typedef struct line_sweep {
    conv_window window;
    int64_t n, channels;
    int64_t ldx, ldy; /* floats between neighbouring pixels, at least channels */
    float padding;    /* value of a pixel outside the image */

    /* Filled in by line_sweep_plan. */
    conv_grid grid;
    bool shared;       /* neighbouring pixels share pointers */
    size_t taps, step; /* pointers of a pixel, from pixel to pixel */
    size_t lines;      /* output lines in all images */
    size_t segment;    /* most pixels of a run */
    size_t task_lines, task_channels;
    size_t line_tasks, channel_tasks;      /* their product is the number of tasks */
    size_t at_lines, at_padding, at_extra; /* offsets in scratch; extra is one float a pixel */
    size_t scratch;                        /* bytes, aligned to 64; SIZE_MAX: too many */
} line_sweep;

/* A run of output pixels in one line: pixel p's tap t starts at rows[p * step + t]. */
typedef struct line_run {
    const line_sweep *sweep;
    const float *const *rows;
    conv_pixel first;
    size_t pixels;
    size_t output;            /* index of the first pixel in the output */
    size_t channel, channels; /* the part of the channels to do */
    float *extra;             /* a float for each pixel, for the visitor's use */
} line_run;
typedef void line_visit(void *user, const line_run *run);

void line_sweep_plan(line_sweep *s);
static inline size_t line_sweep_tasks(const line_sweep *s) {
    return s->line_tasks * s->channel_tasks;
}
/* Visits the runs of tasks first <= i < last; neighbours share work. */
void line_sweep_run(const line_sweep *s, const float *x, line_visit *visit, void *user,
                    size_t first, size_t last, void *scratch);

#endif
