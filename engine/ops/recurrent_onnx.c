/* SPDX-License-Identifier: Apache-2.0
 *
 * ONNX's LSTM, GRU and RNN: for each direction, one product of all inputs with W, then the steps
 * (recurrent.c). Computed in float32.
 */
#include "recurrent_layer.h"

#include "composite.h"
#include "recurrent.h"

enum { MAX_OUT = 3 };

enum { FORWARD, REVERSE, BIDIRECTIONAL };
const char *const layer_directions[] = {"forward", "reverse", "bidirectional", NULL};
#define LAYOUT ATTR_ROW(BOOL, layer_params, layout)
static const attr_spec lstm_attrs[] = {LAYER_COMMON_ATTRS, LAYOUT,
                                       ATTR_ROW(BOOL, layer_params, input_forget)};
static const attr_spec gru_attrs[] = {LAYER_COMMON_ATTRS, LAYOUT,
                                      ATTR_ROW(BOOL, layer_params, linear_before_reset)};
static const attr_spec rnn_attrs[] = {LAYER_COMMON_ATTRS, LAYOUT};

typedef struct layer {
    builder *b;
    draft *d;
    const layer_form *form;
    const layer_params *p;
    value *in[LAYER_INPUTS]; /* in float32 */
    int32_t directions;
    int64_t hidden;
} layer;

/* Number i of the first axis of v, without that axis. */
static value *part(const layer *l, value *v, int32_t i) {
    const int64_t zero = 0;
    if (!v) return NULL;
    if (l->directions == 1)
        return emit(l->b, "Squeeze", IN(v, emit_i64s(l->b, &zero, 1)), NO_ATTRS);
    return emit(l->b, "Gather", IN(v, emit_i64(l->b, i)), ATTRS(A_INT("axis", 0)));
}

/* Elements [from, to) of a vector. */
static value *stretch(const layer *l, value *v, int64_t from, int64_t to) {
    return emit(l->b, "Slice", IN(v, emit_i64s(l->b, &from, 1), emit_i64s(l->b, &to, 1)), NO_ATTRS);
}

/* The bias that is added before the steps; *late is the one that Gru adds inside, or NULL. */
static value *sum_bias(const layer *l, value *both, value **late) {
    const int64_t n = l->form->gates * l->hidden;
    *late = NULL;
    if (!both) return NULL;
    value *wb = stretch(l, both, 0, n), *rb = stretch(l, both, n, 2 * n);
    if (l->p->linear_before_reset) {
        const float none = 0;
        const shape one = shape_vector(1);
        const int64_t dims = l->hidden;
        value *zeros = emit(
            l->b, "Expand",
            IN(emit_constant(l->b, HONE_F32, &one, &none), emit_i64s(l->b, &dims, 1)), NO_ATTRS);
        *late = stretch(l, rb, 2 * dims, 3 * dims);
        rb = emit(l->b, "Concat", IN(stretch(l, rb, 0, 2 * dims), zeros), ATTRS(A_INT("axis", 0)));
    }
    return emit(l->b, "Add", IN(wb, rb), NO_ATTRS);
}

/* Activation functions of all directions, with their constants. Values in the file's lists are for
 * those functions that take one, in order. */
typedef struct activations {
    const char *name[2 * LAYER_MAX_ACTIVATIONS];
    float alpha[2 * LAYER_MAX_ACTIVATIONS], beta[2 * LAYER_MAX_ACTIVATIONS];
} activations;

static hone_status read_activations(const layer *l, activations *out) {
    const int32_t n = l->form->activations * l->directions;
    const string_list *names = &l->p->activations;
    const float_list *alpha = &l->p->activation_alpha, *beta = &l->p->activation_beta;
    int32_t n_alpha = 0, n_beta = 0;
    /* RNN's default has two entries for one direction as well. */
    if (names->set && names->n < n)
        return builder_fail(l->b, HONE_E_FORMAT, "attribute 'activations' has not %d entries", n);
    for (int32_t i = 0; i < n; i++) {
        out->name[i] = names->set ? names->v[i] : l->form->defaults[i % l->form->activations];
        const rnn_activation_kind *kind = rnn_activation_find(out->name[i]);
        char text[64];
        if (!kind)
            return builder_fail(l->b, HONE_E_UNSUPPORTED, "unknown activation '%s'",
                                escape_name(text, sizeof text, out->name[i]));
        out->alpha[i] = kind->alpha;
        out->beta[i] = kind->beta;
        if (kind->has_alpha && n_alpha < alpha->n) out->alpha[i] = alpha->v[n_alpha++];
        if (kind->has_beta && n_beta < beta->n) out->beta[i] = beta->v[n_beta++];
    }
    return HONE_OK;
}

static void emit_direction(const layer *l, const activations *all, int32_t i, bool reverse,
                           value **out) {
    builder *b = l->b;
    const int32_t n = l->form->activations;
    value *late;
    value *bias = sum_bias(l, part(l, l->in[LAYER_BIAS], i), &late);
    value *extra = late ? late : part(l, l->in[LAYER_PEEPHOLES], i);
    value *gates = emit(b, "hone::MatMul", IN(l->in[LAYER_X], part(l, l->in[LAYER_W], i), bias),
                        ATTRS(A_INT("trans_b", 1)));
    const attr attrs[] = {
        {.name = "activations", .kind = ATTR_STRINGS, .strings = all->name + i * n, .count = n},
        {.name = "alpha", .kind = ATTR_FLOATS, .floats = all->alpha + i * n, .count = n},
        {.name = "beta", .kind = ATTR_FLOATS, .floats = all->beta + i * n, .count = n},
        A_FLOAT("clip", l->p->clip),
        A_INT("reverse", reverse),
        A_INT("input_forget", l->p->input_forget),
        A_INT("linear_before_reset", l->p->linear_before_reset),
        A_INT("round_states", l->form->round_states),
    };
    emit_n(b, l->form->core,
           IN(gates, part(l, l->in[LAYER_R], i), l->in[LAYER_LENS], part(l, l->in[LAYER_H0], i),
              part(l, l->in[LAYER_C0], i), extra),
           attrs, COUNT_OF(attrs), out, l->form->outputs);
}

/* Both directions side by side along a new axis, batch first if asked for, in the type of X. */
static value *join(const layer *l, value *const *out, int32_t number) {
    builder *b = l->b;
    const int64_t axis = number == 0 ? 1 : 0;
    value *parts[2] = {NULL};
    for (int32_t i = 0; i < l->directions; i++)
        parts[i] =
            emit(b, "Unsqueeze", IN(out[i * MAX_OUT + number], emit_i64s(b, &axis, 1)), NO_ATTRS);
    value *y = parts[0];
    if (l->directions == 2)
        y = emit(b, "Concat", IN(parts[0], parts[1]), ATTRS(A_INT("axis", axis)));
    const int64_t all_steps[] = {2, 0, 1, 3}, last_step[] = {1, 0, 2};
    if (l->p->layout)
        y = emit(b, "Transpose", IN(y),
                 ATTRS(A_INTS("perm", number == 0 ? all_steps : last_step, number == 0 ? 4 : 3)));
    return expand_cast(b, y, l->d->in[LAYER_X]->type.dtype);
}

/* Inputs in float32, with the steps before the batch. */
static hone_status read_inputs(layer *l) {
    const int64_t swap[] = {1, 0, 2};
    for (int32_t i = 0; i < LAYER_INPUTS; i++) {
        value *v = draft_in(l->d, i);
        const bool swapped = l->p->layout && (i == LAYER_X || i == LAYER_H0 || i == LAYER_C0);
        if (v && swapped) v = emit(l->b, "Transpose", IN(v), ATTRS(A_INTS("perm", swap, 3)));
        l->in[i] = i == LAYER_LENS ? v : expand_cast(l->b, v, HONE_F32);
    }
    const shape *r = &l->d->in[LAYER_R]->type.shape;
    l->hidden = r->rank == 3 && dim_known(r->dim[2]) ? r->dim[2] : l->p->hidden_size;
    if (l->hidden < 1 || l->hidden > INT32_MAX)
        return builder_fail(l->b, HONE_E_UNSUPPORTED, "the hidden size is not known");
    return HONE_OK;
}

hone_status layer_expand(builder *b, draft *d, const layer_form *form) {
    layer l = {.b = b, .d = d, .form = form, .p = d->params};
    const int32_t direction = l.p->direction;
    value *out[2 * MAX_OUT] = {NULL};
    activations all;
    l.directions = direction == BIDIRECTIONAL ? 2 : 1;
    TRY(read_inputs(&l));
    TRY(read_activations(&l, &all));
    for (int32_t i = 0; i < l.directions; i++)
        emit_direction(&l, &all, i, direction == REVERSE || i == 1, out + i * MAX_OUT);
    for (int32_t i = 0; i < form->outputs; i++)
        if (expand_wants(d, i)) d->out[i] = join(&l, out, i);
    d->done = true;
    return b->status;
}

const layer_form layer_lstm = {
    .core = "hone::Lstm",
    .gates = 4,
    .activations = 3,
    .outputs = 3,
    .defaults = {"Sigmoid", "Tanh", "Tanh"},
};

static hone_status lstm_expand(builder *b, draft *d) { return layer_expand(b, d, &layer_lstm); }

static const char *const lstm_cases[] = {
    "f32[5,2,3] f32[1,16,3] f32[1,16,4] >3",
    "f32[4,2,3] f32[2,8,3] f32[2,8,2] f32[2,16] i32{4,2} f32[2,2,2] f32[2,2,2] f32[2,6] "
    "direction=bidirectional >3",
    "f32[2,4,3] f32[1,8,3] f32[1,8,2] layout=1 hidden_size=2 >3",
    "f16[3,1,2] f16[1,8,2] f16[1,8,2] direction=reverse clip=1 input_forget=1 >1",
    "f32[2,1,2] f32[1,4,2] f32[1,4,1] activations=Relu,Affine,HardSigmoid activation_alpha=0.5,0.2 "
    "activation_beta=0.1 >1",
    "f32[0,2,3] f32[1,8,3] f32[1,8,2] >3",
    NULL};
static hone_status gru_expand(builder *b, draft *d) {
    static const layer_form form = {"hone::Gru", 3, 2, 2, {"Sigmoid", "Tanh", NULL}, false};
    return layer_expand(b, d, &form);
}

static const char *const gru_cases[] = {
    "f32[5,2,3] f32[1,12,3] f32[1,12,4] >2",
    "f32[3,2,3] f32[1,6,3] f32[1,6,2] f32[1,12] linear_before_reset=1 >2",
    "f32[4,2,3] f32[2,6,3] f32[2,6,2] f32[2,12] i32{4,1} f32[2,2,2] direction=bidirectional >2",
    "f16[2,1,2] f16[1,3,2] f16[1,3,1] direction=reverse >1",
    "f32[3,0,3] f32[1,6,3] f32[1,6,2] >2",
    NULL};
static hone_status rnn_expand(builder *b, draft *d) {
    static const layer_form form = {"hone::Rnn", 1, 1, 2, {"Tanh", NULL, NULL}, false};
    return layer_expand(b, d, &form);
}

static const char *const rnn_cases[] = {
    "f32[5,2,3] f32[1,4,3] f32[1,4,4] >2",
    "f32[2,3,3] f32[2,2,3] f32[2,2,2] f32[2,4] direction=bidirectional activations=Relu,Sigmoid "
    "layout=1 >2",
    "f64[3,1,2] f64[1,2,2] f64[1,2,2] >1", "f32[3,0,3] f32[1,2,3] f32[1,2,2] >2", NULL};

/* An output is given when it has a name, whatever this said. */
static hone_status sequence_upgrade(builder *b, draft *d) {
    draft_drop(d, "output_sequence");
    return b->status;
}

static const op_arg lstm_in[] = {{"X", DT_FLOATS, 'T', 0},
                                 {"W", DT_FLOATS, 'T', 0},
                                 {"R", DT_FLOATS, 'T', 0},
                                 {"B", DT_FLOATS, 'T', ARG_OPTIONAL},
                                 {"sequence_lens", DT_INDEX, 0, ARG_OPTIONAL},
                                 {"initial_h", DT_FLOATS, 'T', ARG_OPTIONAL},
                                 {"initial_c", DT_FLOATS, 'T', ARG_OPTIONAL},
                                 {"P", DT_FLOATS, 'T', ARG_OPTIONAL}};
static const op_arg lstm_out[] = {{"Y", DT_FLOATS, 'T', ARG_OPTIONAL},
                                  {"Y_h", DT_FLOATS, 'T', ARG_OPTIONAL},
                                  {"Y_c", DT_FLOATS, 'T', ARG_OPTIONAL}};
static const op_arg gru_in[] = {{"X", DT_FLOATS, 'T', 0},
                                {"W", DT_FLOATS, 'T', 0},
                                {"R", DT_FLOATS, 'T', 0},
                                {"B", DT_FLOATS, 'T', ARG_OPTIONAL},
                                {"sequence_lens", DT_INDEX, 0, ARG_OPTIONAL},
                                {"initial_h", DT_FLOATS, 'T', ARG_OPTIONAL}};
static const op_arg gru_out[] = {{"Y", DT_FLOATS, 'T', ARG_OPTIONAL},
                                 {"Y_h", DT_FLOATS, 'T', ARG_OPTIONAL}};
static const op_version versions[] = {{1, sequence_upgrade}, {7, NULL}};
#define COMPOSITE(ident, label, ...)                                                               \
    static const op onnx_##ident = {.name = label,                                                 \
                                    .domain = "",                                                  \
                                    OP_VERSIONS(versions),                                         \
                                    OP_ATTRS(ident##_attrs, layer_params),                         \
                                    .expand = ident##_expand,                                      \
                                    __VA_ARGS__}
COMPOSITE(lstm, "LSTM", OP_SLOTS(lstm), .tolerance = {TOL_REL, 1e-5}, .cases = lstm_cases);
COMPOSITE(gru, "GRU", OP_SLOTS(gru), .tolerance = {TOL_REL, 1e-5}, .cases = gru_cases);
COMPOSITE(rnn, "RNN", OP_SLOTS(gru), .tolerance = {TOL_REL, 1e-5}, .cases = rnn_cases);

static const op *const members[] = {&onnx_lstm, &onnx_gru, &onnx_rnn};
const op_family family_recurrent_onnx = {members, COUNT_OF(members)};
