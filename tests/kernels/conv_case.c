/* SPDX-License-Identifier: Apache-2.0 */
#include "conv_case.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

void buffers_create(buffers *g) {
    guard *const all[] = {&g->x, &g->w, &g->y, &g->bias, &g->residual, &g->scratch};
    for (size_t i = 0; i < COUNT_OF(all); i++) guard_create(all[i], (size_t)3 << 20);
}

void buffers_destroy(buffers *g) {
    guard *const all[] = {&g->x, &g->w, &g->y, &g->bias, &g->residual, &g->scratch};
    for (size_t i = 0; i < COUNT_OF(all); i++) guard_destroy(all[i]);
}

float *place_floats(guard *g, size_t n, uint64_t seed) {
    float *p = guard_place(g, n * sizeof *p, GUARD_END);
    fill_uniform(n, seed, 1.0f, p);
    return p;
}

size_t pixels_of(const int64_t extent[3], int64_t n) {
    return (size_t)(extent[0] * extent[1] * extent[2] * n);
}

size_t image_floats(size_t pixels, int64_t channels, int64_t ld) {
    return pixels ? (pixels - 1) * (size_t)ld + (size_t)channels : 0;
}

const char *problem_text(const problem *p) {
    static char text[256];
    const conv_window *w = &p->window;
    int at = snprintf(text, sizeof text, "seed %llu, %s n%lld ic%lld oc%lld g%lld",
                      (unsigned long long)p->seed, p->transposed ? "transposed" : "plain",
                      (long long)p->n, (long long)p->ic, (long long)p->oc, (long long)p->groups);
    for (int d = 0; d < 3; d++)
        at += snprintf(text + at, sizeof text - (size_t)at, ", i%lld k%lld s%lld d%lld p%lld",
                       (long long)w->in[d], (long long)w->kernel[d], (long long)w->stride[d],
                       (long long)w->dilation[d], (long long)w->pad[d]);
    return text;
}

int64_t pick(uint64_t *state, int64_t low, int64_t high) {
    return low + (int64_t)(next_random(state) % (uint64_t)(high - low + 1));
}

void for_each_pair(const problem *p, pair_fn *f, void *user) {
    const conv_window *w = &p->window;
    const int64_t *steps = p->transposed ? w->in : w->out; /* what moves the window */
    const int64_t *under = p->transposed ? w->out : w->in; /* what is under it */
    const size_t positions = pixels_of(steps, p->n), taps = pixels_of(w->kernel, 1);
    for (size_t i = 0; i < positions * taps; i++) {
        int64_t rest = (int64_t)(i / taps), tap = (int64_t)(i % taps), at = 0, scale = 1;
        bool inside = true;
        for (int d = 2; d >= 0; d--) {
            const int64_t o =
                rest % steps[d] * w->stride[d] - w->pad[d] + tap % w->kernel[d] * w->dilation[d];
            inside = inside && o >= 0 && o < under[d];
            at += o * scale;
            scale *= under[d];
            rest /= steps[d];
            tap /= w->kernel[d];
        }
        if (!inside) continue;
        const size_t other = (size_t)(at + rest * scale), self = i / taps;
        f(user, p->transposed ? self : other, p->transposed ? other : self, i % taps);
    }
}

static void add_conv_pair(void *user, size_t in, size_t out, size_t tap) {
    const conv_sums *s = user;
    const problem *p = s->p;
    const size_t ic = (size_t)p->ic, taps = pixels_of(p->window.kernel, 1);
    const size_t channels = (size_t)(p->groups * p->oc);
    for (size_t c = 0; c < channels; c++) {
        const float *x = s->x + in * (size_t)p->ldx + c / (size_t)p->oc * ic;
        const float *w = s->w + (c * taps + tap) * ic;
        for (size_t i = 0; i < ic; i++) {
            const double v = (double)x[i] * (double)w[i];
            s->sum[out * channels + c] += v;
            s->size[out * channels + c] += fabs(v);
        }
    }
}

conv_sums conv_sums_create(const problem *p, const float *x, const float *w) {
    const size_t outputs = pixels_of(p->window.out, p->n) * (size_t)(p->groups * p->oc);
    conv_sums s = {.p = p, .x = x, .w = w, .sum = calloc(2 * outputs + 1, sizeof *s.sum)};
    s.size = s.sum + outputs;
    for_each_pair(p, add_conv_pair, &s);
    return s;
}

static void square_act(size_t n, const void *x, void *y, const double *param) {
    const float *from = x;
    float *to = y;
    for (size_t i = 0; i < n; i++) to[i] = from[i] * from[i] + (float)param[0];
}

static void halve_act(size_t n, const void *x, void *y, const double *param) {
    const float *from = x;
    float *to = y;
    (void)param;
    for (size_t i = 0; i < n; i++) to[i] = from[i] / 2;
}

epilogue_f32 make_epilogue(buffers *g, const problem *p, unsigned bits) {
    const int64_t channels = p->groups * p->oc;
    const size_t pixels = pixels_of(p->window.out, p->n);
    epilogue_f32 ep = {.lo = -INFINITY, .hi = INFINITY};
    ep.ldr = (size_t)channels + bits % 2;
    if (bits & 1) ep.bias = place_floats(&g->bias, (size_t)channels, 4);
    if (bits & 2)
        ep.residual =
            place_floats(&g->residual, image_floats(pixels, channels, (int64_t)ep.ldr), 5);
    if (bits & 4) ep.lo = -0.5f, ep.hi = 2.5f;
    if (bits & 8) {
        ep.act[0] = (epilogue_act){square_act, {0.25}};
        ep.act[1] = (epilogue_act){halve_act, {0}};
    }
    return ep;
}

void check_image(const problem *p, const epilogue_f32 *ep, const float *y, const float *before,
                 const conv_sums *sums, double slack) {
    const double *sum = sums->sum, *size = sums->size;
    const size_t channels = (size_t)(p->groups * p->oc), pixels = pixels_of(p->window.out, p->n);
    for (size_t o = 0; o < pixels; o++) {
        const float *pixel = y + o * (size_t)p->ldy;
        for (size_t c = 0; c < channels; c++) {
            const double s = sum[o * channels + c];
            double v = s;
            if (ep->bias) v += (double)ep->bias[c];
            if (ep->residual) v += (double)ep->residual[o * ep->ldr + c];
            v = fmin(fmax(v, (double)ep->lo), (double)ep->hi);
            if (ep->act->fn) v = (v * v + ep->act->param[0]) / 2;
            const double scale = (size[o * channels + c] + 3.0) * (1.0 + fabs(s));
            if (!(fabs((double)pixel[c] - v) <= scale * slack * (double)FLT_EPSILON))
                fail_msg("%s: pixel %zu channel %zu is %g instead of %g", problem_text(p), o, c,
                         (double)pixel[c], v);
        }
        for (size_t c = channels; c < (size_t)p->ldy && o + 1 < pixels; c++)
            if (memcmp(&pixel[c], &before[o * (size_t)p->ldy + c], sizeof *pixel) != 0)
                fail_msg("%s: wrote behind pixel %zu", problem_text(p), o);
    }
}

float *run_subject(const problem *p, const subject *t, buffers *g, float **before) {
    const size_t floats = image_floats(pixels_of(p->window.out, p->n), p->groups * p->oc, p->ldy);
    float *whole = malloc(floats * sizeof *whole + 1);
    *before = malloc(floats * sizeof *whole + 1);
    float *y = place_floats(&g->y, floats, 6);
    memcpy(*before, y, floats * sizeof *y);
    t->run(t->user, y, 0, t->tasks, guard_place(&g->scratch, t->scratch, GUARD_END));
    assert_true(guard_intact(&g->y, y, floats * sizeof *y));
    memcpy(whole, y, floats * sizeof *y);
    y = place_floats(&g->y, floats, 6);
    uint64_t state = p->seed;
    for (size_t first = 0; first < t->tasks;) {
        const size_t count = 1 + next_random(&state) % (t->tasks - first);
        t->run(t->user, y, first, first + count, guard_place(&g->scratch, t->scratch, GUARD_END));
        first += count;
    }
    if (memcmp(whole, y, floats * sizeof *y) != 0)
        fail_msg("%s: the result depends on the tasks", problem_text(p));
    free(whole);
    return y;
}
