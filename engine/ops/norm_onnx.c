/* SPDX-License-Identifier: Apache-2.0
 *
 * ONNX's normalisations, written over hone::LayerNorm, hone::RmsNorm and arithmetic. float64 is
 * normalised in float32, as the default stash_type says.
 */
#include "composite.h"
#include "legacy.h"

/* Of all of them; each table has the rows that its operator has. */
typedef struct norm_params {
    int64_t axis, p, num_groups;
    float epsilon;
    hone_dtype stash_type;
    int_list axes;
} norm_params;

#define EPSILON    ATTR_ROW(FLOAT, norm_params, epsilon, .f = 1e-5f)
#define STASH_TYPE ATTR_ROW(DTYPE, norm_params, stash_type, .i = HONE_F32)
static const attr_spec row_attrs[] = {ATTR_ROW(AXIS, norm_params, axis, .i = -1), EPSILON,
                                      STASH_TYPE};
static const attr_spec instance_attrs[] = {EPSILON};
static const attr_spec group_attrs[] = {
    ATTR_ROW(INT, norm_params, num_groups, .required = true, .min = 1, .max = INT32_MAX), EPSILON,
    STASH_TYPE};
static const attr_spec lp_attrs[] = {ATTR_ROW(AXIS, norm_params, axis, .i = -1),
                                     ATTR_ROW(INT, norm_params, p, .i = 2, .min = 1, .max = 2)};
static const attr_spec mean_variance_attrs[] = {ATTR_ROW(AXES, norm_params, axes)};

/* Rows from `axis` on to zero mean and unit variance, in v's own type. */
static value *standardized(builder *b, value *v, int64_t axis, float epsilon) {
    if (!v) return NULL;
    const hone_dtype t = v->type.dtype;
    value *x = t == HONE_F64 ? expand_cast(b, v, HONE_F32) : v;
    value *y =
        emit(b, "hone::LayerNorm", IN(x), ATTRS(A_INT("axis", axis), A_FLOAT("epsilon", epsilon)));
    return expand_cast(b, y, t);
}

/* Is v certain to have the shape of the last n axes of x? A broadcast of size 1 would not be. */
static bool fits_row(const value *v, const value *x, int32_t n) {
    const shape *s = &v->type.shape, *of = &x->type.shape;
    if (s->rank != n || v->type.dtype != x->type.dtype) return false;
    for (int32_t a = 0; a < n; a++)
        if (!dim_known(s->dim[a]) ||
            (s->dim[a] == 1 && (of->rank < n || of->dim[of->rank - n + a] != 1)))
            return false;
    return true;
}

/* How many axes of x a row has. An axis that counts from the end says so for any rank. */
static int32_t row_rank(builder *b, const value *x, int64_t axis) {
    if (x->type.shape.rank < 0 && axis < 0 && axis >= -HONE_MAX_RANK) return (int32_t)-axis;
    const int32_t rank = emit_rank(b, x);
    int32_t first = 0;
    if (rank >= 0 && !axis_normalize(axis, rank, &first))
        builder_fail(b, HONE_E_FORMAT, "axis is out of range for rank %d", rank);
    return rank - first;
}

/* LayerNormalization and RMSNormalization: scale and bias go into the core operator where they are
 * as long as a row, and are applied afterwards where they broadcast. */
static hone_status norm_expand(builder *b, draft *d, const char *core) {
    const norm_params *p = d->params;
    value *x = draft_in(d, 0), *scale = draft_in(d, 1), *bias = draft_in(d, 2);
    const int32_t row = row_rank(b, x, p->axis);
    if (b->status != HONE_OK) return b->status;
    value *from = x->type.dtype == HONE_F64 ? expand_cast(b, x, HONE_F32) : x;
    const bool inside = from == x && fits_row(scale, x, row) && (!bias || fits_row(bias, x, row));
    value *out[3];
    const int32_t n_out = d->n_out < 3 ? d->n_out : 3;
    emit_n(b, core, IN(from, inside ? scale : NULL, inside ? bias : NULL),
           ATTRS(A_INT("axis", -row), A_FLOAT("epsilon", p->epsilon)), out, n_out);
    for (int32_t i = 1; i < n_out; i++)
        if (expand_wants(d, i)) d->out[i] = expand_cast(b, out[i], p->stash_type);
    if (inside) return draft_done(b, d, out[0]);
    return draft_done(b, d,
                      expand_affine(b, expand_cast(b, out[0], scale->type.dtype), scale, bias));
}

static hone_status layer_norm_expand(builder *b, draft *d) {
    return norm_expand(b, d, "hone::LayerNorm");
}

static const char *const layer_norm_cases[] = {"f32[2,3,8] f32[8] f32[8] >3",
                                               "f16[4,5] f16[5] axis=-1",
                                               "f32[2,3,4] f32[3,4] axis=1",
                                               "f64[2,4] f64[4] f64[4]",
                                               "f32[2,3,4] f32[1,4] axis=-2",
                                               "f32[0,4] f32[4]",
                                               NULL};

static hone_status rms_norm_expand(builder *b, draft *d) {
    return norm_expand(b, d, "hone::RmsNorm");
}

/* The form that RMSNormalization had before ONNX had it; its second output is 1 over the root. */
static hone_status simplified_norm_expand(builder *b, draft *d) {
    const norm_params *p = d->params;
    const int32_t n_out = d->n_out;
    const bool wants = expand_wants(d, 1);
    d->n_out = 1;
    TRY(norm_expand(b, d, "hone::RmsNorm"));
    d->n_out = n_out;
    if (!wants) return b->status;
    value *x = expand_cast(b, d->in[0], HONE_F32);
    int64_t axes[HONE_MAX_RANK];
    const int32_t n = row_rank(b, x, p->axis);
    for (int32_t a = 0; a < n; a++) axes[a] = a - n;
    value *mean =
        emit(b, "ReduceMean", IN(expand_binary(b, "Mul", x, x), emit_i64s(b, axes, n)), NO_ATTRS);
    mean = expand_binary(b, "Add", mean, emit_scalar(b, HONE_F32, (double)p->epsilon));
    value *inverse = expand_unary(b, "Reciprocal", expand_unary(b, "Sqrt", mean));
    d->out[1] = expand_cast(b, inverse, p->stash_type);
    return b->status;
}

static const char *const simplified_norm_cases[] = {
    "f32[2,3,8] f32[8] >2", "f16[4,5] f16[5] axis=-1 epsilon=0.01", "f32[2,3,4] f32[3,4] axis=1 >2",
    "f32[0,4] f32[4] >2", NULL};

static const char *const rms_norm_cases[] = {"f32[2,3,8] f32[8]",
                                             "f16[4,5] f16[5] axis=-1 epsilon=0.01",
                                             "f32[2,3,4] f32[3,4] axis=1",
                                             "f64[2,4] f64[4]",
                                             "f32[0,4] f32[4]",
                                             NULL};

static hone_status instance_norm_expand(builder *b, draft *d) {
    value *x = draft_in(d, 0);
    const int32_t rank = emit_rank(b, x);
    if (rank < 0) return b->status;
    if (rank < 3) return builder_fail(b, HONE_E_FORMAT, "input has rank %d: expected 3 to 8", rank);
    value *y = standardized(b, x, 2, ((const norm_params *)d->params)->epsilon);
    value *scale = expand_per_channel(b, draft_in(d, 1), rank);
    return draft_done(b, d,
                      expand_affine(b, y, scale, expand_per_channel(b, draft_in(d, 2), rank)));
}

static const char *const instance_norm_cases[] = {
    "f32[2,3,4,5] f32[3] f32[3]", "f16[1,2,6] f16[2] f16[2]",
    "f64[1,2,3,2] f64[2] f64[2] epsilon=0.1", "f32[0,2,3] f32[2] f32[2]", NULL};

/* [N, C, ..] is normalised as [N, groups, rest]. */
static hone_status group_norm_expand(builder *b, draft *d) {
    const norm_params *p = d->params;
    value *x = draft_in(d, 0), *scale = draft_in(d, 1), *bias = draft_in(d, 2);
    const int32_t rank = emit_rank(b, x);
    if (rank < 0) return b->status;
    if (rank < 2)
        return builder_fail(b, HONE_E_FORMAT, "input has rank %d: expected at least 2", rank);
    value *y = expand_reshape(b, x, (const int64_t[]){0, p->num_groups, -1}, 3);
    y = standardized(b, y, 2, p->epsilon);
    y = emit(b, "Reshape", IN(y, emit(b, "Shape", IN(x), NO_ATTRS)), NO_ATTRS);
    return draft_done(
        b, d,
        expand_affine(b, y, expand_per_channel(b, scale, rank), expand_per_channel(b, bias, rank)));
}

static const char *const group_norm_cases[] = {
    "f32[2,4,3,3] f32[4] f32[4] num_groups=2", "f16[1,6,5] f16[6] f16[6] num_groups=3 epsilon=0.01",
    "f64[2,4] f64[4] f64[4] num_groups=1", "f32[0,4,2] f32[4] f32[4] num_groups=4", NULL};

/* v, one value a group, as one value a channel: each is repeated. */
static value *per_group(builder *b, value *v, value *repeats) {
    if (!v || !repeats) return NULL;
    value *one = emit_i64s(b, (const int64_t[]){1}, 1);
    value *dims = emit(b, "Concat", IN(one, repeats), ATTRS(A_INT("axis", 0)));
    value *rows = expand_binary(b, "Expand", expand_unsqueeze(b, v, 1), dims);
    return expand_reshape(b, rows, (const int64_t[]){-1}, 1);
}

/* Before opset 21 scale and bias had one value a group. */
static hone_status group_norm_upgrade(builder *b, draft *d) {
    value *x = draft_in(d, 0);
    const int64_t groups = draft_int(d, "num_groups", 1);
    const int32_t rank = emit_rank(b, x);
    if (b->status != HONE_OK || rank < 2 || groups < 1) return b->status;
    value *count = expand_unsqueeze(b, expand_size_of(b, x, 1), 0);
    value *repeats = expand_binary(b, "Div", count, emit_i64(b, groups));
    for (int32_t i = 1; i < 3; i++)
        TRY(draft_set_in(b, d, i, per_group(b, draft_in(d, i), repeats)));
    return b->status;
}

/* x / norm along one axis, and 0 where the norm is 0. */
static hone_status lp_norm_expand(builder *b, draft *d) {
    value *x = draft_in(d, 0);
    const norm_params *p = d->params;
    value *size = emit(b, p->p == 1 ? "ReduceL1" : "ReduceL2", IN(x, emit_i64s(b, &p->axis, 1)),
                       ATTRS(A_INT("keepdims", 1)));
    value *zero = emit_scalar(b, x->type.dtype, 0), *one = emit_scalar(b, x->type.dtype, 1);
    value *none = emit(b, "Equal", IN(size, zero), NO_ATTRS);
    value *divisor = emit(b, "Where", IN(none, one, size), NO_ATTRS);
    return draft_done(b, d, emit(b, "Div", IN(x, divisor), NO_ATTRS));
}

static const char *const lp_norm_cases[] = {
    "f32[2,3]", "f32[2,3,4] axis=0 p=1", "f16[5]", "f64[2,2] axis=-2", "f32[0,3]", "f32{0,0,0}",
    NULL};

/* (x - mean) / (standard deviation + 1e-9), the form of the operator's function. */
static hone_status mean_variance_expand(builder *b, draft *d) {
    value *x = draft_in(d, 0);
    const int_list *axes = &((const norm_params *)d->params)->axes;
    value *over =
        axes->set ? emit_i64s(b, axes->v, axes->n) : emit_i64s(b, (const int64_t[]){0, 2, 3}, 3);
    const attr keep = A_INT("keepdims", 1);
    value *c = emit(b, "Sub", IN(x, emit(b, "ReduceMean", IN(x, over), &keep, 1)), NO_ATTRS);
    value *square = emit(b, "Mul", IN(c, c), NO_ATTRS);
    value *std = emit(b, "Sqrt", IN(emit(b, "ReduceMean", IN(square, over), &keep, 1)), NO_ATTRS);
    value *raised = emit(b, "Add", IN(std, emit_scalar(b, x->type.dtype, 1e-9)), NO_ATTRS);
    return draft_done(b, d, emit(b, "Div", IN(c, raised), NO_ATTRS));
}

/* Before opset 9 flags said what is normalised. */
static hone_status mean_variance_upgrade(builder *b, draft *d) {
    static const int64_t all[] = {0, 1, 2, 3}, own[] = {0, 2, 3};
    const bool across = draft_int(d, "across_channels", 0) != 0;
    const bool variance = draft_int(d, "normalize_variance", 1) != 0;
    draft_drop(d, "across_channels");
    draft_drop(d, "normalize_variance");
    const int64_t *axes = across ? all : own;
    const int32_t n = across ? 4 : 3;
    if (variance) return draft_set_attr(b, d, A_INTS("axes", axes, n));
    TRY(draft_no_attrs(b, d));
    if (!expand_needs(b, d, 0, "input")) return b->status;
    value *mean = emit(b, "ReduceMean", IN(d->in[0], emit_i64s(b, axes, n)), NO_ATTRS);
    return draft_done(b, d, expand_binary(b, "Sub", d->in[0], mean));
}

static const char *const mean_variance_cases[] = {"f32[2,3,4,5]", "f16[2,3,4] axes=-1",
                                                  "f32[2,3] axes=0,1", "f64[1,2,3,4]", NULL};

static const op_arg layer_norm_in[] = {
    {"X", DT_FLOATS, 'T', 0}, {"Scale", DT_FLOATS, 'V', 0}, {"B", DT_FLOATS, 'V', ARG_OPTIONAL}};
static const op_arg layer_norm_out[] = {{"Y", DT_FLOATS, 'V', 0},
                                        {"Mean", DT_FLOATS, 0, ARG_OPTIONAL},
                                        {"InvStdDev", DT_FLOATS, 0, ARG_OPTIONAL}};
static const op_arg rms_norm_in[] = {{"X", DT_FLOATS, 'T', 0}, {"scale", DT_FLOATS, 'V', 0}};
static const op_arg rms_norm_out[] = {{"Y", DT_FLOATS, 'V', 0}};
static const op_arg simplified_norm_in[] = {{"X", DT_FLOATS, 'T', 0}, {"scale", DT_FLOATS, 'V', 0}};
static const op_arg simplified_norm_out[] = {{"Y", DT_FLOATS, 'V', 0},
                                             {"inv_std_var", DT_FLOATS, 0, ARG_OPTIONAL}};
static const op_arg instance_norm_in[] = {
    {"input", DT_FLOATS, 'T', 0}, {"scale", DT_FLOATS, 'T', 0}, {"B", DT_FLOATS, 'T', 0}};
static const op_arg instance_norm_out[] = {{"output", DT_FLOATS, 'T', 0}};
static const op_arg group_norm_in[] = {
    {"X", DT_FLOATS, 'T', 0}, {"scale", DT_FLOATS, 'T', 0}, {"bias", DT_FLOATS, 'T', 0}};
static const op_arg group_norm_out[] = {{"Y", DT_FLOATS, 'T', 0}};
static const op_arg lp_norm_in[] = {{"input", DT_FLOATS, 'T', 0}};
static const op_arg lp_norm_out[] = {{"output", DT_FLOATS, 'T', 0}};
static const op_arg mean_variance_in[] = {{"X", DT_FLOATS, 'T', 0}};
static const op_arg mean_variance_out[] = {{"Y", DT_FLOATS, 'T', 0}};
static const op_version since_1[] = {{1, NULL}};
static const op_version mean_variance_versions[] = {{1, mean_variance_upgrade}, {9, NULL}};
static const op_version since_18[] = {{18, group_norm_upgrade}, {21, NULL}};
static const op_version since_23[] = {{23, NULL}};

#define COMPOSITE(ident, label, since, table, ...)                                                 \
    static const op onnx_##ident = {.name = label,                                                 \
                                    .domain = "",                                                  \
                                    OP_VERSIONS(since),                                            \
                                    OP_ATTRS(table, norm_params),                                  \
                                    .expand = ident##_expand,                                      \
                                    __VA_ARGS__}
/* ONNX has LayerNormalization since opset 17, files of ONNX Runtime with any; the simplified one is
 * theirs alone. */
COMPOSITE(layer_norm, "LayerNormalization", since_1, row_attrs, OP_SLOTS(layer_norm),
          .tolerance = {TOL_REL, 1e-5}, .cases = layer_norm_cases);
COMPOSITE(rms_norm, "RMSNormalization", since_23, row_attrs, OP_SLOTS(rms_norm),
          .tolerance = {TOL_REL, 1e-5}, .cases = rms_norm_cases);
COMPOSITE(simplified_norm, "SimplifiedLayerNormalization", since_1, row_attrs,
          OP_SLOTS(simplified_norm), .tolerance = {TOL_REL, 1e-5}, .cases = simplified_norm_cases);
COMPOSITE(instance_norm, "InstanceNormalization", legacy_unary_versions, instance_attrs,
          OP_SLOTS(instance_norm), .tolerance = {TOL_REL, 1e-5}, .cases = instance_norm_cases);
COMPOSITE(group_norm, "GroupNormalization", since_18, group_attrs, OP_SLOTS(group_norm),
          .tolerance = {TOL_REL, 1e-5}, .cases = group_norm_cases);
COMPOSITE(lp_norm, "LpNormalization", since_1, lp_attrs, OP_SLOTS(lp_norm),
          .tolerance = {TOL_REL, 1e-6}, .cases = lp_norm_cases);
COMPOSITE(mean_variance, "MeanVarianceNormalization", mean_variance_versions, mean_variance_attrs,
          OP_SLOTS(mean_variance), .tolerance = {TOL_REL, 1e-5}, .cases = mean_variance_cases);

static const op *const members[] = {&onnx_layer_norm,    &onnx_rms_norm,   &onnx_simplified_norm,
                                    &onnx_instance_norm, &onnx_group_norm, &onnx_lp_norm,
                                    &onnx_mean_variance};
const op_family family_norm_onnx = {members, COUNT_OF(members)};
