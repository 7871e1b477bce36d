/* SPDX-License-Identifier: Apache-2.0
 *
 * Elementwise operators of ONNX that mix types or choose a formula by an attribute, written over
 * the ones that do one thing.
 */
#include "composite.h"
#include "legacy.h"

/* The single element of a constant as a small whole exponent, or 0. */
static int whole_exponent(const value *v) {
    if (!v->constant || tensor_count(v->constant) != 1) return 0;
    const double e = tensor_f64(v->constant, 0);
    return e == 2 ? 2 : e == 3 ? 3 : 0;
}

/* The type that x ^ y is computed in, given that the result has x's type. */
static hone_dtype power_type(hone_dtype x, hone_dtype y) {
    if (dtype_in(x, DT_FLOATS)) return x;
    if (dtype_in(y, DT_FLOATS)) return HONE_F64;
    return x == HONE_I32 && dtype_in(y, DT(HONE_I32) | DT(HONE_I16) | DT(HONE_I8) | DT(HONE_U8) |
                                            DT(HONE_U16))
               ? HONE_I32
               : HONE_I64;
}

static const char *const pow_cases[] = {"f32[2,3] f32[]{2}",        "f32[2,3] f32[]{3}",
                                        "f64[3] f64[2,3]",          "f16[5] i32{0,1,2,3,-1}",
                                        "i32[4] i8{0,1,2,3}",       "i64[3] f32{0.5,1,2}",
                                        "f32[0,3] f32[3]",          "f32[] f32[]",
                                        "f32[3]{0.5,1,2} f32[2,3]", NULL};

static hone_status pow_expand(builder *b, draft *d) {
    value *x = d->in[0], *y = d->in[1];
    const int whole = y->type.shape.rank <= x->type.shape.rank ? whole_exponent(y) : 0;
    if (whole) {
        value *square = emit(b, "Mul", IN(x, x), NO_ATTRS);
        return draft_done(b, d, whole == 2 ? square : emit(b, "Mul", IN(square, x), NO_ATTRS));
    }
    const hone_dtype t = power_type(x->type.dtype, y->type.dtype);
    value *p = emit(b, "hone::Pow", IN(expand_cast(b, x, t), expand_cast(b, y, t)), NO_ATTRS);
    return draft_done(b, d, expand_cast(b, p, x->type.dtype));
}

typedef struct mod_params {
    bool fmod;
} mod_params;
static const attr_spec mod_attrs[] = {ATTR_ROW(BOOL, mod_params, fmod)};

static hone_status mod_expand(builder *b, draft *d) {
    const mod_params *p = d->params;
    const char *name = p->fmod ? "hone::FMod" : "hone::Mod";
    return draft_done(b, d, emit(b, name, d->in, d->n_in, NO_ATTRS));
}

static const char *const mod_cases[] = {
    "i32[5] i32{3}", "f32[5] f32{1.5} fmod=1", "f16[3] f16{0.7} fmod=1",     "u8[4] u8[]{3}",
    "i64[0] i64{2}", "i8{-7,7} i8{3,-3}",      "i32{-7,7} i32{3,-3} fmod=1", NULL};

/* Is v a signed integer type? Then *to is its unsigned twin. */
static bool unsigned_twin(const value *v, hone_dtype *to) {
    switch (v->type.dtype) {
    case HONE_I8: *to = HONE_U8; return true;
    case HONE_I16: *to = HONE_U16; return true;
    case HONE_I32: *to = HONE_U32; return true;
    case HONE_I64: *to = HONE_U64; return true;
    default: return false;
    }
}

typedef struct bit_shift_params {
    int32_t direction;
} bit_shift_params;
enum { SHIFT_LEFT };
static const char *const directions[] = {"LEFT", "RIGHT", NULL};
static const attr_spec bit_shift_attrs[] = {
    ATTR_ROW(CHOICE, bit_shift_params, direction, .required = true, .choices = directions)};

/* Signed numbers are shifted as their bits. A right shift of a negative x is the complement of the
 * shifted complement, which keeps the sign. */
static hone_status bit_shift_expand(builder *b, draft *d) {
    value *x = d->in[0], *y = d->in[1];
    const bool left = ((const bit_shift_params *)d->params)->direction == SHIFT_LEFT;
    const char *name = left ? "hone::ShiftLeft" : "hone::ShiftRight";
    const hone_dtype t = x->type.dtype;
    hone_dtype bits;
    if (!unsigned_twin(x, &bits)) return draft_done(b, d, emit(b, name, IN(x, y), NO_ATTRS));
    value *negative = NULL, *from = x;
    if (!left) {
        negative = emit(b, "Less", IN(x, emit_scalar(b, t, 0)), NO_ATTRS);
        from = emit(b, "Where", IN(negative, emit(b, "BitwiseNot", IN(x), NO_ATTRS), x), NO_ATTRS);
    }
    value *by = expand_cast(b, y, bits);
    value *shifted = emit(b, name, IN(expand_cast(b, from, bits), by), NO_ATTRS);
    value *r = expand_cast(b, shifted, t);
    if (!left)
        r = emit(b, "Where", IN(negative, emit(b, "BitwiseNot", IN(r), NO_ATTRS), r), NO_ATTRS);
    return draft_done(b, d, r);
}

static const char *const bit_shift_cases[] = {"u8[2,5] u8[5] direction=LEFT",
                                              "i32[4] i32[4] direction=RIGHT",
                                              "i64{-8,-1,7} i64{1,2,1} direction=RIGHT",
                                              "i8{-8,64} i8{1,1} direction=LEFT",
                                              "u64[0] u64[] direction=LEFT",
                                              NULL};

typedef struct is_inf_params {
    bool detect_positive, detect_negative;
} is_inf_params;
static const attr_spec is_inf_attrs[] = {ATTR_ROW(BOOL, is_inf_params, detect_positive, .i = 1),
                                         ATTR_ROW(BOOL, is_inf_params, detect_negative, .i = 1)};

static hone_status is_inf_expand(builder *b, draft *d) {
    const is_inf_params *p = d->params;
    value *x = draft_in(d, 0);
    if (x && dtype_in(x->type.dtype, DT_FLOAT8S)) x = expand_cast(b, x, HONE_F32);
    const float positive = p->detect_positive ? 1.0f : 0.0f;
    const float negative = p->detect_negative ? 1.0f : 0.0f;
    return draft_done(b, d,
                      emit(b, "hone::IsInf", IN(x),
                           ATTRS(A_FLOAT("positive", positive), A_FLOAT("negative", negative))));
}

static const char *const is_inf_cases[] = {
    "f32[2,3]", "f16[4] detect_negative=0", "f64[] detect_positive=0",
    "f32[0]",   "f32{inf,-inf,1,nan}",      "f32{inf,-inf,1,nan} detect_negative=0",
    NULL};

typedef struct gelu_params {
    int32_t approximate;
} gelu_params;
enum { GELU_TANH = 1 };
static const char *const approximations[] = {"none", "tanh", NULL};
static const attr_spec gelu_attrs[] = {
    ATTR_ROW(CHOICE, gelu_params, approximate, .choices = approximations)};

static hone_status gelu_expand(builder *b, draft *d) {
    const bool tanh = ((const gelu_params *)d->params)->approximate == GELU_TANH;
    return draft_done(b, d,
                      emit(b, tanh ? "hone::GeluTanh" : "hone::GeluErf", d->in, d->n_in, NO_ATTRS));
}

static const char *const gelu_cases[] = {"f32[2,3]", "f32[7] approximate=tanh",    "f16[3]",
                                         "f64[]",    "bf16[0,2] approximate=tanh", NULL};

typedef struct swish_params {
    float alpha;
} swish_params;
static const attr_spec swish_attrs[] = {ATTR_ROW(FLOAT, swish_params, alpha, .f = 1.0f)};

static hone_status swish_expand(builder *b, draft *d) {
    return draft_done(b, d, emit(b, "hone::Silu", d->in, d->n_in, d->attrs, d->n_attrs));
}

static const char *const swish_cases[] = {"f32[5]", "f16[4] alpha=2", "f64[]", "f32[0]", NULL};

static hone_status swiglu_expand(builder *b, draft *d) {
    value *gate = emit(b, "hone::Silu", IN(draft_in(d, 0)), d->attrs, d->n_attrs);
    return draft_done(b, d, emit(b, "Mul", IN(gate, draft_in(d, 1)), NO_ATTRS));
}

static const char *const swiglu_cases[] = {"f32[2,3] f32[2,3] alpha=1.5", "f16[3] f16[3]",
                                           "f64[] f64[]", "f32[0] f32[0]", NULL};

static const op_arg pow_in[] = {{"X", DT_NUMBERS, 'T', 0}, {"Y", DT_NUMBERS, 0, 0}};
static const op_arg pow_out[] = {{"Z", DT_NUMBERS, 'T', 0}};
static const op_arg mod_in[] = {{"A", DT_NUMBERS, 'T', 0}, {"B", DT_NUMBERS, 'T', 0}};
static const op_arg mod_out[] = {{"C", DT_NUMBERS, 'T', 0}};
static const op_arg bit_shift_in[] = {{"X", DT_INTS, 'T', 0}, {"Y", DT_INTS, 'T', 0}};
static const op_arg bit_shift_out[] = {{"Z", DT_INTS, 'T', 0}};
static const op_arg is_inf_in[] = {{"X", DT_FLOATS | DT_FLOAT8S, 0, 0}};
static const op_arg is_inf_out[] = {{"Y", DT_BOOL, 0, 0}};
static const op_arg unary_in[] = {{"X", DT_FLOATS, 'T', 0}};
static const op_arg unary_out[] = {{"Y", DT_FLOATS, 'T', 0}};
static const op_arg swiglu_in[] = {{"A", DT_FLOATS, 'T', 0}, {"B", DT_FLOATS, 'T', 0}};
static const op_arg swiglu_out[] = {{"Y", DT_FLOATS, 'T', 0}};
static const op_version since_10[] = {{10, NULL}};
static const op_version since_11[] = {{11, NULL}};
static const op_version since_20[] = {{20, NULL}};
static const op_version since_24[] = {{24, NULL}};
static const op_version since_28[] = {{28, NULL}};

#define COMPOSITE(ident, label, since, ...)                                                        \
    static const op onnx_##ident = {                                                               \
        .name = label, .domain = "", OP_VERSIONS(since), .expand = ident##_expand, __VA_ARGS__}
COMPOSITE(pow, "Pow", legacy_binary_versions, OP_SLOTS(pow), .tolerance = {TOL_ULP, 4},
          .cases = pow_cases);
COMPOSITE(mod, "Mod", since_10, OP_SLOTS(mod), OP_ATTRS(mod_attrs, mod_params),
          .tolerance = {TOL_EXACT, 0}, .cases = mod_cases);
COMPOSITE(bit_shift, "BitShift", since_11, OP_SLOTS(bit_shift),
          OP_ATTRS(bit_shift_attrs, bit_shift_params), .tolerance = {TOL_EXACT, 0},
          .cases = bit_shift_cases);
COMPOSITE(is_inf, "IsInf", since_10, OP_SLOTS(is_inf), OP_ATTRS(is_inf_attrs, is_inf_params),
          .tolerance = {TOL_EXACT, 0}, .cases = is_inf_cases);
COMPOSITE(gelu, "Gelu", since_20, OP_SLOTS(unary), OP_ATTRS(gelu_attrs, gelu_params),
          .tolerance = {TOL_REL, 1e-6}, .cases = gelu_cases);
COMPOSITE(swish, "Swish", since_24, OP_SLOTS(unary), OP_ATTRS(swish_attrs, swish_params),
          .tolerance = {TOL_REL, 1e-6}, .cases = swish_cases);
COMPOSITE(swiglu, "SwiGLU", since_28, OP_SLOTS(swiglu), OP_ATTRS(swish_attrs, swish_params),
          .tolerance = {TOL_REL, 1e-6}, .cases = swiglu_cases);

static const op *const members[] = {&onnx_pow,  &onnx_mod,   &onnx_bit_shift, &onnx_is_inf,
                                    &onnx_gelu, &onnx_swish, &onnx_swiglu};
const op_family family_elementwise_onnx = {members, COUNT_OF(members)};
