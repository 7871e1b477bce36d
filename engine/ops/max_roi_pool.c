/* SPDX-License-Identifier: Apache-2.0
 *
 * MaxRoiPool: the largest element of each bin of regions of images. Corners of regions are rounded
 * to pixels; bins overlap where they do not divide the region, and are 0 where they are empty.
 */
#include <math.h>

#include "op.h"

enum { X, ROIS };

typedef struct max_roi_pool_params {
    int_list pooled_shape; /* rows, columns */
    float spatial_scale;
} max_roi_pool_params;

static const attr_spec max_roi_pool_attrs[] = {
    ATTR_ROW(INTS, max_roi_pool_params, pooled_shape, .required = true, .min = 1, .max = INT32_MAX),
    ATTR_ROW(FLOAT, max_roi_pool_params, spatial_scale, .f = 1.0f),
};
static const op_arg max_roi_pool_in[] = {{"X", DT_FLOATS, 'T', 0}, {"rois", DT_FLOATS, 'T', 0}};
static const op_arg max_roi_pool_out[] = {{"Y", DT_FLOATS, 'T', 0}};
static const op_version max_roi_pool_versions[] = {{1, NULL}};

static hone_status max_roi_pool_infer(infer *f) {
    const int_list *bins = &((const max_roi_pool_params *)f->params)->pooled_shape;
    const shape *x = infer_shape(f, X), *rois = infer_shape(f, ROIS);
    TRY(infer_check_rank(f, X, 4, 4));
    TRY(infer_check_rank(f, ROIS, 2, 2));
    if (bins->n != 2)
        return infer_fail(f, "attribute 'pooled_shape' has %d values: expected 2", bins->n);
    if (rois->rank == 2 && !dim_compatible(rois->dim[1], 5))
        return infer_fail(f, "'rois' has %lld columns: expected 5", (long long)rois->dim[1]);
    shape y = shape_make(4, (const int64_t[]){DIM_UNKNOWN, DIM_UNKNOWN, bins->v[0], bins->v[1]});
    if (rois->rank == 2) y.dim[0] = rois->dim[0];
    if (x->rank == 4) y.dim[1] = x->dim[1];
    infer_set(f, 0, infer_dtype(f, X), &y);
    return HONE_OK;
}

/* One side of a region, in pixels. */
typedef struct side {
    int64_t start, size;
} side;

typedef struct region {
    int64_t image;
    side down, right;
} region;

/* False when the numbers are none that an image could have. */
static bool read_side(const tensor *rois, int64_t first, int64_t last, float scale, side *out) {
    const float from = roundf((float)tensor_f64(rois, first) * scale);
    const float to = roundf((float)tensor_f64(rois, last) * scale);
    if (!(fabsf(from) < 0x1p30f && fabsf(to) < 0x1p30f)) return false;
    *out = (side){(int64_t)from, (int64_t)fmaxf(to - from + 1, 1)};
    return true;
}

static hone_status read_region(run_ctx *r, const step *s, int64_t i, region *out) {
    const tensor *rois = &s->in[ROIS];
    const float scale = ((const max_roi_pool_params *)step_params(s))->spatial_scale;
    const double image = tensor_f64(rois, 5 * i);
    if (!(image >= 0 && image < (double)s->in[X].shape.dim[0]))
        return run_fail(r, "region %lld is of image %g of %lld", (long long)i, image,
                        (long long)s->in[X].shape.dim[0]);
    out->image = (int64_t)image;
    if (!read_side(rois, 5 * i + 1, 5 * i + 3, scale, &out->right) ||
        !read_side(rois, 5 * i + 2, 5 * i + 4, scale, &out->down))
        return run_fail(r, "region %lld is too large", (long long)i);
    return HONE_OK;
}

/* Pixels [*from, *to) of bin i of n. */
static void bin_range(const side *d, int64_t i, int64_t n, int64_t pixels, int64_t *from,
                      int64_t *to) {
    const float bin = (float)d->size / (float)n;
    const int64_t low = (int64_t)floorf((float)i * bin) + d->start;
    const int64_t high = (int64_t)ceilf((float)(i + 1) * bin) + d->start;
    *from = low < 0 ? 0 : low > pixels ? pixels : low;
    *to = high < 0 ? 0 : high > pixels ? pixels : high;
}

/* The bins of one region in one channel. */
static void pool_plane(const step *s, const region *g, int64_t plane, int64_t at) {
    const tensor *x = &s->in[X], *y = &s->out[0];
    const int64_t rows = y->shape.dim[2], cols = y->shape.dim[3];
    const int64_t height = x->shape.dim[2], width = x->shape.dim[3];
    for (int64_t bin = 0; bin < rows * cols; bin++) {
        int64_t top, bottom, left, right;
        bin_range(&g->down, bin / cols, rows, height, &top, &bottom);
        bin_range(&g->right, bin % cols, cols, width, &left, &right);
        double most = top < bottom && left < right ? -INFINITY : 0;
        for (int64_t i = top; i < bottom; i++)
            for (int64_t j = left; j < right; j++)
                most = fmax(most, tensor_f64(x, (plane * height + i) * width + j));
        tensor_set_f64(y, at * rows * cols + bin, most);
    }
}

static hone_status max_roi_pool_run(run_ctx *r, const step *s) {
    const int64_t regions = s->in[ROIS].shape.dim[0], channels = s->in[X].shape.dim[1];
    for (int64_t i = 0; i < regions; i++) {
        region g;
        TRY(read_region(r, s, i, &g));
        for (int64_t c = 0; c < channels; c++)
            pool_plane(s, &g, g.image * channels + c, i * channels + c);
    }
    return HONE_OK;
}

static const char *const max_roi_pool_cases[] = {
    "f32[1,2,6,5] f32[3,5]{0,0,0,3,2,0,1,1,2,2,0,-5,-5,9,9} pooled_shape=2,3",
    "f16[2,1,4,4] f16[2,5]{1,0,2,7,7,0,9,9,12,12} pooled_shape=2,2 spatial_scale=0.5",
    "f64[1,3,4,4] f64[0,5] pooled_shape=1,1", NULL};

const op op_max_roi_pool = {.name = "MaxRoiPool",
                            .domain = "",
                            OP_VERSIONS(max_roi_pool_versions),
                            OP_ARGS_IN(max_roi_pool_in),
                            OP_ARGS_OUT(max_roi_pool_out),
                            OP_ATTRS(max_roi_pool_attrs, max_roi_pool_params),
                            .infer = max_roi_pool_infer,
                            .run = max_roi_pool_run,
                            .tolerance = {TOL_EXACT, 0},
                            .cases = max_roi_pool_cases};
