/* SPDX-License-Identifier: Apache-2.0
 *
 * Where windows lie: the geometry that convolutions, transposed convolutions and pools share.
 * Images are channels-last with three spatial axes (depth, height, width); fewer axes have leading
 * ones.
 *
 * Output position o and tap j of an axis meet input position
 *
 *     i = in_base + o * in_step + j * tap_step        padding if i is outside [0, in)
 *
 * for o < count, j < taps, and the result goes to output position out_base + o * out_step. A
 * convolution is one such grid. A transposed convolution is one for each phase (remainder of the
 * output position divided by the stride): the outputs of a phase meet the same taps of the kernel,
 * at neighbouring inputs.
 */
#ifndef HONE_CONV_WINDOW_H
#define HONE_CONV_WINDOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a caller says about a window. Extents, kernel, stride and dilation are at least 1; pad is
 * what precedes each axis (what follows is implied by out) and may be negative. The caller has
 * checked that the sums (out - 1) * stride + (kernel - 1) * dilation + |pad| and, transposed, the
 * same with `in` for `out`, fit in an int64_t. */
typedef struct conv_window {
    int64_t in[3], out[3], kernel[3], stride[3], dilation[3], pad[3];
} conv_window;

typedef struct conv_axis {
    int64_t in, out;                   /* whole extents */
    int64_t count, out_base, out_step; /* output positions of this grid */
    int64_t taps, in_base, in_step, tap_step;
    int64_t first_tap; /* element of the kernel that is tap 0 */
} conv_axis;

typedef struct conv_grid {
    conv_axis axis[3];
} conv_grid;

/* An output position of a grid: image and one position an axis. */
typedef struct conv_pixel {
    int64_t image, o[3];
} conv_pixel;

conv_grid conv_forward_grid(const conv_window *w);
/* Phases of a transposed convolution, where `in` are the positions that are spread and `out` those
 * that collect. phase < conv_phases(w). */
int64_t conv_phases(const conv_window *w);
conv_grid conv_phase_grid(const conv_window *w, int64_t phase);
/* The elements of a kernel axis that belong to one phase repeat with a period; the first one tells
 * the phases apart and orders them in packed weights. Element k is number `tap` of the `taps` of
 * its phase, and phases with smaller first elements have `before` in all. */
typedef struct conv_phase_taps {
    int64_t tap, taps, before;
} conv_phase_taps;
conv_phase_taps conv_tap_phase(const conv_window *w, int d, int64_t k);
/* Taps that packed weights hold before those of the grid, which has some. */
int64_t conv_grid_taps_before(const conv_window *w, const conv_grid *g);

static inline int64_t conv_grid_taps(const conv_grid *g) {
    return g->axis[0].taps * g->axis[1].taps * g->axis[2].taps;
}
static inline int64_t conv_grid_outputs(const conv_grid *g) {
    return g->axis[0].count * g->axis[1].count * g->axis[2].count;
}

/* Number `index` of the grid's outputs over all images, width fastest. */
conv_pixel conv_pixel_at(const conv_grid *g, size_t index);
static inline void conv_pixel_next(const conv_grid *g, conv_pixel *p) {
    if (++p->o[2] < g->axis[2].count) return;
    p->o[2] = 0;
    if (++p->o[1] < g->axis[1].count) return;
    p->o[1] = 0;
    if (++p->o[0] < g->axis[0].count) return;
    p->o[0] = 0;
    p->image++;
}
/* Its index among all pixels of the output. */
size_t conv_pixel_output(const conv_grid *g, const conv_pixel *p);

/* How many of the positions start, start + pitch, .. of `taps` taps are in [low, high)? *first
 * becomes the number of the first one that is. */
static inline int64_t conv_taps_inside(int64_t start, int64_t pitch, int64_t taps, int64_t low,
                                       int64_t high, int64_t *first) {
    const int64_t end = start >= high ? 0 : (high - start + pitch - 1) / pitch;
    const int64_t last = end < taps ? end : taps;
    *first = start >= low ? 0 : (low - start + pitch - 1) / pitch;
    return last > *first ? last - *first : 0;
}

/* Input position of an axis for output o and tap 0. */
static inline int64_t conv_axis_start(const conv_axis *a, int64_t o) {
    return a->in_base + o * a->in_step;
}
static inline bool conv_axis_inside(const conv_axis *a, int64_t i) {
    return (uint64_t)i < (uint64_t)a->in;
}

#endif
