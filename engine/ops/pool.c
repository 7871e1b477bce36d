/* SPDX-License-Identifier: Apache-2.0
 *
 * hone::MaxPool, hone::AveragePool and hone::SumPool, channels last: [N, spatial.., C]. float32 and
 * 16-bit floats with up to three spatial axes go through the pool kernels; elsewhere a result pixel
 * is folded row by row from the channels under its window. The second output of MaxPool says where
 * each maximum was, as an index into the same data with channels first.
 */
#include <math.h>
#include <string.h>

#include "checked.h"
#include "conv/pool_f32.h"
#include "elementwise.h"
#include "wide.h"
#include "window.h"

typedef struct pool_params {
    window_params window;
    int_list kernel_shape;
    bool count_include_pad; /* average: padding counts as elements */
    bool storage_order;     /* indices: the first spatial axis is the fastest */
} pool_params;

enum { GRAIN = 16384 }; /* elements read a task at least */

#define POOL_ATTRS                                                                                 \
    WINDOW_ATTRS(pool_params), ATTR_NAMED(BOOL, "ceil_mode", pool_params, window.ceil_mode),       \
        ATTR_ROW(INTS, pool_params, kernel_shape, .required = true, .min = 1, .max = INT32_MAX)
static const attr_spec max_attrs[] = {POOL_ATTRS, ATTR_ROW(BOOL, pool_params, storage_order)};
static const attr_spec average_attrs[] = {POOL_ATTRS,
                                          ATTR_ROW(BOOL, pool_params, count_include_pad)};
static const attr_spec sum_attrs[] = {POOL_ATTRS};

#define MAX_TYPES (DT_FLOATS | DT(HONE_I8) | DT(HONE_U8))
static const op_arg max_in[] = {{"x", MAX_TYPES, 'T', 0}};
static const op_arg max_out[] = {{"y", MAX_TYPES, 'T', 0},
                                 {"indices", DT(HONE_I64), 0, ARG_OPTIONAL}};
static const op_arg float_in[] = {{"x", DT_FLOATS, 'T', 0}};
static const op_arg float_out[] = {{"y", DT_FLOATS, 'T', 0}};
#define average_in  float_in
#define average_out float_out
#define sum_in      float_in
#define sum_out     float_out

static pool_kind kind_of(const node *n) { return *(const pool_kind *)n->op->row; }

static hone_status pool_window(const infer *f, const pool_params *p, const shape *x, window *w) {
    if (x->rank - 2 != p->kernel_shape.n)
        return infer_fail(f, "data of rank %d with a window of rank %d: expected rank %d", x->rank,
                          p->kernel_shape.n, p->kernel_shape.n + 2);
    return window_resolve(f, &p->window, x->rank - 2, p->kernel_shape.v, x->dim + 1, w);
}

static hone_status pool_infer(infer *f) {
    shape y = *infer_shape(f, 0);
    window w;
    if (y.rank >= 0) {
        TRY(pool_window(f, f->params, &y, &w));
        for (int32_t a = 0; a < w.rank; a++) y.dim[a + 1] = w.out[a];
    }
    infer_set(f, 0, infer_dtype(f, 0), &y);
    infer_set(f, 1, HONE_I64, &y);
    return HONE_OK;
}

static void pool_axes(const node *n, axis_map *m) {
    const int32_t rank = n->out[0]->type.shape.rank;
    for (int32_t a = 0; a < rank; a++)
        axis_add(m, 0, a, 0, a, a == 0 || a == rank - 1 ? AXIS_SAME : AXIS_WINDOW);
}

typedef struct pool {
    pool_kind kind;
    window w;
    int64_t images, pixels, channels; /* pixels of one result image */
    int64_t step[WINDOW_MAX_RANK];    /* elements between neighbours along a spatial axis */
    size_t size;                      /* of an element as computed */
    binary_fn *join, *multiply;
    ktype type;
    wide_block x, y;
    bool driven; /* by the kernels */
    pool_f32_plan plan;
    size_t worker_bytes;
} pool;

/* For the kernels, which have three spatial axes. rank <= 3. */
static pool_f32_shape kernel_shape(const pool *st) {
    pool_f32_shape k = {.window = window_for_kernels(&st->w),
                        .kind = st->kind,
                        .n = st->images,
                        .channels = st->channels,
                        .ldx = st->channels,
                        .ldy = st->channels};
    for (int32_t a = 0; a < st->w.rank; a++) k.pad_end[a + 3 - st->w.rank] = st->w.pad_end[a];
    return k;
}

static hone_status plan_driver(plan_ctx *p, step *s, pool *st) {
    const char *name = st->kind == POOL_MAX ? "maxpool_f32" : "sumpool_f32";
    st->driven = st->type == KT_F32 && st->w.rank <= 3;
    if (!st->driven) {
        plan_kernel(p, s, "row by row");
        if (st->type == KT_F32)
            plan_decline(p, s, name, "there are %d spatial axes", st->w.rank);
        else
            plan_decline(p, s, name, "elements are %s", hone_dtype_name(s->in[0].dtype));
        return HONE_OK;
    }
    plan_kernel(p, s, "%s_%s", name, isa_name(s->k->level));
    if (tensor_count(&s->in[0]) == 0 || tensor_count(&s->out[0]) == 0) return HONE_OK;
    const pool_f32_shape kernel = kernel_shape(st);
    st->plan = pool_f32_make_plan(s->k, &kernel);
    return scratch_book_workers(p, s, st->plan.scratch, &st->worker_bytes);
}

static hone_status pool_plan(plan_ctx *p, step *s) {
    const pool_params *params = step_params(s);
    pool *st = plan_state(p, s, sizeof *st);
    if (!st) return HONE_E_NOMEM;
    const infer f = {.c = p->c, .node = s->node};
    const shape *x = &s->in[0].shape;
    const bool narrow = dtype_in(s->in[0].dtype, DT_FLOAT16S);
    TRY(pool_window(&f, params, x, &st->w));
    st->kind = kind_of(s->node);
    if (st->kind == POOL_AVERAGE && params->count_include_pad) st->kind = POOL_AVERAGE_PADDED;
    st->type = narrow ? KT_F32 : dtype_ktype(s->in[0].dtype);
    st->size = ktype_size(st->type);
    st->images = x->dim[0];
    st->channels = x->dim[x->rank - 1];
    st->pixels = 1;
    for (int32_t a = 0; a < st->w.rank; a++) {
        st->pixels *= st->w.out[a];
        st->step[a] = shape_span(x, a + 2, x->rank);
    }
    st->join = (st->kind == POOL_MAX ? s->k->max : s->k->add)[st->type];
    st->multiply = s->k->mul[st->type];
    TRY(plan_driver(p, s, st));
    if (!narrow) return HONE_OK;
    TRY(wide_book(p, s, &s->in[0], &st->x));
    return wide_book(p, s, &s->out[0], &st->y);
}

/* The elements of the input under the window of one result pixel, and a walk over them. */
typedef struct pool_walk {
    int64_t first[WINDOW_MAX_RANK]; /* input position of the first one along each axis */
    int64_t count[WINDOW_MAX_RANK];
    int64_t at[WINDOW_MAX_RANK];
    int64_t left, padded; /* elements still to visit; elements with padding, saturated */
    int64_t offset;       /* of the current one, from the start of the image */
} pool_walk;

static pool_walk walk_begin(const pool *st, int64_t pixel) {
    const window *w = &st->w;
    pool_walk k = {.left = 1, .padded = 1};
    for (int32_t a = w->rank - 1; a >= 0; a--) {
        const int64_t start = pixel % w->out[a] * w->stride[a] - w->pad_begin[a];
        int64_t tap, ignored;
        pixel /= w->out[a];
        k.count[a] = conv_taps_inside(start, w->dilation[a], w->kernel[a], 0, w->in[a], &tap);
        k.first[a] = start + tap * w->dilation[a];
        k.offset += k.first[a] * st->step[a];
        k.left *= k.count[a];
        const int64_t all = conv_taps_inside(start, w->dilation[a], w->kernel[a], -w->pad_begin[a],
                                             w->in[a] + w->pad_end[a], &ignored);
        if (!i64_mul(k.padded, all, &k.padded)) k.padded = INT64_MAX;
    }
    return k;
}

/* To the next element; the last spatial axis is the fastest. */
static void walk_next(const pool *st, pool_walk *k) {
    k->left--;
    for (int32_t a = st->w.rank - 1; a >= 0; a--) {
        const int64_t by = st->w.dilation[a] * st->step[a];
        k->offset += by;
        if (++k->at[a] < k->count[a]) return;
        k->offset -= by * k->count[a];
        k->at[a] = 0;
    }
}

typedef struct pool_job {
    const pool *st;
    const pool_params *p;
    const step *s;
    const char *x;
    char *y;
    char *scratch;
} pool_job;

/* What a sum is multiplied with. */
static double pool_scale(const pool_job *job, const pool_walk *k) {
    const pool_kind kind = job->st->kind;
    if (kind != POOL_AVERAGE && kind != POOL_AVERAGE_PADDED) return 1;
    const int64_t count = kind == POOL_AVERAGE ? k->left : k->padded;
    return count > 0 ? 1.0 / (double)count : 0;
}

/* A window that lies in the padding alone. */
static void fill_empty(const pool_job *job, char *y) {
    const pool *st = job->st;
    if (st->kind != POOL_MAX) {
        memset(y, 0, (size_t)st->channels * st->size);
        return;
    }
    for (int64_t c = 0; c < st->channels; c++)
        job->s->k->reduce_max[st->type](0, y, y + (size_t)c * st->size);
}

/* Row by row. */
static void fold_rows(const pool *st, pool_walk *k, const char *image, double scale, char *y) {
    const size_t n = (size_t)st->channels;
    memcpy(y, image + (size_t)k->offset * st->size, n * st->size);
    for (walk_next(st, k); k->left > 0; walk_next(st, k))
        st->join(n, y, 1, image + (size_t)k->offset * st->size, 1, y);
    const float scale_f32 = (float)scale;
    const void *factor = st->type == KT_F64 ? (const void *)&scale : &scale_f32;
    if (scale != 1) st->multiply(n, y, 1, factor, 0, y);
}

static void fold_pixel(const pool_job *job, int64_t pixel) {
    const pool *st = job->st;
    const size_t row = (size_t)st->channels * st->size;
    const size_t image_bytes = (size_t)shape_span(&job->s->in[0].shape, 1, st->w.rank + 1) * row;
    const char *image = job->x + (size_t)(pixel / st->pixels) * image_bytes;
    char *y = job->y + (size_t)pixel * row;
    pool_walk k = walk_begin(st, pixel % st->pixels);
    const double scale = pool_scale(job, &k);
    if (k.left == 0) {
        fill_empty(job, y);
    } else {
        fold_rows(st, &k, image, scale, y);
    }
}

static void do_pixels(void *arg, int64_t first, int64_t last, int32_t worker) {
    (void)worker;
    for (int64_t i = first; i < last; i++) fold_pixel(arg, i);
}

/* Index of the element that the walk is at among the spatial positions of an image. */
static int64_t spatial_index(const pool *st, const pool_walk *k, bool first_axis_fastest) {
    int64_t index = 0;
    for (int32_t i = 0; i < st->w.rank; i++) {
        const int32_t a = first_axis_fastest ? st->w.rank - 1 - i : i;
        index = index * st->w.in[a] + k->first[a] + k->at[a] * st->w.dilation[a];
    }
    return index;
}

/* Indices of one pixel: of the first maximum, or of the first NaN. */
static void index_pixel(const pool_job *job, int64_t pixel) {
    const pool *st = job->st;
    const tensor *x = &job->s->in[0];
    const int64_t positions = shape_span(&x->shape, 1, st->w.rank + 1);
    const int64_t image = pixel / st->pixels;
    int64_t *indices = (int64_t *)job->s->out[1].data + pixel * st->channels;
    for (int64_t c = 0; c < st->channels; c++) {
        pool_walk k = walk_begin(st, pixel % st->pixels);
        double best = -INFINITY;
        int64_t where = 0;
        for (bool any = false; k.left > 0; walk_next(st, &k)) {
            const double v = tensor_f64(x, (image * positions * st->channels) + k.offset + c);
            if (any && !(v > best || (isnan(v) && !isnan(best)))) continue;
            any = true;
            best = v;
            where = spatial_index(st, &k, job->p->storage_order);
        }
        indices[c] = (image * st->channels + c) * positions + where;
    }
}

static void do_indices(void *arg, int64_t first, int64_t last, int32_t worker) {
    (void)worker;
    for (int64_t i = first; i < last; i++) index_pixel(arg, i);
}

static void do_kernel(void *arg, int64_t first, int64_t last, int32_t worker) {
    const pool_job *job = arg;
    pool_f32_run(&job->st->plan, (const float *)(const void *)job->x, (float *)(void *)job->y,
                 (size_t)first, (size_t)last,
                 job->scratch + (size_t)worker * job->st->worker_bytes);
}

/* Without the kernels. */
static void fold_pixels(run_ctx *r, const pool *st, pool_job *job) {
    double each = (double)st->channels;
    for (int32_t a = 0; a < st->w.rank; a++) each *= (double)st->w.kernel[a];
    const int64_t grain = each < GRAIN ? GRAIN / (int64_t)each : 1;
    team_run(r->team, st->images * st->pixels, grain, do_pixels, job);
}

static hone_status pool_run(run_ctx *r, const step *s) {
    const pool *st = s->state;
    pool_job job = {.st = st, .p = step_params(s), .s = s, .scratch = r->scratch};
    job.x = s->in[0].data;
    job.y = s->out[0].data;
    if (tensor_count(&s->out[0]) == 0) return HONE_OK;
    if (st->x.copied) job.x = (const char *)wide_read(&st->x, s->k, &s->in[0], r->scratch);
    if (st->y.copied) job.y = (char *)wide_result(&st->y, &s->out[0], r->scratch);
    if (st->driven && tensor_count(&s->in[0]) > 0)
        team_run(r->team, (int64_t)st->plan.tasks, 1, do_kernel, &job);
    else
        fold_pixels(r, st, &job);
    if (st->y.copied) wide_write(&st->y, s->k, &s->out[0], r->scratch);
    if (step_wants(s, 1)) team_run(r->team, st->images * st->pixels, 64, do_indices, &job);
    return HONE_OK;
}

static uint64_t pool_flops(const step *s) {
    const pool_params *p = step_params(s);
    uint64_t n = (uint64_t)tensor_count(&s->out[0]);
    for (int32_t i = 0; i < p->kernel_shape.n; i++) n *= (uint64_t)p->kernel_shape.v[i];
    return n;
}

static const op_quant max_quant = {QUANT_PASS, 1, -1, -1, NULL};
static const op_quant average_quant = {QUANT_REQUANT, 1, -1, -1, NULL};

static const char *const pool_cases[] = {"f32[1,8,8,16] kernel_shape=2,2 strides=2,2",
                                         "f32[2,9,7,3] kernel_shape=3,3 pads=1,1,1,1",
                                         "f32[1,9,9,5] kernel_shape=3,3 strides=2,2 ceil_mode=1",
                                         "f32[1,10,4] kernel_shape=3 auto_pad=SAME_UPPER strides=2",
                                         "f32[1,5,5,5,4] kernel_shape=2,3,2 dilations=2,1,1",
                                         "f32[1,20,20,3] kernel_shape=12,12",
                                         "f16[1,6,6,8] kernel_shape=2,2",
                                         "f64[1,6,6,2] kernel_shape=2,2",
                                         NULL};

#define POOL(ident, label, pool_type, ...)                                                         \
    static const op op_##ident##_pool = {.name = label,                                            \
                                         .domain = "hone",                                         \
                                         OP_ARGS_IN(ident##_in),                                   \
                                         OP_ARGS_OUT(ident##_out),                                 \
                                         OP_ATTRS(ident##_attrs, pool_params),                     \
                                         .infer = pool_infer,                                      \
                                         .axes = pool_axes,                                        \
                                         .plan = pool_plan,                                        \
                                         .run = pool_run,                                          \
                                         .flops = pool_flops,                                      \
                                         .row = &(const pool_kind){pool_type},                     \
                                         .cases = pool_cases,                                      \
                                         __VA_ARGS__}
POOL(max, "MaxPool", POOL_MAX, .tolerance = {TOL_EXACT, 0}, .quant = &max_quant);
POOL(average, "AveragePool", POOL_AVERAGE, .tolerance = {TOL_SUM, 1}, .quant = &average_quant);
POOL(sum, "SumPool", POOL_SUM, .tolerance = {TOL_SUM, 1}, .quant = NULL);

static const op *const members[] = {&op_max_pool, &op_average_pool, &op_sum_pool};
const op_family family_pool = {members, COUNT_OF(members)};
