/* SPDX-License-Identifier: Apache-2.0
 *
 * com.microsoft CropAndResize: regions of images, given by corners between 0 and 1, each resized to
 * one size. The corners of a crop are those of its region; what lies outside of the image has a
 * value of its own.
 */
#include <math.h>

#include "index.h"
#include "op.h"

enum { X, ROIS, IMAGES, SIZE };
enum { MODE_BILINEAR, MODE_NEAREST };

typedef struct crop_params {
    float extrapolation_value;
    int32_t mode;
} crop_params;

static const char *const modes[] = {"bilinear", "nearest", NULL};
static const attr_spec crop_attrs[] = {ATTR_ROW(FLOAT, crop_params, extrapolation_value),
                                       ATTR_ROW(CHOICE, crop_params, mode, .choices = modes)};
static const op_arg crop_in[] = {{"X", DT(HONE_F32), 0, 0},
                                 {"rois", DT(HONE_F32), 0, 0},
                                 {"batch_indices", DT(HONE_I32), 0, 0},
                                 {"crop_size", DT(HONE_I32), 0, 0}};
static const op_arg crop_out[] = {{"Y", DT(HONE_F32), 0, 0}};
static const op_version crop_versions[] = {{1, NULL}};

static hone_status crop_infer(infer *f) {
    const shape *x = infer_shape(f, X), *rois = infer_shape(f, ROIS), *at = infer_shape(f, IMAGES);
    const tensor *size = infer_value(f, SIZE);
    shape y = shape_of_rank(4);
    TRY(infer_check_rank(f, X, 4, 4));
    TRY(infer_check_rank(f, ROIS, 2, 2));
    TRY(infer_check_rank(f, IMAGES, 1, 1));
    if (x->rank == 4) y.dim[1] = x->dim[1];
    if (rois->rank == 2) y.dim[0] = rois->dim[0];
    if (rois->rank == 2 && !dim_compatible(rois->dim[1], 4))
        return infer_fail(f, "'rois' has %lld columns: expected 4", (long long)rois->dim[1]);
    if (rois->rank == 2 && at->rank == 1 && !dim_compatible(rois->dim[0], at->dim[0]))
        return infer_fail(f, "%lld regions have %lld batch indices", (long long)rois->dim[0],
                          (long long)at->dim[0]);
    for (int32_t i = 0; size && i < 2; i++) {
        if (tensor_count(size) != 2 || tensor_i64(size, i) < 1)
            return infer_fail(f, "'crop_size' is not two positive numbers");
        y.dim[2 + i] = tensor_i64(size, i);
    }
    infer_set(f, 0, HONE_F32, &y);
    return HONE_OK;
}

typedef struct crop_job {
    const step *s;
    const crop_params *p;
} crop_job;

/* Where element i of n lies on an axis of `size` pixels between two corners. */
static float place_of(float begin, float end, int64_t i, int64_t n, int64_t size) {
    const float last = (float)(size - 1);
    if (n == 1) return 0.5f * (begin + end) * last;
    if (i == n - 1) return end * last;
    return begin * last + (float)i * ((end - begin) * last / (float)(n - 1));
}

static bool is_inside(float at, int64_t size) { return at >= 0 && at <= (float)(size - 1); }

/* A whole place as an index; sizes that float32 does not hold may have been rounded up. */
static int64_t pixel(float at, int64_t size) {
    const int64_t i = (int64_t)at;
    return i < size ? i : size - 1;
}

/* The image at (y, x), which lies inside; size: its height and width. */
static float sample(const crop_job *j, const float *plane, const int64_t *size, float y, float x) {
    const int64_t width = size[1];
    if (j->p->mode == MODE_NEAREST)
        return plane[pixel(roundf(y), size[0]) * width + pixel(roundf(x), width)];
    const int64_t top = pixel(floorf(y), size[0]), bottom = pixel(ceilf(y), size[0]);
    const int64_t left = pixel(floorf(x), width), right = pixel(ceilf(x), width);
    const float down = y - (float)top, across = x - (float)left;
    const float *high = plane + top * width, *low = plane + bottom * width;
    const float above = high[left] + (high[right] - high[left]) * across;
    const float below = low[left] + (low[right] - low[left]) * across;
    return above + (below - above) * down;
}

/* Items are rows of the result. */
static void do_rows(void *arg, int64_t first, int64_t last, int32_t worker) {
    const crop_job *j = arg;
    (void)worker;
    const int64_t *in = j->s->in[X].shape.dim, *out = j->s->out[0].shape.dim;
    for (int64_t row = first; row < last; row++) {
        const int64_t h = row % out[2], c = row / out[2] % out[1], roi = row / out[2] / out[1];
        const float *corner = (const float *)j->s->in[ROIS].data + roi * 4;
        const int64_t image = index_at(&j->s->in[IMAGES], roi, in[0]);
        const float *plane = (const float *)j->s->in[X].data + (image * in[1] + c) * in[2] * in[3];
        const float y = place_of(corner[0], corner[2], h, out[2], in[2]);
        float *to = (float *)j->s->out[0].data + row * out[3];
        for (int64_t w = 0; w < out[3]; w++) {
            const float x = place_of(corner[1], corner[3], w, out[3], in[3]);
            const bool inside = is_inside(y, in[2]) && is_inside(x, in[3]);
            to[w] = inside ? sample(j, plane, in + 2, y, x) : j->p->extrapolation_value;
        }
    }
}

static hone_status crop_run(run_ctx *r, const step *s) {
    const int64_t *out = s->out[0].shape.dim;
    crop_job j = {.s = s, .p = step_params(s)};
    if (tensor_count(&s->out[0]) == 0) return HONE_OK;
    TRY(index_check(r, &s->in[IMAGES], s->in[X].shape.dim[0]));
    team_run(r->team, out[0] * out[1] * out[2], 1024 / out[3] + 1, do_rows, &j);
    return HONE_OK;
}

static const char *const crop_cases[] = {
    "f32[2,3,5,4] f32[2,4]{0,0,1,1,0.2,-0.1,0.8,0.9} i32{1,0} i32{3,4}",
    "f32[1,2,5,5] f32[1,4]{0.9,0.8,0.1,0.2} i32{0} i32{1,3} mode=nearest extrapolation_value=2",
    "f32[1,2,5,5] f32[0,4] i32{} i32{2,2}", NULL};

const op op_ms_crop_and_resize = {.name = "CropAndResize",
                                  .domain = "com.microsoft",
                                  OP_VERSIONS(crop_versions),
                                  OP_ARGS_IN(crop_in),
                                  OP_ARGS_OUT(crop_out),
                                  OP_ATTRS(crop_attrs, crop_params),
                                  .infer = crop_infer,
                                  .run = crop_run,
                                  .tolerance = {TOL_REL, 1e-5},
                                  .cases = crop_cases};
