/* SPDX-License-Identifier: Apache-2.0
 *
 * NegativeLogLikelihoodLoss and SoftmaxCrossEntropyLoss: the negative score of the right class,
 * weighted by class, with one class value that is ignored.
 */
#include "composite.h"
#include "op.h"

typedef struct loss_params {
    int64_t ignore_index; /* when the draft states it */
    int32_t reduction;
} loss_params;

enum { LOSS_NONE, LOSS_SUM, LOSS_MEAN };
static const char *const reductions[] = {"none", "sum", "mean", NULL};
static const attr_spec loss_attrs[] = {
    ATTR_ROW(INT, loss_params, ignore_index),
    ATTR_ROW(CHOICE, loss_params, reduction, .i = LOSS_MEAN, .choices = reductions),
};

static value *total(builder *b, const char *reduce, value *v) {
    return emit(b, reduce, IN(v), ATTRS(A_INT("keepdims", 0)));
}

/* The loss of log-probabilities x [N, C, ..] for classes target [N, ..]. weight may be NULL. */
static value *nll(builder *b, const draft *d, value *x, value *target, value *weight) {
    const hone_dtype t = x->type.dtype;
    const loss_params *p = d->params;
    value *ignored = NULL, *zero = emit_scalar(b, t, 0);
    if (draft_has(d, "ignore_index")) {
        const hone_dtype index = target->type.dtype;
        value *ignore = emit_scalar(b, index, (double)p->ignore_index);
        ignored = expand_binary(b, "Equal", target, ignore);
        target = emit(b, "Where", IN(ignored, emit_scalar(b, index, 0), target), NO_ATTRS);
    }
    value *picked =
        emit(b, "GatherElements", IN(x, expand_unsqueeze(b, target, 1)), ATTRS(A_INT("axis", 1)));
    value *loss = expand_unary(b, "Neg", expand_squeeze(b, picked, 1)), *w = NULL;
    if (weight) w = emit(b, "Gather", IN(weight, target), ATTRS(A_INT("axis", 0)));
    if (w) loss = expand_binary(b, "Mul", loss, w);
    if (ignored) {
        w = emit(b, "Where", IN(ignored, zero, w ? w : emit_scalar(b, t, 1)), NO_ATTRS);
        loss = emit(b, "Where", IN(ignored, zero, loss), NO_ATTRS);
    }
    if (p->reduction == LOSS_NONE) return loss;
    if (p->reduction == LOSS_SUM) return total(b, "ReduceSum", loss);
    if (!w) return total(b, "ReduceMean", loss);
    return expand_binary(b, "Div", total(b, "ReduceSum", loss), total(b, "ReduceSum", w));
}

static hone_status nll_expand(builder *b, draft *d) {
    return draft_done(b, d, nll(b, d, d->in[0], d->in[1], draft_in(d, 2)));
}

static const char *const nll_cases[] = {"f32[3,5] i64{0,4,2}",
                                        "f32[2,3,4] i64[2,4]{0,1,2,0,1,2,0,1} f32[3] reduction=sum",
                                        "f16[2,3] i32{0,2} reduction=none",
                                        "f32[2,3] i64{1,-100} ignore_index=-100",
                                        "f64[2,3] i64{1,2} f64[3]",
                                        "f32[0,3] i64{} reduction=none",
                                        NULL};

static hone_status cross_entropy_expand(builder *b, draft *d) {
    value *log = emit(b, "LogSoftmax", IN(d->in[0]), ATTRS(A_INT("axis", 1)));
    if (expand_wants(d, 1)) d->out[1] = log;
    return draft_done(b, d, log ? nll(b, d, log, d->in[1], draft_in(d, 2)) : NULL);
}

static const char *const cross_entropy_cases[] = {
    "f32[3,5] i64{0,4,2} >2",           "f32[2,3,4] i64[2,4]{0,1,2,0,1,2,0,1} f32[3] reduction=sum",
    "f16[2,3] i32{0,2} reduction=none", "f32[2,3] i64{1,-1} ignore_index=-1 >2",
    "f32[0,3] i64{} reduction=sum",     NULL};

static const op_arg nll_in[] = {{"input", DT_FLOATS, 'T', 0},
                                {"target", DT_INDEX, 0, 0},
                                {"weight", DT_FLOATS, 'T', ARG_OPTIONAL}};
static const op_arg nll_out[] = {{"loss", DT_FLOATS, 'T', 0}};
static const op_arg cross_entropy_in[] = {{"scores", DT_FLOATS, 'T', 0},
                                          {"labels", DT_INDEX, 0, 0},
                                          {"weights", DT_FLOATS, 'T', ARG_OPTIONAL}};
static const op_arg cross_entropy_out[] = {{"output", DT_FLOATS, 'T', 0},
                                           {"log_prob", DT_FLOATS, 'T', ARG_OPTIONAL}};
static const op_version since_12[] = {{12, NULL}};
static const op onnx_nll = {.name = "NegativeLogLikelihoodLoss",
                            .domain = "",
                            OP_VERSIONS(since_12),
                            OP_SLOTS(nll),
                            OP_ATTRS(loss_attrs, loss_params),
                            .expand = nll_expand,
                            .tolerance = {TOL_REL, 1e-5},
                            .cases = nll_cases};
static const op onnx_cross_entropy = {.name = "SoftmaxCrossEntropyLoss",
                                      .domain = "",
                                      OP_VERSIONS(since_12),
                                      OP_SLOTS(cross_entropy),
                                      OP_ATTRS(loss_attrs, loss_params),
                                      .expand = cross_entropy_expand,
                                      .tolerance = {TOL_REL, 1e-5},
                                      .cases = cross_entropy_cases};

static const op *const members[] = {&onnx_nll, &onnx_cross_entropy};
const op_family family_loss = {members, COUNT_OF(members)};
