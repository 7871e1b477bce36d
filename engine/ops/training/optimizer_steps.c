/* SPDX-License-Identifier: Apache-2.0
 *
 * One step of an optimizer on any number of tensors: ONNX's preview training operators, written as
 * their formulas. Inputs are R, T, then the tensors, their gradients and their accumulators, a
 * group after another; outputs are the new tensors and the new accumulators.
 */
#include "composite.h"
#include "op.h"

typedef struct update_params {
    float alpha, beta, epsilon, norm_coefficient, norm_coefficient_post, decay_factor;
    int32_t mode;
} update_params;
enum { NESTEROV, STANDARD };

static const char *const modes[] = {"nesterov", "standard", NULL};
#define F(field, ...) ATTR_ROW(FLOAT, update_params, field, __VA_ARGS__)
static const attr_spec adagrad_attrs[] = {F(decay_factor, .f = 0), F(epsilon, .f = 1e-6f),
                                          F(norm_coefficient, .f = 0)};
static const attr_spec adam_attrs[] = {F(alpha, .f = 0.9f), F(beta, .f = 0.999f),
                                       F(epsilon, .f = 1e-6f), F(norm_coefficient, .f = 0),
                                       F(norm_coefficient_post, .f = 0)};
static const attr_spec momentum_attrs[] = {
    F(alpha, .required = true), F(beta, .required = true), F(norm_coefficient, .required = true),
    ATTR_ROW(CHOICE, update_params, mode, .required = true, .choices = modes)};

#define REALS (DT(HONE_F32) | DT(HONE_F64))
static const op_arg step_in[] = {
    {"R", REALS, 0, 0}, {"T", DT(HONE_I64), 0, 0}, {"inputs", REALS, 0, ARG_VARIADIC}};
static const op_arg step_out[] = {{"outputs", REALS, 0, ARG_VARIADIC}};
static const op_version since_1[] = {{1, NULL}};

enum { MOST_GROUPS = 4 };
/* One tensor of a step. Numbers take its type. */
typedef struct update {
    builder *b;
    const update_params *p;
    hone_dtype t;
    value *rate, *count;     /* R and T */
    value *in[MOST_GROUPS];  /* x, gradient, accumulators */
    value *out[MOST_GROUPS]; /* x, accumulators */
} update;

static value *number(update *u, double v) { return emit_scalar(u->b, u->t, v); }
static value *add(update *u, value *x, value *y) { return expand_binary(u->b, "Add", x, y); }
static value *sub(update *u, value *x, value *y) { return expand_binary(u->b, "Sub", x, y); }
static value *mul(update *u, value *x, value *y) { return expand_binary(u->b, "Mul", x, y); }
static value *over(update *u, value *x, value *y) { return expand_binary(u->b, "Div", x, y); }
static value *root(update *u, value *x) { return expand_unary(u->b, "Sqrt", x); }
/* `then` from the second step on. */
static value *later(update *u, value *then, value *first) {
    value *is_later = expand_binary(u->b, "Greater", u->count, number(u, 0));
    return emit(u->b, "Where", IN(is_later, then, first), NO_ATTRS);
}
static value *regularized(update *u) {
    return add(u, mul(u, number(u, (double)u->p->norm_coefficient), u->in[0]), u->in[1]);
}
/* Moving averages: old * keep + new * (1 - keep). */
static value *average(update *u, value *old, value *new, double keep) {
    return add(u, mul(u, number(u, keep), old), mul(u, number(u, 1 - keep), new));
}

static void adagrad(update *u) {
    const update_params *p = u->p;
    value *decay = mul(u, u->count, number(u, (double)p->decay_factor));
    value *rate = over(u, u->rate, add(u, number(u, 1), decay));
    value *g = regularized(u);
    u->out[1] = add(u, u->in[2], mul(u, g, g));
    value *adaptive = add(u, root(u, u->out[1]), number(u, (double)p->epsilon));
    u->out[0] = sub(u, u->in[0], over(u, mul(u, rate, g), adaptive));
}

/* 1 - base ^ T */
static value *bias(update *u, float base) {
    value *power = expand_binary(u->b, "Pow", number(u, (double)base), u->count);
    return sub(u, number(u, 1), power);
}

static void adam(update *u) {
    const update_params *p = u->p;
    value *g = regularized(u);
    u->out[1] = average(u, u->in[2], g, (double)p->alpha);
    u->out[2] = average(u, u->in[3], mul(u, g, g), (double)p->beta);
    value *size = add(u, root(u, u->out[2]), number(u, (double)p->epsilon));
    value *corrected = over(u, mul(u, u->rate, root(u, bias(u, p->beta))), bias(u, p->alpha));
    value *rate = later(u, corrected, u->rate);
    value *x = sub(u, u->in[0], over(u, mul(u, rate, u->out[1]), size));
    u->out[0] = mul(u, number(u, 1 - (double)p->norm_coefficient_post), x);
}

static void momentum(update *u) {
    const update_params *p = u->p;
    value *g = regularized(u), *alpha = number(u, (double)p->alpha);
    value *beta = later(u, number(u, (double)p->beta), number(u, 1));
    u->out[1] = add(u, mul(u, alpha, u->in[2]), mul(u, beta, g));
    value *way = p->mode == NESTEROV ? add(u, g, mul(u, alpha, u->out[1])) : u->out[1];
    u->out[0] = sub(u, u->in[0], mul(u, u->rate, way));
}

/* `groups` of inputs a tensor; all but the gradient have an output. */
static hone_status step_expand(builder *b, draft *d, void (*rule)(update *u), int32_t groups) {
    const int32_t n = (d->n_in - 2) / groups;
    if (d->n_in < 2 + groups || (d->n_in - 2) % groups != 0)
        return builder_fail(b, HONE_E_FORMAT, "has %d inputs: expected 2 and %d for each tensor",
                            d->n_in, groups);
    for (int32_t i = 0; i < d->n_in; i++)
        if (!d->in[i]) return builder_fail(b, HONE_E_FORMAT, "input %d is missing", i);
    if (d->n_out > n * (groups - 1))
        return builder_fail(b, HONE_E_FORMAT, "has %d outputs: expected at most %d", d->n_out,
                            n * (groups - 1));
    for (int32_t i = 0; i < n; i++) {
        update u = {.b = b, .p = d->params, .t = d->in[2 + i]->type.dtype};
        u.rate = expand_cast(b, d->in[0], u.t);
        u.count = expand_cast(b, d->in[1], u.t);
        for (int32_t k = 0; k < groups; k++) u.in[k] = d->in[2 + k * n + i];
        rule(&u);
        for (int32_t k = 0; k < groups - 1; k++)
            if (k * n + i < d->n_out) d->out[k * n + i] = u.out[k];
    }
    d->done = true;
    return b->status;
}

static hone_status adagrad_expand(builder *b, draft *d) { return step_expand(b, d, adagrad, 3); }
static hone_status adam_expand(builder *b, draft *d) { return step_expand(b, d, adam, 4); }
static hone_status momentum_expand(builder *b, draft *d) { return step_expand(b, d, momentum, 3); }

#define VECTORS "f32[]{0.1} i64[]{2} f32[3] f32[3] "
static const char *const adagrad_cases[] = {
    VECTORS "f32[3]+ decay_factor=0.1 norm_coefficient=0.01 >2",
    "f64[]{0.1} i64[]{0} f64[2] f64[1,2] f64[2] f64[1,2] f64[2]+ f64[1,2]+ >4", NULL};
static const char *const adam_cases[] = {VECTORS "f32[3] f32[3]+ norm_coefficient_post=0.01 >3",
                                         "f32[]{0.1} i64[]{0} f32[0] f32[0] f32[0] f32[0] >3",
                                         NULL};
static const char *const momentum_cases[] = {
    VECTORS "f32[3] alpha=0.9 beta=0.1 norm_coefficient=0.01 mode=nesterov >2",
    "f32[]{0.1} i64[]{0} f32[2,2] f32[2,2] f32[2,2] alpha=0.9 beta=0.1 norm_coefficient=0 "
    "mode=standard >2",
    NULL};

#define MEMBER(ident, label)                                                                       \
    static const op ident##_op = {.name = label,                                                   \
                                  .domain = "ai.onnx.preview.training",                            \
                                  OP_VERSIONS(since_1),                                            \
                                  OP_ARGS_IN(step_in),                                             \
                                  OP_ARGS_OUT(step_out),                                           \
                                  OP_ATTRS(ident##_attrs, update_params),                          \
                                  .expand = ident##_expand,                                        \
                                  .tolerance = {TOL_REL, 1e-6},                                    \
                                  .cases = ident##_cases}
MEMBER(adagrad, "Adagrad");
MEMBER(adam, "Adam");
MEMBER(momentum, "Momentum");

static const op *const members[] = {&adagrad_op, &adam_op, &momentum_op};
const op_family family_optimizer_steps = {members, COUNT_OF(members)};
