/* SPDX-License-Identifier: Apache-2.0 */
#include "conv/dwconv_band.h"

#include <math.h>

#include "gemm/sat_size.h"

/* Vectors of channels pass over a band one after the other. Images of up to so many floats, input
 * and output, are in L2 while they do; of larger ones two lines at a time are best. */
#define L2_FLOATS ((size_t)1 << 18)

bool dwconv_band_fits(const conv_window *w) {
    const bool flat = w->kernel[0] == 1 && w->stride[0] == 1 && w->pad[0] == 0 &&
                      w->in[0] == w->out[0] && w->dilation[1] == 1 && w->dilation[2] == 1;
    return flat && w->kernel[1] == w->kernel[2] && (w->kernel[2] == 3 || w->kernel[2] == 5) &&
           w->stride[1] <= 2 && w->stride[2] <= 2;
}

size_t dwconv_lines_under(const conv_window *w, size_t lines) {
    return sat_add(sat_mul(lines - 1, (size_t)w->stride[1]), (size_t)w->kernel[1]);
}

void dwconv_band_plan(dwconv_f32_plan *plan) {
    const conv_window *w = &plan->sweep.window;
    if (plan->tasks == 0 || !dwconv_band_fits(w)) return;
    const size_t read = sat_mul((size_t)w->in[2], (size_t)w->stride[1]);
    const size_t line = sat_mul(sat_add(read, (size_t)w->out[2]), (size_t)plan->sweep.channels);
    const size_t height = (size_t)w->out[1];
    plan->band = smaller(sat_mul(line, height) > L2_FLOATS ? 2 : height, height);
    plan->scratch = sat_align(sat_mul(dwconv_lines_under(w, plan->band), sizeof(float *)));
}

/* What the kernel leaves to do. */
static void finish_pixels(const dwconv_band *b) {
    const epilogue_f32 *ep = b->ep;
    const double range[] = {(double)ep->lo, (double)ep->hi};
    const size_t pixels = b->count * (size_t)b->window->out[2];
    float *y = b->y;
    for (size_t p = 0; p < pixels; p++, y += b->ldy) {
        if (ep->residual) {
            b->ks->add[KT_F32](b->channels, y, 1, ep->residual + p * ep->ldr, 1, y);
            b->ks->clip[KT_F32](b->channels, y, y, range);
        }
        if (b->ldy > b->channels) epilogue_activate(ep, b->channels, y);
    }
    if (b->ldy == b->channels) epilogue_activate(ep, pixels * b->ldy, b->y);
}

void dwconv_band_convolve(const dwconv_band *b) {
    const conv_window *w = b->window;
    const epilogue_f32 *ep = b->ep;
    const bool clamp = ep && !ep->residual;
    const dwband_f32_args args = {
        .lines = b->lines,
        .w = b->w,
        .bias = ep ? ep->bias : NULL,
        .y = b->y,
        .size = (size_t)w->kernel[2],
        .stride = (size_t)w->stride[2],
        .line_step = (size_t)w->stride[1],
        .in = (size_t)w->in[2],
        .out = (size_t)w->out[2],
        .count = b->count,
        .channels = b->channels,
        .pad = w->pad[2],
        .ldx = b->ldx,
        .ldw = b->ldw,
        .ldy = b->ldy,
        .lo = clamp ? ep->lo : -INFINITY,
        .hi = clamp ? ep->hi : INFINITY,
    };
    b->ks->dwband_f32(&args);
    if (ep && (ep->residual || ep->act->fn)) finish_pixels(b);
}

/* Lines `line` .. of the output, in one image, against some channels. */
static void convolve_lines(const dwconv_f32_plan *plan, const dwconv_f32_operands *x, size_t line,
                           size_t count, size_t channel, size_t channels, const float **lines) {
    const line_sweep *s = &plan->sweep;
    const conv_window *w = &s->window;
    const size_t height = (size_t)w->out[1], pixel = line * (size_t)w->out[2];
    const int64_t row = (int64_t)(line % height) * w->stride[1] - w->pad[1];
    const float *image = x->x + (int64_t)(line / height) * w->in[1] * w->in[2] * s->ldx + channel;
    for (int64_t l = 0; l < (int64_t)dwconv_lines_under(w, count); l++) {
        const bool inside = row + l >= 0 && row + l < w->in[1];
        lines[l] = inside ? image + (row + l) * w->in[2] * s->ldx : NULL;
    }
    epilogue_f32 ep = x->ep ? *x->ep : (epilogue_f32){0};
    if (ep.bias) ep.bias += channel;
    if (ep.residual) ep.residual += pixel * ep.ldr + channel;
    const dwconv_band band = {
        .ks = plan->ks,
        .window = w,
        .lines = lines,
        .w = x->w + channel,
        .ep = x->ep ? &ep : NULL,
        .y = x->y + pixel * (size_t)s->ldy + channel,
        .count = count,
        .channels = channels,
        .ldx = (size_t)s->ldx,
        .ldw = (size_t)s->channels,
        .ldy = (size_t)s->ldy,
    };
    dwconv_band_convolve(&band);
}

/* Tasks that are neighbours and have all channels are done as one. */
void dwconv_band_run(const dwconv_f32_plan *plan, const dwconv_f32_operands *x, size_t first,
                     size_t last, void *scratch) {
    const line_sweep *s = &plan->sweep;
    const size_t height = (size_t)s->window.out[1];
    while (first < last) {
        const size_t part = first % s->channel_tasks;
        const size_t parts = smaller(s->channel_tasks - part, last - first);
        const size_t rows = parts == s->channel_tasks ? (last - first) / parts : 1;
        const size_t channel = part * s->task_channels;
        const size_t end = smaller((part + parts) * s->task_channels, (size_t)s->channels);
        size_t line = first / s->channel_tasks * s->task_lines;
        const size_t stop = smaller(line + rows * s->task_lines, s->lines);
        for (size_t count; line < stop; line += count) {
            count = smaller(smaller(plan->band, stop - line), height - line % height);
            convolve_lines(plan, x, line, count, channel, end - channel, scratch);
        }
        first += rows * parts;
    }
}
