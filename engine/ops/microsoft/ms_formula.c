/* SPDX-License-Identifier: Apache-2.0
 *
 * com.microsoft operators that are a short formula: distances, complex numbers, transforms, gates
 * and the position biases of attention.
 */
#include <math.h>

#include "composite.h"
#include "op.h"

typedef struct formula_params {
    int32_t metric;
    int64_t signal_ndim, num_heads, max_distance;
    bool is_bidirectional, onesided, normalized;
} formula_params;

enum { METRIC_SQUARED };
static const char *const metrics[] = {"sqeuclidean", "euclidean", NULL};
static const attr_spec distance_attrs[] = {
    ATTR_ROW(CHOICE, formula_params, metric, .choices = metrics)};
#define FFT_ATTRS                                                                                  \
    ATTR_ROW(BOOL, formula_params, onesided, .i = 1), ATTR_ROW(BOOL, formula_params, normalized)
static const attr_spec rfft_attrs[] = {
    FFT_ATTRS, ATTR_ROW(INT, formula_params, signal_ndim, .i = 1, .min = 1, .max = 3)};
static const attr_spec gated_bias_attrs[] = {
    ATTR_ROW(INT, formula_params, num_heads, .required = true, .min = 1, .max = INT32_MAX)};
static const attr_spec bins_attrs[] = {
    ATTR_ROW(INT, formula_params, max_distance, .required = true, .min = 1, .max = INT32_MAX),
    ATTR_ROW(BOOL, formula_params, is_bidirectional)};

static value *add(builder *b, value *x, value *y) { return expand_binary(b, "Add", x, y); }
static value *sub(builder *b, value *x, value *y) { return expand_binary(b, "Sub", x, y); }
static value *mul(builder *b, value *x, value *y) { return expand_binary(b, "Mul", x, y); }

/* Sums of squares along the last axis. */
static value *squares(builder *b, value *v, bool keep) {
    return emit(b, "ReduceSumSquare", IN(v, emit_i64s(b, (const int64_t[]){-1}, 1)),
                ATTRS(A_INT("keepdims", keep)));
}

/* |x|^2 + |y|^2 - 2 x y of all pairs of rows, which rounding may make negative. */
static hone_status distance_expand(builder *b, draft *d) {
    const hone_dtype t = d->in[0]->type.dtype;
    value *x = mul(b, d->in[0], emit_scalar(b, t, -2));
    value *y = emit(b, "hone::MatMul", IN(x, d->in[1]), ATTRS(A_INT("trans_b", 1)));
    y = add(b, add(b, y, squares(b, d->in[0], true)), squares(b, d->in[1], false));
    y = expand_binary(b, "Max", y, emit_scalar(b, t, 0));
    const bool squared = ((const formula_params *)d->params)->metric == METRIC_SQUARED;
    return draft_done(b, d, squared ? y : expand_unary(b, "Sqrt", y));
}

/* Products of complex numbers, which are the pairs of the last axis. */
static hone_status complex_product(builder *b, draft *d, bool conjugate) {
    value *x[2], *y[2];
    for (int64_t i = 0; i < 2; i++) {
        x[i] = expand_slice(b, d->in[0], -1, i, i + 1, 1);
        y[i] = expand_slice(b, d->in[1], -1, i, i + 1, 1);
    }
    const char *with = conjugate ? "Add" : "Sub", *across = conjugate ? "Sub" : "Add";
    value *re = expand_binary(b, with, mul(b, x[0], y[0]), mul(b, x[1], y[1]));
    value *im = expand_binary(b, across, mul(b, x[1], y[0]), mul(b, x[0], y[1]));
    return draft_done(b, d, emit(b, "Concat", IN(re, im), ATTRS(A_INT("axis", -1))));
}

static hone_status complex_mul_expand(builder *b, draft *d) { return complex_product(b, d, false); }
static hone_status complex_conj_expand(builder *b, draft *d) { return complex_product(b, d, true); }

/* The transform along `axis`, in the type of the input. */
static value *transform(builder *b, value *x, int64_t axis, bool inverse, bool onesided) {
    return emit(b, "DFT", IN(x, NULL, emit_i64(b, axis)),
                ATTRS(A_INT("inverse", inverse), A_INT("onesided", onesided)));
}

static hone_status check_transform(builder *b, const draft *d) {
    const formula_params *p = d->params;
    if (!p->onesided || p->normalized)
        return builder_fail(b, HONE_E_UNSUPPORTED, "two sides and norms are not supported");
    return b->status;
}

/* The last signal axis has one side of the spectrum, the others all of it. */
static hone_status rfft_expand(builder *b, draft *d) {
    const int64_t n = ((const formula_params *)d->params)->signal_ndim;
    TRY(check_transform(b, d));
    value *y = transform(b, expand_unsqueeze(b, d->in[0], -1), -2, false, true);
    for (int64_t i = 1; i < n; i++) y = transform(b, y, -2 - i, false, false);
    return draft_done(b, d, y);
}

static hone_status irfft_expand(builder *b, draft *d) {
    const int64_t n = ((const formula_params *)d->params)->signal_ndim;
    TRY(check_transform(b, d));
    value *y = d->in[0];
    for (int64_t i = n - 1; i > 0; i--) y = transform(b, y, -2 - i, true, false);
    return draft_done(b, d, expand_squeeze(b, transform(b, y, -2, true, true), -1));
}

/* x + y * gate, one gate a row. */
static hone_status gated_add_expand(builder *b, draft *d) {
    if (draft_in(d, 3)) return builder_fail(b, HONE_E_UNSUPPORTED, "gate_weight is not supported");
    return draft_done(b, d, add(b, d->in[0], mul(b, d->in[1], d->in[2])));
}

/* The decay and update rates of a linear attention, from their projections. */
static hone_status linear_gate_expand(builder *b, draft *d) {
    const hone_dtype t = d->in[0]->type.dtype;
    value *a = add(b, expand_cast(b, d->in[0], HONE_F32), d->in[1]);
    value *decay = mul(b, expand_unary(b, "Softplus", a), d->in[2]);
    if (expand_wants(d, 1)) {
        if (!expand_needs(b, d, 3, "b")) return b->status;
        d->out[1] = expand_unary(b, "Sigmoid", d->in[3]);
    }
    return draft_done(b, d, expand_cast(b, decay, t));
}

enum { GRB_QUERY, GRB_QUERY_BIAS, GRB_PLACES, GRB_WEIGHT, GRB_BIAS, GRB_ECO, GRB_OFFSETS };

/* rel_pos * (u * (r * eco - 1) + 2), where the gates u and r are the sigmoids of the sums of both
 * halves of a projection of the query. */
static hone_status gated_bias_expand(builder *b, draft *d) {
    const int64_t heads = ((const formula_params *)d->params)->num_heads, perm[] = {0, 2, 1, 3};
    value *gate[2];
    if (draft_in(d, GRB_OFFSETS))
        return builder_fail(b, HONE_E_UNSUPPORTED, "packed queries are not supported");
    const hone_dtype t = d->in[GRB_QUERY]->type.dtype;
    value *q = add(b, d->in[GRB_QUERY], d->in[GRB_QUERY_BIAS]);
    q = expand_reshape(b, q, (const int64_t[]){0, 0, heads, -1}, 4);
    q = emit(b, "Transpose", IN(q), ATTRS(A_INTS("perm", perm, 4)));
    value *projected = add(b, expand_binary(b, "MatMul", q, d->in[GRB_WEIGHT]), d->in[GRB_BIAS]);
    emit_n(b, "Split", IN(projected), ATTRS(A_INT("axis", -1), A_INT("num_outputs", 2)), gate, 2);
    for (int32_t i = 0; i < 2; i++) {
        gate[i] = emit(b, "ReduceSum", IN(gate[i], emit_i64s(b, (const int64_t[]){-1}, 1)),
                       ATTRS(A_INT("keepdims", 1)));
        gate[i] = expand_unary(b, "Sigmoid", gate[i]);
    }
    value *r = sub(b, mul(b, gate[1], d->in[GRB_ECO]), emit_scalar(b, t, 1));
    value *u = add(b, mul(b, gate[0], r), emit_scalar(b, t, 2));
    return draft_done(b, d, mul(b, u, d->in[GRB_PLACES]));
}

/* The bin of each distance [S, T]: half of the bins are exact, the others grow up to `most`. */
static value *bins(builder *b, value *distance, int64_t count, int64_t most) {
    const int64_t exact = count / 2;
    const double growth = (double)(count - exact) / log((double)most / (double)exact);
    value *x = expand_cast(b, distance, HONE_F32);
    x = expand_binary(b, "Div", x, emit_scalar(b, HONE_F32, (double)exact));
    x = expand_binary(b, "Max", x, emit_scalar(b, HONE_F32, 1));
    value *far = mul(b, expand_unary(b, "Log", x), emit_scalar(b, HONE_F32, growth));
    far = add(b, expand_cast(b, far, HONE_I64), emit_i64(b, exact));
    far = expand_binary(b, "Min", far, emit_i64(b, count - 1));
    value *near = expand_binary(b, "Less", distance, emit_i64(b, exact));
    return emit(b, "Where", IN(near, distance, far), NO_ATTRS);
}

/* A row of the table [bins, heads] for each query and key, by how far the key is. */
static hone_status binned_bias_expand(builder *b, draft *d) {
    const formula_params *p = d->params;
    const int64_t perm[] = {2, 0, 1};
    const shape *table = &d->in[0]->type.shape;
    if (table->rank != 2 || !dim_known(table->dim[0]) || table->dim[0] < 4)
        return builder_fail(b, HONE_E_UNSUPPORTED,
                            "the number of bins is not known to be 4 or more");
    value *zero = emit_i64(b, 0), *one = emit_i64(b, 1), *range[2];
    for (int32_t i = 0; i < 2; i++) {
        value *n = expand_reshape(b, d->in[i + 1], NULL, 0);
        range[i] = emit(b, "Range", IN(zero, n, one), NO_ATTRS);
    }
    value *ahead = sub(b, expand_unsqueeze(b, range[1], 0), expand_unsqueeze(b, range[0], 1));
    const int64_t count = p->is_bidirectional ? table->dim[0] / 2 : table->dim[0];
    if (p->max_distance <= count / 2)
        return builder_fail(b, HONE_E_FORMAT, "max_distance is %lld: expected more than %lld",
                            (long long)p->max_distance, (long long)(count / 2));
    value *distance = p->is_bidirectional
                          ? expand_unary(b, "Abs", ahead)
                          : expand_binary(b, "Max", expand_unary(b, "Neg", ahead), zero);
    value *bin = bins(b, distance, count, p->max_distance);
    if (p->is_bidirectional) {
        value *later = expand_binary(b, "Greater", ahead, zero);
        bin = add(b, bin, emit(b, "Where", IN(later, emit_i64(b, count), zero), NO_ATTRS));
    }
    value *y = expand_binary(b, "Gather", d->in[0], bin);
    y = emit(b, "Transpose", IN(y), ATTRS(A_INTS("perm", perm, 3)));
    return draft_done(b, d, expand_unsqueeze(b, y, 0));
}

static const char *const distance_cases[] = {
    "f32[3,4] f32[5,4]", "f64[2,3] f64[2,3] metric=euclidean", "f32[0,4] f32[5,4]", NULL};
static const char *const complex_cases[] = {"f32[2,3,2] f32[2,3,2]", "f16[3,2] f16[1,2]",
                                            "f32[0,2] f32[0,2]", NULL};
static const char *const rfft_cases[] = {"f32[2,8]", "f64[3,4,6] signal_ndim=2", "f32[0,8]", NULL};
static const char *const irfft_cases[] = {"f32[2,5,2]", "f32[3,4,4,2] signal_ndim=2", "f32[0,5,2]",
                                          NULL};
static const char *const gated_add_cases[] = {"f32[2,3,4] f32[2,3,4] f32[2,3,1]",
                                              "f32[0,4] f32[0,4] f32[0,1]", NULL};
static const char *const linear_gate_cases[] = {"f32[2,3,4] f32[4] f32[4] f32[2,3,4] >2",
                                                "f16[1,3,2] f32[2] f32[2]",
                                                "f32[0,3,2] f32[2] f32[2]", NULL};
static const char *const gated_bias_cases[] = {
    "f32[2,3,8] f32[8] f32[1,2,3,3] f32[4,6] f32[6] f32[1,2,1,1] num_heads=2",
    "f32[0,3,8] f32[8] f32[1,2,3,3] f32[4,6] f32[6] f32[1,2,1,1] num_heads=2", NULL};
static const char *const binned_bias_cases[] = {
    "f32[8,3] i64{5} i64{7} max_distance=16",
    "f32[8,3] i64[]{5} i64[]{5} max_distance=16 is_bidirectional=1",
    "f32[8,2] i64{0} i64{3} max_distance=16", NULL};

static const op_arg binary_in[] = {{"A", DT_FLOATS, 'T', 0}, {"B", DT_FLOATS, 'T', 0}};
static const op_arg binary_out[] = {{"C", DT_FLOATS, 'T', 0}};
static const op_arg fft_in[] = {{"X", DT_FLOATS, 'T', 0}};
static const op_arg fft_out[] = {{"Y", DT_FLOATS, 'T', 0}};
static const op_arg gated_add_in[] = {{"X", DT_FLOATS, 'T', 0},
                                      {"Y", DT_FLOATS, 'T', 0},
                                      {"gate", DT_FLOATS, 'T', 0},
                                      {"gate_weight", DT_FLOATS, 'T', ARG_OPTIONAL}};
static const op_arg gated_add_out[] = {{"output", DT_FLOATS, 'T', 0}};
static const op_arg linear_gate_in[] = {{"a", DT_FLOATS, 'T', 0},
                                        {"dt_bias", DT(HONE_F32), 0, 0},
                                        {"decay_scale", DT(HONE_F32), 0, 0},
                                        {"b", DT_FLOATS, 'T', ARG_OPTIONAL}};
static const op_arg linear_gate_out[] = {{"decay", DT_FLOATS, 'T', 0},
                                         {"beta", DT_FLOATS, 'T', ARG_OPTIONAL}};
static const op_arg gated_bias_in[] = {{"query_layer", DT_FLOATS, 'T', 0},
                                       {"query_bias", DT_FLOATS, 'T', 0},
                                       {"rel_pos", DT_FLOATS, 'T', 0},
                                       {"weight", DT_FLOATS, 'T', 0},
                                       {"bias", DT_FLOATS, 'T', 0},
                                       {"eco_a", DT_FLOATS, 'T', 0},
                                       {"token_offset", DT_INDEX, 0, ARG_OPTIONAL}};
static const op_arg gated_bias_out[] = {{"output", DT_FLOATS, 'T', 0}};
static const op_arg binned_bias_in[] = {{"bias_table", DT_FLOATS, 'T', 0},
                                        {"query_length", DT(HONE_I64), 0, 0},
                                        {"key_length", DT(HONE_I64), 0, 0}};
static const op_arg binned_bias_out[] = {{"output", DT_FLOATS, 'T', 0}};
static const op_version versions[] = {{1, NULL}};
#define FORMULA(ident, label, ...)                                                                 \
    static const op op_##ident = {.name = label,                                                   \
                                  .domain = "com.microsoft",                                       \
                                  OP_VERSIONS(versions),                                           \
                                  .expand = ident##_expand,                                        \
                                  .tolerance = {TOL_REL, 1e-5},                                    \
                                  __VA_ARGS__}
FORMULA(distance, "CDist", OP_SLOTS(binary), OP_ATTRS(distance_attrs, formula_params),
        .cases = distance_cases);
FORMULA(complex_mul, "ComplexMul", OP_SLOTS(binary), .cases = complex_cases);
FORMULA(complex_conj, "ComplexMulConj", OP_SLOTS(binary), .cases = complex_cases);
FORMULA(rfft, "Rfft", OP_SLOTS(fft), OP_ATTRS(rfft_attrs, formula_params), .cases = rfft_cases);
FORMULA(irfft, "Irfft", OP_SLOTS(fft), OP_ATTRS(rfft_attrs, formula_params), .cases = irfft_cases);
FORMULA(gated_add, "GatedAdd", OP_SLOTS(gated_add), .cases = gated_add_cases);
FORMULA(linear_gate, "LinearAttentionGate", OP_SLOTS(linear_gate), .cases = linear_gate_cases);
FORMULA(gated_bias, "GatedRelativePositionBias", OP_SLOTS(gated_bias),
        OP_ATTRS(gated_bias_attrs, formula_params), .cases = gated_bias_cases);
FORMULA(binned_bias, "RelativePositionBias", OP_SLOTS(binned_bias),
        OP_ATTRS(bins_attrs, formula_params), .cases = binned_bias_cases);

static const op *const members[] = {&op_distance,    &op_complex_mul, &op_complex_conj,
                                    &op_rfft,        &op_irfft,       &op_gated_add,
                                    &op_linear_gate, &op_gated_bias,  &op_binned_bias};
const op_family family_ms_formula = {members, COUNT_OF(members)};
