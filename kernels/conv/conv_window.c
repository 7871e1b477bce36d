/* SPDX-License-Identifier: Apache-2.0 */
#include "conv/conv_window.h"

static int64_t gcd(int64_t a, int64_t b) {
    while (b) {
        const int64_t r = a % b;
        a = b;
        b = r;
    }
    return a;
}

/* Remainder in [0, b). */
static int64_t floor_mod(int64_t a, int64_t b) {
    const int64_t r = a % b;
    return r < 0 ? r + b : r;
}

/* a * b mod m, and the inverse of a mod m (which is coprime to a), for 0 <= a, b < m. */
static int64_t mul_mod(int64_t a, int64_t b, int64_t m) {
    return (int64_t)((unsigned __int128)a * (unsigned __int128)b % (unsigned __int128)m);
}
static int64_t inverse_mod(int64_t a, int64_t m) {
    int64_t r0 = m, r1 = a % m, t0 = 0, t1 = 1 % m;
    while (r1 > 1) {
        const int64_t q = r0 / r1, r = r0 % r1, t = t0 - q * t1;
        r0 = r1, r1 = r;
        t0 = t1, t1 = t;
    }
    return t1 < 0 ? t1 + m : t1;
}

/* After so many elements a kernel axis comes back to the same phase. */
static int64_t tap_period(const conv_window *w, int d) {
    return w->stride[d] / gcd(w->stride[d], w->dilation[d]);
}

conv_grid conv_forward_grid(const conv_window *w) {
    conv_grid g;
    for (int d = 0; d < 3; d++) {
        g.axis[d] = (conv_axis){
            .in = w->in[d],
            .out = w->out[d],
            .count = w->out[d],
            .out_step = 1,
            .taps = w->kernel[d],
            .in_base = -w->pad[d],
            .in_step = w->stride[d],
            .tap_step = w->dilation[d],
        };
    }
    return g;
}

/* Phases that have outputs. */
static int64_t axis_phases(const conv_window *w, int d) {
    return w->stride[d] < w->out[d] ? w->stride[d] : w->out[d];
}

int64_t conv_phases(const conv_window *w) {
    return axis_phases(w, 0) * axis_phases(w, 1) * axis_phases(w, 2);
}

/* The first element k of the kernel through which outputs r, r + stride, ... get inputs, which is
 * where k * dilation = r + pad modulo stride; at least kernel if there is none. */
static int64_t first_tap(const conv_window *w, int d, int64_t r) {
    const int64_t stride = w->stride[d], shared = gcd(stride, w->dilation[d]);
    const int64_t period = stride / shared, target = floor_mod(r + w->pad[d], stride);
    if (target % shared) return w->kernel[d];
    const int64_t inverse = inverse_mod(w->dilation[d] / shared % period, period);
    return mul_mod(target / shared % period, inverse, period);
}

static conv_axis phase_axis(const conv_window *w, int d, int64_t r) {
    const int64_t stride = w->stride[d], first = first_tap(w, d, r);
    conv_axis a = {
        .in = w->in[d],
        .out = w->out[d],
        .count = (w->out[d] - r + stride - 1) / stride,
        .out_base = r,
        .out_step = stride,
        .in_step = 1,
        .tap_step = -(w->dilation[d] / gcd(stride, w->dilation[d])),
    };
    if (first >= w->kernel[d]) return a;
    a.first_tap = first;
    a.taps = conv_tap_phase(w, d, first).taps;
    a.in_base = (r + w->pad[d] - first * w->dilation[d]) / stride;
    return a;
}

static void split_phase(const conv_window *w, int64_t phase, int64_t r[3]) {
    const int64_t height = axis_phases(w, 1), width = axis_phases(w, 2);
    r[0] = phase / (height * width);
    r[1] = phase / width % height;
    r[2] = phase % width;
}

conv_grid conv_phase_grid(const conv_window *w, int64_t phase) {
    conv_grid g;
    int64_t r[3];
    split_phase(w, phase, r);
    for (int d = 0; d < 3; d++) g.axis[d] = phase_axis(w, d, r[d]);
    return g;
}

conv_phase_taps conv_tap_phase(const conv_window *w, int d, int64_t k) {
    const int64_t period = tap_period(w, d), first = k % period;
    const int64_t whole = w->kernel[d] / period, rest = w->kernel[d] % period;
    return (conv_phase_taps){
        .tap = k / period,
        .taps = whole + (first < rest),
        .before = first * whole + (first < rest ? first : rest),
    };
}

int64_t conv_grid_taps_before(const conv_window *w, const conv_grid *g) {
    int64_t before = 0, count = 1;
    for (int d = 0; d < 3; d++) {
        const conv_phase_taps p = conv_tap_phase(w, d, g->axis[d].first_tap);
        before = before * w->kernel[d] + count * p.before;
        count *= p.taps;
    }
    return before;
}

conv_pixel conv_pixel_at(const conv_grid *g, size_t index) {
    conv_pixel p;
    int64_t rest = (int64_t)index;
    for (int d = 2; d >= 0; d--) {
        p.o[d] = rest % g->axis[d].count;
        rest /= g->axis[d].count;
    }
    p.image = rest;
    return p;
}

size_t conv_pixel_output(const conv_grid *g, const conv_pixel *p) {
    int64_t pixel = p->image;
    for (int d = 0; d < 3; d++) {
        const conv_axis *a = &g->axis[d];
        pixel = pixel * a->out + a->out_base + p->o[d] * a->out_step;
    }
    return (size_t)pixel;
}
