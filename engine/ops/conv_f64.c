/* SPDX-License-Identifier: Apache-2.0
 *
 * hone::ConvF64 and hone::ConvTransposeF64: what conv.c describes, for float64. Networks do not use
 * it, so that it is a plain loop: each pixel of the result collects from the pixels it depends on.
 */
#include "conv.h"

#define ATTRIBUTES                                                                                 \
    WINDOW_ATTRS(conv_params), ATTR_ROW(INT, conv_params, group, .i = 1, .min = 1, .max = INT32_MAX)
static const attr_spec conv_attrs[] = {ATTRIBUTES};
static const attr_spec conv_transpose_attrs[] = {
    ATTRIBUTES,
    ATTR_ROW(INTS, conv_params, output_padding, .min = 0, .max = INT32_MAX),
    ATTR_ROW(INTS, conv_params, output_shape, .min = 0, .max = INT32_MAX),
};
#define TYPES DT(HONE_F64)
static const op_arg conv_in[] = {
    {"X", TYPES, 'T', 0}, {"W", TYPES, 'T', 0}, {"bias", TYPES, 'T', ARG_OPTIONAL}};
static const op_arg conv_out[] = {{"Y", TYPES, 'T', 0}};

static hone_status conv_infer(infer *f) {
    static const fused_params none = {.activation = ""};
    const shape *x = infer_shape(f, CONV_X), *w = infer_shape(f, CONV_W);
    conv_geometry g = {.result = shape_unknown()};
    if (x->rank >= 0 && w->rank >= 0) TRY(conv_geometry_of(f, x, w, &g));
    return fused_infer(f, &none, HONE_F64, &g.result);
}

typedef struct conv_f64_state {
    conv_geometry g;
    int64_t groups, in_pixels, out_pixels, taps;
    bool transposed;
} conv_f64_state;

static hone_status conv_plan(plan_ctx *pc, step *s) {
    conv_f64_state *st = plan_state(pc, s, sizeof *st);
    if (!st) return HONE_E_NOMEM;
    const infer f = {.c = pc->c, .node = s->node};
    const shape *x = &s->in[CONV_X].shape, *w = &s->in[CONV_W].shape;
    TRY(conv_geometry_of(&f, x, w, &st->g));
    st->groups = ((const conv_params *)step_params(s))->group;
    st->transposed = conv_is_transposed(s->node);
    st->in_pixels = shape_span(x, 1, x->rank - 1);
    st->out_pixels = shape_span(&st->g.result, 1, x->rank - 1);
    st->taps = shape_span(w, 1, w->rank - 1);
    plan_kernel(pc, s, "loops over float64");
    return HONE_OK;
}

/* The pixel of the input whose tap `tap` lands on this pixel of the result, or -1. */
static int64_t spread_from(const window *w, int64_t pixel, int64_t tap) {
    int64_t index = 0, scale = 1;
    for (int32_t i = w->rank - 1; i >= 0; i--) {
        const int64_t to =
            pixel % w->out[i] + w->pad_begin[i] - tap % w->kernel[i] * w->dilation[i];
        const int64_t at = to / w->stride[i];
        if (to < 0 || to % w->stride[i] || at >= w->in[i]) return -1;
        index += at * scale;
        scale *= w->in[i];
        pixel /= w->out[i];
        tap /= w->kernel[i];
    }
    return index;
}

/* Adds one pixel of the input, seen through one tap of the filters, to one of the result. */
static void add_tap(const conv_f64_state *st, const double *x, const double *w, double *y) {
    const conv_geometry *g = &st->g;
    for (int64_t o = 0; o < st->groups * g->oc; o++) {
        const double *from = x + o / g->oc * g->ic, *filter = w + o * st->taps * g->ic;
        double sum = 0;
        for (int64_t i = 0; i < g->ic; i++) sum += from[i] * filter[i];
        y[o] += sum;
    }
}

static void conv_pixels(void *arg, int64_t first, int64_t last, int32_t worker) {
    const step *s = arg;
    const conv_f64_state *st = s->state;
    const conv_geometry *g = &st->g;
    const int64_t oc = st->groups * g->oc, ic = st->groups * g->ic;
    const double *x = s->in[CONV_X].data, *w = s->in[CONV_W].data;
    const double *bias = step_has(s, CONV_BIAS) ? s->in[CONV_BIAS].data : NULL;
    (void)worker;
    for (int64_t item = first; item < last; item++) {
        const int64_t image = item / st->out_pixels, pixel = item % st->out_pixels;
        double *y = (double *)s->out[0].data + item * oc;
        for (int64_t o = 0; o < oc; o++) y[o] = bias ? bias[o] : 0;
        for (int64_t tap = 0; tap < st->taps; tap++) {
            const int64_t from = st->transposed ? spread_from(&g->w, pixel, tap)
                                                : window_tap_index(&g->w, pixel, tap);
            if (from < 0) continue;
            add_tap(st, x + (image * st->in_pixels + from) * ic, w + tap * g->ic, y);
        }
    }
}

static hone_status conv_run(run_ctx *r, const step *s) {
    const conv_f64_state *st = s->state;
    team_run(r->team, st->g.n * st->out_pixels, 16, conv_pixels, (void *)s);
    return HONE_OK;
}

static const char *const conv_f64_cases[] = {
    "f64[1,5,5,3] f64[4,3,3,3] f64[4] pads=1,1,1,1", "f64[2,9,4] f64[6,3,2] group=2 strides=2",
    "f64[1,4,5,6,2] f64[3,2,3,2,2] dilations=1,2,1", "f64[0,5,2] f64[1,3,2]", NULL};
static const char *const conv_transpose_f64_cases[] = {
    "f64[1,5,4,3] f64[6,2,2,3] f64[6] strides=2,2", "f64[1,6,3] f64[2,4,3] strides=3 pads=1,1",
    "f64[1,4,4,4] f64[4,3,3,2] group=2 strides=2,2 pads=1,1,1,1 output_padding=1,1", NULL};

const op op_conv_f64 = {.name = "ConvF64",
                        .domain = "hone",
                        OP_ARGS_IN(conv_in),
                        OP_ARGS_OUT(conv_out),
                        OP_ATTRS(conv_attrs, conv_params),
                        .infer = conv_infer,
                        .axes = conv_axes,
                        .plan = conv_plan,
                        .run = conv_run,
                        .flops = conv_flops,
                        .cases = conv_f64_cases};

const op op_conv_transpose_f64 = {.name = "ConvTransposeF64",
                                  .domain = "hone",
                                  OP_ARGS_IN(conv_in),
                                  OP_ARGS_OUT(conv_out),
                                  OP_ATTRS(conv_transpose_attrs, conv_params),
                                  .infer = conv_infer,
                                  .axes = conv_axes,
                                  .plan = conv_plan,
                                  .run = conv_run,
                                  .flops = conv_flops,
                                  .cases = conv_transpose_f64_cases};

static const op *const members[] = {&op_conv_f64, &op_conv_transpose_f64};
const op_family family_conv_f64 = {members, COUNT_OF(members)};
