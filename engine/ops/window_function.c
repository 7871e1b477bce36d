/* SPDX-License-Identifier: Apache-2.0
 *
 * HannWindow, HammingWindow and BlackmanWindow: sums of cosines over one turn, computed in float64.
 */
#include "composite.h"
#include "op.h"

typedef struct window_function_params {
    hone_dtype output_datatype;
    bool periodic;
} window_function_params;

static const attr_spec attrs[] = {
    ATTR_ROW(DTYPE, window_function_params, output_datatype, .i = HONE_F32),
    ATTR_ROW(BOOL, window_function_params, periodic, .i = 1),
};

/* a0 - a1 * cos(t) + a2 * cos(2 t), where t goes around in `size` steps (periodic) or one less. */
static hone_status window_expand(builder *b, draft *d, const double *a) {
    const window_function_params *p = d->params;
    const hone_dtype to = p->output_datatype;
    if (!dtype_in(to, DT_NUMBERS))
        return builder_fail(b, HONE_E_FORMAT, "output_datatype %d is no number type", (int)to);
    value *size = expand_reshape(b, expand_cast(b, d->in[0], HONE_I64), NULL, 0);
    value *zero = emit_i64(b, 0), *one = emit_i64(b, 1), *steps = size;
    if (!p->periodic) steps = expand_binary(b, "Sub", size, one);
    steps = expand_cast(b, expand_binary(b, "Max", steps, one), HONE_F64);
    value *n = expand_cast(b, emit(b, "Range", IN(zero, size, one), NO_ATTRS), HONE_F64);
    value *turn = emit_scalar(b, HONE_F64, 6.283185307179586477);
    value *t = expand_binary(b, "Div", expand_binary(b, "Mul", n, turn), steps);
    value *y = emit_scalar(b, HONE_F64, a[0]);
    for (int32_t i = 1; i < 3; i++) {
        value *angle = expand_binary(b, "Mul", t, emit_scalar(b, HONE_F64, i));
        value *factor = emit_scalar(b, HONE_F64, i == 1 ? -a[i] : a[i]);
        value *wave = expand_binary(b, "Mul", expand_unary(b, "Cos", angle), factor);
        y = expand_binary(b, "Add", wave, y);
        if (a[2] == 0) break;
    }
    return draft_done(b, d, expand_cast(b, y, to));
}

static hone_status hann_expand(builder *b, draft *d) {
    static const double a[] = {0.5, 0.5, 0};
    return window_expand(b, d, a);
}
static hone_status hamming_expand(builder *b, draft *d) {
    static const double a[] = {25.0 / 46, 21.0 / 46, 0};
    return window_expand(b, d, a);
}
static hone_status blackman_expand(builder *b, draft *d) {
    static const double a[] = {0.42, 0.5, 0.08};
    return window_expand(b, d, a);
}

static const char *const cases[] = {"i64[]{10}", "i32[]{1} output_datatype=11",
                                    "i32[]{0}",  "i64[]{7} periodic=0 output_datatype=10",
                                    "i64[]",     NULL};
static const op_arg window_in[] = {{"size", DT_INDEX, 0, 0}};
static const op_arg window_out[] = {{"output", DT_NUMBERS, 0, 0}};
static const op_version since_17[] = {{17, NULL}};
#define COMPOSITE(ident, label, ...)                                                               \
    static const op onnx_##ident = {.name = label,                                                 \
                                    .domain = "",                                                  \
                                    OP_VERSIONS(since_17),                                         \
                                    OP_ATTRS(attrs, window_function_params),                       \
                                    .expand = ident##_expand,                                      \
                                    __VA_ARGS__}
COMPOSITE(hann, "HannWindow", OP_SLOTS(window), .tolerance = {TOL_REL, 1e-6}, .cases = cases);
COMPOSITE(hamming, "HammingWindow", OP_SLOTS(window), .tolerance = {TOL_REL, 1e-6}, .cases = cases);
COMPOSITE(blackman, "BlackmanWindow", OP_SLOTS(window), .tolerance = {TOL_REL, 1e-6},
          .cases = cases);

static const op *const members[] = {&onnx_hann, &onnx_hamming, &onnx_blackman};
const op_family family_window_function = {members, COUNT_OF(members)};
