/* SPDX-License-Identifier: Apache-2.0
 *
 * DeformConv: a convolution whose taps are moved by offsets. hone::DeformColumns samples them from
 * a channels-last image, so that a sample is a weighted sum of pixels,
 *
 *     [N, group, result pixels, taps * channels of a group]
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
    TRY(window_resolve(f, &p->window, rank, p->kernel_shape.v, x->dim + 1, &d->w));
    d->at = (sampling){.rank = rank};
    d->images = x->dim[0];
    d->channels = x->dim[rank + 1];
    d->taps = d->pixels = 1;
    d->positions = shape_span(x, 1, rank + 1);
    for (int32_t a = 0; a < rank; a++) {
        d->taps = dim_mul(d->taps, d->w.kernel[a]);
        d->pixels = dim_mul(d->pixels, d->w.out[a]);
        d->at.dim[a] = x->dim[a + 1];
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

/* Samples of one result pixel: taps [first, first + b->n) of an offset group. */
typedef struct deform_pixel {
    const step *s;
    const deform *d;
    int64_t image, pixel, group, first;
} deform_pixel;

/* Finds the taps' own taps; the mask goes into their weights. */
static void find_taps(const deform_pixel *q, sampling_block *b) {
    const step *s = q->s;
    const deform *d = q->d;
    const int64_t groups = ((const deform_params *)step_params(s))->offset_group;
    const int32_t rank = d->w.rank;
    const float *offset = s->in[DEFORM_OFFSET].data;
    const float *mask = step_has(s, DEFORM_MASK) ? s->in[DEFORM_MASK].data : NULL;
    for (int32_t t = 0; t < b->n; t++) {
        const int64_t tap = q->first + t, map = (q->image * groups + q->group) * d->taps + tap;
        int64_t base[WINDOW_MAX_RANK];
        double at[SAMPLING_MAX_RANK];
        window_tap(&d->w, q->pixel, tap, base);
        for (int32_t a = 0; a < rank; a++)
            at[a] = (double)base[a] + (double)offset[(map * rank + a) * d->pixels + q->pixel];
        b->taps[t] = sampling_taps(&d->at, at, b->tap[t]);
        for (int32_t i = 0; mask && i < b->taps[t]; i++)
            b->tap[t][i].weight *= (double)mask[map * d->pixels + q->pixel];
    }
}

/* Channels [c, c + n), which are in one group. A row of columns is [tap][channel of the group]. */
static void sample_channels(const deform_pixel *q, const sampling_block *b, int64_t c, int64_t n) {
    const deform *d = q->d;
    const int64_t group = ((const deform_params *)step_params(q->s))->group;
    const int64_t per_group = d->channels / group;
    const float *x =
        (const float *)q->s->in[DEFORM_X].data + q->image * d->positions * d->channels + c;
    const int64_t row = (q->image * group + c / per_group) * d->pixels + q->pixel;
    float *y = (float *)q->s->out[0].data + (row * d->taps + q->first) * per_group + c % per_group;
    for (int32_t t = 0; t < b->n; t++, y += per_group) {
        const float *pixels[SAMPLING_MAX_TAPS];
        float weights[SAMPLING_MAX_TAPS];
        for (int32_t i = 0; i < b->taps[t]; i++) {
            pixels[i] = x + b->tap[t][i].index * d->channels;
            weights[i] = (float)b->tap[t][i].weight;
        }
        q->s->k->blend_f32((size_t)n, (size_t)b->taps[t], pixels, weights, y);
    }
}

/* All channels of the offset group. */
static void sample_groups(const deform_pixel *q, const sampling_block *b) {
    const deform *d = q->d;
    const deform_params *p = step_params(q->s);
    const int64_t per_group = d->channels / p->group, each = d->channels / p->offset_group;
    const int64_t end = (q->group + 1) * each;
    for (int64_t c = q->group * each, n; c < end; c += n) {
        n = per_group - c % per_group < end - c ? per_group - c % per_group : end - c;
        sample_channels(q, b, c, n);
    }
}

static void do_pixels(void *arg, int64_t first, int64_t last, int32_t worker) {
    const step *s = arg;
    const deform *d = s->state;
    const int64_t groups = ((const deform_params *)step_params(s))->offset_group;
    sampling_block b;
    (void)worker;
    for (int64_t i = first; i < last; i++)
        for (int64_t g = 0; g < groups; g++)
            for (int64_t t = 0; t < d->taps; t += b.n) {
                const deform_pixel q = {s, d, i / d->pixels, i % d->pixels, g, t};
                b.n = (int32_t)(d->taps - t < SAMPLING_BLOCK ? d->taps - t : SAMPLING_BLOCK);
                find_taps(&q, &b);
                sample_groups(&q, &b);
            }
}

static hone_status deform_run(run_ctx *r, const step *s) {
    const deform *d = s->state;
    if (tensor_count(&s->out[0]) == 0) return HONE_OK;
    if (d->positions == 0) return run_fail(r, "the image is empty");
    team_run(r->team, d->images * d->pixels, 4, do_pixels, (void *)(uintptr_t)s);
    return HONE_OK;
}

static const char *const deform_cases[] = {
    "f32[1,5,6,4] f32[1,18,3,4] kernel_shape=3,3", "f32[1,5,6,37] f32[1,8,4,5] kernel_shape=2,2",
    "f32[2,5,6,4] f32[2,16,4,5] f32[2,8,4,5] kernel_shape=2,2 group=2 offset_group=2", NULL};

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
                          IN(emit_channels_last(b, expand_cast(b, d->in[IN_X], HONE_F32)), offset,
                             expand_cast(b, draft_in(d, IN_MASK), HONE_F32)),
                          d->attrs, d->n_attrs);
    const int64_t rows[] = {group, w->dim[0] / group, -1}, perm[] = {0, 1, 3, 2};
    value *taps_first = emit_channels_last(b, expand_cast(b, d->in[IN_W], HONE_F32));
    value *weight = expand_reshape(b, taps_first, rows, 3);
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
