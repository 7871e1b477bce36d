/* SPDX-License-Identifier: Apache-2.0
 *
 * Depthwise convolution with square windows of 3 or 5, for a band of output lines, over the vector
 * vocabulary; kernels.h states the contract.
 *
 * One vector of channels at a time walks over a line. Every element of the image is loaded once for
 * each line of windows and multiplied into all the outputs whose windows it is in; those wait in
 * registers until their last column came by (3 x 3, stride 1):
 *
 *   columns    ... w-1   w   w+1 ...
 *   acc[0]     [  o  o  o  ]             output w - 1, complete after column w
 *   acc[1]           [  o  o  o  ]       output w
 *   acc[2]                 [  o  o  o ]  output w + 1, begins at column w
 *
 * The weights stay in registers too. Where there are 32 of them, two output lines of 3 x 3 windows
 * share the lines between them.
 *
 * Columns outside the image are left out, lines outside of it are a vector of zeros that is read
 * with a step of 0.
 */
#ifndef HONE_DWBAND_F32_BODY_H
#define HONE_DWBAND_F32_BODY_H

#include <math.h>

#include "kernels.h"

#define DWBAND_MAX_SIZE  5
#define DWBAND_MAX_LINES 5 /* of the image, under the output lines that are done at once */
#if VF_LANES == 16 || VF_LANES == 4
#define DWBAND_ROWS 2 /* output lines at once of 3 x 3 windows with vertical stride 1 */
#else
#define DWBAND_ROWS 1
#endif

/* The shape of a walk; all of them are constants of each use. */
typedef struct dwband_shape {
    int size, stride;
    int rows, lines; /* output lines, lines of the image under them */
    int open;        /* windows that a column is in at most */
} dwband_shape;

/* One vector of channels of dwband_shape.rows output lines. */
typedef struct dwband_walk {
    const float *x[DWBAND_MAX_LINES];       /* the next column of each line of the image */
    size_t step[DWBAND_MAX_LINES];          /* from column to column */
    vf w[DWBAND_MAX_SIZE][DWBAND_MAX_SIZE]; /* [column][line] */
    vf acc[DWBAND_ROWS][DWBAND_MAX_SIZE];
    vf bias, lo, hi;
    float *y;           /* the next pixel of the first output line */
    size_t ldy, line_y; /* to the next pixel, to the next line */
    bool clamped;
    size_t n; /* channels, if less than a vector */
} dwband_walk;

SIMD_INLINE vf dwband_load(const dwband_walk *k, const float *p, const bool whole) {
    return whole ? vf_load(p) : vf_load_n(p, k->n);
}

/* Multiplies the column `ahead` of the next, which is number `tap` of the first open window, into
 * the open windows. These start at acc[.][first] and go round. */
SIMD_INLINE void dwband_column(dwband_walk *k, const dwband_shape s, size_t ahead, const int tap,
                               const int first, const bool whole) {
    SIMD_UNROLL for (int l = 0; l < s.lines; l++) {
        vf v = dwband_load(k, k->x[l] + ahead * k->step[l], whole);
        SIMD_KEEP(v);
        SIMD_UNROLL for (int r = 0; r < s.rows; r++) {
            const int line = l - r * s.stride; /* of the window */
            if (line < 0 || line >= s.size) continue;
            SIMD_UNROLL for (int a = 0; a < s.open; a++) {
                const int t = tap - a * s.stride;
                vf *acc = &k->acc[r][(first + a) % s.open];
                if (t >= 0) *acc = vf_fma(v, k->w[t][line], *acc);
            }
        }
    }
}

SIMD_INLINE void dwband_advance(dwband_walk *k, const dwband_shape s, size_t columns) {
    SIMD_UNROLL for (int l = 0; l < s.lines; l++) k->x[l] += columns * k->step[l];
}

/* Writes the window that is complete, and opens another in its place. */
SIMD_INLINE void dwband_close(dwband_walk *k, const dwband_shape s, const int first,
                              const bool whole) {
    SIMD_UNROLL for (int r = 0; r < s.rows; r++) {
        vf v = k->acc[r][first];
        if (k->clamped) v = vf_min(k->hi, vf_max(k->lo, v));
        if (whole)
            vf_store(k->y + (size_t)r * k->line_y, v);
        else
            vf_store_n(k->y + (size_t)r * k->line_y, k->n, v);
        k->acc[r][first] = k->bias;
    }
    k->y += k->ldy;
}

/* A step is the columns that complete the window of output o, which may be one before the first.
 * Those outside the image are left out. */
SIMD_INLINE void dwband_careful_step(dwband_walk *k, const dwband_f32_args *d, const dwband_shape s,
                                     int64_t o, const bool whole) {
    const int64_t column = o * s.stride + s.size - s.stride - d->pad;
    SIMD_UNROLL for (int i = 0; i < s.stride; i++) {
        if (column + i < 0 || column + i >= (int64_t)d->in) continue;
        dwband_column(k, s, 0, s.size - s.stride + i, 0, whole);
        dwband_advance(k, s, 1);
    }
    if (o >= 0) dwband_close(k, s, 0, whole);
    SIMD_UNROLL for (int r = 0; r < s.rows; r++) {
        SIMD_UNROLL for (int a = 0; a + 1 < s.open; a++) k->acc[r][a] = k->acc[r][a + 1];
        k->acc[r][s.open - 1] = k->bias;
    }
}

/* `open` steps at once, so that windows stay in their registers. */
SIMD_INLINE void dwband_steps(dwband_walk *k, const dwband_shape s) {
    SIMD_UNROLL for (int a = 0; a < s.open; a++) {
        SIMD_UNROLL for (int i = 0; i < s.stride; i++) {
            dwband_column(k, s, (size_t)i, s.size - s.stride + i, a, true);
        }
        dwband_advance(k, s, (size_t)s.stride);
        dwband_close(k, s, a, true);
    }
}

/* All of an output line. */
SIMD_INLINE void dwband_line(dwband_walk *k, const dwband_f32_args *d, const dwband_shape s,
                             const bool whole) {
    /* Windows from `first` on and before `last` are inside the image. */
    const int64_t first = d->pad <= 0 ? 0 : (d->pad + s.stride - 1) / s.stride;
    const int64_t room = (int64_t)d->in + d->pad - s.size;
    const int64_t fit = room < 0 ? 0 : room / s.stride + 1;
    const int64_t out = (int64_t)d->out, last = fit < out ? fit : out;
    const int64_t start = (1 - s.open) * s.stride + s.size - s.stride - d->pad;
    if (start > 0) dwband_advance(k, s, (size_t)start);
    SIMD_UNROLL for (int r = 0; r < s.rows; r++) {
        SIMD_UNROLL for (int a = 0; a < s.open; a++) k->acc[r][a] = k->bias;
    }
    for (int64_t o = 1 - s.open; o < out; o++) {
        if (whole && o == first)
            for (; o + s.open <= last; o += s.open) dwband_steps(k, s);
        if (o < out) dwband_careful_step(k, d, s, o, whole);
    }
}

/* Output lines from `line` on of a vector of channels. */
SIMD_INLINE void dwband_lines(dwband_walk *k, const dwband_f32_args *d, const dwband_shape s,
                              size_t line, size_t c, const bool whole) {
    static const float zeros[VF_LANES];
    SIMD_UNROLL for (int l = 0; l < s.lines; l++) {
        const float *x = d->lines[line * d->line_step + (size_t)l];
        k->x[l] = x ? x + c : zeros;
        k->step[l] = x ? d->ldx : 0;
    }
    k->y = d->y + line * k->line_y + c;
    dwband_line(k, d, s, whole);
}

/* Output lines line .. < end of a vector of channels. */
SIMD_INLINE void dwband_vector(const dwband_f32_args *d, const int size, const int stride,
                               const int rows, size_t line, size_t end, size_t c,
                               const bool whole) {
    const dwband_shape one = {size, stride, 1, size, (size + stride - 1) / stride};
    const dwband_shape all = {size, stride, rows, size + (rows - 1) * stride, one.open};
    dwband_walk k = {.ldy = d->ldy, .line_y = d->out * d->ldy, .n = d->channels - c};
    SIMD_UNROLL for (int t = 0; t < size; t++) {
        SIMD_UNROLL for (int l = 0; l < size; l++) {
            k.w[t][l] = dwband_load(&k, d->w + (size_t)(t * size + l) * d->ldw + c, whole);
        }
    }
    k.bias = d->bias ? dwband_load(&k, d->bias + c, whole) : vf_zero();
    k.lo = vf_set1(d->lo);
    k.hi = vf_set1(d->hi);
    k.clamped = d->lo > -INFINITY || d->hi < INFINITY;
    if (rows > 1 && d->line_step == d->stride)
        for (; line + (size_t)rows <= end; line += (size_t)rows)
            dwband_lines(&k, d, all, line, c, whole);
    for (; line < end; line++) dwband_lines(&k, d, one, line, c, whole);
}

/* Lines that one vector of channels does before the next. All, if it takes up whole cache lines;
 * otherwise those that share cache lines follow while the image is in L1. */
#define DWBAND_CACHE_LINE 16
#define DWBAND_LINES(all) (VF_LANES == DWBAND_CACHE_LINE ? (all) : 2)

/* The last vector of channels overlaps the one before it. */
SIMD_INLINE void dwband_channels(const dwband_f32_args *d, const int size, const int stride,
                                 const int rows) {
    if (d->channels < VF_LANES) {
        if (d->channels) dwband_vector(d, size, stride, 1, 0, d->count, 0, false);
        return;
    }
    const size_t last = d->channels - VF_LANES, step = DWBAND_LINES(d->count);
    for (size_t block = 0; block < d->channels; block += DWBAND_CACHE_LINE) {
        const size_t room = d->channels - block;
        const size_t next = block + (room < DWBAND_CACHE_LINE ? room : DWBAND_CACHE_LINE);
        for (size_t line = 0; line < d->count; line += step) {
            const size_t end = d->count - line < step ? d->count : line + step;
            for (size_t c = block; c < next; c += VF_LANES)
                dwband_vector(d, size, stride, rows, line, end, c < last ? c : last, true);
        }
    }
}

static void SIMD_NAME(dwband_f32)(const dwband_f32_args *d) {
    if (d->size == 3 && d->stride == 1) dwband_channels(d, 3, 1, DWBAND_ROWS);
    if (d->size == 3 && d->stride == 2) dwband_channels(d, 3, 2, DWBAND_ROWS);
    if (d->size == 5 && d->stride == 1) dwband_channels(d, 5, 1, 1);
    if (d->size == 5 && d->stride == 2) dwband_channels(d, 5, 2, 1);
}

#endif
