/* SPDX-License-Identifier: Apache-2.0
 *
 * com.microsoft MaxpoolWithMask: the largest element of each window, whose rows (along the last
 * axis) end before the first element that a mask of the same spatial sizes hides. With several
 * spatial axes the first element of an image is never hidden.
 */
#include <float.h>
#include <string.h>

#include "window.h"

enum { X, MASK };

typedef struct mask_pool_params {
    window_params window;
    int_list kernel_shape;
    int64_t storage_order;
} mask_pool_params;

static const attr_spec mask_pool_attrs[] = {
    ATTR_NAMED(INTS, "strides", mask_pool_params, window.strides, .min = 1, .max = INT32_MAX),
    ATTR_NAMED(INTS, "pads", mask_pool_params, window.pads, .max = INT32_MAX),
    ATTR_NAMED(CHOICE, "auto_pad", mask_pool_params, window.auto_pad, .choices = window_auto_pad),
    ATTR_ROW(INTS, mask_pool_params, kernel_shape, .required = true, .min = 1, .max = INT32_MAX),
    ATTR_ROW(INT, mask_pool_params, storage_order)};
static const op_arg mask_pool_in[] = {{"X", DT(HONE_F32), 0, 0}, {"M", DT(HONE_I32), 0, 0}};
static const op_arg mask_pool_out[] = {{"Y", DT(HONE_F32), 0, 0}};
static const op_version mask_pool_versions[] = {{1, NULL}};

static hone_status mask_pool_window(const infer *f, const mask_pool_params *p, const shape *x,
                                    window *w) {
    if (x->rank - 2 != p->kernel_shape.n)
        return infer_fail(f, "kernel_shape has %d sizes: expected %d", p->kernel_shape.n,
                          x->rank - 2);
    return window_resolve(f, &p->window, x->rank - 2, p->kernel_shape.v, x->dim + 2, w);
}

static hone_status mask_pool_infer(infer *f) {
    const shape *x = infer_shape(f, X), *m = infer_shape(f, MASK);
    shape y = *x;
    window w;
    TRY(infer_check_rank(f, X, 3, HONE_MAX_RANK));
    if (x->rank >= 3) {
        TRY(infer_check_rank(f, MASK, x->rank, x->rank));
        TRY(mask_pool_window(f, f->params, x, &w));
        for (int32_t a = 2; a < x->rank; a++) {
            y.dim[a] = w.out[a - 2];
            if (m->rank >= 0 && !dim_compatible(m->dim[a], x->dim[a]))
                return infer_fail(f, "axis %d of the mask has size %lld: expected %lld", a,
                                  (long long)m->dim[a], (long long)x->dim[a]);
        }
    }
    infer_set(f, 0, HONE_F32, &y);
    return HONE_OK;
}

typedef struct mask_pool {
    window w;
    int64_t pixels, positions, masks; /* of an image: results, elements; images of the mask */
} mask_pool;

static hone_status mask_pool_plan(plan_ctx *p, step *s) {
    mask_pool *st = plan_state(p, s, sizeof *st);
    if (!st) return HONE_E_NOMEM;
    const infer f = {.c = p->c, .node = s->node};
    const shape *x = &s->in[X].shape;
    TRY(mask_pool_window(&f, step_params(s), x, &st->w));
    st->pixels = shape_span(&s->out[0].shape, 2, x->rank);
    st->positions = shape_span(x, 2, x->rank);
    st->masks = shape_span(&s->in[MASK].shape, 0, 2);
    return HONE_OK;
}

/* The part of an image that a window covers. */
typedef struct cover {
    int64_t first[WINDOW_MAX_RANK], end[WINDOW_MAX_RANK];
} cover;

/* False when it is empty. */
static bool cover_of(const window *w, int64_t pixel, cover *c) {
    bool some = true;
    for (int32_t a = w->rank - 1; a >= 0; a--) {
        const int64_t at = pixel % w->out[a] * w->stride[a] - w->pad_begin[a];
        const int64_t end = at + w->kernel[a];
        c->first[a] = at > 0 ? at : 0;
        c->end[a] = end < w->in[a] ? end : w->in[a];
        pixel /= w->out[a];
        some = some && c->first[a] < c->end[a];
    }
    return some;
}

/* The next row of the part: moves all places but the last; false behind the last row. */
static bool next_row(const window *w, const cover *c, int64_t *at) {
    for (int32_t a = w->rank - 2; a >= 0; a--) {
        if (++at[a] < c->end[a]) return true;
        at[a] = c->first[a];
    }
    return false;
}

static float pool_pixel(const mask_pool *st, const float *x, const int32_t *mask, int64_t pixel) {
    const window *w = &st->w;
    const int32_t last = w->rank - 1;
    int64_t at[WINDOW_MAX_RANK];
    float most = -FLT_MAX;
    cover c = {{0}, {0}};
    if (!cover_of(w, pixel, &c)) return most;
    memcpy(at, c.first, sizeof at);
    do {
        int64_t row = 0;
        for (int32_t a = 0; a < last; a++) row = (row + at[a]) * w->in[a + 1];
        for (int64_t i = row + c.first[last]; i < row + c.end[last]; i++) {
            if (mask[i] == 0 && (i > 0 || last == 0)) break;
            if (x[i] > most) most = x[i];
        }
    } while (next_row(w, &c, at));
    return most;
}

static void do_images(void *arg, int64_t first, int64_t last, int32_t worker) {
    const step *s = arg;
    const mask_pool *st = s->state;
    (void)worker;
    for (int64_t i = first; i < last; i++) {
        const float *x = (const float *)s->in[X].data + i * st->positions;
        const int32_t *mask = (const int32_t *)s->in[MASK].data + i % st->masks * st->positions;
        float *y = (float *)s->out[0].data + i * st->pixels;
        for (int64_t p = 0; p < st->pixels; p++) y[p] = pool_pixel(st, x, mask, p);
    }
}

static hone_status mask_pool_run(run_ctx *r, const step *s) {
    const mask_pool *st = s->state;
    const int64_t images = shape_span(&s->in[X].shape, 0, 2);
    step job = *s;
    if (images > 0 && st->masks == 0) return run_fail(r, "the mask has no images");
    if (st->pixels > 0) team_run(r->team, images, 1, do_images, &job);
    return HONE_OK;
}

static const char *const mask_pool_cases[] = {
    "f32[2,3,5,6] i32[1,1,5,6] kernel_shape=2,3 strides=2,1 pads=1,0,0,1",
    "f32[1,2,7] i32[1,1,7]{1,1,0,1,1,1,0} kernel_shape=3", "f32[0,2,5] i32[1,1,5] kernel_shape=2",
    NULL};

const op op_ms_max_pool_mask = {.name = "MaxpoolWithMask",
                                .domain = "com.microsoft",
                                OP_VERSIONS(mask_pool_versions),
                                OP_ARGS_IN(mask_pool_in),
                                OP_ARGS_OUT(mask_pool_out),
                                OP_ATTRS(mask_pool_attrs, mask_pool_params),
                                .infer = mask_pool_infer,
                                .plan = mask_pool_plan,
                                .run = mask_pool_run,
                                .tolerance = {TOL_EXACT, 0},
                                .cases = mask_pool_cases};
