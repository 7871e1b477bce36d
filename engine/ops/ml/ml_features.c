/* SPDX-License-Identifier: Apache-2.0
 *
 * Operators of ai.onnx.ml that prepare features, written over arithmetic.
 */
#include <math.h>

#include "composite.h"
#include "ml_composite.h"

/* Of all of them; each table has the rows that its operator has. */
typedef struct feature_params {
    float threshold, replaced_value_float;
    int64_t replaced_value_int64;
    int32_t norm;
    int_list inputdimensions, imputed_value_int64s;
    float_list scale, offset, imputed_value_floats;
} feature_params;

/* ---- ArrayFeatureExtractor ------------------------------------------------------------------- */

static hone_status extractor_expand(builder *b, draft *d) {
    value *x = d->in[0]->type.shape.rank == 1 ? expand_unsqueeze(b, d->in[0], 0) : d->in[0];
    value *index = expand_reshape(b, d->in[1], (const int64_t[]){-1}, 1);
    return draft_done(b, d, emit(b, "Gather", IN(x, index), ATTRS(A_INT("axis", -1))));
}

static const char *const extractor_cases[] = {"f32[2,5] i64{4,0,1}", "i32[5] i64[1,2]{1,1}",
                                              "str{a,b,c} i64{2}",   "f64[2,3,4] i64{3}",
                                              "i64[0,3] i64{2}",     NULL};

/* ---- Binarizer ------------------------------------------------------------------------------- */

static const attr_spec binarizer_attrs[] = {ATTR_ROW(FLOAT, feature_params, threshold)};

static hone_status binarizer_expand(builder *b, draft *d) {
    const hone_dtype t = d->in[0]->type.dtype;
    value *x = dtype_in(t, DT_FLOATS) ? d->in[0] : expand_cast(b, d->in[0], HONE_F64);
    value *limit =
        emit_scalar(b, x->type.dtype, (double)((const feature_params *)d->params)->threshold);
    return draft_done(b, d, expand_cast(b, expand_binary(b, "Greater", x, limit), t));
}

static const char *const binarizer_cases[] = {"f32[2,3] threshold=0.5", "i64[7] threshold=2.5",
                                              "f64[]", "f32[0,2]", NULL};

/* ---- FeatureVectorizer ----------------------------------------------------------------------- */

/* Far more features than an example has; a row of that many is 64 MiB. */
enum { MOST_COLUMNS = 1 << 24 };

static const attr_spec vectorizer_attrs[] = {
    ATTR_ROW(INTS, feature_params, inputdimensions, .max = MOST_COLUMNS)};

/* Examples in rows, whatever the rank is. */
static value *emit_flat_rows(builder *b, value *x) {
    return x && x->type.shape.rank > 2 ? emit(b, "Flatten", IN(x), ATTRS(A_INT("axis", 1)))
                                       : emit_rows(b, x, x ? x->type.dtype : HONE_F32);
}

/* Exactly `columns` columns: what is more is left out, what is missing is 0. */
static value *emit_columns(builder *b, value *x, int64_t columns) {
    const int64_t width = x ? x->type.shape.dim[1] : columns;
    if (width == columns) return x;
    if (dim_known(width) && width > columns) return expand_slice(b, x, 1, 0, columns, 1);
    const shape one = shape_vector(1);
    const float zero = 0;
    value *missing = expand_binary(b, "Sub", emit_i64(b, columns), expand_size_of(b, x, 1));
    missing = expand_binary(b, "Max", missing, emit_i64(b, 0));
    value *sizes[] = {expand_unsqueeze(b, expand_size_of(b, x, 0), 0),
                      expand_unsqueeze(b, missing, 0)};
    value *dims = emit(b, "Concat", sizes, 2, ATTRS(A_INT("axis", 0)));
    value *zeros = expand_binary(b, "Expand", emit_constant(b, HONE_F32, &one, &zero), dims);
    value *padded = emit(b, "Concat", IN(x, zeros), ATTRS(A_INT("axis", 1)));
    return dim_known(width) ? padded : expand_slice(b, padded, 1, 0, columns, 1);
}

static hone_status vectorizer_expand(builder *b, draft *d) {
    const int_list *sizes = &((const feature_params *)d->params)->inputdimensions;
    if (sizes->set && sizes->n != d->n_in)
        return builder_fail(b, HONE_E_FORMAT, "'inputdimensions' has %d elements for %d inputs",
                            sizes->n, d->n_in);
    for (int32_t i = 0; i < d->n_in; i++) {
        if (!expand_needs(b, d, i, "X")) return b->status;
        value *x = expand_cast(b, emit_flat_rows(b, d->in[i]), HONE_F32);
        d->in[i] = sizes->set ? emit_columns(b, x, sizes->v[i]) : x;
    }
    return draft_done(b, d, emit(b, "Concat", d->in, d->n_in, ATTRS(A_INT("axis", 1))));
}

static const char *const vectorizer_cases[] = {"f32[2,3] i64[2,1] inputdimensions=3,1",
                                               "f32[4] f64[2] inputdimensions=2,3", "i32[2,3,2]",
                                               "f32[0,2] f32[0,1] inputdimensions=2,2", NULL};

/* ---- Imputer --------------------------------------------------------------------------------- */

static const attr_spec imputer_attrs[] = {
    ATTR_ROW(FLOAT, feature_params, replaced_value_float),
    ATTR_ROW(INT, feature_params, replaced_value_int64),
    ATTR_ROW(FLOATS, feature_params, imputed_value_floats),
    ATTR_ROW(INTS, feature_params, imputed_value_int64s),
};

static hone_status imputer_expand(builder *b, draft *d) {
    const feature_params *p = d->params;
    value *x = d->in[0], *imputed, *replaced;
    const hone_dtype t = x->type.dtype;
    const bool real = dtype_in(t, DT_FLOATS);
    if ((real ? p->imputed_value_floats.n : p->imputed_value_int64s.n) == 0)
        return builder_fail(b, HONE_E_FORMAT, "has no imputed values of the input's type");
    if (real) {
        imputed = emit_float_list(b, &p->imputed_value_floats, t);
        replaced =
            isnan(p->replaced_value_float)
                ? expand_unary(b, "IsNaN", x)
                : expand_binary(b, "Equal", x, emit_scalar(b, t, (double)p->replaced_value_float));
    } else {
        imputed = expand_cast(b, emit_int_list(b, &p->imputed_value_int64s), t);
        value *wanted = expand_cast(b, emit_i64(b, p->replaced_value_int64), t);
        replaced = expand_binary(b, "Equal", x, wanted);
    }
    return draft_done(b, d, emit(b, "Where", IN(replaced, imputed, x), NO_ATTRS));
}

static const char *const imputer_cases[] = {
    "f32{1,nan,3} imputed_value_floats=7 replaced_value_float=+nan",
    "i64[2,3] imputed_value_int64s=7,8,9 replaced_value_int64=2",
    "f64[2,3]{1,0,2,0,3,0} imputed_value_floats=7,8,9",
    "i32[4] imputed_value_int64s=5",
    "f32[0,2] imputed_value_floats=1,2",
    NULL};

/* ---- Normalizer ------------------------------------------------------------------------------ */

enum { NORM_MAX, NORM_L1, NORM_L2 };
static const char *const norm_names[] = {"MAX", "L1", "L2", NULL};
static const attr_spec normalizer_attrs[] = {
    ATTR_ROW(CHOICE, feature_params, norm, .choices = norm_names)};

/* x / divisor along the last axis, and x where the divisor is 0. */
static hone_status normalizer_expand(builder *b, draft *d) {
    const int32_t norm = ((const feature_params *)d->params)->norm;
    value *x = expand_cast(b, d->in[0], HONE_F32);
    if (norm != NORM_MAX)
        return draft_done(
            b, d, emit(b, "LpNormalization", IN(x), ATTRS(A_INT("p", norm == NORM_L1 ? 1 : 2))));
    value *max = emit(b, "ReduceMax", IN(x, emit_i64s(b, (const int64_t[]){-1}, 1)), NO_ATTRS);
    value *none = expand_binary(b, "Equal", max, emit_scalar(b, HONE_F32, 0));
    value *divisor = emit(b, "Where", IN(none, emit_scalar(b, HONE_F32, 1), max), NO_ATTRS);
    return draft_done(b, d, expand_binary(b, "Div", x, divisor));
}

static const char *const normalizer_cases[] = {"f32[2,3]",
                                               "f32[2,3] norm=L1",
                                               "i64[3,4] norm=L2",
                                               "f64[5] norm=L2",
                                               "f32[2,2]{0,0,-1,0}",
                                               "f32[0,3]",
                                               NULL};

/* ---- Scaler ---------------------------------------------------------------------------------- */

static const attr_spec scaler_attrs[] = {ATTR_ROW(FLOATS, feature_params, scale),
                                         ATTR_ROW(FLOATS, feature_params, offset)};

/* (x - offset) * scale, in float64 where x is that. */
static hone_status scaler_expand(builder *b, draft *d) {
    const feature_params *p = d->params;
    const hone_dtype t = d->in[0]->type.dtype == HONE_F64 ? HONE_F64 : HONE_F32;
    value *x = expand_cast(b, d->in[0], t);
    if (p->offset.n) x = expand_binary(b, "Sub", x, emit_float_list(b, &p->offset, t));
    if (p->scale.n) x = expand_binary(b, "Mul", x, emit_float_list(b, &p->scale, t));
    return draft_done(b, d, expand_cast(b, x, HONE_F32));
}

static const char *const scaler_cases[] = {
    "f32[2,3] offset=1,2,3 scale=0.5,2,-1", "i64[2,3] offset=1 scale=0.5",
    "f64[3] offset=1,2,3 scale=3,2,1", "i32[0,2] offset=0,1 scale=1,1", NULL};

static const op_arg extractor_in[] = {{"X", DT_MOVABLE, 'T', 0}, {"Y", DT_INDEX, 0, 0}};
static const op_arg extractor_out[] = {{"Z", DT_MOVABLE, 'T', 0}};
static const op_arg number_in[] = {{"X", DT_NUMBERS, 'T', 0}};
static const op_arg number_out[] = {{"Y", DT_NUMBERS, 'T', 0}};
static const op_arg vectorizer_in[] = {{"X", DT_NUMBERS, 0, ARG_VARIADIC}};
static const op_arg float_in[] = {{"X", DT_NUMBERS, 0, 0}};
static const op_arg float_out[] = {{"Y", DT(HONE_F32), 0, 0}};
static const op_version since_1[] = {{1, NULL}};
#define COMPOSITE(ident, label, ...)                                                               \
    static const op ml_##ident = {.name = label,                                                   \
                                  .domain = "ai.onnx.ml",                                          \
                                  OP_VERSIONS(since_1),                                            \
                                  .expand = ident##_expand,                                        \
                                  .cases = ident##_cases,                                          \
                                  __VA_ARGS__}
#define TABLE(ident) OP_ATTRS(ident##_attrs, feature_params)
COMPOSITE(extractor, "ArrayFeatureExtractor", OP_SLOTS(extractor), .tolerance = {TOL_EXACT, 0});
COMPOSITE(binarizer, "Binarizer", OP_SLOTS(number), TABLE(binarizer), .tolerance = {TOL_EXACT, 0});
COMPOSITE(vectorizer, "FeatureVectorizer", OP_ARGS_IN(vectorizer_in), OP_ARGS_OUT(float_out),
          TABLE(vectorizer), .tolerance = {TOL_EXACT, 0});
COMPOSITE(imputer, "Imputer", OP_SLOTS(number), TABLE(imputer), .tolerance = {TOL_EXACT, 0});
COMPOSITE(normalizer, "Normalizer", OP_SLOTS(float), TABLE(normalizer),
          .tolerance = {TOL_REL, 1e-6});
COMPOSITE(scaler, "Scaler", OP_SLOTS(float), TABLE(scaler), .tolerance = {TOL_ULP, 2});

static const op *const members[] = {&ml_extractor, &ml_binarizer,  &ml_vectorizer,
                                    &ml_imputer,   &ml_normalizer, &ml_scaler};
const op_family family_ml_features = {members, COUNT_OF(members)};
