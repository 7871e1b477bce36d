/* SPDX-License-Identifier: Apache-2.0
 *
 * GridSample: reads an image at the positions of a grid. hone::GridSample does it in float32 for up
 * to three spatial axes; ONNX's own converts other types around it. Before opset 20 the modes were
 * called bilinear and bicubic.
 */
#include <math.h>
#include <string.h>

#include "composite.h"
#include "op.h"

enum { MAX_AXES = 3, AXIS_TAPS = 4, MAX_TAPS = 64 };
enum { MODE_LINEAR, MODE_NEAREST, MODE_CUBIC };
enum { PAD_ZEROS, PAD_BORDER, PAD_REFLECTION };

typedef struct grid_sample_params {
    int32_t mode, padding_mode;
    bool align_corners;
} grid_sample_params;

static const char *const modes[] = {"linear", "nearest", "cubic", NULL};
static const char *const padding_modes[] = {"zeros", "border", "reflection", NULL};
static const attr_spec grid_sample_attrs[] = {
    ATTR_ROW(CHOICE, grid_sample_params, mode, .choices = modes),
    ATTR_ROW(CHOICE, grid_sample_params, padding_mode, .choices = padding_modes),
    ATTR_ROW(BOOL, grid_sample_params, align_corners),
};
static const op_arg core_in[] = {{"X", DT(HONE_F32), 'T', 0}, {"grid", DT(HONE_F32), 'T', 0}};
static const op_arg core_out[] = {{"Y", DT(HONE_F32), 'T', 0}};

static hone_status grid_sample_infer(infer *f) {
    const shape *x = infer_shape(f, 0), *grid = infer_shape(f, 1);
    f->out[0].dtype = infer_dtype(f, 0);
    TRY(infer_check_rank(f, 0, 3, 2 + MAX_AXES));
    if (x->rank < 0) return HONE_OK;
    TRY(infer_check_rank(f, 1, x->rank, x->rank));
    if (grid->rank < 0) return HONE_OK;
    if (!dim_compatible(grid->dim[grid->rank - 1], x->rank - 2) ||
        !dim_compatible(grid->dim[0], x->dim[0]))
        return infer_fail(f, "'grid' is not [N, .., %d] for %lld images", x->rank - 2,
                          (long long)x->dim[0]);
    shape y = shape_make(x->rank, x->dim);
    for (int32_t a = 2; a < x->rank; a++) {
        if (x->dim[a] == 0) return infer_fail(f, "the images are empty");
        y.dim[a] = grid->dim[a - 1];
    }
    f->out[0].shape = y;
    return HONE_OK;
}

/* Elements of one axis that a position reads; an index of -1 counts as zero. */
typedef struct axis_taps {
    int64_t index[AXIS_TAPS];
    float weight[AXIS_TAPS];
    int32_t n;
} axis_taps;

/* Reflects x at lo and hi until it lies between them. */
static float reflect(float x, float lo, float hi) {
    const float range = hi - lo;
    if (range <= 0) return lo;
    const float past = fmodf(fabsf(x - lo), 2 * range);
    return past > range ? hi - (past - range) : lo + past;
}

/* Turns a coordinate from -1..1 into pixels, and moves it inside as the padding says. */
static float pixel_position(const grid_sample_params *p, float g, int64_t size) {
    const float n = (float)size;
    const float lo = p->align_corners ? 0.0f : -0.5f, hi = p->align_corners ? n - 1 : n - 0.5f;
    float x = p->align_corners ? (g + 1) / 2 * (n - 1) : ((g + 1) * n - 1) / 2;
    if (p->mode == MODE_NEAREST) x = nearbyintf(x);
    if (!(x >= lo && x <= hi)) {
        if (isnan(x)) x = -4.0f; /* nowhere */
        if (p->padding_mode == PAD_BORDER) x = x < 0 ? 0 : n - 1;
        if (p->padding_mode == PAD_REFLECTION) x = isinf(x) ? lo : reflect(x, lo, hi);
    }
    /* Farther out everything is zero. */
    return x < -4 ? -4 : x > n + 4 ? n + 4 : x;
}

/* The element that index i stands for, or -1. */
static int64_t padded_index(const grid_sample_params *p, int64_t i, int64_t size) {
    if (i >= 0 && i < size) return i;
    if (p->padding_mode == PAD_ZEROS) return -1;
    if (p->padding_mode == PAD_BORDER || size == 1) return i < 0 ? 0 : size - 1;
    const int64_t period = p->align_corners ? 2 * (size - 1) : 2 * size;
    const int64_t turn = (i % period + period) % period;
    return turn < size ? turn : period - turn - (p->align_corners ? 0 : 1);
}

/* Keys' cubic convolution with a = -0.75, t behind the second of four elements. */
static void cubic_weights(float t, float *w) {
    const float a = -0.75f, far = t + 1, back = 1 - t, end = 2 - t;
    w[0] = ((a * far - 5 * a) * far + 8 * a) * far - 4 * a;
    w[1] = ((a + 2) * t - (a + 3)) * t * t + 1;
    w[2] = ((a + 2) * back - (a + 3)) * back * back + 1;
    w[3] = ((a * end - 5 * a) * end + 8 * a) * end - 4 * a;
}

static void find_taps(const grid_sample_params *p, float g, int64_t size, axis_taps *t) {
    const float x = pixel_position(p, g, size), whole = floorf(x);
    const int64_t first = (int64_t)whole - (p->mode == MODE_CUBIC ? 1 : 0);
    t->n = p->mode == MODE_NEAREST ? 1 : p->mode == MODE_LINEAR ? 2 : 4;
    t->weight[0] = p->mode == MODE_NEAREST ? 1 : 1 - (x - whole);
    t->weight[1] = x - whole;
    if (p->mode == MODE_CUBIC) cubic_weights(x - whole, t->weight);
    for (int32_t i = 0; i < t->n; i++) t->index[i] = padded_index(p, first + i, size);
}

/* Offsets and weights of all elements that a point reads: the product of those of the axes. */
static int32_t point_taps(const grid_sample_params *p, const float *g, const shape *x,
                          int64_t *offset, float *weight) {
    int32_t n = 1;
    offset[0] = 0;
    weight[0] = 1;
    for (int32_t a = 2; a < x->rank; a++) {
        axis_taps t;
        int64_t old_offset[MAX_TAPS];
        float old_weight[MAX_TAPS];
        const int32_t old = n;
        find_taps(p, g[x->rank - 1 - a], x->dim[a], &t); /* the last axis comes first */
        memcpy(old_offset, offset, (size_t)old * sizeof *offset);
        memcpy(old_weight, weight, (size_t)old * sizeof *weight);
        n = 0;
        for (int32_t i = 0; i < old * t.n; i++) {
            const int64_t index = t.index[i % t.n];
            if (index < 0) continue;
            offset[n] = old_offset[i / t.n] * x->dim[a] + index;
            weight[n++] = old_weight[i / t.n] * t.weight[i % t.n];
        }
    }
    return n;
}

typedef struct sample_job {
    const step *s;
    int64_t points, plane; /* of one image: points of the result, elements of a channel */
} sample_job;

static void do_points(void *arg, int64_t first, int64_t last, int32_t worker) {
    const sample_job *j = arg;
    const step *s = j->s;
    const shape *x = &s->in[0].shape;
    const int64_t channels = x->dim[1];
    int64_t offset[MAX_TAPS];
    float weight[MAX_TAPS];
    (void)worker;
    for (int64_t item = first; item < last; item++) {
        const int64_t image = item / j->points, point = item % j->points;
        const float *g = (const float *)s->in[1].data + item * (x->rank - 2);
        const float *src = (const float *)s->in[0].data + image * channels * j->plane;
        float *dst = (float *)s->out[0].data + image * channels * j->points + point;
        const int32_t n = point_taps(step_params(s), g, x, offset, weight);
        for (int64_t c = 0; c < channels; c++) {
            float sum = 0;
            for (int32_t t = 0; t < n; t++) sum += weight[t] * src[c * j->plane + offset[t]];
            dst[c * j->points] = sum;
        }
    }
}

static hone_status grid_sample_run(run_ctx *r, const step *s) {
    const shape *x = &s->in[0].shape, *grid = &s->in[1].shape;
    sample_job j = {
        .s = s, .points = shape_span(grid, 1, grid->rank - 1), .plane = shape_span(x, 2, x->rank)};
    if (tensor_count(&s->out[0]) == 0) return HONE_OK;
    team_run(r->team, x->dim[0] * j.points, 1024 / x->dim[1] + 1, do_points, &j);
    return HONE_OK;
}

static uint64_t grid_sample_flops(const step *s) {
    const int32_t mode = ((const grid_sample_params *)step_params(s))->mode;
    uint64_t taps = 1;
    for (int32_t a = 2; a < s->in[0].shape.rank; a++)
        taps *= mode == MODE_NEAREST ? 1 : mode == MODE_LINEAR ? 2 : 4;
    return 2 * taps * (uint64_t)tensor_count(&s->out[0]);
}

static const char *const grid_sample_cases[] = {
    "f32[1,3,5,6] f32[1,4,3,2]", "f32[2,2,7,5] f32[2,3,3,2] mode=cubic padding_mode=border",
    "f32[1,2,3,4,5] f32[1,2,2,2,3] padding_mode=reflection align_corners=1",
    "f32[1,2,9] f32[1,5,1] mode=nearest padding_mode=reflection", NULL};

static const op op_grid_sample = {.name = "GridSample",
                                  .domain = "hone",
                                  OP_ARGS_IN(core_in),
                                  OP_ARGS_OUT(core_out),
                                  OP_ATTRS(grid_sample_attrs, grid_sample_params),
                                  .infer = grid_sample_infer,
                                  .run = grid_sample_run,
                                  .flops = grid_sample_flops,
                                  .tolerance = {TOL_REL, 1e-6},
                                  .cases = grid_sample_cases};

static const op_arg onnx_in[] = {{"X", DT_NUMBERS, 0, 0}, {"grid", DT_FLOATS, 0, 0}};
static const op_arg onnx_out[] = {{"Y", DT_NUMBERS, 0, 0}};

static hone_status mode_upgrade(builder *b, draft *d) {
    const char *mode = draft_string(d, "mode", "bilinear");
    const bool linear = strcmp(mode, "bilinear") == 0, cubic = strcmp(mode, "bicubic") == 0;
    return draft_set_attr(b, d, A_STRING("mode", linear ? "linear" : cubic ? "cubic" : mode));
}
static const op_version onnx_versions[] = {{16, mode_upgrade}, {20, NULL}};

static hone_status onnx_expand(builder *b, draft *d) {
    if (!expand_needs(b, d, 0, "X") || !expand_needs(b, d, 1, "grid")) return b->status;
    value *x = expand_cast(b, draft_in(d, 0), HONE_F32);
    value *grid = expand_cast(b, draft_in(d, 1), HONE_F32);
    value *y = emit(b, "hone::GridSample", IN(x, grid), d->attrs, d->n_attrs);
    return draft_done(b, d, expand_cast(b, y, draft_in(d, 0)->type.dtype));
}

static const op onnx_grid_sample = {.name = "GridSample",
                                    .domain = "",
                                    OP_VERSIONS(onnx_versions),
                                    OP_ARGS_IN(onnx_in),
                                    OP_ARGS_OUT(onnx_out),
                                    .expand = onnx_expand};

static const op *const members[] = {&op_grid_sample, &onnx_grid_sample};
const op_family family_grid_sample = {members, COUNT_OF(members)};
