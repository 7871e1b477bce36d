/* SPDX-License-Identifier: Apache-2.0 */
#include "conv/conv_rows.h"

#include <string.h>

void conv_dense_rows(const void *source, const gemm_span *span) {
    const conv_source *s = source;
    const float *x = s->x + (int64_t)span->row * s->ldx;
    for (size_t i = 0; i < span->rows; i++, x += s->ldx) span->out[i] = x;
}

const float *conv_image_line(const conv_source *s, const conv_pixel *p, size_t tap) {
    const conv_axis *depth = &s->grid.axis[0], *height = &s->grid.axis[1];
    const int64_t lines = height->taps;
    const int64_t d = conv_axis_start(depth, p->o[0]) + (int64_t)tap / lines * depth->tap_step;
    const int64_t h = conv_axis_start(height, p->o[1]) + (int64_t)tap % lines * height->tap_step;
    if (!conv_axis_inside(depth, d) || !conv_axis_inside(height, h)) return NULL;
    const int64_t line = (p->image * depth->in + d) * height->in + h;
    return s->x + line * s->grid.axis[2].in * s->ldx;
}

/* How many of the pixels from p on, at most `left`, are in its line of the output. */
static size_t pixels_in_line(const conv_source *s, const conv_pixel *p, size_t left) {
    const size_t room = (size_t)(s->grid.axis[2].count - p->o[2]);
    return left < room ? left : room;
}

static void skip_pixels(const conv_source *s, conv_pixel *p, size_t count) {
    p->o[2] += (int64_t)count - 1;
    conv_pixel_next(&s->grid, p);
}

/* The taps of `rows` pixels from p on, which are in one line of the output. */
static void taps_of_rows(const conv_source *s, const gemm_span *span, const conv_pixel *p,
                         const float **out, size_t rows) {
    const conv_axis *width = &s->grid.axis[2];
    const size_t per_line = (size_t)width->taps;
    size_t line = span->tap / per_line, first = span->tap % per_line;
    for (size_t left = span->taps; left > 0; line++, first = 0) {
        const float *x = conv_image_line(s, p, line);
        const size_t count = left < per_line - first ? left : per_line - first;
        const int64_t start = conv_axis_start(width, p->o[2]);
        for (size_t t = 0; t < count; t++, out += span->mr) {
            int64_t w = start + (int64_t)(first + t) * width->tap_step;
            for (size_t i = 0; i < rows; i++, w += width->in_step)
                out[i] = x && conv_axis_inside(width, w) ? x + w * s->ldx : span->zeros;
        }
        left -= count;
    }
}

void conv_tap_rows(const void *source, const gemm_span *span) {
    const conv_source *s = source;
    if (span->taps == 0) return; /* a phase that no tap reaches */
    conv_pixel p = conv_pixel_at(&s->grid, span->row);
    for (size_t i = 0, rows; i < span->rows; i += rows) {
        rows = pixels_in_line(s, &p, span->rows - i);
        taps_of_rows(s, span, &p, span->out + i, rows);
        skip_pixels(s, &p, rows);
    }
}

/* Copies the part of a line that is inside the image between zeros. */
static const float *padded_line(const conv_source *s, const float *x, int64_t w, float *spare) {
    const int64_t ldx = s->ldx, extent = s->grid.axis[2].in * ldx;
    const int64_t begin = w * ldx, end = begin + s->line;
    const int64_t from = begin < 0 ? 0 : begin, to = end > extent ? extent : end;
    memset(spare, 0, (size_t)s->line * sizeof *spare);
    if (from < to) memcpy(spare + (from - begin), x + from, (size_t)(to - from) * sizeof *spare);
    return spare;
}

/* One line of the window for `rows` pixels from p on, which are in one line of the output. */
static void line_of_rows(const conv_source *s, const gemm_span *span, const conv_pixel *p, size_t t,
                         size_t i, size_t rows) {
    const conv_axis *width = &s->grid.axis[2];
    const float *x = conv_image_line(s, p, span->tap + t);
    const int64_t last = width->in * s->ldx - s->line; /* where a whole line can start */
    int64_t w = conv_axis_start(width, p->o[2]);
    for (size_t at = t * span->mr + i; rows > 0; rows--, at++, w += width->in_step) {
        if (!x)
            span->out[at] = span->zeros;
        else if (w >= 0 && w * s->ldx <= last)
            span->out[at] = x + w * s->ldx;
        else
            span->out[at] = padded_line(s, x, w, span->spare + at * (size_t)s->line);
    }
}

void conv_line_rows(const void *source, const gemm_span *span) {
    const conv_source *s = source;
    conv_pixel p = conv_pixel_at(&s->grid, span->row);
    for (size_t i = 0, rows; i < span->rows; i += rows) {
        rows = pixels_in_line(s, &p, span->rows - i);
        for (size_t t = 0; t < span->taps; t++) line_of_rows(s, span, &p, t, i, rows);
        skip_pixels(s, &p, rows);
    }
}

size_t conv_place(const void *source, size_t row) {
    const conv_source *s = source;
    const conv_pixel p = conv_pixel_at(&s->grid, row);
    return conv_pixel_output(&s->grid, &p);
}
