/* SPDX-License-Identifier: Apache-2.0
 *
 * Col2Im: adds blocks up where they overlap in an image. [N, C * block, L] becomes [N, C, image..],
 * where the L blocks are the places of a window that slides over the image.
 */
#include <string.h>

#include "checked.h"
#include "composite.h"
#include "window.h"

enum { COL_X, COL_IMAGE, COL_BLOCK };

typedef struct col2im_params {
    window_params window;
} col2im_params;

static const attr_spec col2im_attrs[] = {WINDOW_ATTRS(col2im_params)};
#define TYPES (DT_INTS | DT(HONE_F32) | DT(HONE_F64))
static const op_arg col2im_in[] = {{"input", TYPES, 'T', 0},
                                   {"image_shape", DT(HONE_I64), 0, 0},
                                   {"block_shape", DT(HONE_I64), 0, 0}};
static const op_arg col2im_out[] = {{"output", TYPES, 'T', 0}};

typedef struct col2im {
    window w;
    int64_t taps, places,
        positions; /* elements of a block, number of blocks, elements of an image */
} col2im;

/* The geometry, when all values are known. */
static hone_status col2im_resolve(const infer *f, const col2im_params *p, const tensor *image,
                                  const tensor *block, col2im *out) {
    const int64_t rank = tensor_count(image);
    int64_t in[WINDOW_MAX_RANK], kernel[WINDOW_MAX_RANK];
    if (rank != tensor_count(block) || rank < 1 || rank > WINDOW_MAX_RANK)
        return infer_fail(f, "image and block have %lld and %lld axes", (long long)rank,
                          (long long)tensor_count(block));
    out->taps = out->places = out->positions = 1;
    for (int64_t i = 0; i < rank; i++) {
        in[i] = tensor_i64(image, i);
        kernel[i] = tensor_i64(block, i);
        if (in[i] < 0 || kernel[i] < 1 || !i64_mul(out->taps, kernel[i], &out->taps) ||
            !i64_mul(out->positions, in[i], &out->positions))
            return infer_fail(f, "an axis of the image or block has a size that makes no sense");
    }
    TRY(window_resolve(f, &p->window, (int32_t)rank, kernel, in, &out->w));
    for (int64_t i = 0; i < rank; i++)
        if (!i64_mul(out->places, out->w.out[i], &out->places))
            return infer_fail(f, "there are more than 2^63 blocks");
    return HONE_OK;
}

static hone_status col2im_infer(infer *f) {
    const shape *x = infer_shape(f, COL_X);
    const tensor *image = infer_value(f, COL_IMAGE), *block = infer_value(f, COL_BLOCK);
    const shape *size = infer_shape(f, COL_IMAGE);
    shape y = shape_unknown();
    TRY(infer_check_rank(f, COL_X, 3, 3));
    if (image && block && x->rank == 3) {
        col2im c;
        TRY(col2im_resolve(f, f->params, image, block, &c));
        y = shape_of_rank(c.w.rank + 2);
        y.dim[0] = x->dim[0];
        if (dim_known(x->dim[1])) y.dim[1] = x->dim[1] / c.taps;
        for (int32_t a = 0; a < c.w.rank; a++) y.dim[a + 2] = c.w.in[a];
        if ((dim_known(x->dim[1]) && x->dim[1] % c.taps) || !dim_compatible(x->dim[2], c.places))
            return infer_fail(f, "the blocks do not fit the image");
    } else if (size->rank == 1 && dim_known(size->dim[0]) && size->dim[0] <= WINDOW_MAX_RANK) {
        y = shape_of_rank((int32_t)size->dim[0] + 2);
    }
    infer_set(f, 0, infer_dtype(f, COL_X), &y);
    return HONE_OK;
}

static hone_status col2im_plan(plan_ctx *p, step *s) {
    col2im *st = plan_state(p, s, sizeof *st);
    const infer f = {.c = p->c, .node = s->node};
    if (!st) return HONE_E_NOMEM;
    return col2im_resolve(&f, step_params(s), &s->in[COL_IMAGE], &s->in[COL_BLOCK], st);
}

/* y[i * apart] += x[i] for i < n. */
#define ADD(name, type)                                                                            \
    static void name(int64_t n, const void *xv, void *yv, int64_t apart) {                         \
        const type *x = xv;                                                                        \
        type *y = yv;                                                                              \
        for (int64_t i = 0; i < n; i++) y[i * apart] = (type)(y[i * apart] + x[i]);                \
    }
/* Integers wrap, whatever their sign is. */
ADD(add_f32, float)
ADD(add_f64, double)
ADD(add_8, uint8_t)
ADD(add_16, uint16_t)
ADD(add_32, uint32_t)
ADD(add_64, uint64_t)

typedef void add_fn(int64_t n, const void *x, void *y, int64_t apart);
static add_fn *add_of(hone_dtype t) {
    const size_t size = dtype_size(t);
    if (t == HONE_F32) return add_f32;
    if (t == HONE_F64) return add_f64;
    return size == 1 ? add_8 : size == 2 ? add_16 : size == 4 ? add_32 : add_64;
}

/* Adds one row of places of a tap: those that differ along the last axis only. */
typedef struct col2im_row {
    add_fn *spread; /* for strides */
    binary_fn *add; /* for neighbours */
    size_t size;
    int64_t first, count; /* places that lie inside the image, */
    int64_t to, step;     /* and where they do */
} col2im_row;

static void add_row(const col2im_row *r, const char *x, char *line) {
    const char *from = x + (size_t)r->first * r->size;
    char *y = line + (size_t)r->to * r->size;
    if (r->step == 1)
        r->add((size_t)r->count, y, 1, from, 1, y);
    else
        r->spread(r->count, from, y, r->step);
}

/* One tap of all places. Rows of places go to lines of the image, or nowhere. */
static void add_tap(const col2im *st, int64_t tap, col2im_row *r, const char *x, char *y) {
    const window *w = &st->w;
    const int32_t last = w->rank - 1;
    int64_t start[WINDOW_MAX_RANK], index[WINDOW_MAX_RANK] = {0};
    window_tap(w, 0, tap, start);
    r->step = w->stride[last];
    r->count = conv_taps_inside(start[last], r->step, w->out[last], 0, w->in[last], &r->first);
    if (r->count == 0) return;
    r->to = start[last] + r->first * r->step;
    for (int64_t p = 0; p < st->places; p += w->out[last]) {
        int64_t line = 0;
        bool inside = true;
        for (int32_t a = 0; a < last; a++) {
            const int64_t at = start[a] + index[a] * w->stride[a];
            inside = inside && at >= 0 && at < w->in[a];
            line = inside ? line * w->in[a] + at : 0;
        }
        if (inside) add_row(r, x + (size_t)p * r->size, y + (size_t)(line * w->in[last]) * r->size);
        for (int32_t a = last - 1; a >= 0 && ++index[a] == w->out[a]; a--) index[a] = 0;
    }
}

/* Planes are the channels of all images. */
static void do_planes(void *arg, int64_t first, int64_t last, int32_t worker) {
    const step *s = arg;
    const col2im *st = s->state;
    const size_t size = dtype_size(s->in[COL_X].dtype);
    const hone_dtype t = s->in[COL_X].dtype;
    col2im_row row = {.spread = add_of(t), .add = s->k->add[dtype_ktype(t)], .size = size};
    (void)worker;
    for (int64_t i = first; i < last; i++) {
        const char *x =
            (const char *)s->in[COL_X].data + (size_t)(i * st->taps * st->places) * size;
        char *y = (char *)s->out[0].data + (size_t)(i * st->positions) * size;
        memset(y, 0, (size_t)st->positions * size);
        for (int64_t tap = 0; tap < st->taps; tap++)
            add_tap(st, tap, &row, x + (size_t)(tap * st->places) * size, y);
    }
}

static hone_status col2im_run(run_ctx *r, const step *s) {
    if (tensor_count(&s->out[0]) == 0) return HONE_OK;
    const shape *y = &s->out[0].shape;
    team_run(r->team, y->dim[0] * y->dim[1], 1, do_planes, (void *)(uintptr_t)s);
    return HONE_OK;
}

static const char *const col2im_cases[] = {
    "f32[1,5,5] i64{5,5} i64{1,5}",
    "f32[2,12,4] i64{3,3} i64{2,2}",
    "i32[1,8,9] i64{5,5} i64{2,2} strides=2,2 pads=0,0,1,1",
    "f32[1,18,20] i64{8,9} i64{3,3} strides=2,2 pads=1,1,1,1",
    "u8[1,8,8] i64{3,3,3} i64{2,2,2}",
    NULL};

static const op core_col2im = {.name = "Col2Im",
                               .domain = "hone",
                               OP_ARGS_IN(col2im_in),
                               OP_ARGS_OUT(col2im_out),
                               OP_ATTRS(col2im_attrs, col2im_params),
                               .infer = col2im_infer,
                               .plan = col2im_plan,
                               .run = col2im_run,
                               .tolerance = {TOL_SUM, 1},
                               .cases = col2im_cases};

static hone_status col2im_expand(builder *b, draft *d) {
    const hone_dtype t = d->in[COL_X]->type.dtype;
    if (dtype_in(t, DT_FLOAT16S)) d->in[COL_X] = expand_cast(b, d->in[COL_X], HONE_F32);
    value *y = emit(b, "hone::Col2Im", d->in, d->n_in, d->attrs, d->n_attrs);
    return draft_done(b, d, expand_cast(b, y, t));
}

static const char *const onnx_cases[] = {"f32[1,5,5] i64{5,5} i64{1,5}",
                                         "f16[2,12,4] i64{3,3} i64{2,2}",
                                         "i32[1,8,9] i64{5,5} i64{2,2} strides=2,2 pads=0,0,1,1",
                                         "f32[0,4,4] i64{3,3} i64{2,2}",
                                         "f64[1,2,5] i64{6} i64{2} dilations=1",
                                         NULL};

static const attr_spec onnx_attrs[] = {WINDOW_LISTS(col2im_params)};
static const op_arg onnx_col2im_in[] = {{"input", DT_NUMBERS, 'T', 0},
                                        {"image_shape", DT(HONE_I64), 0, 0},
                                        {"block_shape", DT(HONE_I64), 0, 0}};
static const op_arg onnx_col2im_out[] = {{"output", DT_NUMBERS, 'T', 0}};
static const op_version versions[] = {{18, NULL}};
static const op onnx_col2im = {.name = "Col2Im",
                               .domain = "",
                               OP_VERSIONS(versions),
                               OP_SLOTS(onnx_col2im),
                               OP_ATTRS(onnx_attrs, col2im_params),
                               .expand = col2im_expand,
                               .tolerance = {TOL_SUM, 1},
                               .cases = onnx_cases};

static const op *const members[] = {&core_col2im, &onnx_col2im};
const op_family family_col2im = {members, COUNT_OF(members)};
