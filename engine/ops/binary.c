/* SPDX-License-Identifier: Apache-2.0
 *
 * Elementwise operators of two inputs: one row of the table each.
 */
#include <string.h>

#include "composite.h"
#include "elementwise.h"
#include "legacy.h"

typedef struct binary_row {
    size_t slot;
    const char *name; /* of the slot */
    unsigned flags;
} binary_row;

enum {
    COMPARES = 1, /* the result is bool */
    SWAP = 2      /* Greater(a, b) is less(b, a) */
};

static hone_status binary_infer(infer *f) {
    const binary_row *row = f->node->op->row;
    return infer_broadcast(f, 0, row->flags & COMPARES ? HONE_BOOL : infer_dtype(f, 0));
}

/* Equal on text. */
static void apply_same_text(const elementwise *e, const ew_row *row) {
    const char *const *a = row->in[0], *const *b = row->in[1];
    uint8_t *same = row->out;
    (void)e;
    for (int64_t i = 0; i < row->n; i++, a += row->step[0], b += row->step[1])
        same[i] = strcmp(*a ? *a : "", *b ? *b : "") == 0;
}

static hone_status binary_plan(plan_ctx *p, step *s) {
    const binary_row *row = s->node->op->row;
    elementwise *e = plan_state(p, s, sizeof *e);
    if (!e) return HONE_E_NOMEM;
    ew_nest(e, s, 2);
    if (s->in[0].dtype == HONE_STRING) {
        e->apply = apply_same_text;
        return HONE_OK;
    }
    const ktype t = ew_compute_type(e, s, 0, !(row->flags & COMPARES));
    e->apply = ew_apply_binary;
    e->fn.binary = slot_binary(s->k, row->slot, t);
    ew_name(p, s, row->name, t);
    e->swap = (row->flags & SWAP) != 0;
    return HONE_OK;
}

bool binary_slot(const op *o, size_t *slot) {
    const dtype_set f32 = DT(HONE_F32);
    if (o->run != op_add.run || !(o->in[0].types & f32) || !(o->out[0].types & f32)) return false;
    *slot = ((const binary_row *)o->row)->slot;
    return true;
}

static hone_status binary_run(run_ctx *r, const step *s) {
    ew_run(r, s, s->state);
    return HONE_OK;
}

/* dx has the shape of the result; sum it over the axes along which x was broadcast. */
static value *unbroadcast(builder *b, value *dx, value *x) {
    return emit(b, "hone::SumTo", IN(dx, x), NO_ATTRS);
}

static hone_status add_grad(gradient *g) {
    builder *b = g->b;
    g->dx[0] = unbroadcast(b, g->dy[0], node_in(g->node, 0));
    g->dx[1] = unbroadcast(b, g->dy[0], node_in(g->node, 1));
    return b->status;
}

static hone_status sub_grad(gradient *g) {
    builder *b = g->b;
    g->dx[0] = unbroadcast(b, g->dy[0], node_in(g->node, 0));
    value *minus = emit(b, "Neg", IN(g->dy[0]), NO_ATTRS);
    g->dx[1] = unbroadcast(b, minus, node_in(g->node, 1));
    return b->status;
}

static hone_status mul_grad(gradient *g) {
    builder *b = g->b;
    value *x = node_in(g->node, 0), *y = node_in(g->node, 1);
    g->dx[0] = unbroadcast(b, emit(b, "Mul", IN(g->dy[0], y), NO_ATTRS), x);
    g->dx[1] = unbroadcast(b, emit(b, "Mul", IN(g->dy[0], x), NO_ATTRS), y);
    return b->status;
}

/* y = a / b: da = dy / b, db = -dy * y / b. */
static hone_status div_grad(gradient *g) {
    builder *b = g->b;
    value *x = node_in(g->node, 0), *y = node_in(g->node, 1);
    value *da = emit(b, "Div", IN(g->dy[0], y), NO_ATTRS);
    g->dx[0] = unbroadcast(b, da, x);
    value *db = emit(b, "Mul", IN(da, g->node->out[0]), NO_ATTRS);
    g->dx[1] = unbroadcast(b, emit(b, "Neg", IN(db), NO_ATTRS), y);
    return b->status;
}

/* y = a ^ b: da = dy * b * a ^ (b - 1), db = dy * y * log(a). */
static hone_status pow_grad(gradient *g) {
    builder *b = g->b;
    value *x = node_in(g->node, 0), *y = node_in(g->node, 1);
    value *less = emit(b, "Sub", IN(y, emit_scalar(b, y->type.dtype, 1)), NO_ATTRS);
    value *power = emit(b, "hone::Pow", IN(x, less), NO_ATTRS);
    value *slope = emit(b, "Mul", IN(y, power), NO_ATTRS);
    g->dx[0] = unbroadcast(b, emit(b, "Mul", IN(g->dy[0], slope), NO_ATTRS), x);
    value *log = emit(b, "Log", IN(x), NO_ATTRS);
    value *dlog = emit(b, "Mul", IN(g->dy[0], g->node->out[0]), NO_ATTRS);
    g->dx[1] = unbroadcast(b, emit(b, "Mul", IN(dlog, log), NO_ATTRS), y);
    return b->status;
}

/* The larger (or smaller) input gets the gradient; of equal ones, the first. */
static hone_status extreme_grad(gradient *g, const char *takes_first) {
    builder *b = g->b;
    value *x = node_in(g->node, 0), *y = node_in(g->node, 1);
    value *zero = emit_scalar(b, x->type.dtype, 0);
    value *first = emit(b, takes_first, IN(x, y), NO_ATTRS);
    g->dx[0] = unbroadcast(b, emit(b, "Where", IN(first, g->dy[0], zero), NO_ATTRS), x);
    g->dx[1] = unbroadcast(b, emit(b, "Where", IN(first, zero, g->dy[0]), NO_ATTRS), y);
    return b->status;
}
static hone_status max_grad(gradient *g) { return extreme_grad(g, "GreaterOrEqual"); }
static hone_status min_grad(gradient *g) { return extreme_grad(g, "LessOrEqual"); }

/* y = x < 0 ? x * slope : x. */
static hone_status prelu_grad(gradient *g) {
    builder *b = g->b;
    value *x = node_in(g->node, 0), *slope = node_in(g->node, 1), *dy = g->dy[0];
    value *zero = emit_scalar(b, x->type.dtype, 0);
    value *below = emit(b, "Less", IN(x, zero), NO_ATTRS);
    value *scaled = emit(b, "Mul", IN(dy, slope), NO_ATTRS);
    g->dx[0] = unbroadcast(b, emit(b, "Where", IN(below, scaled, dy), NO_ATTRS), x);
    value *cut = emit(b, "Where", IN(below, x, zero), NO_ATTRS);
    g->dx[1] = unbroadcast(b, emit(b, "Mul", IN(dy, cut), NO_ATTRS), slope);
    return b->status;
}

/* Before opset 7 a vector of slopes was one a channel. */
static hone_status prelu_upgrade(builder *b, draft *d) {
    value *x = draft_in(d, 0), *slope = draft_in(d, 1);
    TRY(legacy_consumed(b, d));
    if (!x || !slope || slope->type.shape.rank != 1) return b->status;
    const int32_t rank = emit_rank(b, x);
    return rank < 0 ? b->status : draft_set_in(b, d, 1, expand_per_channel(b, slope, rank));
}

static const op_version prelu_versions[] = {{1, prelu_upgrade}, {7, NULL}};
static const op_version since_7[] = {{7, NULL}};
static const op_version since_12[] = {{12, NULL}};
static const op_version since_18[] = {{18, NULL}};
static const op_quant requant = {QUANT_REQUANT, 3, -1, -1, NULL};

static const char *const number_cases[] = {"f32[2,3,4] f32[2,3,4]",
                                           "f32[2,3,4] f32[4]",
                                           "f32[3,1] f32[1,5]",
                                           "f32[] f32[2,2]",
                                           "f32[2,1,3,1] f32[4,1,5]",
                                           "f16[7,3] f16[3]",
                                           "f32[0,3] f32[1,3]",
                                           "f32[1,33,5,7] f32[33,1,1]",
                                           "f16[2,1800,3] f16[2,1,3]",
                                           "f32[900,1] f32[2,900,3]",
                                           NULL};
static const char *const equal_cases[] = {"f32[2,3,4] f32[4]",
                                          "i64[3,1] i64[1,5]",
                                          "f16[7,3] f16[3]",
                                          "bool[2,3] bool[3]",
                                          "str{a,b,} str{a}",
                                          "u8[0,3] u8[1,3]",
                                          NULL};
static const char *const power_cases[] = {"f32[2,3,4]+ f32[4]", "f64[2,3,4] f64[4]",
                                          "f64[3,1] f64[1,5]", "i32[2,3] i32[3]", NULL};
static const char *const logic_cases[] = {"bool[2,3,4] bool[4]", "bool[3,1] bool[1,5]", NULL};
static const char *const bits_cases[] = {"u8[2,3,4] u8[4]", "u32[3,1] u32[1,5]", NULL};

#define ARGS(ident, set, result, result_var)                                                       \
    static const op_arg ident##_in[] = {{"A", set, 'T', 0}, {"B", set, 'T', 0}};                   \
    static const op_arg ident##_out[] = {{"C", result, result_var, 0}}
ARGS(number, DT_NUMBERS, DT_NUMBERS, 'T');
ARGS(bits, DT_INTS, DT_INTS, 'T');
ARGS(logic, DT_BOOL, DT_BOOL, 'T');
ARGS(equal, DT_NUMBERS | DT_BOOL | DT(HONE_STRING), DT_BOOL, 0);
ARGS(order, DT_NUMBERS, DT_BOOL, 0);
ARGS(power, DT_FLOATS | DT_INDEX, DT_FLOATS | DT_INDEX, 'T');
ARGS(shift, DT_UNSIGNED, DT_UNSIGNED, 'T');

/* One operator: identifier, name, first opsets, argument table, kernel slot, flags, and what else
 * it has. */
#define MEMBER(ident, in_domain, label, since, args, arg_cases, slot_name, flags, ...)             \
    const op op_##ident = {.name = label,                                                          \
                           .domain = in_domain,                                                    \
                           OP_VERSIONS(since),                                                     \
                           OP_ARGS_IN(args##_in),                                                  \
                           OP_ARGS_OUT(args##_out),                                                \
                           .infer = binary_infer,                                                  \
                           .axes = axes_elementwise,                                               \
                           .permute = permute_elementwise,                                         \
                           .plan = binary_plan,                                                    \
                           .run = binary_run,                                                      \
                           .inplace = 3,                                                           \
                           .row = &(const binary_row){SLOT_OF(slot_name), #slot_name, flags},      \
                           .cases = arg_cases##_cases,                                             \
                           __VA_ARGS__}
#define BINARY(ident, ...)   MEMBER(ident, "", __VA_ARGS__)
#define INTERNAL(ident, ...) MEMBER(ident, "hone", __VA_ARGS__)

BINARY(add, "Add", legacy_binary_versions, number, number, add, 0, .grad = add_grad,
       .quant = &requant);
BINARY(sub, "Sub", legacy_binary_versions, number, number, sub, 0, .grad = sub_grad,
       .quant = &requant);
BINARY(mul, "Mul", legacy_binary_versions, number, number, mul, 0, .grad = mul_grad,
       .quant = &requant);
BINARY(div, "Div", legacy_binary_versions, number, number, div, 0, .grad = div_grad);
BINARY(equal, "Equal", legacy_binary_versions, equal, equal, equal, COMPARES, .grad = NULL);
BINARY(less, "Less", legacy_binary_versions, order, number, less, COMPARES, .grad = NULL);
BINARY(greater, "Greater", legacy_binary_versions, order, number, less, COMPARES | SWAP,
       .grad = NULL);
BINARY(less_or_equal, "LessOrEqual", since_12, order, number, less_equal, COMPARES, .grad = NULL);
BINARY(greater_or_equal, "GreaterOrEqual", since_12, order, number, less_equal, COMPARES | SWAP,
       .grad = NULL);
BINARY(and, "And", legacy_binary_versions, logic, logic, land, 0, .grad = NULL);
BINARY(or, "Or", legacy_binary_versions, logic, logic, lor, 0, .grad = NULL);
BINARY(xor, "Xor", legacy_binary_versions, logic, logic, lxor, 0, .grad = NULL);
BINARY(bitwise_and, "BitwiseAnd", since_18, bits, bits, bitand, 0, .grad = NULL);
BINARY(bitwise_or, "BitwiseOr", since_18, bits, bits, bitor, 0, .grad = NULL);
BINARY(bitwise_xor, "BitwiseXor", since_18, bits, bits, bitxor, 0, .grad = NULL);
BINARY(prelu, "PRelu", prelu_versions, number, number, prelu, 0, .grad = prelu_grad);

/* ONNX's own forms are variadic, mix types or choose by an attribute. */
INTERNAL(max, "Max", since_7, number, number, max, 0, .grad = max_grad);
INTERNAL(min, "Min", since_7, number, number, min, 0, .grad = min_grad);
INTERNAL(pow, "Pow", since_7, power, power, pow, 0, .tolerance = {TOL_ULP, 4}, .grad = pow_grad);
INTERNAL(mod, "Mod", since_7, number, number, mod, 0, .grad = NULL);
INTERNAL(fmod, "FMod", since_7, number, number, fmod, 0, .grad = NULL);
INTERNAL(shift_left, "ShiftLeft", since_7, shift, bits, shl, 0, .grad = NULL);
INTERNAL(shift_right, "ShiftRight", since_7, shift, bits, shr, 0, .grad = NULL);

static const op *const members[] = {
    &op_add,
    &op_sub,
    &op_mul,
    &op_div,
    &op_equal,
    &op_less,
    &op_greater,
    &op_less_or_equal,
    &op_greater_or_equal,
    &op_and,
    &op_or,
    &op_xor,
    &op_bitwise_and,
    &op_bitwise_or,
    &op_bitwise_xor,
    &op_prelu,
    &op_max,
    &op_min,
    &op_pow,
    &op_mod,
    &op_fmod,
    &op_shift_left,
    &op_shift_right,
};
const op_family family_binary = {members, COUNT_OF(members)};
