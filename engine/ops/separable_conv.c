/* SPDX-License-Identifier: Apache-2.0
 *
 * hone::SeparableConv, channels last: a 1 x 1 convolution that expands the channels, a depthwise
 * convolution and a 1 x 1 convolution that projects them, in one go. The first may be missing.
 *
 *   X               [N, H, W, IC]
 *   W               [OC, 1, 1, C] of the projection
 *   bias            [OC]
 *   residual        the shape of Y
 *   depthwise       [KW, KH, C], with KW = KH = 3 or 5
 *   depthwise_bias  [C]
 *   expand          [C, 1, 1, IC]
 *   expand_bias     [C]
 *
 * The window is that of the depthwise convolution: strides up to 2, no dilation. fuse_separable
 * makes such nodes.
 */
#include "separable_conv.h"

#include <math.h>

#include "checked.h"
#include "conv/separable_f32.h"
#include "gemm/gemm_pack.h"
#include "wide.h"

static const attr_spec separable_attrs[] = {
    WINDOW_ATTRS(separable_params), FUSED_ATTRS(separable_params),
    FUSED_ATTRS_OF(separable_params, depthwise, "depthwise_"),
    FUSED_ATTRS_OF(separable_params, expand, "expand_")};
static const op_arg separable_in[] = {{"X", DT(HONE_F32), 'T', 0},
                                      {"W", DT(HONE_F32), 'T', 0},
                                      {"bias", DT(HONE_F32), 'T', ARG_OPTIONAL},
                                      {"residual", DT(HONE_F32), 'T', ARG_OPTIONAL},
                                      {"depthwise", DT(HONE_F32), 'T', 0},
                                      {"depthwise_bias", DT(HONE_F32), 'T', ARG_OPTIONAL},
                                      {"expand", DT(HONE_F32), 'T', ARG_OPTIONAL},
                                      {"expand_bias", DT(HONE_F32), 'T', ARG_OPTIONAL}};
static const op_arg separable_out[] = {{"Y", DT(HONE_F32), 'T', 0}};

/* Is w, which is known, the weight of a 1 x 1 convolution? */
static bool is_pointwise(const shape *w) {
    return w->rank == 4 && dim_compatible(w->dim[1], 1) && dim_compatible(w->dim[2], 1);
}

/* `expand` is NULL if there is none. */
static hone_status resolve(const infer *f, const shape *x, const shape *project,
                           const shape *depthwise, const shape *expand, window *out) {
    const separable_params *p = f->node->params;
    if (x->rank != 4 || depthwise->rank != 3 || !is_pointwise(project) ||
        (expand && !is_pointwise(expand)))
        return infer_fail(f, "expected an image of rank 4 and weights of shape [OC, 1, 1, C], "
                             "[KW, KH, C] and [C, 1, 1, IC]");
    const int64_t c = depthwise->dim[2];
    if (!dim_compatible(project->dim[3], c) ||
        !dim_compatible(expand ? expand->dim[0] : x->dim[3], c) ||
        (expand && !dim_compatible(expand->dim[3], x->dim[3])))
        return infer_fail(f, "the channels of the data and the weights do not fit each other");
    const int64_t kernel[] = {depthwise->dim[1], depthwise->dim[0]};
    TRY(window_resolve(f, &p->window, 2, kernel, x->dim + 1, out));
    for (int32_t i = 0; i < 2; i++)
        if ((dim_known(kernel[i]) && kernel[i] != 3 && kernel[i] != 5) || kernel[i] != kernel[0] ||
            out->stride[i] > 2 || out->dilation[i] != 1)
            return infer_fail(f, "expected a window of 3 x 3 or 5 x 5 with strides up to 2");
    return HONE_OK;
}

static shape result_of(const shape *x, const shape *project, const window *w) {
    shape y = *x;
    for (int32_t i = 0; i < 2; i++) y.dim[i + 1] = w->out[i];
    y.dim[3] = project->dim[0];
    return y;
}

/* Biases of the parts inside, which have `channels`. */
static hone_status check_bias(infer *f, int32_t i, int64_t channels) {
    const shape *bias = infer_shape(f, i);
    if (!infer_has(f, i) || bias->rank < 0) return HONE_OK;
    if (bias->rank != 1 || !dim_compatible(bias->dim[0], channels))
        return infer_fail(f, "input %d: expected a bias of as many elements as there are channels",
                          i);
    return HONE_OK;
}

static hone_status separable_infer(infer *f) {
    const separable_params *p = f->params;
    const bool expands = infer_has(f, SEPARABLE_EXPAND);
    const shape *x = infer_shape(f, SEPARABLE_X), *project = infer_shape(f, SEPARABLE_W);
    const shape *depthwise = infer_shape(f, SEPARABLE_DEPTHWISE);
    const shape *expand = expands ? infer_shape(f, SEPARABLE_EXPAND) : NULL;
    shape y = shape_unknown();
    window w;
    if (x->rank >= 0 && project->rank >= 0 && depthwise->rank >= 0 &&
        (!expand || expand->rank >= 0)) {
        TRY(resolve(f, x, project, depthwise, expand, &w));
        TRY(check_bias(f, SEPARABLE_DEPTHWISE_BIAS, depthwise->dim[2]));
        TRY(check_bias(f, SEPARABLE_EXPAND_BIAS, depthwise->dim[2]));
        y = result_of(x, project, &w);
    }
    TRY(fused_check(f, &p->depthwise));
    TRY(fused_check(f, &p->expand));
    return fused_infer(f, &p->fused, HONE_F32, &y);
}

static layout separable_pack(const node *n, int32_t input) {
    (void)n;
    return input == SEPARABLE_W || input == SEPARABLE_EXPAND ? (layout){LAYOUT_PANELS_NK, 1}
                                                             : (layout){LAYOUT_DENSE, 1};
}

/* A weight of a product: packed in the model, or packed into scratch when it runs. */
typedef struct separable_weight {
    bool copied;
    size_t at;
} separable_weight;

typedef struct separable_state {
    separable_f32_plan plan;
    separable_weight project, expand;
    shape result;
    bool late;
    size_t worker_bytes;
    wide_block y;
} separable_state;

static hone_status plan_weight(plan_ctx *pc, step *s, int32_t i, separable_weight *w) {
    const tensor *t = &s->in[i];
    if (t->layout.kind != LAYOUT_DENSE) return HONE_OK;
    const size_t floats = gemm_f32_packed_floats((size_t)t->shape.dim[3], (size_t)t->shape.dim[0]);
    size_t bytes;
    if (!size_mul(floats, sizeof(float), &bytes))
        return fail(pc->c, HONE_E_LIMIT, "the weight is too large");
    w->copied = true;
    return scratch_book(pc, s, bytes, &w->at);
}

static hone_status separable_plan(plan_ctx *pc, step *s) {
    separable_state *st = plan_state(pc, s, sizeof *st);
    if (!st) return HONE_E_NOMEM;
    const infer f = {.c = pc->c, .node = s->node};
    const shape *x = &s->in[SEPARABLE_X].shape, *project = &s->in[SEPARABLE_W].shape;
    const shape *depthwise = &s->in[SEPARABLE_DEPTHWISE].shape;
    const bool expands = step_has(s, SEPARABLE_EXPAND);
    window w;
    TRY(resolve(&f, x, project, depthwise, expands ? &s->in[SEPARABLE_EXPAND].shape : NULL, &w));
    st->result = result_of(x, project, &w);
    st->late = fused_is_late(s, &st->result);
    if (shape_span(&st->result, 0, 4) == 0) return HONE_OK;
    const separable_f32_shape sizes = {.window = window_for_kernels(&w),
                                       .n = x->dim[0],
                                       .ic = x->dim[3],
                                       .channels = depthwise->dim[2],
                                       .oc = project->dim[0],
                                       .expand = expands};
    st->plan = separable_f32_make_plan(s->k, &sizes);
    plan_kernel(pc, s, "%s and dwband_f32_%s, %zu lines", s->k->gemm_f32.name,
                isa_name(s->k->level), st->plan.band);
    TRY(scratch_book_workers(pc, s, st->plan.scratch, &st->worker_bytes));
    TRY(plan_weight(pc, s, SEPARABLE_W, &st->project));
    if (expands) TRY(plan_weight(pc, s, SEPARABLE_EXPAND, &st->expand));
    const tensor result = {.dtype = HONE_F32, .shape = st->result};
    return st->late ? wide_book_always(pc, s, &result, &st->y) : HONE_OK;
}

typedef struct separable_job {
    const separable_state *st;
    separable_f32_args args;
    char *scratch;
} separable_job;

static void separable_tasks(void *arg, int64_t first, int64_t last, int32_t worker) {
    const separable_job *job = arg;
    separable_f32_run(&job->st->plan, &job->args, (size_t)first, (size_t)last,
                      job->scratch + (size_t)worker * job->st->worker_bytes);
}

static const float *packed_weight(const step *s, int32_t i, const separable_weight *w,
                                  char *scratch) {
    const tensor *t = &s->in[i];
    if (!w->copied) return t->data;
    const size_t k = (size_t)t->shape.dim[3], n = (size_t)t->shape.dim[0];
    float *packed = (float *)(void *)(scratch + w->at);
    gemm_f32_pack(s->k, GEMM_B_COLUMNS, k, n, t->data, k, packed, k * GEMM_PANEL);
    return packed;
}

static epilogue_f32 part_epilogue(const step *s, const fused_params *p, int32_t bias) {
    epilogue_f32 ep = fused_epilogue(p, s->k);
    if (step_has(s, bias)) ep.bias = s->in[bias].data;
    return ep;
}

static hone_status separable_run(run_ctx *r, const step *s) {
    const separable_state *st = s->state;
    const separable_params *p = step_params(s);
    if (st->plan.tasks == 0) return HONE_OK;
    epilogue_f32 expand = part_epilogue(s, &p->expand, SEPARABLE_EXPAND_BIAS);
    epilogue_f32 depthwise = part_epilogue(s, &p->depthwise, SEPARABLE_DEPTHWISE_BIAS);
    epilogue_f32 project = part_epilogue(s, &p->fused, SEPARABLE_BIAS);
    if (st->late) {
        project.lo = -INFINITY, project.hi = INFINITY;
        project.act->fn = NULL;
    } else if (step_has(s, SEPARABLE_RESIDUAL)) {
        project.residual = s->in[SEPARABLE_RESIDUAL].data;
    }
    project.ldr = (size_t)st->plan.shape.oc;
    separable_job job = {.st = st, .scratch = r->scratch};
    job.args.x = s->in[SEPARABLE_X].data;
    job.args.y = wide_result(&st->y, &s->out[0], r->scratch);
    job.args.depthwise = (separable_f32_part){s->in[SEPARABLE_DEPTHWISE].data, &depthwise};
    job.args.project.w = packed_weight(s, SEPARABLE_W, &st->project, r->scratch);
    job.args.project.ep = &project;
    if (st->plan.shape.expand) {
        job.args.expand.w = packed_weight(s, SEPARABLE_EXPAND, &st->expand, r->scratch);
        job.args.expand.ep = &expand;
    }
    team_run(r->team, (int64_t)st->plan.tasks, 1, separable_tasks, &job);
    if (st->late) fused_finish(r, s, &p->fused, &st->result, job.args.y);
    return HONE_OK;
}

static uint64_t separable_flops(const step *s) {
    const shape *x = &s->in[SEPARABLE_X].shape, *y = &s->out[0].shape;
    const shape *w = &s->in[SEPARABLE_DEPTHWISE].shape;
    const uint64_t channels = (uint64_t)w->dim[2], taps = (uint64_t)shape_span(w, 0, 2);
    const uint64_t in = (uint64_t)shape_span(x, 0, 3), out = (uint64_t)shape_span(y, 0, 3);
    const uint64_t expand = step_has(s, SEPARABLE_EXPAND) ? in * (uint64_t)x->dim[3] : 0;
    return 2 * channels * (expand + out * (taps + (uint64_t)y->dim[3]));
}

static const char *const separable_cases[] = {
    "f32[1,5,5,3] f32[4,1,1,3] _ _ f32[3,3,3] pads=1,1,1,1",
    "f32[2,9,8,6] f32[5,1,1,20] f32[5] _ f32[3,3,20] f32[20] f32[20,1,1,6] f32[20] pads=1,1,1,1 "
    "strides=2,2 depthwise_lo=0 depthwise_hi=1 expand_lo=0 expand_hi=6",
    "f32[1,40,12,8] f32[8,1,1,40] _ f32[1,40,12,8] f32[3,3,40] _ f32[40,1,1,8] pads=1,1,1,1",
    "f32[1,150,3,4] f32[8,1,1,16] f32[8] _ f32[5,5,16] _ f32[16,1,1,4] pads=2,2,2,2 strides=2,1 "
    "expand_activation=HardSwish depthwise_activation=Sigmoid lo=-1",
    "f32[1,6,7,4] f32[2,1,1,4]{1,2,-3,4,5,-6,7,8} _ f32[1,1,1,2] f32[3,3,4] f32[4] lo=0",
    "f32[0,6,7,4] f32[2,1,1,4] _ _ f32[3,3,4]",
    NULL};

const op op_separable_conv = {.name = "SeparableConv",
                              .domain = "hone",
                              OP_ARGS_IN(separable_in),
                              OP_ARGS_OUT(separable_out),
                              OP_ATTRS(separable_attrs, separable_params),
                              .infer = separable_infer,
                              .plan = separable_plan,
                              .run = separable_run,
                              .flops = separable_flops,
                              .pack = separable_pack,
                              .tolerance = {TOL_SUM, 16},
                              .cases = separable_cases};
