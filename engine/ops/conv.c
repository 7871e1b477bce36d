/* SPDX-License-Identifier: Apache-2.0
 *
 * hone::Conv and hone::ConvTranspose, channels last, one to three spatial axes.
 *
 *   X         [N, spatial.., group * IC]
 *   W         [group * OC, kernel.., IC]: of Conv the filter of each output channel, of
 * ConvTranspose what each input channel adds to each output channel bias      [group * OC] residual
 * the shape of Y
 *
 * float32 goes through the packed kernels; 16-bit floats are widened around them. float64 is
 * computed by operators of its own (conv_f64.c), which fuse with nothing.
 */
#include "conv.h"

#include <math.h>
#include <string.h>

#include "checked.h"
#include "conv/conv_f32.h"
#include "conv_grad.h"
#include "conv_winograd.h"
#include "wide.h"

static const attr_spec conv_attrs[] = {
    WINDOW_ATTRS(conv_params),
    ATTR_ROW(INT, conv_params, group, .i = 1, .min = 1, .max = INT32_MAX),
    FUSED_ATTRS(conv_params),
};
static const attr_spec conv_transpose_attrs[] = {
    WINDOW_ATTRS(conv_params),
    ATTR_ROW(INT, conv_params, group, .i = 1, .min = 1, .max = INT32_MAX),
    ATTR_ROW(INTS, conv_params, output_padding, .min = 0, .max = INT32_MAX),
    ATTR_ROW(INTS, conv_params, output_shape, .min = 0, .max = INT32_MAX),
    FUSED_ATTRS(conv_params),
};
#define TYPES (DT(HONE_F32) | DT_FLOAT16S)
static const op_arg conv_in[] = {{"X", TYPES, 'T', 0},
                                 {"W", TYPES, 'T', 0},
                                 {"bias", TYPES, 'T', ARG_OPTIONAL},
                                 {"residual", DT(HONE_F32), 'T', ARG_OPTIONAL}};
static const op_arg conv_out[] = {{"Y", TYPES, 'T', 0}};

bool conv_is_transposed(const node *n) {
    return n->op == &op_conv_transpose || n->op == &op_conv_transpose_f64;
}

/* Channels against groups; unknown ones pass. */
static hone_status check_channels(const infer *f, const conv_params *p, const shape *x,
                                  const shape *w, conv_geometry *g) {
    const int64_t in = x->dim[x->rank - 1], out = w->dim[0];
    g->ic = w->dim[w->rank - 1];
    g->oc = dim_div(out, p->group);
    if (dim_known(out) && out % p->group)
        return infer_fail(f, "%lld output channels do not split into %lld groups", (long long)out,
                          (long long)p->group);
    if (dim_known(in) && dim_known(g->ic) && in != dim_mul(g->ic, p->group))
        return infer_fail(f, "the data has %lld channels: expected %lld groups of %lld",
                          (long long)in, (long long)p->group, (long long)g->ic);
    if (g->ic == 0 || g->oc == 0) return infer_fail(f, "the weight has no channels");
    return HONE_OK;
}

/* Pads that a transposed convolution needs for a given output size, and that size. */
static hone_status spread_axis(const infer *f, const conv_params *p, window *w, int32_t i) {
    const int64_t extra = p->output_padding.set ? p->output_padding.v[i] : 0;
    const bool same = p->window.auto_pad == WINDOW_AUTO_SAME_UPPER ||
                      p->window.auto_pad == WINDOW_AUTO_SAME_LOWER;
    int64_t full, reach;
    if (!i64_mul(w->kernel[i] - 1, w->dilation[i], &reach) || !i64_add(reach, 1 + extra, &reach) ||
        !i64_mul(w->in[i] - 1, w->stride[i], &full) || !i64_add(full, reach, &full))
        return infer_fail(f, "the output of spatial axis %d overflows", i);
    if (p->output_shape.set || same) {
        int64_t want = p->output_shape.set ? p->output_shape.v[i] : 0;
        if (!p->output_shape.set && !i64_mul(w->in[i], w->stride[i], &want))
            return infer_fail(f, "the output of spatial axis %d overflows", i);
        const int64_t total = full > want ? full - want : 0;
        const bool upper = p->window.auto_pad == WINDOW_AUTO_SAME_UPPER;
        w->pad_begin[i] = upper ? total / 2 : total - total / 2;
        w->pad_end[i] = total - w->pad_begin[i];
        w->out[i] = want;
        return HONE_OK;
    }
    if (!i64_sub(full, w->pad_begin[i] + w->pad_end[i], &w->out[i]))
        return infer_fail(f, "the output of spatial axis %d overflows", i);
    if (w->in[i] == 0 || w->out[i] < 0) w->out[i] = 0;
    return HONE_OK;
}

/* The window of a transposed convolution: attributes as for a forward one, sizes the other way
 * round. */
static hone_status spread_window(const infer *f, const conv_params *p, int32_t rank,
                                 const int64_t *kernel, const int64_t *in, window *w) {
    int64_t unknown[WINDOW_MAX_RANK];
    const int_list *lists[] = {&p->output_padding, &p->output_shape};
    for (int32_t i = 0; i < 2; i++)
        if (lists[i]->set && lists[i]->n != rank)
            return infer_fail(f, "attribute '%s' has %d values: expected %d",
                              i ? "output_shape" : "output_padding", lists[i]->n, rank);
    for (int32_t i = 0; i < rank && i < WINDOW_MAX_RANK; i++) unknown[i] = DIM_UNKNOWN;
    TRY(window_resolve(f, &p->window, rank, kernel, unknown, w));
    for (int32_t i = 0; i < rank; i++) {
        w->in[i] = in[i];
        if (dim_known(in[i]) && dim_known(kernel[i])) TRY(spread_axis(f, p, w, i));
    }
    return HONE_OK;
}

hone_status conv_geometry_of(const infer *f, const shape *x, const shape *w, conv_geometry *g) {
    const conv_params *p = f->node->params;
    const int32_t rank = x->rank - 2;
    if (x->rank != w->rank || rank < 1 || rank > 3)
        return infer_fail(f, "ranks of X and W are %d and %d: expected the same, 3 to 5", x->rank,
                          w->rank);
    TRY(check_channels(f, p, x, w, g));
    TRY(conv_is_transposed(f->node)
            ? spread_window(f, p, rank, w->dim + 1, x->dim + 1, &g->w)
            : window_resolve(f, &p->window, rank, w->dim + 1, x->dim + 1, &g->w));
    g->n = x->dim[0];
    g->result = shape_of_rank(x->rank);
    g->result.dim[0] = g->n;
    for (int32_t i = 0; i < rank; i++) g->result.dim[i + 1] = g->w.out[i];
    g->result.dim[rank + 1] = w->dim[0];
    return HONE_OK;
}

static hone_status conv_infer(infer *f) {
    const conv_params *p = f->params;
    const shape *x = infer_shape(f, CONV_X), *w = infer_shape(f, CONV_W);
    conv_geometry g;
    if (x->rank < 0 || w->rank < 0) {
        const shape unknown = shape_unknown();
        return fused_infer(f, &p->fused, infer_dtype(f, 0), &unknown);
    }
    TRY(conv_geometry_of(f, x, w, &g));
    return fused_infer(f, &p->fused, infer_dtype(f, 0), &g.result);
}

void conv_axes(const node *n, axis_map *m) {
    const int32_t rank = n->out[0]->type.shape.rank;
    axis_add(m, CONV_X, 0, 0, 0, AXIS_SAME);
    for (int32_t a = 1; a < rank - 1; a++) axis_add(m, CONV_X, a, 0, a, AXIS_WINDOW);
    axis_add(m, CONV_X, rank - 1, 0, -1, AXIS_CONTRACTED);
    axis_add(m, CONV_W, rank - 1, 0, -1, AXIS_CONTRACTED);
    axis_add(m, CONV_W, 0, 0, rank - 1, AXIS_SAME);
    if (node_in(n, CONV_BIAS)) axis_add(m, CONV_BIAS, 0, 0, rank - 1, AXIS_SAME);
    for (int32_t a = 0; node_in(n, CONV_RESIDUAL) && a < rank; a++)
        axis_add(m, CONV_RESIDUAL, a, 0, a, AXIS_SAME);
}

static layout conv_pack(const node *n, int32_t input) {
    const conv_params *p = n->params;
    if (input != CONV_W || n->in[CONV_W].value->type.dtype != HONE_F32)
        return (layout){LAYOUT_DENSE, 1};
    const layout winograd = conv_winograd_choose(n);
    return winograd.kind != LAYOUT_DENSE ? winograd : (layout){LAYOUT_PANELS_NK, (int32_t)p->group};
}

static bool conv_reads(const node *n, int32_t input, layout l) {
    const conv_params *p = n->params;
    if (input != CONV_W || n->in[CONV_W].value->type.dtype != HONE_F32) return false;
    return l.kind == LAYOUT_PANELS_NK ? l.groups == p->group
                                      : layout_tile(l) && conv_winograd_fits(n);
}

/* What plan leaves for run. */
typedef struct conv_state {
    conv_f32_plan plan;
    winograd_f32_plan winograd; /* instead, if the weight is packed for it */
    size_t tasks, ldy;
    shape result;
    bool late;
    float *packed; /* a constant weight, packed while planning; NULL: in the model or at run time */
    float *folded_bias; /* of fold_width; zeros if there is none */
    bool pack_at_run;
    size_t worker_bytes, at_packed;
    wide_block x, w, bias, y; /* widened operands in scratch */
} conv_state;

static conv_f32_shape kernel_shape(const step *s, const conv_geometry *g) {
    const conv_params *p = step_params(s);
    return (conv_f32_shape){.window = window_for_kernels(&g->w),
                            .transposed = conv_is_transposed(s->node),
                            .n = g->n,
                            .ic = g->ic,
                            .oc = g->oc,
                            .groups = p->group,
                            .ldx = g->ic * p->group,
                            .ldy = g->oc * p->group};
}

/* The outputs of an input pixel of a transposed convolution lie side by side if its windows do:
 * along the last axis, they are one pixel of stride * OC channels. That makes one product of
 * several. */
static bool fold_width(const step *s, conv_f32_shape *c) {
    conv_window *w = &c->window;
    const tensor *weight = &s->in[CONV_W];
    const int64_t width = w->stride[2];
    if (!c->transposed || c->groups > 1 || width == 1 || w->kernel[2] != width ||
        w->dilation[2] != 1 || w->pad[2] != 0 || w->out[2] != w->in[2] * width)
        return false;
    if (!weight->data || weight->dtype != HONE_F32 || weight->layout.kind != LAYOUT_DENSE ||
        (step_has(s, CONV_BIAS) && !s->in[CONV_BIAS].data))
        return false;
    w->kernel[2] = w->stride[2] = 1;
    w->out[2] = w->in[2];
    c->oc *= width;
    c->ldy *= width;
    return true;
}

/* [OC, .., KW, IC] becomes [KW, OC, .., IC]. */
static void fold_weight(const tensor *w, float *folded) {
    const int32_t rank = w->shape.rank;
    const int64_t width = w->shape.dim[rank - 2], ic = w->shape.dim[rank - 1];
    const int64_t lines = shape_span(&w->shape, 0, rank - 2);
    const float *from = w->data;
    for (int64_t i = 0; i < lines; i++)
        for (int64_t k = 0; k < width; k++, from += ic)
            memcpy(folded + (k * lines + i) * ic, from, (size_t)ic * sizeof *from);
}

/* The weight and the bias that belong to a folded width. */
static hone_status plan_folded(plan_ctx *pc, step *s, conv_state *st) {
    const tensor *w = &s->in[CONV_W];
    const int64_t oc = w->shape.dim[0], width = st->plan.shape.oc / oc;
    st->packed =
        arena_array(pc->arena, conv_f32_packed_floats(&st->plan.shape), sizeof *st->packed);
    st->folded_bias = arena_array(pc->arena, (size_t)st->plan.shape.oc, sizeof(float));
    float *folded = mem_alloc(pc->c->alloc, w->bytes, TENSOR_ALIGN);
    if (!folded || !st->packed || !st->folded_bias) {
        mem_free(pc->c->alloc, folded);
        return fail_nomem(pc->c, w->bytes);
    }
    fold_weight(w, folded);
    conv_f32_pack(s->k, &st->plan.shape, folded, st->packed);
    mem_free(pc->c->alloc, folded);
    for (int64_t k = 0; step_has(s, CONV_BIAS) && k < width; k++)
        memcpy(st->folded_bias + k * oc, s->in[CONV_BIAS].data, (size_t)oc * sizeof(float));
    return HONE_OK;
}

/* A constant weight that is not packed in the model (transposed convolutions) is packed once a
 * plan. */
static hone_status plan_weight(plan_ctx *pc, step *s, conv_state *st) {
    const tensor *w = &s->in[CONV_W];
    const size_t floats = conv_f32_packed_floats(&st->plan.shape);
    size_t bytes;
    if (w->layout.kind != LAYOUT_DENSE) return HONE_OK;
    if (!size_mul(floats, sizeof(float), &bytes))
        return fail(pc->c, HONE_E_LIMIT, "the weight is too large");
    if (w->data && w->dtype == HONE_F32) {
        st->packed = arena_alloc(pc->arena, bytes);
        if (!st->packed) return fail_nomem(pc->c, bytes);
        conv_f32_pack(s->k, &st->plan.shape, w->data, st->packed);
        return HONE_OK;
    }
    st->pack_at_run = true;
    return scratch_book(pc, s, bytes, &st->at_packed);
}

/* Says how rows are found, and why not in a cheaper way. */
static void name_kernel(plan_ctx *pc, step *s, const conv_state *st) {
    const winograd_f32_plan *w = &st->winograd;
    if (w->tasks) {
        plan_kernel(pc, s, "%s, Winograd's tiles of %d x %d", s->k->gemm_wide_f32.name,
                    (int)w->tile[0], (int)w->tile[1]);
        return;
    }
    static const char *const rows[] = {[CONV_DENSE] = "pixels as rows",
                                       [CONV_TAPS] = "a row pointer per tap",
                                       [CONV_LINES] = "a row pointer per line"};
    const conv_f32_shape *c = &st->plan.shape;
    if (c->groups > 1)
        plan_decline(pc, s, "dwconv_f32", "groups have %lld input and %lld output channels",
                     (long long)c->ic, (long long)c->oc);
    if (st->plan.rows != CONV_DENSE)
        plan_decline(pc, s, rows[CONV_DENSE], "windows overlap, leave gaps or reach into padding");
    plan_kernel(pc, s, "%s, %s", st->plan.kernel->name, rows[st->plan.rows]);
}

static hone_status plan_kernels(plan_ctx *pc, step *s, const conv_f32_shape *c, conv_state *st) {
    const int tile = layout_tile(s->in[CONV_W].layout);
    size_t scratch;
    if (tile) {
        const winograd_f32_shape w = conv_winograd_shape(c, tile);
        st->winograd = winograd_f32_make_plan(s->k, &w, (size_t)pc->threads);
        st->tasks = st->winograd.tasks;
        scratch = st->winograd.scratch;
    } else {
        st->plan = conv_f32_make_plan(s->k, c);
        st->tasks = st->plan.tasks;
        scratch = st->plan.scratch;
    }
    st->ldy = (size_t)c->ldy;
    name_kernel(pc, s, st);
    return scratch_book_workers(pc, s, scratch, &st->worker_bytes);
}

static hone_status conv_plan(plan_ctx *pc, step *s) {
    conv_state *st = plan_state(pc, s, sizeof *st);
    if (!st) return HONE_E_NOMEM;
    const infer f = {.c = pc->c, .node = s->node};
    conv_geometry g;
    TRY(conv_geometry_of(&f, &s->in[CONV_X].shape, &s->in[CONV_W].shape, &g));
    st->result = g.result;
    st->late = fused_is_late(s, &g.result);
    if (tensor_count(&s->out[0]) == 0 || shape_span(&g.result, 0, g.result.rank) == 0)
        return HONE_OK;
    conv_f32_shape c = kernel_shape(s, &g);
    const bool folded = fold_width(s, &c);
    TRY(plan_kernels(pc, s, &c, st));
    TRY(folded ? plan_folded(pc, s, st) : plan_weight(pc, s, st));
    TRY(wide_book(pc, s, &s->in[CONV_X], &st->x));
    if (st->pack_at_run) TRY(wide_book(pc, s, &s->in[CONV_W], &st->w));
    if (step_has(s, CONV_BIAS)) TRY(wide_book(pc, s, &s->in[CONV_BIAS], &st->bias));
    const tensor result = {.dtype = s->out[0].dtype, .shape = g.result};
    return st->late ? wide_book_always(pc, s, &result, &st->y) : wide_book(pc, s, &result, &st->y);
}

typedef struct conv_job {
    const conv_state *st;
    conv_f32_args args;
    char *scratch;
} conv_job;

static void conv_tasks(void *arg, int64_t first, int64_t last, int32_t worker) {
    const conv_job *job = arg;
    char *scratch = job->scratch + (size_t)worker * job->st->worker_bytes;
    if (job->st->winograd.tasks)
        winograd_f32_run(&job->st->winograd, &job->args, (size_t)first, (size_t)last, scratch);
    else
        conv_f32_run(&job->st->plan, &job->args, (size_t)first, (size_t)last, scratch);
}

/* The packed weight, wherever it comes from. */
static const float *packed_weight(const step *s, const conv_state *st, char *scratch) {
    if (st->packed) return st->packed;
    if (!st->pack_at_run) return s->in[CONV_W].data;
    float *packed = (float *)(void *)(scratch + st->at_packed);
    conv_f32_pack(s->k, &st->plan.shape, wide_read(&st->w, s->k, &s->in[CONV_W], scratch), packed);
    return packed;
}

static hone_status conv_run(run_ctx *r, const step *s) {
    const conv_state *st = s->state;
    const conv_params *p = step_params(s);
    char *scratch = r->scratch;
    if (st->tasks == 0) return HONE_OK;
    epilogue_f32 ep = fused_epilogue(&p->fused, s->k);
    if (st->late) ep = (epilogue_f32){.lo = -INFINITY, .hi = INFINITY};
    if (step_has(s, CONV_BIAS)) ep.bias = wide_read(&st->bias, s->k, &s->in[CONV_BIAS], scratch);
    if (step_has(s, CONV_RESIDUAL) && !st->late) ep.residual = s->in[CONV_RESIDUAL].data;
    if (st->folded_bias) ep.bias = st->folded_bias;
    ep.ldr = st->ldy;
    conv_job job = {.st = st, .scratch = scratch};
    job.args.x = wide_read(&st->x, s->k, &s->in[CONV_X], scratch);
    job.args.w = packed_weight(s, st, scratch);
    job.args.y = wide_result(&st->y, &s->out[0], scratch);
    job.args.ep = &ep;
    team_run(r->team, (int64_t)st->tasks, 1, conv_tasks, &job);
    if (st->late)
        fused_finish(r, s, &p->fused, &st->result, job.args.y);
    else
        wide_write(&st->y, s->k, &s->out[0], scratch);
    return HONE_OK;
}

/* Multiply-adds: each weight of a group meets every output pixel (Conv) or input pixel
 * (ConvTranspose). */
uint64_t conv_flops(const step *s) {
    const shape *x = &s->in[CONV_X].shape, *w = &s->in[CONV_W].shape, *y = &s->out[0].shape;
    const shape *pixels = conv_is_transposed(s->node) ? x : y;
    return 2 * (uint64_t)shape_span(pixels, 0, pixels->rank - 1) *
           (uint64_t)shape_span(w, 0, w->rank);
}

static const op_quant conv_quant = {QUANT_REQUANT, 3, CONV_W, 0, NULL};
static const char *const conv_cases[] = {
    "f32[1,5,5,3] f32[4,3,3,3]",
    "f32[2,7,6,4] f32[8,3,3,4] f32[8] strides=2,2 pads=1,1,1,1",
    "f32[1,9,9,8] f32[8,3,3,4] group=2 dilations=2,2",
    "f32[1,8,8,16] f32[24,1,1,16] f32[24]",
    "f32[1,11,3] f32[5,4,3] pads=2,1",
    "f32[1,4,5,6,2] f32[3,2,3,2,2]",
    "f32[1,6,6,3] f32[4,3,3,3] auto_pad=SAME_UPPER strides=2,2",
    "f32[1,7,7,5] f32[5,3,3,5] f32[5] f32[1,7,7,5] pads=1,1,1,1 lo=0",
    "f16[1,5,5,3] f16[4,3,3,3] f16[4]",
    NULL};
static const char *const conv_transpose_cases[] = {
    "f32[1,3,3,4] f32[2,3,3,4]",
    "f32[1,5,4,3] f32[6,2,2,3] f32[6] strides=2,2",
    "f32[1,4,4,4] f32[4,3,3,2] group=2 strides=2,2 pads=1,1,1,1 output_padding=1,1",
    "f32[1,6,3] f32[2,4,3] strides=3 pads=1,1",
    "f32[2,3,2] f32[2,2,2]{1,2,-3,4,5,-6,7,8} f32{0.5,-1} strides=2 lo=0",
    "f32[1,2,3,1] f32[2,2,2,1]{1,2,-3,4,5,-6,7,8} _ f32[1,4,6,2] strides=2,2",
    NULL};

const op op_conv = {.name = "Conv",
                    .domain = "hone",
                    OP_ARGS_IN(conv_in),
                    OP_ARGS_OUT(conv_out),
                    OP_ATTRS(conv_attrs, conv_params),
                    .infer = conv_infer,
                    .axes = conv_axes,
                    .plan = conv_plan,
                    .run = conv_run,
                    .grad = conv_grad,
                    .quant = &conv_quant,
                    .flops = conv_flops,
                    .pack = conv_pack,
                    .reads = conv_reads,
                    .fused = offsetof(conv_params, fused) + 1,
                    .tolerance = {TOL_SUM, 4},
                    .cases = conv_cases};

const op op_conv_transpose = {.name = "ConvTranspose",
                              .domain = "hone",
                              OP_ARGS_IN(conv_in),
                              OP_ARGS_OUT(conv_out),
                              OP_ATTRS(conv_transpose_attrs, conv_params),
                              .infer = conv_infer,
                              .axes = conv_axes,
                              .plan = conv_plan,
                              .run = conv_run,
                              .quant = &conv_quant,
                              .flops = conv_flops,
                              .fused = offsetof(conv_params, fused) + 1,
                              .tolerance = {TOL_SUM, 4},
                              .cases = conv_transpose_cases};

static const op *const members[] = {&op_conv, &op_conv_transpose};
const op_family family_conv = {members, COUNT_OF(members)};
