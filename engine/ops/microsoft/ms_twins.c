/* SPDX-License-Identifier: Apache-2.0
 *
 * Operators of com.microsoft that came before ONNX had them, or that differ from ONNX's in how they
 * state an input, an output or an attribute.
 */
#include "composite.h"
#include "op.h"

typedef struct twin_params {
    int32_t mode, padding_mode;
    int64_t size, step, dim;
    bool upper, align_corners, only_nan, only_inf;
    int64_t seed;
} twin_params;

static const char *const sample_modes[] = {"bilinear", "nearest", "bicubic", NULL};
static const char *const paddings[] = {"zeros", "border", "reflection", NULL};
static const char *const pad_modes[] = {"constant", "reflect", "edge", "wrap", NULL};
static const attr_spec trilu_attrs[] = {ATTR_ROW(BOOL, twin_params, upper, .i = 1)};
static const attr_spec pad_attrs[] = {ATTR_ROW(CHOICE, twin_params, mode, .choices = pad_modes)};
static const attr_spec sample_attrs[] = {
    ATTR_ROW(CHOICE, twin_params, mode, .choices = sample_modes),
    ATTR_ROW(CHOICE, twin_params, padding_mode, .choices = paddings),
    ATTR_ROW(BOOL, twin_params, align_corners)};
static const attr_spec unfold_attrs[] = {
    ATTR_ROW(AXIS, twin_params, dim, .i = -1),
    ATTR_ROW(INT, twin_params, size, .required = true, .min = 1, .max = INT32_MAX),
    ATTR_ROW(INT, twin_params, step, .i = 1, .min = 1, .max = INT32_MAX)};
static const attr_spec finite_attrs[] = {ATTR_NAMED(BOOL, "isnan_only", twin_params, only_nan),
                                         ATTR_NAMED(BOOL, "isinf_only", twin_params, only_inf)};
static const attr_spec dropout_attrs[] = {ATTR_ROW(INT, twin_params, seed)};

static value *scalar_of(builder *b, value *v) { return v ? expand_reshape(b, v, NULL, 0) : NULL; }

/* The same operator of ONNX with the same inputs and attributes. */
static hone_status same_expand(builder *b, draft *d) {
    return draft_done(b, d, emit(b, d->type, d->in, d->n_in, d->attrs, d->n_attrs));
}

static hone_status echo_expand(builder *b, draft *d) { return draft_done(b, d, d->in[0]); }

static hone_status expand_dims_expand(builder *b, draft *d) {
    value *axis = expand_cast(b, expand_reshape(b, d->in[1], (const int64_t[]){1}, 1), HONE_I64);
    return draft_done(b, d, expand_binary(b, "Unsqueeze", d->in[0], axis));
}

static hone_status gather_nd_expand(builder *b, draft *d) {
    return draft_done(b, d,
                      expand_binary(b, "GatherND", d->in[0], expand_cast(b, d->in[1], HONE_I64)));
}

static hone_status grid_sample_expand(builder *b, draft *d) {
    static const char *const modes[] = {"linear", "nearest", "cubic"};
    TRY(draft_set_attr(b, d, A_STRING("mode", modes[((const twin_params *)d->params)->mode])));
    return same_expand(b, d);
}

static hone_status pad_expand(builder *b, draft *d) {
    value *pads = expand_reshape(b, d->in[1], (const int64_t[]){-1}, 1);
    value *y =
        emit(b, "Pad", IN(d->in[0], pads, scalar_of(b, draft_in(d, 2))), d->attrs, d->n_attrs);
    return draft_done(b, d, y);
}

static hone_status range_expand(builder *b, draft *d) {
    value *by = scalar_of(b, draft_in(d, 2));
    if (!by) by = emit_scalar(b, d->in[0]->type.dtype, 1);
    return draft_done(
        b, d, emit(b, "Range", IN(scalar_of(b, d->in[0]), scalar_of(b, d->in[1]), by), NO_ATTRS));
}

/* In the order of first appearance; ONNX's second output is another one. */
static hone_status unique_expand(builder *b, draft *d) {
    enum { Y, FIRST, INVERSE, COUNTS };
    value *out[4];
    emit_n(b, "Unique", IN(d->in[0]), ATTRS(A_INT("sorted", 0)), out, 4);
    if (expand_wants(d, 1)) d->out[1] = out[INVERSE];
    if (expand_wants(d, 2)) d->out[2] = out[COUNTS];
    return draft_done(b, d, out[Y]);
}

/* Windows of `size` along an axis, `step` apart: the axis counts them, a new last one is theirs. */
static hone_status unfold_expand(builder *b, draft *d) {
    const twin_params *p = d->params;
    const int32_t rank = emit_rank(b, d->in[0]);
    int64_t perm[HONE_MAX_RANK];
    int32_t axis, n = 0;
    if (rank < 0) return b->status;
    if (rank >= HONE_MAX_RANK || !axis_normalize(p->dim, rank, &axis))
        return builder_fail(b, HONE_E_FORMAT, "dim is out of range for rank %d", rank);
    value *zero = emit_i64(b, 0), *size = emit_i64(b, p->size), *by = emit_i64(b, p->step);
    value *room = expand_binary(b, "Sub", expand_size_of(b, d->in[0], axis), size);
    value *end = expand_binary(b, "Add", room, emit_i64(b, 1));
    value *starts = expand_unsqueeze(b, emit(b, "Range", IN(zero, end, by), NO_ATTRS), 1);
    value *within = emit(b, "Range", IN(zero, size, emit_i64(b, 1)), NO_ATTRS);
    value *y = emit(b, "Gather", IN(d->in[0], expand_binary(b, "Add", starts, within)),
                    ATTRS(A_INT("axis", axis)));
    for (int32_t a = 0; a <= rank; a++)
        if (a != axis + 1) perm[n++] = a;
    perm[n++] = axis + 1;
    return draft_done(b, d, emit(b, "Transpose", IN(y), ATTRS(A_INTS("perm", perm, n))));
}

/* Is no element of any input of a kind that is asked for? */
static hone_status finite_expand(builder *b, draft *d) {
    const twin_params *p = d->params;
    value *all = NULL;
    for (int32_t i = 0; i < d->n_in; i++) {
        if (!expand_needs(b, d, i, "input")) return b->status;
        value *nan = p->only_inf ? NULL : expand_unary(b, "IsNaN", d->in[i]);
        value *inf = p->only_nan ? NULL : expand_unary(b, "IsInf", d->in[i]);
        value *bad = nan && inf ? expand_binary(b, "Or", nan, inf) : nan ? nan : inf;
        if (!bad) return builder_fail(b, HONE_E_FORMAT, "isnan_only and isinf_only exclude all");
        value *any =
            emit(b, "ReduceMax", IN(expand_cast(b, bad, HONE_U8)), ATTRS(A_INT("keepdims", 0)));
        value *fine = expand_unary(b, "Not", expand_cast(b, any, HONE_BOOL));
        all = all ? expand_binary(b, "And", all, fine) : fine;
    }
    if (!all) return builder_fail(b, HONE_E_FORMAT, "has no inputs");
    return draft_done(b, d, all);
}

static hone_status embedding_expand(builder *b, draft *d) {
    return draft_done(b, d, expand_binary(b, "Gather", d->in[0], d->in[1]));
}

/* Dropout(data + bias) + residual. */
static hone_status bias_dropout_expand(builder *b, draft *d) {
    value *out[2];
    value *sum = expand_binary(b, "Add", d->in[0], d->in[1]), *residual = draft_in(d, 2);
    emit_n(b, "Dropout", IN(sum, draft_in(d, 3), draft_in(d, 4)), d->attrs, d->n_attrs, out,
           expand_wants(d, 1) ? 2 : 1);
    if (expand_wants(d, 1)) d->out[1] = out[1];
    return draft_done(b, d, residual ? expand_binary(b, "Add", out[0], residual) : out[0]);
}

static const char *const trilu_cases[] = {"f32[3,4]", "i64[2,3,3] i64[]{1} upper=0", "f32[0,3,3]",
                                          NULL};
static const char *const echo_cases[] = {"f32[2,3]", "f32[0]", NULL};
static const char *const expand_dims_cases[] = {"f32[2,3] i32[]{1}", "f16[3] i32{-1}",
                                                "f32[0,3] i32[]{0}", NULL};
static const char *const gather_nd_cases[] = {"f32[2,3] i32[2,2]{0,1,1,2}", "f32[3,0] i64[1,1]{0}",
                                              NULL};
static const char *const sample_cases[] = {
    "f32[1,2,4,4] f32[1,3,3,2]", "f32[1,1,4,4] f32[1,2,3,2] mode=bicubic align_corners=1",
    "f32[1,2,4,4] f32[1,3,3,2] mode=nearest padding_mode=border", "f32[0,2,4,4] f32[0,3,3,2]",
    NULL};
static const char *const pad_cases[] = {
    "f32[2,3] i64{1,0,0,2}", "f32[2,3] i64[1,4]{1,0,0,2} f32{1.5}",
    "f32[4,3] i64{1,1,1,1} mode=reflect", "f32[0,3] i64{0,1,0,1}", NULL};
static const char *const range_cases[] = {"f32{1} f32{4}", "i64[]{5} i64[]{0} i64[]{-2}",
                                          "i32{3} i32{3}", NULL};
static const char *const unique_cases[] = {"f32{2,1,1,3,4,3} >3", "i64[9] >3", "f32[0] >3", NULL};
static const char *const unfold_cases[] = {"f32[2,3,7] size=3 step=2", "i64[5,2] dim=0 size=2",
                                           "f32[0,4] size=2", NULL};
static const char *const finite_cases[] = {"f32[2,3] f16[4]", "f32[3]{1,inf,2} isnan_only=1",
                                           "f32[3]{1,nan,2}", "f32[0]", NULL};
static const char *const embedding_cases[] = {"f32[5,3] i64[2,2]{0,1,4,3}", "f32[5,3] i64[0]{}",
                                              NULL};
static const char *const bias_dropout_cases[] = {
    "f32[2,3] f32[3] f32[2,3]", "f16[2,4] f16[4] _ f32[]{0.5} >2", "f32[0,3] f32[3]", NULL};

#define RANGE_TYPES  (DT_FLOATS | DT(HONE_I16) | DT_INDEX)
#define UNIQUE_TYPES (DT_NUMBERS | DT_BOOL | DT(HONE_STRING) | DT(HONE_C64) | DT(HONE_C128))
static const op_arg trilu_in[] = {{"X", DT_MOVABLE, 'T', 0}, {"k", DT(HONE_I64), 0, ARG_OPTIONAL}};
static const op_arg trilu_out[] = {{"Y", DT_MOVABLE, 'T', 0}};
static const op_arg echo_in[] = {{"X", DT_ALL, 'T', 0}};
static const op_arg echo_out[] = {{"Y", DT_ALL, 'T', 0}};
static const op_arg expand_dims_in[] = {{"X", DT_ALL, 'T', 0}, {"axis", DT_INDEX, 0, 0}};
static const op_arg expand_dims_out[] = {{"Y", DT_ALL, 'T', 0}};
static const op_arg gather_nd_in[] = {{"data", DT_MOVABLE, 'T', 0}, {"indices", DT_INDEX, 0, 0}};
static const op_arg gather_nd_out[] = {{"output", DT_MOVABLE, 'T', 0}};
static const op_arg sample_in[] = {{"X", DT_NUMBERS | DT_BOOL, 'T', 0},
                                   {"Grid", DT_NUMBERS | DT_BOOL, 0, 0}};
static const op_arg sample_out[] = {{"Y", DT_NUMBERS | DT_BOOL, 'T', 0}};
static const op_arg pad_in[] = {{"data", DT_MOVABLE, 'T', 0},
                                {"pads", DT(HONE_I64), 0, 0},
                                {"value", DT_MOVABLE, 'T', ARG_OPTIONAL}};
static const op_arg pad_out[] = {{"output", DT_MOVABLE, 'T', 0}};
static const op_arg range_in[] = {{"start", RANGE_TYPES, 'T', 0},
                                  {"limit", RANGE_TYPES, 'T', 0},
                                  {"delta", RANGE_TYPES, 'T', ARG_OPTIONAL}};
static const op_arg range_out[] = {{"Y", RANGE_TYPES, 'T', 0}};
static const op_arg unique_in[] = {{"x", UNIQUE_TYPES, 'T', 0}};
static const op_arg unique_out[] = {
    {"y", UNIQUE_TYPES, 'T', 0}, {"idx", DT(HONE_I64), 0, 0}, {"counts", DT(HONE_I64), 0, 0}};
static const op_arg unfold_in[] = {{"input", DT_MOVABLE, 'T', 0}};
static const op_arg unfold_out[] = {{"output", DT_MOVABLE, 'T', 0}};
static const op_arg finite_in[] = {{"input", DT_FLOATS, 0, ARG_VARIADIC}};
static const op_arg finite_out[] = {{"output", DT_BOOL, 0, 0}};
static const op_arg embedding_in[] = {{"weight", DT_MOVABLE, 'T', 0},
                                      {"indices", DT_INDEX, 0, 0},
                                      {"padding_idx", DT(HONE_I64), 0, ARG_OPTIONAL},
                                      {"scale_grad_by_freq", DT_BOOL, 0, ARG_OPTIONAL}};
static const op_arg embedding_out[] = {{"Y", DT_MOVABLE, 'T', 0}};
static const op_arg bias_dropout_in[] = {{"data", DT_FLOATS, 'T', 0},
                                         {"bias", DT_FLOATS, 'T', 0},
                                         {"residual", DT_FLOATS, 'T', ARG_OPTIONAL},
                                         {"ratio", DT_FLOATS, 0, ARG_OPTIONAL},
                                         {"training_mode", DT_BOOL, 0, ARG_OPTIONAL}};
static const op_arg bias_dropout_out[] = {{"output", DT_FLOATS, 'T', 0},
                                          {"mask", DT_BOOL, 0, ARG_OPTIONAL}};
static const op_version versions[] = {{1, NULL}};
#define TWIN(ident, label, ...)                                                                    \
    static const op twin_##ident = {.name = label,                                                 \
                                    .domain = "com.microsoft",                                     \
                                    OP_VERSIONS(versions),                                         \
                                    .tolerance = {TOL_REL, 1e-5},                                  \
                                    __VA_ARGS__}
TWIN(trilu, "Trilu", OP_SLOTS(trilu), OP_ATTRS(trilu_attrs, twin_params), .expand = same_expand,
     .cases = trilu_cases);
TWIN(sample_op, "SampleOp", OP_SLOTS(echo), .expand = echo_expand, .cases = echo_cases);
TWIN(expand_dims, "ExpandDims", OP_SLOTS(expand_dims), .expand = expand_dims_expand,
     .cases = expand_dims_cases);
TWIN(gather_nd, "GatherND", OP_SLOTS(gather_nd), .expand = gather_nd_expand,
     .cases = gather_nd_cases);
TWIN(grid_sample, "GridSample", OP_SLOTS(sample), OP_ATTRS(sample_attrs, twin_params),
     .expand = grid_sample_expand, .cases = sample_cases);
TWIN(pad, "Pad", OP_SLOTS(pad), OP_ATTRS(pad_attrs, twin_params), .expand = pad_expand,
     .cases = pad_cases);
TWIN(range, "Range", OP_SLOTS(range), .expand = range_expand, .cases = range_cases);
TWIN(unique, "Unique", OP_SLOTS(unique), .expand = unique_expand, .cases = unique_cases);
TWIN(unfold, "UnfoldTensor", OP_SLOTS(unfold), OP_ATTRS(unfold_attrs, twin_params),
     .expand = unfold_expand, .cases = unfold_cases);
TWIN(finite, "IsAllFinite", OP_SLOTS(finite), OP_ATTRS(finite_attrs, twin_params),
     .expand = finite_expand, .cases = finite_cases);
TWIN(embedding, "TorchEmbedding", OP_SLOTS(embedding), .expand = embedding_expand,
     .cases = embedding_cases);
TWIN(bias_dropout, "BiasDropout", OP_SLOTS(bias_dropout), OP_ATTRS(dropout_attrs, twin_params),
     .expand = bias_dropout_expand, .cases = bias_dropout_cases);

static const op *const members[] = {&twin_trilu,     &twin_sample_op,   &twin_expand_dims,
                                    &twin_gather_nd, &twin_grid_sample, &twin_pad,
                                    &twin_range,     &twin_unique,      &twin_unfold,
                                    &twin_finite,    &twin_embedding,   &twin_bias_dropout};
const op_family family_ms_twins = {members, COUNT_OF(members)};
