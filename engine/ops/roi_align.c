/* SPDX-License-Identifier: Apache-2.0
 *
 * RoiAlign: pools regions of images, each bin over a grid of interpolated samples. hone::RoiAlign
 * does it in float32; ONNX's own converts other types around it. Before opset 16 coordinates were
 * not shifted by half a pixel.
 */
#include <math.h>

#include "composite.h"
#include "index.h"

enum { X, ROIS, IMAGES };
enum { MODE_AVG, MODE_MAX };

typedef struct roi_align_params {
    int32_t mode, coordinate_transformation_mode;
    int64_t output_height, output_width, sampling_ratio;
    float spatial_scale;
} roi_align_params;

static const char *const modes[] = {"avg", "max", NULL};
static const char *const shifts[] = {"half_pixel", "output_half_pixel", NULL};
static const attr_spec roi_align_attrs[] = {
    ATTR_ROW(CHOICE, roi_align_params, mode, .choices = modes),
    ATTR_ROW(CHOICE, roi_align_params, coordinate_transformation_mode, .choices = shifts),
    ATTR_ROW(INT, roi_align_params, output_height, .i = 1, .min = 1, .max = INT32_MAX),
    ATTR_ROW(INT, roi_align_params, output_width, .i = 1, .min = 1, .max = INT32_MAX),
    ATTR_ROW(INT, roi_align_params, sampling_ratio, .min = 0, .max = 1024),
    ATTR_ROW(FLOAT, roi_align_params, spatial_scale, .f = 1.0f),
};
static const op_arg core_in[] = {
    {"X", DT(HONE_F32), 'T', 0}, {"rois", DT(HONE_F32), 'T', 0}, {"batch_indices", DT_INDEX, 0, 0}};
static const op_arg core_out[] = {{"Y", DT(HONE_F32), 'T', 0}};

static hone_status roi_align_infer(infer *f) {
    const roi_align_params *p = f->params;
    const shape *x = infer_shape(f, X), *rois = infer_shape(f, ROIS), *at = infer_shape(f, IMAGES);
    TRY(infer_check_rank(f, X, 4, 4));
    TRY(infer_check_rank(f, ROIS, 2, 2));
    TRY(infer_check_rank(f, IMAGES, 1, 1));
    shape y = shape_make(
        4, (const int64_t[]){DIM_UNKNOWN, DIM_UNKNOWN, p->output_height, p->output_width});
    if (x->rank == 4) y.dim[1] = x->dim[1];
    if (rois->rank == 2) y.dim[0] = rois->dim[0];
    if (rois->rank == 2 && !dim_compatible(rois->dim[1], 4))
        return infer_fail(f, "'rois' has %lld columns: expected 4", (long long)rois->dim[1]);
    if (rois->rank == 2 && at->rank == 1 && !dim_compatible(rois->dim[0], at->dim[0]))
        return infer_fail(f, "%lld regions have %lld batch indices", (long long)rois->dim[0],
                          (long long)at->dim[0]);
    infer_set(f, 0, HONE_F32, &y);
    return HONE_OK;
}

/* A region in pixels of the image, and how its bins are sampled. */
typedef struct region {
    float top, left, bin_height, bin_width;
    int64_t rows, cols; /* samples of a bin */
} region;

/* Samples along one side of a bin, or -1 when it is too large to be meant. */
static int64_t sample_count(const roi_align_params *p, float bin) {
    enum { MOST = 4096 };
    if (p->sampling_ratio > 0) return p->sampling_ratio;
    const float n = ceilf(bin);
    return n >= 0 && n <= MOST ? (int64_t)n : n < 0 ? 0 : -1;
}

static bool read_region(const roi_align_params *p, const float *roi, region *g) {
    const bool half = p->coordinate_transformation_mode == 0;
    const float shift = half ? 0.5f : 0.0f;
    float at[4];
    for (int32_t i = 0; i < 4; i++) at[i] = roi[i] * p->spatial_scale - shift;
    float width = at[2] - at[0], height = at[3] - at[1];
    if (!half) {
        width = fmaxf(width, 1.0f);
        height = fmaxf(height, 1.0f);
    }
    *g = (region){.top = at[1],
                  .left = at[0],
                  .bin_height = height / (float)p->output_height,
                  .bin_width = width / (float)p->output_width};
    g->rows = sample_count(p, g->bin_height);
    g->cols = sample_count(p, g->bin_width);
    return g->rows >= 0 && g->cols >= 0;
}

/* The two elements around a position along one axis, and the weight of the second. */
typedef struct span {
    int64_t low, high;
    float part;
} span;

/* False outside of the image. */
static bool find_span(float at, int64_t size, span *s) {
    if (!(at >= -1.0f && at <= (float)size)) return false;
    if (at < 0) at = 0;
    s->low = (int64_t)at;
    if (s->low >= size - 1) {
        *s = (span){size - 1, size - 1, 0.0f};
        return true;
    }
    s->high = s->low + 1;
    s->part = at - (float)s->low;
    return true;
}

typedef struct roi_job {
    const step *s;
    const roi_align_params *p;
    int64_t height, width, channels;
} roi_job;

/* Adds one sample to a bin of every channel, or takes its maximum. */
static void add_sample(const roi_job *j, const float *x, span v, span h, bool first, float *y) {
    const int64_t plane = j->height * j->width, bins = j->p->output_height * j->p->output_width;
    const int64_t at[] = {v.low * j->width + h.low, v.low * j->width + h.high,
                          v.high * j->width + h.low, v.high * j->width + h.high};
    const float w[] = {(1 - v.part) * (1 - h.part), (1 - v.part) * h.part, v.part * (1 - h.part),
                       v.part * h.part};
    for (int64_t c = 0; c < j->channels; c++, x += plane, y += bins) {
        const float a = w[0] * x[at[0]], b = w[1] * x[at[1]];
        const float e = w[2] * x[at[2]], f = w[3] * x[at[3]];
        if (j->p->mode == MODE_AVG) {
            *y += a + b + e + f;
        } else {
            const float most = fmaxf(fmaxf(a, b), fmaxf(e, f));
            *y = first ? most : fmaxf(*y, most);
        }
    }
}

/* One bin of every channel. A sample outside of the image counts as zero. */
static void pool_bin(const roi_job *j, const region *g, const float *x, int64_t row, int64_t col,
                     float *y) {
    const int64_t bins = j->p->output_height * j->p->output_width, n = g->rows * g->cols;
    for (int64_t c = 0; c < j->channels; c++) y[c * bins] = 0;
    for (int64_t i = 0; i < n; i++) {
        const float down = ((float)(i / g->cols) + 0.5f) * g->bin_height / (float)g->rows;
        const float right = ((float)(i % g->cols) + 0.5f) * g->bin_width / (float)g->cols;
        span v = {0, 0, 0}, h = {0, 0, 0};
        const bool inside = find_span(g->top + (float)row * g->bin_height + down, j->height, &v) &&
                            find_span(g->left + (float)col * g->bin_width + right, j->width, &h);
        if (inside) {
            add_sample(j, x, v, h, i == 0, y);
        } else if (j->p->mode == MODE_MAX) {
            for (int64_t c = 0; c < j->channels && i > 0; c++) y[c * bins] = fmaxf(y[c * bins], 0);
        }
    }
    for (int64_t c = 0; c < j->channels && j->p->mode == MODE_AVG && n > 0; c++)
        y[c * bins] /= (float)n;
}

static void do_bins(void *arg, int64_t first, int64_t last, int32_t worker) {
    const roi_job *j = arg;
    const int64_t cols = j->p->output_width, bins = j->p->output_height * cols;
    const tensor *images = &j->s->in[IMAGES];
    (void)worker;
    for (int64_t item = first; item < last; item++) {
        const int64_t roi = item / bins, bin = item % bins;
        const int64_t image = index_at(images, roi, j->s->in[X].shape.dim[0]);
        region g;
        read_region(j->p, (const float *)j->s->in[ROIS].data + 4 * roi, &g);
        pool_bin(
            j, &g, (const float *)j->s->in[X].data + image * j->channels * j->height * j->width,
            bin / cols, bin % cols, (float *)j->s->out[0].data + roi * j->channels * bins + bin);
    }
}

static hone_status roi_align_run(run_ctx *r, const step *s) {
    const shape *x = &s->in[X].shape;
    roi_job j = {.s = s,
                 .p = step_params(s),
                 .height = x->dim[2],
                 .width = x->dim[3],
                 .channels = x->dim[1]};
    const int64_t rois = s->in[ROIS].shape.dim[0];
    region g;
    TRY(index_check(r, &s->in[IMAGES], x->dim[0]));
    for (int64_t i = 0; i < rois; i++)
        if (!read_region(j.p, (const float *)s->in[ROIS].data + 4 * i, &g))
            return run_fail(r, "region %lld is too large", (long long)i);
    if (tensor_count(&s->out[0]) == 0) return HONE_OK;
    if (tensor_count(&s->in[X]) == 0) return run_fail(r, "the images are empty");
    team_run(r->team, rois * j.p->output_height * j.p->output_width, 1024 / j.channels + 1, do_bins,
             &j);
    return HONE_OK;
}

static const char *const roi_align_cases[] = {
    "f32[2,3,9,8] f32[2,4]{0,0,7,7,1,2,5,8} i64{0,1} output_height=3 output_width=2",
    "f32[1,2,6,6] f32[1,4]{0,1,5,4} i64{0} sampling_ratio=2 mode=max spatial_scale=0.5", NULL};

static const op op_roi_align = {.name = "RoiAlign",
                                .domain = "hone",
                                OP_ARGS_IN(core_in),
                                OP_ARGS_OUT(core_out),
                                OP_ATTRS(roi_align_attrs, roi_align_params),
                                .infer = roi_align_infer,
                                .run = roi_align_run,
                                .tolerance = {TOL_REL, 1e-6},
                                .cases = roi_align_cases};

static const op_arg onnx_in[] = {
    {"X", DT_FLOATS, 'T', 0}, {"rois", DT_FLOATS, 'T', 0}, {"batch_indices", DT_INDEX, 0, 0}};
static const op_arg onnx_out[] = {{"Y", DT_FLOATS, 'T', 0}};

static hone_status shift_upgrade(builder *b, draft *d) {
    return draft_set_attr(b, d, A_STRING("coordinate_transformation_mode", "output_half_pixel"));
}
static const op_version onnx_versions[] = {{10, shift_upgrade}, {16, NULL}};

static hone_status onnx_expand(builder *b, draft *d) {
    value *x = draft_in(d, X);
    value *y = emit(b, "hone::RoiAlign",
                    IN(expand_cast(b, x, HONE_F32), expand_cast(b, draft_in(d, ROIS), HONE_F32),
                       draft_in(d, IMAGES)),
                    d->attrs, d->n_attrs);
    return draft_done(b, d, expand_cast(b, y, x->type.dtype));
}

static const char *const onnx_cases[] = {
    "f32[2,3,9,8] f32[2,4]{0,0,7,7,1,2,5,8} i64{0,1} output_height=3 output_width=2",
    "f16[1,2,6,6] f16[1,4]{0,1,5,4} i64{0} sampling_ratio=2 mode=max",
    "f64[1,1,4,4] f64[0,4] i64{}", NULL};

static const op onnx_roi_align = {.name = "RoiAlign",
                                  .domain = "",
                                  OP_VERSIONS(onnx_versions),
                                  OP_ARGS_IN(onnx_in),
                                  OP_ARGS_OUT(onnx_out),
                                  OP_ATTRS(roi_align_attrs, roi_align_params),
                                  .expand = onnx_expand,
                                  .tolerance = {TOL_REL, 1e-6},
                                  .cases = onnx_cases};

static const op *const members[] = {&op_roi_align, &onnx_roi_align};
const op_family family_roi_align = {members, COUNT_OF(members)};
