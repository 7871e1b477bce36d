/* SPDX-License-Identifier: Apache-2.0 */
#include "conv/conv_rows.h"

#include <string.h>

void conv_dense_rows(const void *source, const gemm_span *span) {
    const conv_source *s = source;
    const float **out = span->a, *x = s->x + (int64_t)span->row * s->ldx;
    size_t row = span->row;
    for (size_t t = 0; t < span->tiles; t++, out += span->mr) {
        span->tile[t].row = row;
        row += span->tile[t].rows;
        for (size_t i = 0; i < span->tile[t].rows; i++, x += s->ldx) out[i] = x;
    }
}

void conv_image_lines(const conv_source *s, const conv_pixel *p, size_t first, size_t count,
                      const float **lines) {
    const conv_axis *depth = &s->grid.axis[0], *height = &s->grid.axis[1];
    if (count == 0) return; /* a phase that no tap reaches has no height either */
    const int64_t d0 = conv_axis_start(depth, p->o[0]), h0 = conv_axis_start(height, p->o[1]);
    int64_t j = (int64_t)first / height->taps, k = (int64_t)first % height->taps;
    for (size_t i = 0; i < count; i++) {
        const int64_t d = d0 + j * depth->tap_step, h = h0 + k * height->tap_step;
        const int64_t line = (p->image * depth->in + d) * height->in + h;
        const bool inside = conv_axis_inside(depth, d) && conv_axis_inside(height, h);
        lines[i] = inside ? s->x + line * s->grid.axis[2].in * s->ldx : NULL;
        if (++k == height->taps) k = 0, j++;
    }
}

/* ---- Row sources ----------------------------------------------------------------------------- */

/* Where a source is: an output pixel, and the lines of the image under its window. */
typedef struct row_cursor {
    const conv_source *s;
    conv_pixel pixel;
    size_t first_line, line_count;
    const float *lines[GEMM_MAX_BLOCK_TAPS];
} row_cursor;

static void cursor_init(row_cursor *c, const conv_source *s, size_t row, size_t first_line,
                        size_t line_count) {
    c->s = s;
    c->pixel = conv_pixel_at(&s->grid, row);
    c->first_line = first_line;
    c->line_count = line_count;
    conv_image_lines(s, &c->pixel, first_line, line_count, c->lines);
}

static void cursor_next(row_cursor *c) {
    conv_pixel_next(&c->s->grid, &c->pixel);
    if (c->pixel.o[2] == 0)
        conv_image_lines(c->s, &c->pixel, c->first_line, c->line_count, c->lines);
}

/* The taps of one row, in lines of the window. */
static void tap_row(const row_cursor *c, const gemm_span *span, const float **out) {
    const conv_axis *width = &c->s->grid.axis[2];
    const int64_t start = conv_axis_start(width, c->pixel.o[2]);
    int64_t k = (int64_t)(span->tap - c->first_line * (size_t)width->taps);
    size_t left = span->taps;
    for (const float *const *line = c->lines; left > 0; line++, k = 0) {
        const int64_t end = (int64_t)left < width->taps - k ? k + (int64_t)left : width->taps;
        left -= (size_t)(end - k);
        int64_t w = start + k * width->tap_step;
        for (; k < end; k++, w += width->tap_step, out += span->mr)
            *out = *line && conv_axis_inside(width, w) ? *line + w * c->s->ldx : span->zeros;
    }
}

void conv_tap_rows(const void *source, const gemm_span *span) {
    const conv_source *s = source;
    const size_t per_line = (size_t)s->grid.axis[2].taps;
    const size_t first = per_line ? span->tap / per_line : 0;
    const size_t end = span->taps ? (span->tap + span->taps - 1) / per_line + 1 : first;
    const float **out = span->a;
    row_cursor c;
    cursor_init(&c, s, span->row, first, end - first);
    for (size_t t = 0; t < span->tiles; t++, out += span->taps * span->mr) {
        span->tile[t].row = conv_pixel_output(&s->grid, &c.pixel);
        for (size_t i = 0; i < span->tile[t].rows; i++, cursor_next(&c)) tap_row(&c, span, out + i);
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

static void line_row(const row_cursor *c, const gemm_span *span, const float **out, float *spare) {
    const conv_source *s = c->s;
    const conv_axis *width = &s->grid.axis[2];
    const int64_t w = conv_axis_start(width, c->pixel.o[2]);
    const bool whole = w >= 0 && w + width->taps <= width->in;
    for (size_t t = 0; t < span->taps; t++, out += span->mr) {
        if (!c->lines[t])
            *out = span->zeros;
        else if (whole)
            *out = c->lines[t] + w * s->ldx;
        else
            *out = padded_line(s, c->lines[t], w, spare + t * span->mr * (size_t)s->line);
    }
}

void conv_line_rows(const void *source, const gemm_span *span) {
    const conv_source *s = source;
    const size_t line = (size_t)s->line, entries = span->taps * span->mr;
    const float **out = span->a;
    float *spare = span->spare;
    row_cursor c;
    cursor_init(&c, s, span->row, span->tap, span->taps);
    for (size_t t = 0; t < span->tiles; t++, out += entries, spare += entries * line) {
        span->tile[t].row = conv_pixel_output(&s->grid, &c.pixel);
        for (size_t i = 0; i < span->tile[t].rows; i++, cursor_next(&c))
            line_row(&c, span, out + i, spare + i * line);
    }
}
