/* SPDX-License-Identifier: Apache-2.0
 *
 * QuantizeLinear and DequantizeLinear. Elements are grouped into rows that share a scale, or walk
 * along the scales with the elements:
 *
 *     one scale for all               one row
 *     one an index of `axis`          a row for each index; along the last axis a row walks
 *     one for block_size indices      rows walk, and neighbours use the same scales; along the last
 *                                     axis a row is one block
 *
 * Work goes through blocks of float32, whatever the types are; bytes against float32 have kernels.
 */
#include <math.h>
#include <string.h>

#include "checked.h"
#include "convert.h"
#include "elementwise.h"
#include "wide.h"

enum { Q_X, Q_SCALE, Q_ZERO };

typedef struct quantize_params {
    int64_t axis, block_size;
    bool saturate;
    int64_t output_dtype, precision; /* 0: not given */
} quantize_params;

#define AXIS_ATTRS                                                                                 \
    ATTR_ROW(AXIS, quantize_params, axis, .i = 1),                                                 \
        ATTR_ROW(INT, quantize_params, block_size, .min = 0),                                      \
        ATTR_ROW(INT, quantize_params, output_dtype, .min = 0, .max = HONE_I2)
static const attr_spec quantize_attrs[] = {
    AXIS_ATTRS,
    ATTR_ROW(BOOL, quantize_params, saturate, .i = 1),
    ATTR_ROW(INT, quantize_params, precision, .min = 0, .max = HONE_I2),
};
static const attr_spec dequantize_attrs[] = {AXIS_ATTRS};

static const op_arg quantize_in[] = {{"x", DT_SINGLES | DT(HONE_I32), 0, 0},
                                     {"y_scale", DT_SINGLES | DT(HONE_I32) | DT(HONE_F8E8M0), 0, 0},
                                     {"y_zero_point", DT_QUANTIZED, 0, ARG_OPTIONAL}};
static const op_arg quantize_out[] = {{"y", DT_QUANTIZED, 0, 0}};
static const op_arg dequantize_in[] = {
    {"x", DT_QUANTIZED | DT(HONE_I32), 'T', 0},
    {"x_scale", DT_SINGLES | DT(HONE_F8E8M0), 0, 0},
    {"x_zero_point", DT_QUANTIZED | DT(HONE_I32), 'T', ARG_OPTIONAL}};
static const op_arg dequantize_out[] = {{"y", DT_SINGLES, 0, 0}};
static const op_version since_10[] = {{10, NULL}};

/* How the scales lie over the data. */
typedef struct granularity {
    int64_t outer, n, inner; /* the shape as [outer, n, inner] around the axis */
    int64_t block;           /* indices of the axis on one scale */
    int64_t blocks;          /* scales along the axis */
    int64_t rows, length;    /* rows, and elements of one (the last row of a run may be shorter) */
    bool walks;              /* scale i of a row belongs to its element i */
} granularity;

static bool is_single(const shape *scale) {
    int64_t count;
    return shape_count(scale, &count) && count == 1;
}

/* HONE_E_FORMAT unless scales of this shape fit data of this shape; both are known. */
static hone_status granularity_of(const ctx *c, const quantize_params *p, const shape *x,
                                  const shape *scale, granularity *g) {
    char a[SHAPE_TEXT], b[SHAPE_TEXT];
    int32_t axis = 0;
    *g = (granularity){.outer = 1, .n = 1, .inner = 1, .block = 1, .blocks = 1, .rows = 1};
    if (is_single(scale)) {
        g->inner = g->length = shape_span(x, 0, x->rank);
        return HONE_OK;
    }
    if (x->rank > 1 && !axis_normalize(p->axis, x->rank, &axis))
        return fail(c, HONE_E_FORMAT, "axis %lld is out of range for rank %d", (long long)p->axis,
                    x->rank);
    bool fits = x->rank > 0 && scale->rank == (p->block_size > 0 ? x->rank : 1);
    if (fits) {
        g->outer = shape_span(x, 0, axis);
        g->n = x->dim[axis];
        g->inner = shape_span(x, axis + 1, x->rank);
        g->block = p->block_size > 0 ? p->block_size : 1;
        g->blocks = g->n / g->block + (g->n % g->block != 0);
        for (int32_t d = 0; d < scale->rank; d++) {
            const bool along = scale->rank == 1 || d == axis;
            fits = fits && scale->dim[d] == (along ? g->blocks : x->dim[d]);
        }
    }
    if (!fits)
        return fail(c, HONE_E_FORMAT, "scales of shape %s do not fit data of shape %s",
                    shape_text(a, sizeof a, scale), shape_text(b, sizeof b, x));
    const bool last = g->inner == 1;
    g->walks = p->block_size > 0 ? !last : last;
    g->length = !last ? g->inner : p->block_size > 0 ? g->block : g->n;
    g->rows = !last ? g->outer * g->n : p->block_size > 0 ? g->outer * g->blocks : g->outer;
    return HONE_OK;
}

/* The row that element i is in: where in it, how many elements are left, and its first scale. */
static void row_at(const granularity *g, int64_t i, int64_t *at, int64_t *left, int64_t *scale) {
    if (g->inner == 1 && !g->walks) { /* blocks of the last axis */
        const int64_t line = i / g->n, d = i % g->n;
        *at = d % g->block;
        *left = (g->block < g->n - d + *at ? g->block : g->n - d + *at) - *at;
        *scale = line * g->blocks + d / g->block;
        return;
    }
    const int64_t row = g->length ? i / g->length : 0;
    *at = g->length ? i % g->length : 0;
    *left = g->length - *at;
    if (g->rows == 1 || g->inner == 1) /* one scale, or along the last axis */
        *scale = 0;
    else if (g->walks)
        *scale = (row / g->n * g->blocks + row % g->n / g->block) * g->inner;
    else
        *scale = row % g->n;
}

static hone_status scales_infer(infer *f) {
    const quantize_params *p = f->params;
    const shape *x = infer_shape(f, Q_X), *scale = infer_shape(f, Q_SCALE);
    const shape *zero = infer_shape(f, Q_ZERO);
    granularity g;
    if (shape_known(x) && shape_known(scale)) TRY(granularity_of(f->c, p, x, scale, &g));
    int64_t have, want;
    if (shape_count(zero, &have) && shape_count(scale, &want) && have != want)
        return infer_fail(f, "%lld zero points for %lld scales", (long long)have, (long long)want);
    return HONE_OK;
}

static hone_status quantize_infer(infer *f) {
    const quantize_params *p = f->params;
    const hone_dtype given = (hone_dtype)p->output_dtype, zero = infer_dtype(f, Q_ZERO);
    TRY(scales_infer(f));
    if (infer_has(f, Q_ZERO) && given != HONE_UNDEFINED && zero != HONE_UNDEFINED && given != zero)
        return infer_fail(f, "output_dtype is %s and the zero point is %s", hone_dtype_name(given),
                          hone_dtype_name(zero));
    const hone_dtype t = infer_has(f, Q_ZERO) ? zero : given ? given : HONE_U8;
    if (t != HONE_UNDEFINED && !dtype_in(t, DT_QUANTIZED))
        return infer_fail(f, "%s is no quantized type", hone_dtype_name(t));
    infer_set(f, 0, t, infer_shape(f, Q_X));
    return HONE_OK;
}

static hone_status dequantize_infer(infer *f) {
    const quantize_params *p = f->params;
    TRY(scales_infer(f));
    hone_dtype t = p->output_dtype ? (hone_dtype)p->output_dtype : infer_dtype(f, Q_SCALE);
    if (t == HONE_F8E8M0) t = HONE_F32;
    if (t != HONE_UNDEFINED && !dtype_in(t, DT_SINGLES))
        return infer_fail(f, "output_dtype %s is no type to dequantize to", hone_dtype_name(t));
    infer_set(f, 0, t, infer_shape(f, Q_X));
    return HONE_OK;
}

static void quantize_axes(const node *n, axis_map *m) {
    for (int32_t a = 0; a < n->out[0]->type.shape.rank; a++) axis_add(m, Q_X, a, 0, a, AXIS_SAME);
}

/* Scales with axes of their own stay as they are only if there is one, or one axis. */
static bool quantize_permute(builder *b, node *n, const int32_t *to, int32_t rank) {
    const shape *scale = &node_in(n, Q_SCALE)->type.shape;
    if (is_single(scale)) return true;
    return scale->rank == 1 && permute_attrs(b, n, to, rank);
}

typedef struct quantize {
    granularity g;
    int64_t n;
    wide_block scale, zero; /* as float32 */
    hone_dtype precision;   /* of the division, when it is not float32 */
    double lo, hi;
    bool is_integer;     /* the quantized type */
    quantize_fn *narrow; /* rows as a whole, or NULL */
    dequantize_fn *widen;
} quantize;

/* The kernels that do whole rows. */
static void choose_rows(plan_ctx *p, step *s, quantize *st) {
    const hone_dtype x = s->in[Q_X].dtype, y = s->out[0].dtype;
    const kernels *k = s->k;
    if (x == HONE_F32 && !dtype_in(st->precision, DT_FLOAT16S))
        st->narrow = y == HONE_U8 ? k->quantize_u8 : y == HONE_I8 ? k->quantize_i8 : NULL;
    if (y == HONE_F32)
        st->widen = x == HONE_U8 ? k->dequantize_u8 : x == HONE_I8 ? k->dequantize_i8 : NULL;
    if (st->narrow || st->widen)
        plan_kernel(p, s, "%s_%s", st->narrow ? "quantize" : "dequantize", isa_name(k->level));
}

static hone_status quantize_plan(plan_ctx *p, step *s) {
    const quantize_params *params = step_params(s);
    quantize *st = plan_state(p, s, sizeof *st);
    if (!st) return HONE_E_NOMEM;
    const hone_dtype scale = s->in[Q_SCALE].dtype, y = s->out[0].dtype;
    TRY(granularity_of(p->c, params, &s->in[Q_X].shape, &s->in[Q_SCALE].shape, &st->g));
    st->n = tensor_count(&s->in[Q_X]);
    TRY(wide_book(p, s, &s->in[Q_SCALE], &st->scale));
    if (step_has(s, Q_ZERO)) TRY(wide_book(p, s, &s->in[Q_ZERO], &st->zero));
    st->precision = params->precision ? (hone_dtype)params->precision : scale;
    st->is_integer = !dtype_in(y, DT_FLOATS | DT_FLOAT8S | DT_MINIFLOATS);
    const int bits = (int)hone_dtype_bits(y);
    const bool is_signed = dtype_in(y, DT_SIGNED | DT(HONE_I4) | DT(HONE_I2));
    st->lo = is_signed ? -ldexp(1, bits - 1) : 0;
    st->hi = ldexp(1, is_signed ? bits - 1 : bits) - 1;
    choose_rows(p, s, st);
    return HONE_OK;
}

enum { BLOCK = CONVERT_BLOCK, GRAIN = 32 };

typedef struct quantize_job {
    const quantize *st;
    const step *s;
    const float *scale, *zero; /* zero NULL: none */
    convert_rules rules;
} quantize_job;

/* All of a small tensor as float32. */
static const float *all_f32(const wide_block *b, const step *s, int32_t i, char *scratch) {
    static const convert_rules rules = {.saturate = true};
    if (!step_has(s, i)) return NULL;
    if (!b->copied) return s->in[i].data;
    const tensor copy = {.dtype = HONE_F32, .data = scratch + b->at};
    convert_range(s->k, &s->in[i], &copy, &rules, 0, tensor_count(&s->in[i]));
    return copy.data;
}

/* Elements [first, first + n) of t as float32, by way of `room`. first is a multiple of BLOCK. */
static const float *load_block(const kernels *k, const tensor *t, int64_t first, int64_t n,
                               float *room) {
    static const convert_rules rules = {.saturate = true};
    if (t->dtype == HONE_F32) return (const float *)t->data + first;
    if (t->dtype == HONE_U8) {
        for (int64_t i = 0; i < n; i++) room[i] = ((const uint8_t *)t->data)[first + i];
    } else if (t->dtype == HONE_I8) {
        for (int64_t i = 0; i < n; i++) room[i] = ((const int8_t *)t->data)[first + i];
    } else {
        const size_t skip = (size_t)first * hone_dtype_bits(t->dtype) / 8;
        const tensor from = {.dtype = t->dtype, .data = (char *)t->data + skip};
        const tensor to = {.dtype = HONE_F32, .data = room};
        convert_range(k, &from, &to, &rules, 0, n);
    }
    return room;
}

static void store_block(const quantize_job *job, const float *v, int64_t first, int64_t n) {
    const tensor *y = &job->s->out[0];
    if (y->dtype == HONE_U8) {
        for (int64_t i = 0; i < n; i++) ((uint8_t *)y->data)[first + i] = (uint8_t)v[i];
    } else if (y->dtype == HONE_I8) {
        for (int64_t i = 0; i < n; i++) ((int8_t *)y->data)[first + i] = (int8_t)v[i];
    } else {
        const size_t skip = (size_t)first * hone_dtype_bits(y->dtype) / 8;
        const tensor to = {.dtype = y->dtype, .data = (char *)y->data + skip};
        const tensor from = {.dtype = HONE_F32, .data = (void *)(uintptr_t)v};
        if (y->dtype == HONE_F32)
            memcpy(to.data, v, (size_t)n * sizeof *v);
        else
            convert_range(job->s->k, &from, &to, &job->rules, 0, n);
    }
}

/* Rounds to the precision of a 16-bit float. */
static void round_to(const kernels *k, hone_dtype t, size_t n, float *v) {
    uint16_t narrow[BLOCK];
    if (!dtype_in(t, DT_FLOAT16S)) return;
    (t == HONE_F16 ? k->narrow_f16 : k->narrow_bf16)(n, v, narrow);
    (t == HONE_F16 ? k->widen_f16 : k->widen_bf16)(n, narrow, v);
}

/* y = saturate(round(x / scale) + zero) for the elements of one row. */
static void quantize_run(const quantize_job *job, size_t n, const float *x, int64_t scale,
                         float *y) {
    const quantize *st = job->st;
    const kernels *k = job->s->k;
    const size_t by = st->g.walks ? 1 : 0;
    k->div[KT_F32](n, x, 1, job->scale + scale, by, y);
    round_to(k, st->precision, n, y);
    if (st->is_integer) k->round[KT_F32](n, y, y, NULL);
    if (job->zero) k->add[KT_F32](n, y, 1, job->zero + scale, by, y);
    if (!st->is_integer) return;
    const double bounds[2] = {st->lo, st->hi};
    k->clip[KT_F32](n, y, y, bounds);
    for (size_t i = 0; i < n; i++) y[i] = y[i] == y[i] ? y[i] : 0; /* NaN has no integer */
}

/* y = (x - zero) * scale */
static void dequantize_run(const quantize_job *job, size_t n, const float *x, int64_t scale,
                           float *y) {
    const kernels *k = job->s->k;
    const size_t by = job->st->g.walks ? 1 : 0;
    if (job->zero) k->sub[KT_F32](n, x, 1, job->zero + scale, by, y);
    k->mul[KT_F32](n, job->zero ? y : x, 1, job->scale + scale, by, y);
}

/* Elements [first, last) by the kernels for rows. Bytes and floats are the two sides. */
static void do_rows(const quantize_job *job, int64_t first, int64_t last) {
    const quantize *st = job->st;
    const char *x = job->s->in[Q_X].data;
    char *y = job->s->out[0].data;
    for (int64_t i = first; i < last;) {
        int64_t at, left, scale;
        row_at(&st->g, i, &at, &left, &scale);
        if (left > last - i) left = last - i;
        scale += st->g.walks ? at : 0;
        const float *zero = job->zero ? job->zero + scale : NULL;
        const size_t n = (size_t)left, by = st->g.walks ? 1 : 0, wide = (size_t)i * sizeof(float);
        if (st->narrow)
            st->narrow(n, (const float *)(const void *)(x + wide), job->scale + scale, zero, by,
                       y + i);
        else
            st->widen(n, x + i, job->scale + scale, zero, by, (float *)(void *)(y + wide));
        i += left;
    }
}

typedef void block_fn(const quantize_job *job, size_t n, const float *x, int64_t scale, float *y);

static void do_blocks(const quantize_job *job, int64_t first, int64_t last, block_fn *fn) {
    float room[BLOCK], y[BLOCK];
    if (job->st->narrow || job->st->widen) {
        do_rows(job, first * BLOCK, last * BLOCK < job->st->n ? last * BLOCK : job->st->n);
        return;
    }
    for (int64_t b = first; b < last; b++) {
        const int64_t start = b * BLOCK;
        const int64_t n = job->st->n - start < BLOCK ? job->st->n - start : BLOCK;
        const float *x = load_block(job->s->k, &job->s->in[Q_X], start, n, room);
        for (int64_t i = 0; i < n;) {
            int64_t at, left, scale;
            row_at(&job->st->g, start + i, &at, &left, &scale);
            if (left > n - i) left = n - i;
            fn(job, (size_t)left, x + i, scale + (job->st->g.walks ? at : 0), y + i);
            i += left;
        }
        store_block(job, y, start, n);
    }
}

static void do_quantize(void *arg, int64_t first, int64_t last, int32_t worker) {
    (void)worker;
    do_blocks(arg, first, last, quantize_run);
}

static void do_dequantize(void *arg, int64_t first, int64_t last, int32_t worker) {
    (void)worker;
    do_blocks(arg, first, last, dequantize_run);
}

static void run_blocks(run_ctx *r, const step *s, team_fn *fn, bool saturate) {
    const quantize *st = s->state;
    quantize_job job = {.st = st, .s = s, .rules = {.saturate = saturate}};
    if (st->n == 0) return;
    job.scale = all_f32(&st->scale, s, Q_SCALE, r->scratch);
    job.zero = all_f32(&st->zero, s, Q_ZERO, r->scratch);
    team_run(r->team, (st->n + BLOCK - 1) / BLOCK, GRAIN, fn, &job);
}

static hone_status quantize_linear_run(run_ctx *r, const step *s) {
    run_blocks(r, s, do_quantize, ((const quantize_params *)step_params(s))->saturate);
    return HONE_OK;
}

static hone_status dequantize_linear_run(run_ctx *r, const step *s) {
    run_blocks(r, s, do_dequantize, true);
    return HONE_OK;
}

static const char *const quantize_cases[] = {"f32[2,3,4] f32{0.1}",
                                             "f32[2,3,4] f32{0.1,0.2,0.3}",
                                             "f32[2,3] f32[2,3] block_size=1 output_dtype=3",
                                             "f32[2,3] f32[2,1]+ block_size=3",
                                             "f16[2,700] f32{0.1}",
                                             "f32[4,37] f32[37]+ i8[37]",
                                             "f32[6,40] f32[3,40]+ u8[3,40] axis=0 block_size=2",
                                             "f32[2,3,35] f32[3]+ u8[3]",
                                             NULL};
static const char *const dequantize_cases[] = {"u8[2,3,4] f32{0.1}",
                                               "i8[2,3,4] f32{0.1,0.2,0.3}",
                                               "i8[4,3] f32[4,3] block_size=1",
                                               "i32[700] f32{0.5}",
                                               "u4[3,7] f32[3,1] block_size=8",
                                               "u8[4,37] f32[37] u8[37]",
                                               "i8[2,3,35] f32[3] i8[3]",
                                               NULL};

static const op op_quantize_linear = {.name = "QuantizeLinear",
                                      .domain = "",
                                      OP_VERSIONS(since_10),
                                      OP_ARGS_IN(quantize_in),
                                      OP_ARGS_OUT(quantize_out),
                                      OP_ATTRS(quantize_attrs, quantize_params),
                                      .infer = quantize_infer,
                                      .axes = quantize_axes,
                                      .permute = quantize_permute,
                                      .plan = quantize_plan,
                                      .run = quantize_linear_run,
                                      .cases = quantize_cases};
static const op op_dequantize_linear = {.name = "DequantizeLinear",
                                        .domain = "",
                                        OP_VERSIONS(since_10),
                                        OP_ARGS_IN(dequantize_in),
                                        OP_ARGS_OUT(dequantize_out),
                                        OP_ATTRS(dequantize_attrs, quantize_params),
                                        .infer = dequantize_infer,
                                        .axes = quantize_axes,
                                        .permute = quantize_permute,
                                        .plan = quantize_plan,
                                        .run = dequantize_linear_run,
                                        .cases = dequantize_cases};

static const op *const members[] = {&op_quantize_linear, &op_dequantize_linear};
const op_family family_quantize = {members, COUNT_OF(members)};
