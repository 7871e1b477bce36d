/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "checked.h"
#include "narrow.h"
#include "resize.h"

const tensor *resize_given(const tensor *t) {
    return t && !tensor_absent(t) && tensor_count(t) > 0 ? t : NULL;
}

/* Sizes beyond this are no longer exact as a float64. */
#define SIZE_MOST 9007199254740992.0

/* A size that was computed as a real number. */
static hone_status size_of(const ctx *c, double v, int64_t *out) {
    if (!(v >= 0 && v < SIZE_MOST))
        return fail(c, HONE_E_FORMAT, "a resized axis has size %g: expected 0 to 2^53", v);
    *out = (int64_t)v;
    return HONE_OK;
}

static hone_status axis_from_scale(const ctx *c, const resize_request *r, int64_t entry,
                                   resize_axis *a) {
    a->scale = (float)tensor_f64(r->scales, entry);
    if (!(a->scale > 0 && a->scale < INFINITY))
        return fail(c, HONE_E_FORMAT, "a scale is %g: expected a positive number",
                    (double)a->scale);
    if (!dim_known(a->in)) {
        a->out = a->scale == 1 && !a->active ? a->in : DIM_UNKNOWN;
        return HONE_OK;
    }
    /* In float32, as other engines do it: 10 * 0.7 is 7 there. */
    const float part = r->params->coordinates == RESIZE_CROP ? a->end - a->start : 1.0f;
    return size_of(c, floor((double)((float)a->in * part * a->scale)), &a->out);
}

static hone_status axis_from_size(const ctx *c, const resize_request *r, int64_t entry,
                                  resize_axis *a) {
    a->out = tensor_i64(r->sizes, entry);
    if (a->out < 0 || (double)a->out > SIZE_MOST)
        return fail(c, HONE_E_FORMAT, "a size is %lld: expected 0 to 2^53", (long long)a->out);
    a->scale = dim_known(a->in) && a->in > 0 ? (float)a->out / (float)a->in : 1.0f;
    return HONE_OK;
}

/* The data axis of entry i of the request's lists. */
static hone_status entry_axis(const ctx *c, const resize_params *p, int32_t i, int32_t rank,
                              int32_t *axis) {
    *axis = i;
    if (!p->axes.set || axis_normalize(p->axes.v[i], rank, axis)) return HONE_OK;
    return fail(c, HONE_E_FORMAT, "axis %lld is out of range for rank %d", (long long)p->axes.v[i],
                rank);
}

/* One common scale for all axes, so that the aspect ratio stays. */
static hone_status keep_aspect(const ctx *c, const resize_params *p, const shape *x, int32_t n,
                               resize_axis *axes) {
    double common = 0;
    for (int32_t i = 0; i < n; i++) {
        int32_t d;
        TRY(entry_axis(c, p, i, x->rank, &d));
        if (!dim_known(axes[d].in) || axes[d].in == 0) common = NAN;
        const double scale = (double)axes[d].out / (double)axes[d].in;
        if (i == 0 || (p->policy == RESIZE_NOT_LARGER ? scale < common : scale > common))
            common = scale;
    }
    for (int32_t i = 0; i < n; i++) {
        int32_t d;
        TRY(entry_axis(c, p, i, x->rank, &d));
        axes[d].out = DIM_UNKNOWN;
        axes[d].scale = (float)common;
        if (!isnan(common)) TRY(size_of(c, floor(common * (double)axes[d].in + 0.5), &axes[d].out));
    }
    return HONE_OK;
}

hone_status resize_axes_of(const ctx *c, const resize_request *r, const shape *x,
                           resize_axis *axes) {
    const resize_params *p = r->params;
    const int32_t n = p->axes.set ? p->axes.n : x->rank;
    const tensor *lists[] = {r->scales, r->sizes};
    for (int32_t a = 0; a < x->rank; a++)
        axes[a] = (resize_axis){.in = x->dim[a], .out = x->dim[a], .scale = 1, .end = 1};
    if (n > x->rank || (r->roi && tensor_count(r->roi) != 2 * n && p->coordinates == RESIZE_CROP))
        return fail(c, HONE_E_FORMAT, "'axes' or 'roi' does not fit data of rank %d", x->rank);
    for (int32_t i = 0; i < 2; i++)
        if (lists[i] && tensor_count(lists[i]) != n)
            return fail(c, HONE_E_FORMAT, "%lld %s for %d axes", (long long)tensor_count(lists[i]),
                        i ? "sizes" : "scales", n);
    for (int32_t i = 0; i < n; i++) {
        int32_t d;
        TRY(entry_axis(c, p, i, x->rank, &d));
        resize_axis *a = &axes[d];
        if (p->coordinates == RESIZE_CROP && r->roi) {
            a->start = (float)tensor_f64(r->roi, i);
            a->end = (float)tensor_f64(r->roi, i + n);
        }
        a->active = a->start != 0 || a->end != 1;
        if (r->sizes)
            TRY(axis_from_size(c, r, i, a));
        else if (r->scales)
            TRY(axis_from_scale(c, r, i, a));
        else
            a->out = DIM_UNKNOWN;
    }
    if (r->sizes && p->policy != RESIZE_STRETCH) TRY(keep_aspect(c, p, x, n, axes));
    for (int32_t d = 0; d < x->rank; d++) {
        resize_axis *a = &axes[d];
        a->active = a->active || a->scale != 1 || a->in != a->out;
        if (a->in == 0 && a->out > 0)
            return fail(c, HONE_E_FORMAT, "axis %d is empty and cannot be resized", d);
    }
    return HONE_OK;
}

/* Position in the data that result o is taken from. */
static float source_position(const resize_params *p, const resize_axis *a, int64_t o) {
    const float x = (float)o, in = (float)a->in, wide = a->scale * in;
    const float centre = (x + 0.5f) / a->scale - 0.5f;
    switch (p->coordinates) {
    case RESIZE_HALF_PIXEL_SYMMETRIC: return in / 2 * (1 - (float)a->out / wide) + centre;
    case RESIZE_PYTORCH_HALF_PIXEL: return a->out > 1 ? centre : 0;
    case RESIZE_ALIGN_CORNERS: return wide == 1 ? 0 : x * (in - 1) / (wide - 1);
    case RESIZE_ASYMMETRIC: return x / a->scale;
    case RESIZE_HALF_PIXEL_FOR_NN: return (x + 0.5f) / a->scale;
    case RESIZE_CROP:
        return a->start * (in - 1) + (wide == 1 ? (a->end - a->start) * (in - 1) / 2
                                                : x * (a->end - a->start) * (in - 1) / (wide - 1));
    default: return centre;
    }
}

static float nearest(int32_t mode, float x) {
    switch (mode) {
    case RESIZE_PREFER_FLOOR: return ceilf(x - 0.5f);
    case RESIZE_PREFER_CEIL: return floorf(x + 0.5f);
    case RESIZE_FLOOR: return floorf(x);
    default: return ceilf(x);
    }
}

/* Weight of an element at a distance from the position. */
static double filter(const resize_params *p, double d) {
    d = fabs(d);
    if (p->mode == RESIZE_LINEAR) return d < 1 ? 1 - d : 0;
    const double a = (double)p->cubic_coeff_a;
    if (d <= 1) return ((a + 2) * d - (a + 3)) * d * d + 1;
    return d < 2 ? ((a * d - 5 * a) * d + 8 * a) * d - 4 * a : 0;
}

/* The taps of one result: elements base + first + 0, 1, .. where base is the one left of x (never
 * at x). */
static void fill_taps(const resize_params *p, const resize_axis *a, float x, int64_t first,
                      const resize_table *t, int64_t o) {
    const double stretch = p->antialias && a->scale < 1 ? (double)a->scale : 1;
    const double base = ceil((double)x) - 1;
    double sum = 0;
    for (int64_t i = 0; i < t->taps; i++) {
        const double at = base + (double)(first + i);
        const bool inside = at >= 0 && at <= (double)(a->in - 1);
        const int64_t k = o * t->taps + i;
        t->index[k] = inside ? (int64_t)at : at < 0 ? 0 : a->in - 1;
        t->weight[k] = inside || !p->exclude_outside ? filter(p, (at - (double)x) * stretch) : 0;
        sum += t->weight[k];
    }
    if ((!p->antialias && !p->exclude_outside) || sum == 0) return;
    for (int64_t i = 0; i < t->taps; i++) t->weight[o * t->taps + i] /= sum;
}

/* Taps of every result, and the first one's distance from the element left of the position. */
static hone_status tap_count(const ctx *c, const resize_params *p, const resize_axis *a,
                             int64_t *taps, int64_t *first) {
    const double radius = p->mode == RESIZE_CUBIC ? 2 : 1;
    const double stretch = p->antialias && a->scale < 1 ? (double)a->scale : 1;
    const double from = floor(-radius / stretch) + 1;
    if (p->mode == RESIZE_NEAREST) {
        *taps = 1;
        return HONE_OK;
    }
    if (from < -2.0 * (double)a->in - 4)
        return fail(c, HONE_E_LIMIT, "a scale of %g needs too many elements a result",
                    (double)a->scale);
    *first = (int64_t)from;
    *taps = 2 - 2 * *first;
    return HONE_OK;
}

hone_status resize_table_make(plan_ctx *p, const resize_params *params, const resize_axis *a,
                              resize_table *t) {
    int64_t first = 0;
    size_t entries;
    TRY(tap_count(p->c, params, a, &t->taps, &first));
    if (!size_mul((size_t)a->out, (size_t)t->taps, &entries))
        return fail(p->c, HONE_E_LIMIT, "an axis of %lld results is too long", (long long)a->out);
    t->index = arena_array(p->arena, entries, sizeof *t->index);
    t->weight = arena_array(p->arena, entries, sizeof *t->weight);
    if (params->coordinates == RESIZE_CROP)
        t->outside = arena_array(p->arena, (size_t)a->out, sizeof *t->outside);
    if (!t->index || !t->weight || (params->coordinates == RESIZE_CROP && !t->outside))
        return fail_nomem(p->c, entries * sizeof *t->weight);
    const float most = (float)a->in + (float)t->taps;
    for (int64_t o = 0; o < a->out; o++) {
        float x = source_position(params, a, o);
        if (t->outside) t->outside[o] = !(x >= 0 && x <= (float)(a->in - 1));
        x = x > -most ? x < most ? x : most : -most; /* further away changes nothing */
        if (params->mode == RESIZE_NEAREST) {
            t->index[o] = clamp_i64((int64_t)nearest(params->nearest_mode, x), 0, a->in - 1);
            t->weight[o] = 1;
        } else {
            fill_taps(params, a, x, first, t, o);
        }
    }
    return HONE_OK;
}
