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

/* The elements of one axis that make up position x, and their weights; those without weight or
 * element are left out. */
static int32_t axis_taps(const sampling *s, int64_t dim, double at, sampling_tap *taps) {
    if (s->mode == SAMPLING_LINEAR && at >= 0 && at < (double)(dim - 1)) { /* mostly */
        const int64_t i = (int64_t)at;
        const double right = at - (double)i;
        taps[0] = (sampling_tap){i, 1 - right};
        taps[1] = (sampling_tap){i + 1, right};
        return right != 0 ? 2 : 1;
    }
    const int32_t each = taps_per_axis(s->mode);
    const double x = settle(s, dim, at), base = floor(x), part = x - base;
    const int64_t first = (int64_t)base - (s->mode == SAMPLING_CUBIC ? 1 : 0);
    double w[AXIS_TAPS] = {1, 0, 0, 0};
    int32_t n = 0;
    if (s->mode == SAMPLING_LINEAR) w[0] = 1 - part, w[1] = part;
    if (s->mode == SAMPLING_CUBIC) cubic_weights(part, w);
    for (int32_t t = 0; t < each; t++) {
        const int64_t i = resolve(s, dim, first + t);
        if (i >= 0 && w[t] != 0) taps[n++] = (sampling_tap){i, w[t]};
    }
    return n;
}

int32_t sampling_taps(const sampling *s, const double *at, sampling_tap *taps) {
    int32_t n = axis_taps(s, s->dim[0], at[0], taps);
    for (int32_t a = 1; a < s->rank; a++) {
        sampling_tap own[AXIS_TAPS];
        const int32_t m = axis_taps(s, s->dim[a], at[a], own);
        for (int32_t j = n - 1; j >= 0; j--) { /* from the back: the list grows in place */
            const sampling_tap outer = taps[j];
            for (int32_t t = 0; t < m; t++)
                taps[j * m + t] = (sampling_tap){outer.index * s->dim[a] + own[t].index,
                                                 outer.weight * own[t].weight};
        }
        n *= m;
    }
    return n;
}

#define BLEND(name, type)                                                                          \
    void name(const sampling_block *b, const type *x, type *y) {                                   \
        for (int32_t p = 0; p < b->n; p++) {                                                       \
            const sampling_tap *t = b->tap[p];                                                     \
            double sum = 0;                                                                        \
            if (b->taps[p] == 4) /* two axes, linear */                                            \
                sum =                                                                              \
                    (t[0].weight * (double)x[t[0].index] + t[1].weight * (double)x[t[1].index]) +  \
                    (t[2].weight * (double)x[t[2].index] + t[3].weight * (double)x[t[3].index]);   \
            else                                                                                   \
                for (int32_t i = 0; i < b->taps[p]; i++)                                           \
                    sum += t[i].weight * (double)x[t[i].index];                                    \
            y[p] = (type)sum;                                                                      \
        }                                                                                          \
    }
BLEND(sampling_blend_f32, float)
BLEND(sampling_blend_f64, double)
