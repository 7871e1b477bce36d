/* SPDX-License-Identifier: Apache-2.0
 *
 * GridSample: an image (channels first) at the positions that a grid names, from -1 to 1 along each
 * axis. Other types than float32 and float64 are converted around it.
 */
#include <string.h>

#include "composite.h"
#include "sampling.h"

enum { GRID_X, GRID_GRID };

typedef struct grid_sample_params {
    int32_t mode, padding_mode; /* as sampling_mode, sampling_padding */
    bool align_corners;
} grid_sample_params;

static const char *const modes[] = {"linear", "nearest", "cubic", NULL};
static const char *const paddings[] = {"zeros", "border", "reflection", NULL};
static const attr_spec grid_sample_attrs[] = {
    ATTR_ROW(CHOICE, grid_sample_params, mode, .choices = modes),
    ATTR_ROW(CHOICE, grid_sample_params, padding_mode, .choices = paddings),
    ATTR_ROW(BOOL, grid_sample_params, align_corners),
};
#define WIDE (DT(HONE_F32) | DT(HONE_F64))
static const op_arg grid_sample_in[] = {{"X", WIDE, 'T', 0}, {"grid", WIDE, 0, 0}};
static const op_arg grid_sample_out[] = {{"Y", WIDE, 'T', 0}};

static hone_status grid_sample_infer(infer *f) {
    const grid_sample_params *p = f->params;
    const shape *x = infer_shape(f, GRID_X), *grid = infer_shape(f, GRID_GRID);
    shape y = shape_unknown();
    if (x->rank >= 0 && grid->rank >= 0) {
        const int32_t rank = x->rank - 2;
        const sampling s = {.rank = rank, .mode = (sampling_mode)p->mode};
        if (x->rank != grid->rank || !dim_compatible(grid->dim[grid->rank - 1], rank) || rank < 1 ||
            !dim_compatible(x->dim[0], grid->dim[0]))
            return infer_fail(f, "image and grid do not fit together");
        if (!sampling_fits(&s))
            return fail(f->c, HONE_E_UNSUPPORTED, "%d spatial axes in mode %s", rank,
                        modes[p->mode]);
        y = *x;
        for (int32_t a = 0; a < rank; a++) y.dim[a + 2] = grid->dim[a + 1];
    }
    infer_set(f, 0, infer_dtype(f, GRID_X), &y);
    return HONE_OK;
}

static void grid_sample_axes(const node *n, axis_map *m) {
    axis_add(m, GRID_X, 0, 0, 0, AXIS_SAME);
    axis_add(m, GRID_X, 1, 0, 1, AXIS_SAME);
    for (int32_t a = 2; a < n->out[0]->type.shape.rank; a++) {
        axis_add(m, GRID_X, a, 0, a, AXIS_MIXED);
        axis_add(m, GRID_GRID, a - 1, 0, a, AXIS_SAME);
    }
}

typedef struct grid_sample_job {
    const step *s;
    sampling at;
    int64_t channels, positions, points; /* of one image; of its result */
} grid_sample_job;

/* Element that a coordinate from -1 to 1 names. In float32 for a float32 grid, as it was made. */
static double denormalize(const grid_sample_job *job, const tensor *grid, int64_t i, int64_t dim) {
    const bool align = job->at.align_corners;
    if (grid->dtype == HONE_F32) {
        const float v = ((const float *)grid->data)[i], size = (float)dim;
        return (double)(align ? (v + 1) / 2 * (size - 1) : ((v + 1) * size - 1) / 2);
    }
    const double v = ((const double *)grid->data)[i], size = (double)dim;
    return align ? (v + 1) / 2 * (size - 1) : ((v + 1) * size - 1) / 2;
}

/* All channels of an image at some neighbouring points of its result. */
static void blend_channels(const grid_sample_job *job, const sampling_block *b, int64_t image,
                           int64_t point) {
    int64_t x = image * job->channels * job->positions;
    int64_t y = image * job->channels * job->points + point;
    const void *from = job->s->in[GRID_X].data;
    void *to = job->s->out[0].data;
    for (int64_t c = 0; c < job->channels; c++, x += job->positions, y += job->points) {
        if (job->s->in[GRID_X].dtype == HONE_F32)
            sampling_blend_f32(b, (const float *)from + x, (float *)to + y);
        else
            sampling_blend_f64(b, (const double *)from + x, (double *)to + y);
    }
}

static void do_points(void *arg, int64_t first, int64_t last, int32_t worker) {
    const grid_sample_job *job = arg;
    const tensor *grid = &job->s->in[GRID_GRID];
    const int32_t rank = job->at.rank;
    sampling_block b;
    (void)worker;
    for (int64_t i = first; i < last; i += b.n) {
        const int64_t point = i % job->points;
        const int64_t left = last - i < job->points - point ? last - i : job->points - point;
        b.n = (int32_t)(left < SAMPLING_BLOCK ? left : SAMPLING_BLOCK);
        for (int32_t p = 0; p < b.n; p++) {
            double at[SAMPLING_MAX_RANK];
            /* A grid lists the innermost axis first. */
            for (int32_t a = 0; a < rank; a++)
                at[a] = denormalize(job, grid, (i + p) * rank + rank - 1 - a, job->at.dim[a]);
            b.taps[p] = sampling_taps(&job->at, at, b.tap[p]);
        }
        blend_channels(job, &b, i / job->points, point);
    }
}

static hone_status grid_sample_run(run_ctx *r, const step *s) {
    const grid_sample_params *p = step_params(s);
    const shape *x = &s->in[GRID_X].shape, *y = &s->out[0].shape;
    grid_sample_job job = {.s = s,
                           .at = {.rank = x->rank - 2,
                                  .mode = (sampling_mode)p->mode,
                                  .padding = (sampling_padding)p->padding_mode,
                                  .align_corners = p->align_corners},
                           .channels = x->dim[1],
                           .positions = shape_span(x, 2, x->rank),
                           .points = shape_span(y, 2, y->rank)};
    if (tensor_count(&s->out[0]) == 0) return HONE_OK;
    if (job.positions == 0) return run_fail(r, "the image is empty");
    for (int32_t a = 0; a < job.at.rank; a++) job.at.dim[a] = x->dim[a + 2];
    team_run(r->team, x->dim[0] * job.points, 2048 / job.channels + SAMPLING_BLOCK, do_points,
             &job);
    return HONE_OK;
}

static const char *const grid_sample_cases[] = {
    "f32[2,3,5,7] f32[2,4,6,2]", "f32[1,2,5,7] f32[1,3,3,2] mode=cubic padding_mode=border",
    "f64[1,2,5,7] f64[1,3,3,2] mode=nearest padding_mode=reflection align_corners=1",
    "f32[1,2,3,4,5] f32[1,2,2,2,3]", NULL};

static const op core_grid_sample = {.name = "GridSample",
                                    .domain = "hone",
                                    OP_ARGS_IN(grid_sample_in),
                                    OP_ARGS_OUT(grid_sample_out),
                                    OP_ATTRS(grid_sample_attrs, grid_sample_params),
                                    .infer = grid_sample_infer,
                                    .axes = grid_sample_axes,
                                    .run = grid_sample_run,
                                    .tolerance = {TOL_REL, 1e-6},
                                    .cases = grid_sample_cases};

static hone_status grid_sample_upgrade(builder *b, draft *d) {
    const char *mode = draft_string(d, "mode", "bilinear");
    const bool linear = strcmp(mode, "bilinear") == 0, cubic = strcmp(mode, "bicubic") == 0;
    return draft_set_attr(b, d, A_STRING("mode", linear ? "linear" : cubic ? "cubic" : mode));
}

static value *widened(builder *b, value *v) {
    return v->type.dtype == HONE_F64 ? v : expand_cast(b, v, HONE_F32);
}

static hone_status grid_sample_expand(builder *b, draft *d) {
    value *y = emit(b, "hone::GridSample", IN(widened(b, d->in[0]), widened(b, d->in[1])), d->attrs,
                    d->n_attrs);
    return draft_done(b, d, expand_cast(b, y, d->in[GRID_X]->type.dtype));
}

static const char *const onnx_cases[] = {
    "f32[1,2,4,5] f32[1,3,3,2]",
    "f16[1,1,4,4] f16[1,2,2,2] mode=nearest padding_mode=border align_corners=1",
    "f64[1,1,4,4] f64[1,2,2,2] mode=cubic padding_mode=reflection", "f32[0,1,3,3] f32[0,2,2,2]",
    NULL};

static const op_arg onnx_grid_sample_in[] = {{"X", DT_NUMBERS | DT_BOOL, 'T', 0},
                                             {"grid", DT_NUMBERS | DT_BOOL, 0, 0}};
static const op_arg onnx_grid_sample_out[] = {{"Y", DT_NUMBERS | DT_BOOL, 'T', 0}};
static const op_version versions[] = {{16, grid_sample_upgrade}, {20, NULL}};
static const op onnx_grid_sample = {.name = "GridSample",
                                    .domain = "",
                                    OP_VERSIONS(versions),
                                    OP_SLOTS(onnx_grid_sample),
                                    OP_ATTRS(grid_sample_attrs, grid_sample_params),
                                    .expand = grid_sample_expand,
                                    .tolerance = {TOL_REL, 1e-6},
                                    .cases = onnx_cases};

static const op *const members[] = {&core_grid_sample, &onnx_grid_sample};
const op_family family_grid_sample = {members, COUNT_OF(members)};
