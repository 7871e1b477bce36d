/* SPDX-License-Identifier: Apache-2.0
 *
 * DynamicQuantizeLSTM: LSTM with 8-bit weights, whose products see the inputs and the hidden states
 * rounded to 8 bits over their range. Weights become float32 when the plan is made, for the float32
 * kernels; the rounding is kept, as results differ by more than float32 does without it.
 *
 * Ranges are of all inputs, and of the states of all sequences at one step.
 */
#include "composite.h"
#include "quantized.h"
#include "recurrent_layer.h"

enum { W_SCALE = LAYER_INPUTS, W_ZERO, R_SCALE, R_ZERO };

static const attr_spec dynamic_lstm_attrs[] = {LAYER_COMMON_ATTRS,
                                               ATTR_ROW(BOOL, layer_params, input_forget)};

/* One value a direction, or a column of it, in a shape that meets [directions, rows, columns]. */
static value *per_direction(builder *b, value *v) {
    const int64_t axes[] = {1, 2};
    const int32_t rank = v ? emit_rank(b, v) : -1;
    if (rank == 1 || rank == 2)
        return expand_binary(b, "Unsqueeze", v, emit_i64s(b, axes, rank == 1 ? 2 : 1));
    if (rank >= 0)
        builder_fail(b, HONE_E_FORMAT, "a scale or zero point has rank %d: expected 1 or 2", rank);
    return NULL;
}

/* Weights [directions, rows, columns] as those of LSTM: in float32, and transposed. */
static value *weights(builder *b, value *v, value *scale, value *zero) {
    const int64_t perm[] = {0, 2, 1};
    value *wide = expand_cast(b, v, HONE_F32);
    value *middle = expand_cast(b, per_direction(b, zero), HONE_F32);
    wide = expand_binary(b, "Mul", expand_binary(b, "Sub", wide, middle), per_direction(b, scale));
    return emit(b, "Transpose", IN(wide), ATTRS(A_INTS("perm", perm, 3)));
}

/* The inputs rounded over the range of the steps that some sequence has. */
static value *rounded_inputs(builder *b, value *x, value *lens) {
    value *q[3], *counted = x;
    if (lens) {
        const attr whole = A_INT("keepdims", 0);
        const int64_t zero = 0;
        value *most = emit(b, "ReduceMax", IN(expand_cast(b, lens, HONE_I64)), &whole, 1);
        value *from = emit_i64s(b, &zero, 1);
        counted = emit(b, "Slice", IN(x, from, expand_unsqueeze(b, most, 0), from), NO_ATTRS);
    }
    emit_n(b, "DynamicQuantizeLinear", IN(counted), NO_ATTRS, q, 3);
    if (lens) q[0] = emit(b, "QuantizeLinear", IN(x, q[1], q[2]), NO_ATTRS);
    return emit(b, "DequantizeLinear", IN(q[0], q[1], q[2]), NO_ATTRS);
}

static hone_status dynamic_lstm_expand(builder *b, draft *d) {
    layer_form form = layer_lstm;
    value **in = d->in;
    in[LAYER_X] = rounded_inputs(b, in[LAYER_X], in[LAYER_LENS]);
    in[LAYER_W] = weights(b, in[LAYER_W], in[W_SCALE], in[W_ZERO]);
    in[LAYER_R] = weights(b, in[LAYER_R], in[R_SCALE], in[R_ZERO]);
    if (b->status != HONE_OK) return b->status;
    form.round_states = true;
    return layer_expand(b, d, &form);
}

static const char *const dynamic_lstm_cases[] = {
    "f32[5,2,3] i8[1,3,16] i8[1,4,16] _ _ _ _ _ f32{0.1} i8{0} f32{0.05} i8{0} hidden_size=4 >3",
    "f32[4,2,3] u8[2,3,8] u8[2,2,8] f32[2,16] i32{4,2} f32[2,2,2] f32[2,2,2] f32[2,6] f32[2,8]+ "
    "u8[2,8] f32[2]+ u8{9,7} hidden_size=2 direction=bidirectional >3",
    "f32[2,1,3] i8[1,3,8] i8[1,2,8] f32[1,16] _ _ _ _ f32[1,8]+ i8[1,8] f32[1,8]+ i8[1,8] "
    "direction=reverse >1",
    "f32[0,2,3] i8[1,3,8] i8[1,2,8] _ _ _ _ _ f32{0.1} i8{0} f32{0.05} i8{0} >3", NULL};

static const op_arg dynamic_lstm_in[] = {{"X", DT(HONE_F32), 0, 0},
                                         {"W", DT_BYTES, 'U', 0},
                                         {"R", DT_BYTES, 'U', 0},
                                         {"B", DT(HONE_F32), 0, ARG_OPTIONAL},
                                         {"sequence_lens", DT_INDEX, 0, ARG_OPTIONAL},
                                         {"initial_h", DT(HONE_F32), 0, ARG_OPTIONAL},
                                         {"initial_c", DT(HONE_F32), 0, ARG_OPTIONAL},
                                         {"P", DT(HONE_F32), 0, ARG_OPTIONAL},
                                         {"W_scale", DT(HONE_F32), 0, 0},
                                         {"W_zero_point", DT_BYTES, 'U', 0},
                                         {"R_scale", DT(HONE_F32), 0, 0},
                                         {"R_zero_point", DT_BYTES, 'U', 0}};
static const op_arg dynamic_lstm_out[] = {{"Y", DT(HONE_F32), 0, ARG_OPTIONAL},
                                          {"Y_h", DT(HONE_F32), 0, ARG_OPTIONAL},
                                          {"Y_c", DT(HONE_F32), 0, ARG_OPTIONAL}};
static const op_version since_1[] = {{1, NULL}};
const op op_ms_dynamic_lstm = {.name = "DynamicQuantizeLSTM",
                               .domain = "com.microsoft",
                               OP_VERSIONS(since_1),
                               OP_SLOTS(dynamic_lstm),
                               OP_ATTRS(dynamic_lstm_attrs, layer_params),
                               .expand = dynamic_lstm_expand,
                               .tolerance = {TOL_REL, 1e-2},
                               .cases = dynamic_lstm_cases};
