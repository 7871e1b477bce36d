/* SPDX-License-Identifier: Apache-2.0
 *
 * hone::ConvInteger, channels last: the sum over the window of (x - x_zero) * (w - w_zero), in
 * int32 that wraps. Padding counts as x_zero.
 *
 *   X       [N, spatial.., group * IC]      x_zero  one value
 *   W       [group * OC, kernel.., IC]      w_zero  one value, or one for each output channel
 */
#include <string.h>

#include "checked.h"
#include "wide.h"
#include "window.h"

enum { X, W, X_ZERO, W_ZERO };

typedef struct conv_integer_params {
    window_params window;
    int64_t group;
} conv_integer_params;

static const attr_spec conv_integer_attrs[] = {
    WINDOW_ATTRS(conv_integer_params),
    ATTR_ROW(INT, conv_integer_params, group, .i = 1, .min = 1, .max = INT32_MAX),
};
static const op_arg conv_integer_in[] = {{"x", DT_BYTES, 0, 0},
                                         {"w", DT_BYTES, 0, 0},
                                         {"x_zero_point", DT_BYTES, 0, ARG_OPTIONAL},
                                         {"w_zero_point", DT_BYTES, 0, ARG_OPTIONAL}};
static const op_arg conv_integer_out[] = {{"y", DT(HONE_I32), 0, 0}};

static hone_status check_zeros(const infer *f, int32_t i, int64_t channels) {
    int64_t count;
    if (!shape_count(infer_shape(f, i), &count) || count == 1 || dim_compatible(count, channels))
        return HONE_OK;
    return infer_fail(f, "input '%s' has %lld elements", conv_integer_in[i].name, (long long)count);
}

static hone_status conv_integer_infer(infer *f) {
    const conv_integer_params *p = f->params;
    const shape *x = infer_shape(f, X), *w = infer_shape(f, W);
    shape y = shape_unknown();
    window win;
    if (x->rank >= 0 && w->rank >= 0) {
        if (x->rank != w->rank || x->rank < 3)
            return infer_fail(f, "ranks of x and w are %d and %d: expected the same, at least 3",
                              x->rank, w->rank);
        const int64_t oc = w->dim[0], in = x->dim[x->rank - 1], ic = w->dim[w->rank - 1];
        if ((dim_known(oc) && oc % p->group) ||
            (dim_known(in) && dim_known(ic) && in != dim_mul(ic, p->group)))
            return infer_fail(f, "channels do not fit %lld groups", (long long)p->group);
        TRY(window_resolve(f, &p->window, x->rank - 2, w->dim + 1, x->dim + 1, &win));
        TRY(check_zeros(f, X_ZERO, 1));
        TRY(check_zeros(f, W_ZERO, oc));
        y = *x;
        for (int32_t a = 0; a < win.rank; a++) y.dim[a + 1] = win.out[a];
        y.dim[y.rank - 1] = oc;
    }
    infer_set(f, 0, HONE_I32, &y);
    return HONE_OK;
}

static void conv_integer_axes(const node *n, axis_map *m) {
    const int32_t rank = n->out[0]->type.shape.rank;
    axis_add(m, X, 0, 0, 0, AXIS_SAME);
    for (int32_t a = 1; a < rank - 1; a++) axis_add(m, X, a, 0, a, AXIS_WINDOW);
    axis_add(m, X, rank - 1, 0, -1, AXIS_CONTRACTED);
    axis_add(m, W, rank - 1, 0, -1, AXIS_CONTRACTED);
    axis_add(m, W, 0, 0, rank - 1, AXIS_SAME);
}

typedef struct conv_integer {
    window win;
    int64_t images, pixels, positions; /* result pixels and input positions of one image */
    int64_t groups, ic, oc;            /* channels of one group */
    int64_t taps;
    size_t at_x, at_w; /* both as int16 without their zero points, in scratch */
} conv_integer;

static hone_status conv_integer_plan(plan_ctx *p, step *s) {
    const conv_integer_params *params = step_params(s);
    const shape *x = &s->in[X].shape, *w = &s->in[W].shape;
    const infer f = {.c = p->c, .node = s->node};
    conv_integer *st = plan_state(p, s, sizeof *st);
    if (!st) return HONE_E_NOMEM;
    TRY(window_resolve(&f, &params->window, x->rank - 2, w->dim + 1, x->dim + 1, &st->win));
    st->groups = params->group;
    st->ic = w->dim[w->rank - 1];
    st->oc = w->dim[0] / st->groups;
    st->images = x->dim[0];
    st->positions = shape_span(x, 1, x->rank - 1);
    st->taps = shape_span(w, 1, w->rank - 1);
    st->pixels = 1;
    for (int32_t a = 0; a < st->win.rank; a++) st->pixels *= st->win.out[a];
    TRY(scratch_book(p, s, (size_t)tensor_count(&s->in[X]) * sizeof(int16_t), &st->at_x));
    return scratch_book(p, s, (size_t)tensor_count(&s->in[W]) * sizeof(int16_t), &st->at_w);
}

typedef struct conv_integer_job {
    const conv_integer *st;
    const int16_t *x, *w;
    int32_t *y;
} conv_integer_job;

static uint32_t dot(int64_t n, const int16_t *a, const int16_t *b) {
    uint32_t sum = 0;
    for (int64_t i = 0; i < n; i++) sum += (uint32_t)((int32_t)a[i] * b[i]);
    return sum;
}

static void add_tap(const conv_integer *st, const int16_t *x, const int16_t *w, int32_t *y) {
    for (int64_t c = 0; c < st->groups * st->oc; c++) {
        const int16_t *from = x + c / st->oc * st->ic;
        y[c] = (int32_t)((uint32_t)y[c] + dot(st->ic, from, w + c * st->taps * st->ic));
    }
}

static void do_pixels(void *arg, int64_t first, int64_t last, int32_t worker) {
    const conv_integer_job *job = arg;
    const conv_integer *st = job->st;
    const int64_t channels = st->groups * st->oc;
    (void)worker;
    for (int64_t p = first; p < last; p++) {
        int32_t *y = job->y + p * channels;
        memset(y, 0, (size_t)channels * sizeof *y);
        for (int64_t t = 0; t < st->taps; t++) {
            const int64_t at = window_tap_index(&st->win, p % st->pixels, t);
            if (at < 0) continue;
            const int64_t position = p / st->pixels * st->positions + at;
            add_tap(st, job->x + position * st->groups * st->ic, job->w + t * st->ic, y);
        }
    }
}

/* Elements without their zero points, of which each serves `run` elements. */
static const int16_t *without_zero(const step *s, int32_t i, int32_t zero, int64_t run,
                                   char *room) {
    const tensor *t = &s->in[i];
    int16_t *out = (int16_t *)(void *)room;
    const int64_t zeros = step_has(s, zero) ? tensor_count(&s->in[zero]) : 0;
    for (int64_t j = 0; j < tensor_count(t); j++) {
        const int64_t z = zeros ? tensor_i64(&s->in[zero], zeros > 1 ? j / run : 0) : 0;
        const int64_t v =
            t->dtype == HONE_U8 ? ((const uint8_t *)t->data)[j] : ((const int8_t *)t->data)[j];
        out[j] = (int16_t)(v - z);
    }
    return out;
}

static hone_status conv_integer_run(run_ctx *r, const step *s) {
    const conv_integer *st = s->state;
    char *scratch = r->scratch;
    if (tensor_count(&s->out[0]) == 0) return HONE_OK;
    const conv_integer_job job = {
        .st = st,
        .x = without_zero(s, X, X_ZERO, 1, scratch + st->at_x),
        .w = without_zero(s, W, W_ZERO, st->taps * st->ic, scratch + st->at_w),
        .y = s->out[0].data};
    team_run(r->team, st->images * st->pixels, 1, do_pixels, (void *)(uintptr_t)&job);
    return HONE_OK;
}

static uint64_t conv_integer_flops(const step *s) {
    const shape *w = &s->in[W].shape;
    return 2 * (uint64_t)tensor_count(&s->out[0]) * (uint64_t)shape_span(w, 1, w->rank);
}

static const char *const conv_integer_cases[] = {"u8[1,5,5,4] i8[6,3,3,4] pads=1,1,1,1",
                                                 "u8[2,7,6] u8[4,3,3] u8{3} u8{1,2,3,4} group=2",
                                                 "i8[1,4,4,4,2] i8[3,2,2,2,2] strides=2,1,1", NULL};

const op op_conv_integer = {.name = "ConvInteger",
                            .domain = "hone",
                            OP_ARGS_IN(conv_integer_in),
                            OP_ARGS_OUT(conv_integer_out),
                            OP_ATTRS(conv_integer_attrs, conv_integer_params),
                            .infer = conv_integer_infer,
                            .axes = conv_integer_axes,
                            .plan = conv_integer_plan,
                            .run = conv_integer_run,
                            .flops = conv_integer_flops,
                            .cases = conv_integer_cases};
