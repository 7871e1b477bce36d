/* SPDX-License-Identifier: Apache-2.0
 *
 * BatchNormalization. At inference it is y = x * a + b with one a and b a channel, which are
 * computed from constants and usually merge with a convolution next to it. Training mode computes
 * the statistics of the batch and updates the running ones. Before opset 9 there could be one value
 * for each element of an instance, which is then one long row of channels.
 */
#include "composite.h"
#include "legacy.h"

typedef struct batch_norm_params {
    float epsilon, momentum;
    bool training_mode;
} batch_norm_params;

static const attr_spec batch_norm_attrs[] = {
    ATTR_ROW(FLOAT, batch_norm_params, epsilon, .f = 1e-5f),
    ATTR_ROW(FLOAT, batch_norm_params, momentum, .f = 0.9f),
    ATTR_ROW(BOOL, batch_norm_params, training_mode),
};

static hone_status batch_norm_upgrade(builder *b, draft *d) {
    const bool spatial = draft_int(d, "spatial", 1) != 0;
    draft_drop(d, "spatial");
    draft_drop(d, "is_test"); /* the number of outputs says it as well */
    TRY(legacy_consumed(b, d));
    if (spatial || !expand_needs(b, d, 0, "X")) return b->status;
    value *in[5], *x = d->in[0];
    for (int32_t i = 1; i < d->n_out; i++)
        if (expand_wants(d, i))
            return builder_fail(b, HONE_E_UNSUPPORTED, "output %d belongs to training", i);
    in[0] = emit(b, "Flatten", IN(x), NO_ATTRS);
    for (int32_t i = 1; i < 5; i++) {
        value *v = draft_in(d, i);
        in[i] = v ? expand_reshape(b, v, (const int64_t[]){-1}, 1) : NULL;
    }
    value *y = emit(b, "BatchNormalization", in, 5, d->attrs, d->n_attrs);
    return draft_done(b, d, expand_binary(b, "Reshape", y, expand_unary(b, "Shape", x)));
}

typedef struct batch_norm {
    value *x, *scale, *bias, *mean, *variance;
    hone_dtype type; /* that statistics are computed in */
    int32_t rank;
    const batch_norm_params *p;
} batch_norm;

static value *per_channel(builder *b, const batch_norm *n, value *v) {
    return expand_per_channel(b, v, n->rank);
}

/* scale / sqrt(variance + epsilon) */
static value *slope(builder *b, const batch_norm *n, value *scale, value *variance) {
    value *epsilon = emit_scalar(b, n->type, (double)n->p->epsilon);
    value *raised = emit(b, "Add", IN(variance, epsilon), NO_ATTRS);
    return emit(b, "Div", IN(scale, emit(b, "Sqrt", IN(raised), NO_ATTRS)), NO_ATTRS);
}

static hone_status inference(builder *b, draft *d, const batch_norm *n) {
    const hone_dtype t = n->x->type.dtype;
    value *a = slope(b, n, n->scale, n->variance);
    value *shift = emit(b, "Sub", IN(n->bias, emit(b, "Mul", IN(n->mean, a), NO_ATTRS)), NO_ATTRS);
    a = per_channel(b, n, expand_cast(b, a, t));
    shift = per_channel(b, n, expand_cast(b, shift, t));
    value *scaled = emit(b, "Mul", IN(n->x, a), NO_ATTRS);
    return draft_done(b, d, emit(b, "Add", IN(scaled, shift), NO_ATTRS));
}

/* old * momentum + now * (1 - momentum), in the type of input i. */
static value *running(builder *b, draft *d, const batch_norm *n, value *old, value *now,
                      int32_t i) {
    const double momentum = (double)n->p->momentum;
    value *kept = emit(b, "Mul", IN(old, emit_scalar(b, n->type, momentum)), NO_ATTRS);
    value *fresh = emit(b, "Mul", IN(now, emit_scalar(b, n->type, 1 - momentum)), NO_ATTRS);
    return expand_cast(b, emit(b, "Add", IN(kept, fresh), NO_ATTRS), d->in[i]->type.dtype);
}

static hone_status training(builder *b, draft *d, const batch_norm *n) {
    int64_t list[HONE_MAX_RANK];
    int32_t count = 0;
    for (int32_t a = 0; a < n->rank; a++)
        if (a != 1) list[count++] = a;
    value *axes = emit_i64s(b, list, count);
    value *x = expand_cast(b, n->x, n->type);
    const attr drop = A_INT("keepdims", 0);
    value *mean = emit(b, "ReduceMean", IN(x, axes), &drop, 1);
    value *c = emit(b, "Sub", IN(x, per_channel(b, n, mean)), NO_ATTRS);
    value *square = emit(b, "Mul", IN(c, c), NO_ATTRS);
    value *variance = emit(b, "ReduceMean", IN(square, axes), &drop, 1);
    value *a = per_channel(b, n, slope(b, n, n->scale, variance));
    value *scaled = emit(b, "Mul", IN(c, a), NO_ATTRS);
    value *y = emit(b, "Add", IN(scaled, per_channel(b, n, n->bias)), NO_ATTRS);
    if (d->n_out > 1) d->out[1] = running(b, d, n, n->mean, mean, 3);
    if (d->n_out > 2) d->out[2] = running(b, d, n, n->variance, variance, 4);
    return draft_done(b, d, expand_cast(b, y, n->x->type.dtype));
}

static hone_status batch_norm_expand(builder *b, draft *d) {
    batch_norm n = {
        .x = d->in[0], .rank = emit_rank(b, d->in[0]), .type = HONE_F32, .p = d->params};
    if (n.rank < 0) return b->status;
    if (n.rank < 1) return builder_fail(b, HONE_E_FORMAT, "input 'X' is a scalar");
    for (int32_t i = 0; i < 5; i++)
        if (d->in[i]->type.dtype == HONE_F64) n.type = HONE_F64;
    n.scale = expand_cast(b, d->in[1], n.type);
    n.bias = expand_cast(b, d->in[2], n.type);
    n.mean = expand_cast(b, d->in[3], n.type);
    n.variance = expand_cast(b, d->in[4], n.type);
    if (n.p->training_mode) return training(b, d, &n);
    for (int32_t i = 1; i < d->n_out; i++)
        if (expand_wants(d, i))
            return builder_fail(b, HONE_E_UNSUPPORTED, "output %d belongs to training", i);
    return inference(b, d, &n);
}

static const char *const batch_norm_cases[] = {
    "f32[2,3,4,5] f32[3] f32[3] f32[3] f32[3]+",
    "f32[4,3,2] f32[3] f32[3] f32[3] f32[3]+ training_mode=1 momentum=0.5 >3",
    "f16[2,3,4] f32[3] f32[3] f32[3] f32[3]+ epsilon=0.01",
    "f64[2,3] f64[3] f64[3] f64[3] f64[3]+",
    "f32[4] f32[1] f32[1] f32[1] f32[1]+",
    "f32[0,3,4] f32[3] f32[3] f32[3] f32[3]+",
    NULL};

static const op_arg batch_norm_in[] = {{"X", DT_FLOATS, 'T', 0},
                                       {"scale", DT_FLOATS, 'S', 0},
                                       {"B", DT_FLOATS, 'S', 0},
                                       {"input_mean", DT_FLOATS, 'U', 0},
                                       {"input_var", DT_FLOATS, 'U', 0}};
static const op_arg batch_norm_out[] = {{"Y", DT_FLOATS, 'T', 0},
                                        {"running_mean", DT_FLOATS, 'U', ARG_OPTIONAL},
                                        {"running_var", DT_FLOATS, 'U', ARG_OPTIONAL}};
static const op_version versions[] = {{1, batch_norm_upgrade}, {9, NULL}};
const op op_batch_norm = {.name = "BatchNormalization",
                          .domain = "",
                          OP_VERSIONS(versions),
                          OP_SLOTS(batch_norm),
                          OP_ATTRS(batch_norm_attrs, batch_norm_params),
                          .expand = batch_norm_expand,
                          .tolerance = {TOL_REL, 1e-5},
                          .cases = batch_norm_cases};
