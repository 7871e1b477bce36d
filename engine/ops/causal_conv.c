/* SPDX-License-Identifier: Apache-2.0
 *
 * CausalConvWithState: a depthwise convolution that looks back only. What it would read before the
 * input comes from the state that the last call left.
 */
#include "composite.h"
#include "op.h"

enum { CAUSAL_X, CAUSAL_W, CAUSAL_BIAS, CAUSAL_PAST };

typedef struct causal_conv_params {
    int32_t activation;
} causal_conv_params;

enum { CAUSAL_NONE };
static const char *const activations[] = {"none", "silu", "swish", NULL}; /* the last two are one */
static const attr_spec causal_conv_attrs[] = {
    ATTR_ROW(CHOICE, causal_conv_params, activation, .choices = activations)};

/* The last k - 1 steps. */
static value *last_steps(builder *b, value *v, int64_t k) {
    return expand_slice(b, v, 2, k > 1 ? 1 - k : INT64_MAX, INT64_MAX, 1);
}

static hone_status causal_conv_expand(builder *b, draft *d) {
    if (!expand_needs(b, d, CAUSAL_X, "input") || !expand_needs(b, d, CAUSAL_W, "weight"))
        return b->status;
    const shape *w = &d->in[CAUSAL_W]->type.shape;
    const causal_conv_params *p = d->params;
    if (w->rank != 3 || !dim_known(w->dim[0]) || !dim_known(w->dim[2]) || w->dim[2] < 1)
        return builder_fail(b, HONE_E_UNSUPPORTED,
                            "the weight's shape is not known to be [C, 1, k]");
    const int64_t k = w->dim[2], pads[] = {0, 0, k - 1, 0, 0, 0};
    value *past = draft_in(d, CAUSAL_PAST), *x = d->in[CAUSAL_X];
    x = past ? emit(b, "Concat", IN(past, x), ATTRS(A_INT("axis", 2)))
             : expand_binary(b, "Pad", x, emit_i64s(b, pads, 6));
    value *y = emit(b, "Conv", IN(x, d->in[CAUSAL_W], draft_in(d, CAUSAL_BIAS)),
                    ATTRS(A_INT("group", w->dim[0])));
    if (p->activation != CAUSAL_NONE) y = expand_unary(b, "hone::Silu", y);
    if (expand_wants(d, 1)) d->out[1] = last_steps(b, x, k);
    return draft_done(b, d, y);
}

static const char *const causal_conv_cases[] = {
    "f32[2,3,7] f32[3,1,4]",    "f32[1,2,5] f32[2,1,3] f32[2] f32[1,2,2] activation=silu >2",
    "f32[1,2,4] f32[2,1,1] >2", "f16[1,2,6] f16[2,1,3] activation=swish",
    "f32[0,2,4] f32[2,1,3]",    NULL};

static const op_version versions[] = {{27, NULL}};
const op op_causal_conv = {.name = "CausalConvWithState",
                           .domain = "",
                           OP_VERSIONS(versions),
                           OP_ATTRS(causal_conv_attrs, causal_conv_params),
                           .expand = causal_conv_expand,
                           .tolerance = {TOL_REL, 1e-5},
                           .cases = causal_conv_cases};
