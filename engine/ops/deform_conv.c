/* SPDX-License-Identifier: Apache-2.0
 *
 * DeformConv: a convolution whose taps are moved by offsets. hone::DeformColumns samples them,
 *
 *     [N, group, result pixels, channels of a group * taps]
 *
 * and a matrix product does the rest. Computed in float32.
 */
#include "channels.h"
#include "composite.h"
#include "sampling.h"
#include "window.h"

enum { DEFORM_X, DEFORM_OFFSET, DEFORM_MASK };

typedef struct deform_params {
    window_params window;
    int_list kernel_shape;
    int64_t group, offset_group;
} deform_params;

static const attr_spec deform_attrs[] = {
    WINDOW_ATTRS(deform_params),
    ATTR_ROW(INTS, deform_params, kernel_shape, .required = true, .min = 1, .max = INT32_MAX),
    ATTR_ROW(INT, deform_params, group, .i = 1, .min = 1, .max = INT32_MAX),
    ATTR_ROW(INT, deform_params, offset_group, .i = 1, .min = 1, .max = INT32_MAX),
};
static const op_arg deform_in[] = {{"X", DT(HONE_F32), 0, 0},
                                   {"offset", DT(HONE_F32), 0, 0},
                                   {"mask", DT(HONE_F32), 0, ARG_OPTIONAL}};
static const op_arg deform_out[] = {{"columns", DT(HONE_F32), 0, 0}};

/* Everything that known shapes say. */
typedef struct deform {
    window w;
    sampling at;
    int64_t images, channels, taps, pixels, positions;
} deform;

/* HONE_E_FORMAT unless an input is [N, parts.., result pixels]. */
static hone_status check_maps(const infer *f, const shape *s, const deform *d, int64_t parts) {
    bool fits = s->rank == d->w.rank + 2 && s->dim[0] == d->images && s->dim[1] == parts;
    for (int32_t a = 0; fits && a < d->w.rank; a++) fits = s->dim[a + 2] == d->w.out[a];
    char text[SHAPE_TEXT];
    return fits ? HONE_OK
                : infer_fail(f, "offsets or masks of shape %s do not fit: expected %lld in axis 1",
                             shape_text(text, sizeof text, s), (long long)parts);
}

static hone_status deform_of(const infer *f, const deform_params *p, const shape *x,
                             const shape *offset, const shape *mask, deform *d) {
    const int32_t rank = x->rank - 2;
    if (rank != p->kernel_shape.n)
        return infer_fail(f, "data of rank %d with a kernel of rank %d", x->rank,
                          p->kernel_shape.n);
    TRY(window_resolve(f, &p->window, rank, p->kernel_shape.v, x->dim + 2, &d->w));
    d->at = (sampling){.rank = rank};
    d->images = x->dim[0];
    d->channels = x->dim[1];
    d->taps = d->pixels = 1;
    d->positions = shape_span(x, 2, x->rank);
    for (int32_t a = 0; a < rank; a++) {
        d->taps = dim_mul(d->taps, d->w.kernel[a]);
        d->pixels = dim_mul(d->pixels, d->w.out[a]);
        d->at.dim[a] = x->dim[a + 2];
    }
    if (d->channels % p->group || d->channels % p->offset_group || d->taps < 0 ||
        !sampling_fits(&d->at))
        return infer_fail(f, "%lld channels do not fit the groups, or %d axes are too many",
                          (long long)d->channels, rank);
    const int64_t maps = dim_mul(p->offset_group, d->taps);
    TRY(check_maps(f, offset, d, dim_mul(maps, rank)));
    return mask->rank < 0 ? HONE_OK : check_maps(f, mask, d, maps);
}

static hone_status deform_infer(infer *f) {
    const deform_params *p = f->params;
    const shape *x = infer_shape(f, DEFORM_X), *offset = infer_shape(f, DEFORM_OFFSET);
    const shape *mask = infer_shape(f, DEFORM_MASK);
    shape y = shape_of_rank(4);
    const bool mask_known = !infer_has(f, DEFORM_MASK) || shape_known(mask);
    y.dim[1] = p->group;
    if (shape_known(x) && shape_known(offset) && mask_known) {
        deform d;
        TRY(deform_of(f, p, x, offset, mask, &d));
        y.dim[0] = d.images;
        y.dim[2] = d.pixels;
        y.dim[3] = dim_mul(d.channels / p->group, d.taps);
    }
    infer_set(f, 0, HONE_F32, &y);
    return HONE_OK;
}

static hone_status deform_plan(plan_ctx *pc, step *s) {
    deform *d = plan_state(pc, s, sizeof *d);
    const infer f = {.c = pc->c, .node = s->node};
    const shape none = {.rank = RANK_UNKNOWN};
    if (!d) return HONE_E_NOMEM;
    return deform_of(&f, step_params(s), &s->in[DEFORM_X].shape, &s->in[DEFORM_OFFSET].shape,
                     step_has(s, DEFORM_MASK) ? &s->in[DEFORM_MASK].shape : &none, d);
}

/* Where a tap lies for result pixel number `pixel`. map counts the taps of all offset groups of all
 * images. */
static void tap_position(const step *s, const deform *d, int64_t map, int64_t pixel, double *at) {
    const float *offset = s->in[DEFORM_OFFSET].data;
    const int32_t rank = d->w.rank;
    int64_t base[WINDOW_MAX_RANK];
    window_tap(&d->w, pixel, map % d->taps, base);
    for (int32_t a = 0; a < rank; a++)
        at[a] = (double)base[a] + (double)offset[(map * rank + a) * d->pixels + pixel];
}

/* One tap of one pixel, for all channels of an offset group. */
static void sample_tap(const step *s, const deform *d, int64_t g, int64_t tap, int64_t item) {
    const deform_params *p = step_params(s);
    const int64_t image = item / d->pixels, pixel = item % d->pixels;
    const int64_t each = d->channels / p->offset_group, per_group = d->channels / p->group;
    const float *mask = step_has(s, DEFORM_MASK) ? s->in[DEFORM_MASK].data : NULL;
    sampling_tap taps[SAMPLING_MAX_TAPS];
    double at[SAMPLING_MAX_RANK];
    const int64_t map = (image * p->offset_group + g) * d->taps + tap;
    tap_position(s, d, map, pixel, at);
    const int32_t n = sampling_taps(&d->at, at, taps);
    const double factor = mask ? (double)mask[map * d->pixels + pixel] : 1;
    for (int64_t c = g * each; c < (g + 1) * each; c++) {
        const float *x =
            (const float *)s->in[DEFORM_X].data + (image * d->channels + c) * d->positions;
        double sum = 0;
        for (int32_t t = 0; t < n; t++) sum += taps[t].weight * (double)x[taps[t].index];
        const int64_t row = (image * p->group + c / per_group) * d->pixels + pixel;
        ((float *)s->out[0].data)[(row * per_group + c % per_group) * d->taps + tap] =
            (float)(sum * factor);
    }
}

static void do_pixels(void *arg, int64_t first, int64_t last, int32_t worker) {
    const step *s = arg;
    const deform *d = s->state;
    const deform_params *p = step_params(s);
    (void)worker;
    for (int64_t i = first; i < last; i++)
        for (int64_t g = 0; g < p->offset_group; g++)
            for (int64_t t = 0; t < d->taps; t++) sample_tap(s, d, g, t, i);
}

static hone_status deform_run(run_ctx *r, const step *s) {
    const deform *d = s->state;
    if (tensor_count(&s->out[0]) == 0) return HONE_OK;
    if (d->positions == 0) return run_fail(r, "the image is empty");
    team_run(r->team, d->images * d->pixels, 4, do_pixels, (void *)(uintptr_t)s);
    return HONE_OK;
}

static const char *const deform_cases[] = {
    "f32[1,4,5,6] f32[1,18,3,4] kernel_shape=3,3",
    "f32[2,4,5,6] f32[2,16,4,5] f32[2,8,4,5] kernel_shape=2,2 group=2 offset_group=2", NULL};

static const op core_deform = {.name = "DeformColumns",
                               .domain = "hone",
                               OP_ARGS_IN(deform_in),
                               OP_ARGS_OUT(deform_out),
                               OP_ATTRS(deform_attrs, deform_params),
                               .infer = deform_infer,
                               .plan = deform_plan,
                               .run = deform_run,
                               .tolerance = {TOL_REL, 1e-6},
                               .cases = deform_cases};

enum { IN_X, IN_W, IN_OFFSET, IN_BIAS, IN_MASK };
static const attr_spec deform_conv_attrs[] = {
    WINDOW_LISTS(deform_params),
    ATTR_ROW(INTS, deform_params, kernel_shape, .min = 1, .max = INT32_MAX),
    ATTR_ROW(INT, deform_params, group, .i = 1, .min = 1, .max = INT32_MAX),
    ATTR_ROW(INT, deform_params, offset_group, .i = 1, .min = 1, .max = INT32_MAX),
};

static hone_status deform_conv_expand(builder *b, draft *d) {
    const shape *w = &d->in[IN_W]->type.shape;
    const deform_params *p = d->params;
    const int64_t group = p->group;
    const hone_dtype t = d->in[IN_X]->type.dtype;
    if (!shape_known(w) || w->rank < 3 || w->dim[0] % group)
        return builder_fail(b, HONE_E_UNSUPPORTED, "the weight's shape is not known or odd");
    TRY(drop_kernel_shape(b, d, &p->kernel_shape, d->in[IN_W]));
    TRY(draft_set_attr(b, d, A_INTS("kernel_shape", w->dim + 2, w->rank - 2)));
    value *offset = expand_cast(b, d->in[IN_OFFSET], HONE_F32);
    value *columns = emit(b, "hone::DeformColumns",
                          IN(expand_cast(b, d->in[IN_X], HONE_F32), offset,
                             expand_cast(b, draft_in(d, IN_MASK), HONE_F32)),
                          d->attrs, d->n_attrs);
    const int64_t rows[] = {group, w->dim[0] / group, -1}, perm[] = {0, 1, 3, 2};
    value *weight = expand_reshape(b, expand_cast(b, d->in[IN_W], HONE_F32), rows, 3);
    value *y = emit(b, "hone::MatMul", IN(columns, weight), ATTRS(A_INT("trans_b", 1)));
    y = emit(b, "Transpose", IN(y), ATTRS(A_INTS("perm", perm, 4)));
    value *space = emit(b, "Shape", IN(offset), ATTRS(A_INT("start", 2)));
    value *front = emit_i64s(b, (const int64_t[]){0, w->dim[0]}, 2);
    y = expand_binary(b, "Reshape", y,
                      emit(b, "Concat", IN(front, space), ATTRS(A_INT("axis", 0))));
    value *bias = expand_cast(b, draft_in(d, IN_BIAS), HONE_F32);
    if (bias) y = expand_binary(b, "Add", y, expand_per_channel(b, bias, w->rank));
    return draft_done(b, d, expand_cast(b, y, t));
}

static const char *const deform_conv_cases[] = {
    "f32[1,2,5,5] f32[3,2,3,3] f32[1,18,3,3] kernel_shape=3,3",
    "f32[1,4,4,4] f32[2,2,2,2] f32[1,16,3,3] f32[2] f32[1,8,3,3] group=2 offset_group=2",
    "f16[1,1,4,4] f16[1,1,2,2] f16[1,8,3,3]",
    "f64[1,1,5] f64[1,1,2] f64[1,2,3] dilations=2",
    "f32[0,1,4,4] f32[1,1,2,2] f32[0,8,3,3]",
    NULL};

static const op_arg deform_conv_in[] = {{"X", DT_FLOATS, 'T', 0},
                                        {"W", DT_FLOATS, 'T', 0},
                                        {"offset", DT_FLOATS, 'T', 0},
                                        {"B", DT_FLOATS, 'T', ARG_OPTIONAL},
                                        {"mask", DT_FLOATS, 'T', ARG_OPTIONAL}};
static const op_arg deform_conv_out[] = {{"Y", DT_FLOATS, 'T', 0}};
static const op_version versions[] = {{19, NULL}};
static const op onnx_deform_conv = {.name = "DeformConv",
                                    .domain = "",
                                    OP_VERSIONS(versions),
                                    OP_SLOTS(deform_conv),
                                    OP_ATTRS(deform_conv_attrs, deform_params),
                                    .expand = deform_conv_expand,
                                    .tolerance = {TOL_REL, 1e-5},
                                    .cases = deform_conv_cases};

static const op *const members[] = {&core_deform, &onnx_deform_conv};
const op_family family_deform_conv = {members, COUNT_OF(members)};
