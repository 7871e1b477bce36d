/* SPDX-License-Identifier: Apache-2.0
 *
 * hone::DepthwiseConv, channels last, one to three spatial axes: every channel has a filter of its
 * own.
 *
 *   X         [N, spatial.., C]
 *   W         [last kernel axis, other kernel axes.., C]: the taps of a column of the window are
 *             neighbours, which is the order in which the kernel walks over a line of the image
 *   bias      [C]
 *   residual  the shape of Y
 */
#include <math.h>

#include "conv.h"
#include "conv/dwconv_f32.h"
#include "wide.h"

typedef struct depthwise_params {
    window_params window;
    fused_params fused;
} depthwise_params;

static const attr_spec depthwise_attrs[] = {WINDOW_ATTRS(depthwise_params),
                                            FUSED_ATTRS(depthwise_params)};
static const op_arg depthwise_in[] = {{"X", DT(HONE_F32), 'T', 0},
                                      {"W", DT(HONE_F32), 'T', 0},
                                      {"bias", DT(HONE_F32), 'T', ARG_OPTIONAL},
                                      {"residual", DT(HONE_F32), 'T', ARG_OPTIONAL}};
static const op_arg depthwise_out[] = {{"Y", DT(HONE_F32), 'T', 0}};

static hone_status resolve(const infer *f, const shape *x, const shape *w, window *out) {
    const depthwise_params *p = f->node->params;
    const int32_t rank = x->rank - 2;
    int64_t kernel[WINDOW_MAX_RANK];
    if (rank < 1 || rank > 3 || w->rank != rank + 1)
        return infer_fail(f, "X has rank %d and W rank %d: expected 3 to 5 and one less", x->rank,
                          w->rank);
    if (!dim_compatible(x->dim[rank + 1], w->dim[rank]))
        return infer_fail(f, "the data has %lld channels: expected %lld",
                          (long long)x->dim[rank + 1], (long long)w->dim[rank]);
    for (int32_t i = 0; i < rank; i++) kernel[i] = w->dim[i == rank - 1 ? 0 : i + 1];
    return window_resolve(f, &p->window, rank, kernel, x->dim + 1, out);
}

static shape result_of(const shape *x, const window *w) {
    shape y = *x;
    for (int32_t i = 0; i < w->rank; i++) y.dim[i + 1] = w->out[i];
    return y;
}

static hone_status depthwise_infer(infer *f) {
    const depthwise_params *p = f->params;
    const shape *x = infer_shape(f, CONV_X), *w = infer_shape(f, CONV_W);
    shape y = shape_unknown();
    window win;
    if (x->rank >= 0 && w->rank >= 0) {
        TRY(resolve(f, x, w, &win));
        y = result_of(x, &win);
        y.dim[y.rank - 1] = dim_merge(x->dim[x->rank - 1], w->dim[w->rank - 1]);
    }
    return fused_infer(f, &p->fused, HONE_F32, &y);
}

static void depthwise_axes(const node *n, axis_map *m) {
    const int32_t rank = n->out[0]->type.shape.rank;
    for (int32_t a = 0; a < rank; a++)
        axis_add(m, CONV_X, a, 0, a, a > 0 && a < rank - 1 ? AXIS_WINDOW : AXIS_SAME);
    axis_add(m, CONV_W, rank - 2, 0, rank - 1, AXIS_SAME);
    if (node_in(n, CONV_BIAS)) axis_add(m, CONV_BIAS, 0, 0, rank - 1, AXIS_SAME);
    for (int32_t a = 0; node_in(n, CONV_RESIDUAL) && a < rank; a++)
        axis_add(m, CONV_RESIDUAL, a, 0, a, AXIS_SAME);
}

typedef struct depthwise_state {
    dwconv_f32_plan plan;
    shape result;
    bool late;
    size_t worker_bytes;
    wide_block y;
} depthwise_state;

static hone_status depthwise_plan(plan_ctx *pc, step *s) {
    depthwise_state *st = plan_state(pc, s, sizeof *st);
    if (!st) return HONE_E_NOMEM;
    const infer f = {.c = pc->c, .node = s->node};
    const shape *x = &s->in[CONV_X].shape;
    window w;
    TRY(resolve(&f, x, &s->in[CONV_W].shape, &w));
    st->result = result_of(x, &w);
    st->late = fused_is_late(s, &st->result);
    if (shape_span(&st->result, 0, st->result.rank) == 0) return HONE_OK;
    const int64_t channels = x->dim[x->rank - 1];
    const dwconv_f32_shape c = {.window = window_for_kernels(&w),
                                .n = x->dim[0],
                                .channels = channels,
                                .ldx = channels,
                                .ldy = channels};
    st->plan = dwconv_f32_make_plan(s->k, &c);
    plan_kernel(pc, s, "dwconv_f32_%s", isa_name(s->k->level));
    TRY(scratch_book_workers(pc, s, st->plan.scratch, &st->worker_bytes));
    const tensor result = {.dtype = HONE_F32, .shape = st->result};
    return st->late ? wide_book_always(pc, s, &result, &st->y) : HONE_OK;
}

typedef struct depthwise_job {
    const depthwise_state *st;
    dwconv_f32_operands args;
    char *scratch;
} depthwise_job;

static void depthwise_tasks(void *arg, int64_t first, int64_t last, int32_t worker) {
    const depthwise_job *job = arg;
    dwconv_f32_run(&job->st->plan, &job->args, (size_t)first, (size_t)last,
                   job->scratch + (size_t)worker * job->st->worker_bytes);
}

static hone_status depthwise_run(run_ctx *r, const step *s) {
    const depthwise_state *st = s->state;
    const depthwise_params *p = step_params(s);
    if (st->plan.tasks == 0) return HONE_OK;
    epilogue_f32 ep = fused_epilogue(&p->fused, s->k);
    if (st->late) ep = (epilogue_f32){.lo = -INFINITY, .hi = INFINITY};
    if (step_has(s, CONV_BIAS)) ep.bias = s->in[CONV_BIAS].data;
    if (step_has(s, CONV_RESIDUAL) && !st->late) ep.residual = s->in[CONV_RESIDUAL].data;
    ep.ldr = (size_t)st->result.dim[st->result.rank - 1];
    depthwise_job job = {.st = st, .scratch = r->scratch};
    job.args = (dwconv_f32_operands){.x = s->in[CONV_X].data,
                                     .w = s->in[CONV_W].data,
                                     .y = wide_result(&st->y, &s->out[0], r->scratch),
                                     .ep = &ep};
    team_run(r->team, (int64_t)st->plan.tasks, 1, depthwise_tasks, &job);
    if (st->late) fused_finish(r, s, &p->fused, &st->result, job.args.y);
    return HONE_OK;
}

static uint64_t depthwise_flops(const step *s) {
    const shape *w = &s->in[CONV_W].shape, *y = &s->out[0].shape;
    return 2 * (uint64_t)shape_span(w, 0, w->rank - 1) * (uint64_t)shape_span(y, 0, y->rank);
}

static const op_quant depthwise_quant = {QUANT_REQUANT, 3, CONV_W, -1, NULL};
static const char *const depthwise_cases[] = {
    "f32[1,5,5,3] f32[3,3,3]",
    "f32[2,9,7,16] f32[3,3,16] f32[16] strides=2,2 pads=1,1,1,1 lo=0 hi=6",
    "f32[1,8,8,20] f32[5,5,20] f32[20] pads=2,2,2,2",
    "f32[1,12,10] f32[4,10] dilations=2 pads=3,3",
    "f32[1,4,5,6,8] f32[3,2,3,8]",
    "f32[1,6,6,8] f32[3,3,8] _ f32[1,6,6,8] pads=1,1,1,1",
    NULL};

const op op_depthwise_conv = {.name = "DepthwiseConv",
                              .domain = "hone",
                              OP_ARGS_IN(depthwise_in),
                              OP_ARGS_OUT(depthwise_out),
                              OP_ATTRS(depthwise_attrs, depthwise_params),
                              .infer = depthwise_infer,
                              .axes = depthwise_axes,
                              .plan = depthwise_plan,
                              .run = depthwise_run,
                              .quant = &depthwise_quant,
                              .flops = depthwise_flops,
                              .fused = offsetof(depthwise_params, fused) + 1,
                              .tolerance = {TOL_SUM, 4},
                              .cases = depthwise_cases};
