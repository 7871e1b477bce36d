/* SPDX-License-Identifier: Apache-2.0
 *
 * LinearClassifier and LinearRegressor: one product of matrices and a choice.
 */
#include "composite.h"
#include "ml_composite.h"
#include "post_transform.h"

typedef struct linear_params {
    float_list coefficients, intercepts;
    label_lists labels;
    int64_t multi_class, targets;
    int32_t post_transform;
} linear_params;

#define SHARED                                                                                     \
    ATTR_ROW(FLOATS, linear_params, coefficients, .required = true),                               \
        ATTR_ROW(FLOATS, linear_params, intercepts), POST_TRANSFORM_ATTR(linear_params)
static const attr_spec classifier_attrs[] = {
    SHARED,
    ATTR_NAMED(INTS, "classlabels_ints", linear_params, labels.ints),
    ATTR_NAMED(STRINGS, "classlabels_strings", linear_params, labels.strings),
    ATTR_ROW(INT, linear_params, multi_class),
};
static const attr_spec regressor_attrs[] = {
    SHARED, ATTR_ROW(INT, linear_params, targets, .i = 1, .min = 1, .max = INT32_MAX)};

/* x * coefficients' + intercepts, with a row of coefficients a column of the result. */
static value *emit_scores(builder *b, const linear_params *p, value *x, int64_t columns) {
    value *rows = emit_rows(b, x, HONE_F32);
    value *weight = emit_float_rows(b, "coefficients", &p->coefficients, columns);
    value *bias = p->intercepts.n == columns ? emit_float_list(b, &p->intercepts, HONE_F32) : NULL;
    return emit(b, "Gemm", IN(rows, weight, bias), ATTRS(A_INT("transB", 1)));
}

/* The classes of a single score: two labels if there are two, otherwise 0 and 1. */
static label_lists binary_labels(const linear_params *p) {
    static const int64_t numbers[] = {0, 1};
    static const char *const texts[] = {"0", "1"};
    if (labels_count(&p->labels) == 2) return p->labels;
    if (p->labels.strings.n) return (label_lists){.strings = {texts, 2, true}};
    return (label_lists){.ints = {numbers, 2, true}};
}

static hone_status classifier_expand(builder *b, draft *d) {
    const linear_params *p = d->params;
    const int32_t n_labels = labels_count(&p->labels);
    const int32_t columns = p->intercepts.n ? p->intercepts.n : n_labels;
    const post_transform t = (post_transform)p->post_transform;
    if (labels_check(b, &p->labels) != HONE_OK) return b->status;
    if (columns > 1 && n_labels < columns)
        return builder_fail(b, HONE_E_FORMAT, "has %d labels for %d classes", n_labels, columns);
    value *scores = emit_scores(b, p, d->in[0], columns);
    if (!scores) return b->status;
    if (columns == 1) {
        const label_lists labels = binary_labels(p);
        value *positive = expand_binary(b, "Greater", scores, emit_scalar(b, HONE_F32, 0));
        value *index = expand_cast(b, expand_squeeze(b, positive, 1), HONE_I64);
        d->out[0] = emit_label_of(b, &labels, index);
    } else {
        value *index = emit(b, "ArgMax", IN(scores), ATTRS(A_INT("axis", 1), A_INT("keepdims", 0)));
        d->out[0] = emit_label_of(b, &p->labels, index);
    }
    scores = columns == 1 && n_labels == 2 ? emit_two_classes(b, scores, t, true)
                                           : emit_post_transform(b, scores, t, columns);
    if (expand_wants(d, 1)) d->out[1] = scores;
    return draft_done(b, d, d->out[0]);
}

static const char *const classifier_cases[] = {
    "f32[3,2] coefficients=1,-2,0.5,1,2,-1 intercepts=0.1,0,-0.1 classlabels_ints=5,6,7 >2",
    "i64[2] coefficients=1,-2 intercepts=0.5 classlabels_strings=no,yes >2",
    "f64[2,2] coefficients=1,2,3,4 intercepts=0,1 classlabels_ints=0,1 post_transform=SOFTMAX >2",
    "f32[2,1] coefficients=3 intercepts=1 classlabels_ints=4 post_transform=PROBIT >2",
    "f32[0,2] coefficients=1,2,3,4 classlabels_strings=a,b post_transform=LOGISTIC >2",
    NULL};

static hone_status regressor_expand(builder *b, draft *d) {
    const linear_params *p = d->params;
    value *scores = emit_scores(b, p, d->in[0], p->targets);
    return draft_done(
        b, d, emit_post_transform(b, scores, (post_transform)p->post_transform, p->targets));
}

static const char *const regressor_cases[] = {
    "f32[3,2] coefficients=1,-2 intercepts=0.5",
    "f64[2] coefficients=1,-2,3,4 targets=2 post_transform=SOFTMAX_ZERO",
    "i32[0,1] coefficients=1 intercepts=1", NULL};

static const op_arg classifier_in[] = {{"X", DT_NUMBERS, 0, 0}};
static const op_arg classifier_out[] = {{"Y", DT_LABELS, 0, 0}, {"Z", DT(HONE_F32), 0, 0}};
static const op_arg regressor_in[] = {{"X", DT_NUMBERS, 0, 0}};
static const op_arg regressor_out[] = {{"Y", DT(HONE_F32), 0, 0}};
static const op_version since_1[] = {{1, NULL}};
#define COMPOSITE(ident, label)                                                                    \
    static const op ml_##ident = {.name = label,                                                   \
                                  .domain = "ai.onnx.ml",                                          \
                                  OP_VERSIONS(since_1),                                            \
                                  OP_SLOTS(ident),                                                 \
                                  OP_ATTRS(ident##_attrs, linear_params),                          \
                                  .expand = ident##_expand,                                        \
                                  .tolerance = {TOL_SUM, 4},                                       \
                                  .cases = ident##_cases}
COMPOSITE(classifier, "LinearClassifier");
COMPOSITE(regressor, "LinearRegressor");

static const op *const members[] = {&ml_classifier, &ml_regressor};
const op_family family_ml_linear = {members, COUNT_OF(members)};
