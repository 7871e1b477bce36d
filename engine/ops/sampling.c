/* SPDX-License-Identifier: Apache-2.0 */
#include "sampling.h"

#include <math.h>

#include "narrow.h"

enum { AXIS_TAPS = 4 };

static int32_t taps_per_axis(sampling_mode mode) {
    return mode == SAMPLING_NEAREST ? 1 : mode == SAMPLING_LINEAR ? 2 : AXIS_TAPS;
}

bool sampling_fits(const sampling *s) {
    int32_t taps = 1;
    for (int32_t a = 0; a < s->rank && taps <= SAMPLING_MAX_TAPS; a++)
        taps *= taps_per_axis(s->mode);
    return s->rank >= 1 && s->rank <= SAMPLING_MAX_RANK && taps <= SAMPLING_MAX_TAPS;
}

/* Folds x into [lo, hi] by mirrors at both ends. */
static double reflect(double x, double lo, double hi) {
    const double range = hi - lo;
    if (range <= 0) return lo;
    double away = fmod(x < lo ? lo - x : x - lo, 2 * range);
    if (away > range) away = 2 * range - away;
    return lo + away;
}

/* Element of an axis that index i stands for, or -1. */
static int64_t resolve(const sampling *s, int64_t dim, int64_t i) {
    if (i >= 0 && i < dim) return i;
    if (s->padding == SAMPLING_ZEROS) return -1;
    if (s->padding == SAMPLING_BORDER) return i < 0 ? 0 : dim - 1;
    const double edge = s->align_corners ? 0 : 0.5;
    const double x = reflect((double)i, -edge, (double)(dim - 1) + edge);
    return clamp_i64((int64_t)x, 0, dim - 1);
}

/* Keys' cubic convolution with a = -0.75. */
static void cubic_weights(double t, double *w) {
    const double a = -0.75, far = t + 1, rest = 1 - t, end = 2 - t;
    w[0] = ((a * far - 5 * a) * far + 8 * a) * far - 4 * a;
    w[1] = ((a + 2) * t - (a + 3)) * t * t + 1;
    w[2] = ((a + 2) * rest - (a + 3)) * rest * rest + 1;
    w[3] = ((a * end - 5 * a) * end + 8 * a) * end - 4 * a;
}

/* The position after the padding rule, and not further away than matters. A cubic reaches past the
 * border from inside, so that there the rule is for its elements alone. */
static double settle(const sampling *s, int64_t dim, double x) {
    const double last = (double)(dim - 1), edge = s->align_corners ? 0 : 0.5;
    if (!(x == x)) return -AXIS_TAPS;
    if (s->mode == SAMPLING_NEAREST) x = rint(x);
    if (x < -edge || x > last + edge) {
        if (s->padding == SAMPLING_BORDER && s->mode != SAMPLING_CUBIC) x = x < 0 ? 0 : last;
        if (s->padding == SAMPLING_REFLECT) x = isinf(x) ? 0 : reflect(x, -edge, last + edge);
    }
    return x < -AXIS_TAPS ? -AXIS_TAPS : x > last + AXIS_TAPS ? last + AXIS_TAPS : x;
}

int32_t sampling_taps(const sampling *s, const double *at, sampling_tap *taps) {
    const int32_t each = taps_per_axis(s->mode);
    int32_t n = 1;
    taps[0] = (sampling_tap){0, 1};
    for (int32_t a = 0; a < s->rank; a++) {
        const double x = settle(s, s->dim[a], at[a]), base = floor(x);
        double w[AXIS_TAPS] = {1, 0, 0, 0};
        if (s->mode == SAMPLING_LINEAR) w[0] = 1 - (x - base), w[1] = x - base;
        if (s->mode == SAMPLING_CUBIC) cubic_weights(x - base, w);
        const int64_t first = (int64_t)base - (s->mode == SAMPLING_CUBIC ? 1 : 0);
        sampling_tap before[SAMPLING_MAX_TAPS];
        const int32_t n_before = n;
        for (int32_t i = 0; i < n; i++) before[i] = taps[i];
        n = 0;
        for (int32_t t = 0; t < each; t++) {
            const int64_t i = resolve(s, s->dim[a], first + t);
            for (int32_t j = 0; j < n_before && i >= 0 && w[t] != 0; j++)
                taps[n++] =
                    (sampling_tap){before[j].index * s->dim[a] + i, before[j].weight * w[t]};
        }
    }
    return n;
}
