/* SPDX-License-Identifier: Apache-2.0
 *
 * Elementwise operators of one input: one row of the table each. Attributes are the formula's
 * constants p0 and p1.
 */
#include "elementwise.h"

typedef struct unary_params {
    float p[2];
} unary_params;

typedef struct unary_row {
    size_t slot;
    bool tests; /* the result is bool */
    double p[2]; /* constants of a formula whose operator has no attribute for them */
} unary_row;

static hone_status unary_infer(infer *f) {
    const unary_row *row = f->node->op->row;
    TRY(infer_same(f, 0));
    if (row->tests) f->out[0].dtype = HONE_BOOL;
    return HONE_OK;
}

static hone_status unary_plan(plan_ctx *p, step *s) {
    const unary_row *row = s->node->op->row;
    elementwise *e = plan_state(p, s, sizeof *e);
    if (!e) return HONE_E_NOMEM;
    ew_nest(e, s, 1);
    e->apply = ew_apply_unary;
    e->fn.unary = slot_unary(s->k, row->slot, ew_compute_type(e, s, 0, !row->tests));
    unary_constants(s->node, e->param);
    return HONE_OK;
}

void unary_constants(const node *n, double *param) {
    const unary_row *row = n->op->row;
    for (int32_t i = 0; i < 2; i++)
        param[i] = i < n->op->n_attrs ? (double)((const unary_params *)n->params)->p[i] : row->p[i];
}

bool unary_slot(const op *o, size_t *slot) {
    if (o->run != op_relu.run) return false;
    *slot = ((const unary_row *)o->row)->slot;
    return true;
}

static hone_status unary_run(run_ctx *r, const step *s) {
    ew_run(r, s, s->state);
    return HONE_OK;
}

static const op_arg float_in[] = {{"X", DT_FLOATS, 'T', 0}};
static const op_arg float_out[] = {{"Y", DT_FLOATS, 'T', 0}};
static const op_arg signed_in[] = {{"X", DT_FLOATS | DT_SIGNED, 'T', 0}};
static const op_arg signed_out[] = {{"Y", DT_FLOATS | DT_SIGNED, 'T', 0}};
static const op_arg number_in[] = {{"X", DT_NUMBERS, 'T', 0}};
static const op_arg number_out[] = {{"Y", DT_NUMBERS, 'T', 0}};
static const op_arg bits_in[] = {{"X", DT_INTS, 'T', 0}};
static const op_arg bits_out[] = {{"Y", DT_INTS, 'T', 0}};
static const op_arg logic_in[] = {{"X", DT_BOOL, 'T', 0}};
static const op_arg logic_out[] = {{"Y", DT_BOOL, 'T', 0}};
static const op_arg test_in[] = {{"X", DT_FLOATS, 'T', 0}};
static const op_arg test_out[] = {{"Y", DT_BOOL, 0, 0}};

static const char *const float_cases[] = {"f32[2,3,4]", "f32[]", "f32[0]", "f32[1031]", "f16[37]", "bf16[37]", "f64[5]", NULL};
static const char *const signed_cases[] = {"f32[2,3,4]", "i32[37]", "i64[3]", "f16[37]", NULL};
static const char *const number_cases[] = {"f32[2,3,4]", "u8[37]", "i64[3]", "f16[37]", NULL};
static const char *const bits_cases[] = {"u8[37]", "i64[3]", NULL};
static const char *const logic_cases[] = {"bool[37]", NULL};
#define test_cases float_cases

static const op_version since_7[] = {{7, NULL}};
static const op_version since_9[] = {{9, NULL}};
static const op_version since_11[] = {{11, NULL}};
static const op_version since_12[] = {{12, NULL}};
static const op_version since_18[] = {{18, NULL}};
static const op_quant table = {QUANT_TABLE, 1, -1, -1, NULL};

static hone_status relu_grad(gradient *g) {
    builder *b = g->b;
    value *x = node_in(g->node, 0);
    value *zero = emit_scalar(b, x->type.dtype, 0);
    value *on = emit(b, "Greater", IN(x, zero), NO_ATTRS);
    g->dx[0] = emit(b, "Where", IN(on, g->dy[0], zero), NO_ATTRS);
    return b->status;
}

static hone_status neg_grad(gradient *g) {
    g->dx[0] = emit(g->b, "Neg", IN(g->dy[0]), NO_ATTRS);
    return g->b->status;
}

static hone_status exp_grad(gradient *g) {
    g->dx[0] = emit(g->b, "Mul", IN(g->dy[0], g->node->out[0]), NO_ATTRS);
    return g->b->status;
}

/* y = sigmoid(x): dx = dy * y * (1 - y). */
static hone_status sigmoid_grad(gradient *g) {
    builder *b = g->b;
    value *y = g->node->out[0];
    value *rest = emit(b, "Sub", IN(emit_scalar(b, y->type.dtype, 1), y), NO_ATTRS);
    g->dx[0] = emit(b, "Mul", IN(emit(b, "Mul", IN(g->dy[0], y), NO_ATTRS), rest), NO_ATTRS);
    return b->status;
}

/* y = tanh(x): dx = dy * (1 - y * y). */
static hone_status tanh_grad(gradient *g) {
    builder *b = g->b;
    value *y = g->node->out[0];
    value *yy = emit(b, "Mul", IN(y, y), NO_ATTRS);
    value *rest = emit(b, "Sub", IN(emit_scalar(b, y->type.dtype, 1), yy), NO_ATTRS);
    g->dx[0] = emit(b, "Mul", IN(g->dy[0], rest), NO_ATTRS);
    return b->status;
}

/* One operator: identifier, name, first opsets, argument table, kernel slot, and what else it has. */
#define UNARY(ident, label, since, args, slot_name, ...)                                           \
    const op op_##ident = {.name = label,                                                          \
                           .domain = "",                                                           \
                           OP_VERSIONS(since),                                                     \
                           OP_ARGS_IN(args##_in),                                                  \
                           OP_ARGS_OUT(args##_out),                                                \
                           .infer = unary_infer,                                                   \
                           .axes = axes_elementwise,                                               \
                           .plan = unary_plan,                                                     \
                           .run = unary_run,                                                       \
                           .inplace = 1,                                                           \
                           .cases = args##_cases,                                                  \
                           .row = &(const unary_row){.slot = SLOT_OF(slot_name)},                  \
                           .tolerance = {TOL_ULP, 4},                                              \
                           __VA_ARGS__}
