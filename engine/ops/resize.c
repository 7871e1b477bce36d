/* SPDX-License-Identifier: Apache-2.0
 *
 * hone::Resize: any axes, any layout. Nearest copies runs of elements; linear and cubic resize one
 * axis after the other, the one that shrinks most first:
 *
 *     [outer, in, inner] -> [outer, out, inner]
 */
#include "resize.h"

#include <string.h>

#include "checked.h"
#include "elementwise.h"
#include "movement.h"
#include "wide.h"

static const char *const modes[] = {"nearest", "linear", "cubic", NULL};
static const char *const coordinate_modes[] = {
    "half_pixel", "half_pixel_symmetric", "pytorch_half_pixel",   "align_corners",
    "asymmetric", "tf_crop_and_resize",   "tf_half_pixel_for_nn", NULL};
static const char *const nearest_modes[] = {"round_prefer_floor", "round_prefer_ceil", "floor",
                                            "ceil", NULL};
static const char *const policies[] = {"stretch", "not_larger", "not_smaller", NULL};

const attr_spec resize_attrs[RESIZE_ATTRS] = {
    ATTR_ROW(CHOICE, resize_params, mode, .choices = modes),
    ATTR_NAMED(CHOICE, "coordinate_transformation_mode", resize_params, coordinates,
               .choices = coordinate_modes),
    ATTR_ROW(CHOICE, resize_params, nearest_mode, .choices = nearest_modes),
    ATTR_NAMED(CHOICE, "keep_aspect_ratio_policy", resize_params, policy, .choices = policies),
    ATTR_ROW(BOOL, resize_params, antialias),
    ATTR_ROW(BOOL, resize_params, exclude_outside),
    ATTR_ROW(FLOAT, resize_params, extrapolation_value),
    ATTR_ROW(FLOAT, resize_params, cubic_coeff_a, .f = -0.75f),
    ATTR_ROW(AXES, resize_params, axes),
};
static const op_arg resize_in[] = {{"X", DT_MOVABLE, 'T', 0},
                                   {"roi", DT_FLOATS, 0, ARG_OPTIONAL},
                                   {"scales", DT(HONE_F32), 0, ARG_OPTIONAL},
                                   {"sizes", DT(HONE_I64), 0, ARG_OPTIONAL}};
static const op_arg resize_out[] = {{"Y", DT_MOVABLE, 'T', 0}};

/* Is input i given, with a value that is not known yet? */
static bool is_pending(const infer *f, int32_t i) {
    int64_t count;
    const bool empty = shape_count(infer_shape(f, i), &count) && count == 0;
    return infer_has(f, i) && !empty && !infer_value(f, i);
}

static hone_status resize_infer(infer *f) {
    const resize_params *p = f->params;
    shape y = *infer_shape(f, RESIZE_X);
    resize_axis axes[HONE_MAX_RANK];
    const resize_request r = {.params = p,
                              .roi = resize_given(infer_value(f, RESIZE_ROI)),
                              .scales = resize_given(infer_value(f, RESIZE_SCALES)),
                              .sizes = resize_given(infer_value(f, RESIZE_SIZES))};
    const bool pending = is_pending(f, RESIZE_SCALES) || is_pending(f, RESIZE_SIZES) ||
                         (p->coordinates == RESIZE_CROP && is_pending(f, RESIZE_ROI));
    if (p->mode != RESIZE_NEAREST && infer_dtype(f, 0) != HONE_UNDEFINED &&
        !dtype_in(infer_dtype(f, 0), DT_FLOATS))
        return fail(f->c, HONE_E_UNSUPPORTED, "%s cannot be interpolated",
                    hone_dtype_name(infer_dtype(f, 0)));
    if (!pending && (r.sizes != NULL) == (r.scales != NULL))
        return infer_fail(f, "%s 'scales' and 'sizes' given: expected one of them",
                          r.sizes ? "both" : "none of");
    const resize_request unknown = {.params = p};
    if (y.rank >= 0) {
        TRY(resize_axes_of(f->c, pending ? &unknown : &r, &y, axes));
        for (int32_t a = 0; a < y.rank; a++) y.dim[a] = axes[a].out;
    }
    infer_set(f, 0, infer_dtype(f, 0), &y);
    return HONE_OK;
}

static const tensor *constant_of(const node *n, int32_t i) {
    const value *v = node_in(n, i);
    return v ? resize_given(v->constant) : NULL;
}

static void resize_axes(const node *n, axis_map *m) {
    const shape *x = &node_in(n, RESIZE_X)->type.shape;
    const resize_request r = {.params = n->params,
                              .roi = constant_of(n, RESIZE_ROI),
                              .scales = constant_of(n, RESIZE_SCALES),
                              .sizes = constant_of(n, RESIZE_SIZES)};
    resize_axis axes[HONE_MAX_RANK];
    const ctx quiet = {0};
    if (resize_axes_of(&quiet, &r, x, axes) != HONE_OK) {
        m->opaque = true;
        return;
    }
    for (int32_t a = 0; a < x->rank; a++)
        axis_add(m, RESIZE_X, a, 0, a, axes[a].active ? AXIS_WINDOW : AXIS_SAME);
}

/* Entry i of the lists is about axis i unless `axes` says otherwise: now it does. */
static bool resize_permute(builder *b, node *n, const int32_t *to, int32_t rank) {
    resize_params *p = n->params;
    if (p->axes.set) return permute_attrs(b, n, to, rank);
    int64_t *axes = arena_array(b->graph->arena, (size_t)rank, sizeof *axes);
    if (!axes) return false;
    for (int32_t a = 0; a < rank; a++) axes[a] = to[a];
    p->axes = (int_list){.v = axes, .n = rank, .set = true};
    return true;
}

typedef struct line_tap {
    float weight;
    int64_t index;
} line_tap;

typedef struct resize_pass {
    int64_t outer, in, out, inner;
    resize_table table;
    line_tap *line; /* taps of float32 lines; or NULL */
    int64_t *ends;  /* where those of each result end */
    bool pairs;     /* all results have two */
    size_t at;      /* of the result in scratch; the last pass writes the output */
} resize_pass;

/* y[o] = x[index[o]] for o < n, of one element size. */
typedef void nearest_line_fn(const int64_t *index, int64_t n, const void *src, void *dst);

typedef struct resize {
    ktype type;
    size_t size; /* of an element as computed */
    wide_block x, y;
    int32_t n_pass;
    resize_pass pass[HONE_MAX_RANK];
    /* Nearest: the axes, and those without a table are copied. */
    int32_t rank, last; /* last one with a table, -1 for none */
    size_t unit;        /* bytes that stay together behind it */
    int64_t in_stride[HONE_MAX_RANK], out_dim[HONE_MAX_RANK];
    resize_table table[HONE_MAX_RANK];
    nearest_line_fn *line; /* along the last axis; NULL: by memcpy */
} resize;

/* The second form is for the commonest factor: each element twice. */
#define NEAREST_LINE(name, type)                                                                   \
    static void name(const int64_t *index, int64_t n, const void *src, void *dst) {                \
        const type *x = src;                                                                       \
        type *y = dst;                                                                             \
        for (int64_t o = 0; o < n; o++) y[o] = x[index[o]];                                        \
    }                                                                                              \
    static void name##_twice(const int64_t *index, int64_t n, const void *src, void *dst) {        \
        const type *x = src;                                                                       \
        type *y = dst;                                                                             \
        (void)index;                                                                               \
        for (int64_t i = 0; i < n / 2; i++) y[2 * i] = y[2 * i + 1] = x[i];                        \
    }
NEAREST_LINE(line_u8, uint8_t)
NEAREST_LINE(line_u16, uint16_t)
NEAREST_LINE(line_u32, uint32_t)
NEAREST_LINE(line_u64, uint64_t)

static nearest_line_fn *choose_line(const resize_table *t, int64_t n, size_t unit) {
    bool twice = n % 2 == 0;
    for (int64_t o = 0; o < n; o++) twice = twice && t->index[o] == o / 2;
    if (t->outside) return NULL;
    switch (unit) {
    case 1: return twice ? line_u8_twice : line_u8;
    case 2: return twice ? line_u16_twice : line_u16;
    case 4: return twice ? line_u32_twice : line_u32;
    case 8: return twice ? line_u64_twice : line_u64;
    default: return NULL;
    }
}

static hone_status plan_nearest(plan_ctx *p, step *s, resize *st, const resize_axis *axes) {
    const shape *x = &s->in[RESIZE_X].shape;
    st->rank = x->rank;
    st->last = -1;
    dense_strides(x, st->in_stride);
    for (int32_t a = 0; a < x->rank; a++) {
        st->out_dim[a] = axes[a].out;
        if (!axes[a].active) continue;
        TRY(resize_table_make(p, step_params(s), &axes[a], &st->table[a]));
        st->last = a;
    }
    if (st->last < 0) return HONE_OK;
    st->unit = (size_t)st->in_stride[st->last] * dtype_size(s->in[RESIZE_X].dtype);
    st->line = choose_line(&st->table[st->last], st->out_dim[st->last], st->unit);
    return HONE_OK;
}

/* The axis that is still to do and shrinks most, or -1. Of equal ones the outermost if it shrinks
 * and the innermost otherwise: inner axes cost more an element. Neighbours that are blended cost
 * most, so that another axis that shrinks goes first unless it shrinks much less. */
static int32_t next_axis(const resize_axis *axes, int32_t rank, uint32_t done) {
    int32_t best = -1;
    for (int32_t a = rank - 1; a >= 0; a--) {
        if (!axes[a].active || done >> a & 1) continue;
        const bool shrinks = axes[a].out < axes[a].in;
        const double cost = best == rank - 1 && shrinks ? 4 : 1;
        const double here = best < 0 ? 0 : (double)axes[a].out * (double)axes[best].in;
        const double there = best < 0 ? 0 : (double)axes[best].out * (double)axes[a].in * cost;
        if (best < 0 || here < there || (here == there && shrinks)) best = a;
    }
    return best;
}

/* float32 lines without extrapolation: taps that count, one after the other. Weights of zero are
 * left out, because they would turn infinities into NaN. */
static hone_status plan_line(plan_ctx *p, const resize *st, resize_pass *pass) {
    const resize_table *t = &pass->table;
    const int64_t n = pass->out * t->taps;
    int64_t count = 0;
    if (t->outside || st->type != KT_F32 || pass->inner != 1) return HONE_OK;
    pass->line = arena_array(p->arena, (size_t)n, sizeof *pass->line);
    pass->ends = arena_array(p->arena, (size_t)pass->out, sizeof *pass->ends);
    if (!pass->line || !pass->ends) return fail_nomem(p->c, (size_t)n * sizeof *pass->line);
    pass->pairs = t->taps == 2;
    for (int64_t i = 0; i < n; i++) {
        if (t->weight[i] != 0)
            pass->line[count++] = (line_tap){(float)t->weight[i], t->index[i]};
        else
            pass->pairs = false;
        if ((i + 1) % t->taps == 0) pass->ends[i / t->taps] = count;
    }
    return HONE_OK;
}

static hone_status plan_passes(plan_ctx *p, step *s, resize *st, const resize_axis *axes) {
    shape now = s->in[RESIZE_X].shape;
    uint32_t done = 0;
    st->type = s->in[RESIZE_X].dtype == HONE_F64 ? KT_F64 : KT_F32;
    st->size = ktype_size(st->type);
    if (dtype_in(s->in[RESIZE_X].dtype, DT_FLOAT16S)) {
        TRY(wide_book(p, s, &s->in[RESIZE_X], &st->x));
        TRY(wide_book(p, s, &s->out[0], &st->y));
    }
    for (int32_t a; (a = next_axis(axes, now.rank, done)) >= 0; done |= 1u << a) {
        resize_pass *pass = &st->pass[st->n_pass++];
        int64_t count;
        size_t bytes;
        pass->outer = shape_span(&now, 0, a);
        pass->in = axes[a].in;
        pass->out = axes[a].out;
        pass->inner = shape_span(&now, a + 1, now.rank);
        now.dim[a] = pass->out;
        TRY(resize_table_make(p, step_params(s), &axes[a], &pass->table));
        TRY(plan_line(p, st, pass));
        if (!shape_count(&now, &count) || !size_mul((size_t)count, st->size, &bytes))
            return fail(p->c, HONE_E_LIMIT, "an intermediate result is too large");
        if (next_axis(axes, now.rank, done | 1u << a) >= 0)
            TRY(scratch_book(p, s, bytes, &pass->at));
    }
    return HONE_OK;
}

static hone_status resize_plan(plan_ctx *p, step *s) {
    resize *st = plan_state(p, s, sizeof *st);
    if (!st) return HONE_E_NOMEM;
    resize_axis axes[HONE_MAX_RANK];
    const resize_params *params = step_params(s);
    const resize_request r = {
        .params = params,
        .roi = step_has(s, RESIZE_ROI) ? resize_given(&s->in[RESIZE_ROI]) : NULL,
        .scales = step_has(s, RESIZE_SCALES) ? resize_given(&s->in[RESIZE_SCALES]) : NULL,
        .sizes = step_has(s, RESIZE_SIZES) ? resize_given(&s->in[RESIZE_SIZES]) : NULL};
    TRY(resize_axes_of(p->c, &r, &s->in[RESIZE_X].shape, axes));
    if (tensor_count(&s->out[0]) == 0) return HONE_OK;
    plan_kernel(p, s, params->mode == RESIZE_NEAREST ? "copied runs" : "one axis after the other");
    return params->mode == RESIZE_NEAREST ? plan_nearest(p, s, st, axes)
                                          : plan_passes(p, s, st, axes);
}

enum { GRAIN = 16384, BLOCK = 1024 };

typedef struct resize_job {
    const resize *st;
    const step *s;
    const resize_pass *pass;
    const char *x;
    char *y;
    int64_t blocks;    /* of a row of `inner` elements */
    double outside[2]; /* one element, the extrapolation value, in the type of the data */
} resize_job;

/* Elements of one row along the last resized axis. */
static void nearest_row(const resize_job *job, const char *src, char *dst) {
    const resize *st = job->st;
    const resize_table *t = &st->table[st->last];
    const int64_t n = st->out_dim[st->last];
    const size_t unit = st->unit;
    if (st->line) {
        st->line(t->index, n, src, dst);
        return;
    }
    for (int64_t o = 0; o < n; o++) {
        const bool outside = t->outside && t->outside[o];
        const void *from = outside ? (const void *)job->outside : src + (size_t)t->index[o] * unit;
        memcpy(dst + (size_t)o * unit, from, unit);
    }
}

/* Offset of the source of a row, in elements, or -1 when it lies outside. */
static int64_t nearest_source(const resize *st, int64_t row) {
    int64_t offset = 0;
    bool outside = false;
    for (int32_t a = st->last - 1; a >= 0; a--) {
        const resize_table *t = &st->table[a];
        const int64_t o = row % st->out_dim[a];
        row /= st->out_dim[a];
        offset += (t->index ? t->index[o] : o) * st->in_stride[a];
        outside = outside || (t->outside && t->outside[o]);
    }
    return outside ? -1 : offset;
}

static void nearest_rows(void *arg, int64_t first, int64_t last, int32_t worker) {
    const resize_job *job = arg;
    const resize *st = job->st;
    const int64_t units = st->out_dim[st->last];
    const size_t bytes = (size_t)units * st->unit, size = dtype_size(job->s->in[RESIZE_X].dtype);
    int64_t before = -1;
    (void)worker;
    for (int64_t row = first; row < last; row++) {
        char *dst = job->y + (size_t)row * bytes;
        const int64_t source = nearest_source(st, row);
        if (source < 0)
            fill_units(units, st->unit, job->outside, dst);
        else if (source == before) /* enlarged: the same row again */
            memcpy(dst, dst - bytes, bytes);
        else
            nearest_row(job, job->x + (size_t)source * size, dst);
        before = source;
    }
}

static hone_status run_nearest(run_ctx *r, resize_job *job) {
    const resize *st = job->st;
    const tensor *x = &job->s->in[RESIZE_X], *y = &job->s->out[0];
    if (st->last < 0) {
        move_bytes(r, y->data, x->data, y->bytes);
        return HONE_OK;
    }
    int64_t rows = 1;
    for (int32_t a = 0; a < st->last; a++) rows *= st->out_dim[a];
    const size_t row = (size_t)st->out_dim[st->last] * st->unit;
    team_run(r->team, rows, (int64_t)(GRAIN / row) + 1, nearest_rows, job);
    return HONE_OK;
}

/* n elements of a result: the weighted sum of elements `inner` apart. */
static void blend_block(const resize_job *job, const char *x, int64_t o, size_t n, char *y) {
    const resize_pass *pass = job->pass;
    const resize_table *t = &pass->table;
    const ktype kt = job->st->type;
    const kernels *k = job->s->k;
    bool first = true;
    double product[BLOCK];
    for (int64_t i = o * t->taps; i < (o + 1) * t->taps; i++) {
        const float narrow = (float)t->weight[i];
        const void *weight = kt == KT_F64 ? (const void *)&t->weight[i] : &narrow;
        if (t->weight[i] == 0) continue;
        const char *row = x + (size_t)(t->index[i] * pass->inner) * job->st->size;
        k->mul[kt](n, row, 1, weight, 0, first ? (void *)y : product);
        if (!first) k->add[kt](n, y, 1, product, 1, y);
        first = false;
    }
    if (first) memset(y, 0, n * job->st->size);
}

/* Tasks are [outer, out, blocks of inner]. */
static void blend_rows(void *arg, int64_t first, int64_t last, int32_t worker) {
    const resize_job *job = arg;
    const resize_pass *pass = job->pass;
    const size_t size = job->st->size;
    (void)worker;
    for (int64_t i = first; i < last; i++) {
        const int64_t at = i % job->blocks * BLOCK, row = i / job->blocks;
        const int64_t o = row % pass->out, outer = row / pass->out;
        const int64_t n = pass->inner - at < BLOCK ? pass->inner - at : BLOCK;
        char *y = job->y + (size_t)(row * pass->inner + at) * size;
        if (pass->table.outside && pass->table.outside[o])
            fill_units(n, size, job->outside, y);
        else
            blend_block(job, job->x + (size_t)(outer * pass->in * pass->inner + at) * size, o,
                        (size_t)n, y);
    }
}

/* Rows whose neighbouring elements are blended: the resized axis is the fastest one. */
#define BLEND_LINE(name, type)                                                                     \
    static void name(const resize_table *t, int64_t n, const void *xv, void *yv, double outside) { \
        const type *x = xv;                                                                        \
        type *y = yv;                                                                              \
        for (int64_t o = 0; o < n; o++) {                                                          \
            type sum = 0;                                                                          \
            for (int64_t i = o * t->taps; i < (o + 1) * t->taps; i++)                              \
                if (t->weight[i] != 0) sum += (type)t->weight[i] * x[t->index[i]];                 \
            y[o] = t->outside && t->outside[o] ? (type)outside : sum;                              \
        }                                                                                          \
    }
BLEND_LINE(blend_line_f32, float)
BLEND_LINE(blend_line_f64, double)

/* The same by the plan's own list. */
static void blend_list(const resize_pass *pass, const float *x, float *y) {
    const line_tap *t = pass->line;
    if (pass->pairs) {
        for (int64_t o = 0; o < pass->out; o++, t += 2)
            y[o] = t[0].weight * x[t[0].index] + t[1].weight * x[t[1].index];
        return;
    }
    for (int64_t o = 0, i = 0; o < pass->out; o++) {
        float sum = 0;
        for (; i < pass->ends[o]; i++) sum += t[i].weight * x[t[i].index];
        y[o] = sum;
    }
}

static void blend_lines(void *arg, int64_t first, int64_t last, int32_t worker) {
    const resize_job *job = arg;
    const resize_pass *pass = job->pass;
    const resize_params *p = step_params(job->s);
    const size_t size = job->st->size;
    (void)worker;
    for (int64_t i = first; i < last; i++) {
        const void *x = job->x + (size_t)(i * pass->in) * size;
        void *y = job->y + (size_t)(i * pass->out) * size;
        if (pass->line)
            blend_list(pass, x, y);
        else
            (job->st->type == KT_F64 ? blend_line_f64 : blend_line_f32)(
                &pass->table, pass->out, x, y, (double)p->extrapolation_value);
    }
}

static hone_status run_passes(run_ctx *r, resize_job *job) {
    const resize *st = job->st;
    const step *s = job->s;
    job->x = (const char *)wide_read(&st->x, s->k, &s->in[RESIZE_X], r->scratch);
    char *result = (char *)wide_result(&st->y, &s->out[0], r->scratch);
    if (st->n_pass == 0) move_bytes(r, result, job->x, (size_t)tensor_count(&s->out[0]) * st->size);
    for (int32_t i = 0; i < st->n_pass; i++) {
        const resize_pass *pass = job->pass = &st->pass[i];
        job->y = i + 1 < st->n_pass ? (char *)r->scratch + pass->at : result;
        if (pass->inner == 1) {
            const int64_t each = pass->out * pass->table.taps;
            team_run(r->team, pass->outer, GRAIN / each + 1, blend_lines, job);
        } else {
            job->blocks = (pass->inner + BLOCK - 1) / BLOCK;
            const int64_t each = (pass->inner < BLOCK ? pass->inner : BLOCK) * pass->table.taps;
            team_run(r->team, pass->outer * pass->out * job->blocks, GRAIN / each + 1, blend_rows,
                     job);
        }
        job->x = job->y;
    }
    wide_write(&st->y, s->k, &s->out[0], r->scratch);
    return HONE_OK;
}

static hone_status resize_run(run_ctx *r, const step *s) {
    const resize *st = s->state;
    const resize_params *p = step_params(s);
    const bool is_nearest = p->mode == RESIZE_NEAREST;
    resize_job job = {.st = st, .s = s, .x = s->in[RESIZE_X].data, .y = s->out[0].data};
    if (tensor_count(&s->out[0]) == 0) return HONE_OK;
    const hone_dtype t = is_nearest ? s->in[RESIZE_X].dtype : st->size == 8 ? HONE_F64 : HONE_F32;
    const tensor one = {.dtype = t, .data = job.outside};
    if (dtype_in(t, DT_NUMBERS)) tensor_set_f64(&one, 0, (double)p->extrapolation_value);
    return is_nearest ? run_nearest(r, &job) : run_passes(r, &job);
}

static uint64_t resize_flops(const step *s) {
    const resize *st = s->state;
    uint64_t n = 0;
    for (int32_t i = 0; st && i < st->n_pass; i++)
        n += 2 * (uint64_t)(st->pass[i].outer * st->pass[i].out * st->pass[i].inner *
                            st->pass[i].table.taps);
    return n;
}

static const char *const resize_cases[] = {
    "f32[1,3,4,5] _ f32{1,1,2,2}",
    "f32[1,4,5,3] _ f32{1,2,2,1} coordinate_transformation_mode=asymmetric nearest_mode=floor",
    "f32[1,3,4,5] _ f32{1,1,2,2} mode=linear",
    "f32[1,4,5,3] _ f32{1,2,2,1} mode=linear",
    "f32[1,3,8,9] _ _ i64{5,4} axes=2,3 mode=cubic antialias=1",
    "f16[1,3,4,5] _ _ i64{1,3,7,9} mode=cubic exclude_outside=1",
    "f64[2,7] _ _ i64{2,13} mode=linear coordinate_transformation_mode=align_corners",
    "u8[1,3,4,5] _ f32{1,1,0.5,0.6}",
    NULL};

const op op_resize = {.name = "Resize",
                      .domain = "hone",
                      OP_ARGS_IN(resize_in),
                      OP_ARGS_OUT(resize_out),
                      OP_ATTRS(resize_attrs, resize_params),
                      .infer = resize_infer,
                      .axes = resize_axes,
                      .permute = resize_permute,
                      .plan = resize_plan,
                      .run = resize_run,
                      .flops = resize_flops,
                      .tolerance = {TOL_REL, 1e-5},
                      .cases = resize_cases};
