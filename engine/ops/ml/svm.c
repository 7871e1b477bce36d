/* SPDX-License-Identifier: Apache-2.0
 *
 * SVMClassifier and SVMRegressor. The values of the kernel function for every example and support
 * vector are products of matrices (distances for RBF); hone::SvmPairs and hone::SvmProbabilities
 * make scores of them.
 */
#include "composite.h"
#include "ml_composite.h"
#include "post_transform.h"

typedef struct svm_params {
    float_list coefficients, kernel_params, prob_a, prob_b, rho, support_vectors;
    label_lists labels;
    int_list vectors_per_class;
    int64_t n_supports;
    bool one_class;
    int32_t kernel_type, post_transform;
} svm_params;

enum { KERNEL_LINEAR, KERNEL_POLY, KERNEL_RBF, KERNEL_SIGMOID };
static const char *const kernel_names[] = {"LINEAR", "POLY", "RBF", "SIGMOID", NULL};

#define SHARED                                                                                     \
    ATTR_ROW(FLOATS, svm_params, coefficients, .required = true),                                  \
        ATTR_ROW(FLOATS, svm_params, kernel_params),                                               \
        ATTR_ROW(CHOICE, svm_params, kernel_type, .choices = kernel_names),                        \
        POST_TRANSFORM_ATTR(svm_params), ATTR_ROW(FLOATS, svm_params, rho, .required = true),      \
        ATTR_ROW(FLOATS, svm_params, support_vectors)
static const attr_spec classifier_attrs[] = {
    SHARED,
    ATTR_NAMED(INTS, "classlabels_ints", svm_params, labels.ints),
    ATTR_NAMED(STRINGS, "classlabels_strings", svm_params, labels.strings),
    ATTR_ROW(FLOATS, svm_params, prob_a),
    ATTR_ROW(FLOATS, svm_params, prob_b),
    ATTR_ROW(INTS, svm_params, vectors_per_class, .max = INT32_MAX),
};
static const attr_spec regressor_attrs[] = {
    SHARED,
    ATTR_ROW(INT, svm_params, n_supports, .max = INT32_MAX),
    ATTR_ROW(BOOL, svm_params, one_class),
};

/* gamma, coef0 and degree; 0 when they are not given. */
static double kernel_param(const svm_params *p, int32_t i) {
    return i < p->kernel_params.n ? (double)p->kernel_params.v[i] : 0;
}

static value *emit_scaled(builder *b, value *v, double factor) {
    return expand_binary(b, "Mul", v, emit_scalar(b, HONE_F32, factor));
}

/* The kernel function of each row of x and each of the support vectors. */
static value *emit_kernel(builder *b, const svm_params *p, value *x, int64_t vectors) {
    const double gamma = kernel_param(p, 0), coef0 = kernel_param(p, 1);
    value *support = emit_float_rows(b, "support_vectors", &p->support_vectors, vectors);
    if (p->kernel_type == KERNEL_RBF)
        return expand_unary(
            b, "Exp",
            emit_scaled(b, expand_binary(b, "hone::SquaredDistance", x, support), -gamma));
    value *dot = emit(b, "Gemm", IN(x, support), ATTRS(A_INT("transB", 1)));
    if (p->kernel_type == KERNEL_LINEAR) return dot;
    value *shifted =
        expand_binary(b, "Add", emit_scaled(b, dot, gamma), emit_scalar(b, HONE_F32, coef0));
    if (p->kernel_type == KERNEL_SIGMOID) return expand_unary(b, "Tanh", shifted);
    return expand_binary(b, "Pow", shifted, emit_scalar(b, HONE_F32, kernel_param(p, 2)));
}

/* Without support vectors the coefficients are those of a linear function each. */
static value *emit_linear(builder *b, const svm_params *p, value *x, int64_t columns) {
    value *weight = emit_float_rows(b, "coefficients", &p->coefficients, columns);
    value *y = emit(b, "Gemm", IN(x, weight), ATTRS(A_INT("transB", 1)));
    return expand_binary(b, "Add", y, emit_scalar(b, HONE_F32, (double)p->rho.v[0]));
}

static bool all_positive(const float_list *l) {
    for (int32_t i = 0; i < l->n; i++)
        if (!(l->v[i] >= 0)) return false;
    return true;
}

/* The class of linear scores: the largest, but the second of two when it passes a threshold. */
static value *emit_linear_class(builder *b, const svm_params *p, value *scores, int32_t classes) {
    value *index = emit(b, "ArgMax", IN(scores), ATTRS(A_INT("axis", 1), A_INT("keepdims", 0)));
    if (classes != 2 || p->prob_a.n) return index;
    const bool positive = all_positive(&p->coefficients);
    value *max = emit(b, "ReduceMax", IN(scores, emit_i64s(b, (const int64_t[]){1}, 1)),
                      ATTRS(A_INT("keepdims", 0)));
    value *passes = expand_binary(b, positive ? "GreaterOrEqual" : "Greater", max,
                                  emit_scalar(b, HONE_F32, positive ? 0.5 : 0));
    return emit(b, "Where", IN(passes, emit_i64(b, 1), index), NO_ATTRS);
}

static hone_status check_classifier(builder *b, const svm_params *p, int32_t classes) {
    const int64_t pairs = (int64_t)classes * (classes - 1) / 2;
    TRY(labels_check(b, &p->labels));
    if (p->rho.n < 1 || p->prob_a.n != p->prob_b.n)
        return builder_fail(b, HONE_E_FORMAT,
                            "'rho' is empty, or 'prob_a' is not as long as 'prob_b'");
    if (!p->vectors_per_class.n) return b->status;
    if (classes < 2 || p->vectors_per_class.n != classes)
        return builder_fail(b, HONE_E_FORMAT, "has vectors of %d classes for %d labels",
                            p->vectors_per_class.n, classes);
    if (p->rho.n != pairs || (p->prob_a.n && p->prob_a.n != pairs))
        return builder_fail(b, HONE_E_FORMAT,
                            "'rho' has %d elements and 'prob_a' %d: expected one for %lld pairs",
                            p->rho.n, p->prob_a.n, (long long)pairs);
    return b->status;
}

static int64_t count_vectors(const int_list *per_class) {
    int64_t n = 0;
    for (int32_t i = 0; i < per_class->n; i++) n += per_class->v[i];
    return n;
}

/* Votes of all pairs of classes. Two classes have one score, which becomes two columns. */
static value *emit_pair_scores(builder *b, const svm_params *p, value *x, int32_t classes,
                               value **index) {
    const post_transform t = (post_transform)p->post_transform;
    const int64_t vectors = count_vectors(&p->vectors_per_class);
    value *kernel = emit_kernel(b, p, x, vectors), *out[2];
    value *coefficients = emit_float_rows(b, "coefficients", &p->coefficients, classes - 1);
    value *rho = emit_float_list(b, &p->rho, HONE_F32);
    emit_n(b, "hone::SvmPairs", IN(kernel, coefficients, rho),
           ATTRS(A_INTS("vectors_per_class", p->vectors_per_class.v, classes)), out, 2);
    *index = out[1];
    if (p->prob_a.n) {
        value *chances = emit(b, "hone::SvmProbabilities",
                              IN(out[0], emit_float_list(b, &p->prob_a, HONE_F32),
                                 emit_float_list(b, &p->prob_b, HONE_F32)),
                              ATTRS(A_INT("classes", classes)));
        return emit_post_transform(b, chances, t, classes);
    }
    if (classes == 2) return emit_two_classes(b, out[0], t, t != POST_NONE);
    return emit_post_transform(b, out[0], t, (int64_t)classes * (classes - 1) / 2);
}

static hone_status classifier_expand(builder *b, draft *d) {
    const svm_params *p = d->params;
    const int32_t classes = labels_count(&p->labels);
    if (check_classifier(b, p, classes) != HONE_OK) return b->status;
    value *x = emit_rows(b, d->in[0], HONE_F32), *scores, *index;
    if (count_vectors(&p->vectors_per_class)) {
        scores = emit_pair_scores(b, p, x, classes, &index);
    } else {
        scores = emit_linear(b, p, x, classes);
        index = emit_linear_class(b, p, scores, classes);
        scores = emit_post_transform(b, scores, (post_transform)p->post_transform, classes);
    }
    if (expand_wants(d, 1)) d->out[1] = scores;
    return draft_done(b, d, emit_label_of(b, &p->labels, index));
}

static const char *const classifier_cases[] = {
    "f32[3,2] coefficients=1,-1,0.5 support_vectors=1,2,0,1,-1,0 vectors_per_class=2,1 rho=0.1 "
    "classlabels_ints=3,4 kernel_type=RBF kernel_params=0.5,0,3 >2",
    "f64[2,1] coefficients=1,-1,0.5,2,1,-1 support_vectors=1,2,0 vectors_per_class=1,1,1 "
    "rho=0.1,0,0.2 classlabels_strings=a,b,c kernel_type=POLY kernel_params=0.5,1,3 >2",
    "f32[4,1] coefficients=1,-1,0.5,2,1,-1 support_vectors=1,2,0 vectors_per_class=1,1,1 "
    "rho=0.1,0,0.2 prob_a=-1,-2,-1 prob_b=0,0.1,0.2 classlabels_ints=0,1,2 "
    "kernel_type=SIGMOID kernel_params=0.5,1,3 >2",
    "i64[2] coefficients=1,-1,0.5,2 rho=0.1 classlabels_ints=0,1 post_transform=LOGISTIC >2",
    "f32[0,2] coefficients=1,1,0.5,2,1,1 rho=0.1 classlabels_strings=a,b,c >2",
    NULL};

static hone_status regressor_expand(builder *b, draft *d) {
    const svm_params *p = d->params;
    if (p->rho.n < 1) return builder_fail(b, HONE_E_FORMAT, "'rho' is empty");
    value *x = emit_rows(b, d->in[0], HONE_F32);
    if (p->n_supports > 0) x = emit_kernel(b, p, x, p->n_supports);
    value *y = emit_linear(b, p, x, 1);
    if (p->one_class) {
        value *inside = expand_binary(b, "Greater", y, emit_scalar(b, HONE_F32, 0));
        y = emit(b, "Where", IN(inside, emit_scalar(b, HONE_F32, 1), emit_scalar(b, HONE_F32, -1)),
                 NO_ATTRS);
    }
    return draft_done(b, d, emit_post_transform(b, y, (post_transform)p->post_transform, 1));
}

static const char *const regressor_cases[] = {
    "f32[3,2] coefficients=1,-1 support_vectors=1,2,0,1 n_supports=2 rho=0.1 kernel_type=RBF "
    "kernel_params=0.5,0,3",
    "f32[4] coefficients=1,-1,0.5,1 rho=0.25 one_class=1",
    "i32[0,1] coefficients=1 rho=0 support_vectors=2 n_supports=1", NULL};

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
                                  OP_ATTRS(ident##_attrs, svm_params),                             \
                                  .expand = ident##_expand,                                        \
                                  .tolerance = {TOL_SUM, 4},                                       \
                                  .cases = ident##_cases}
COMPOSITE(classifier, "SVMClassifier");
COMPOSITE(regressor, "SVMRegressor");

static const op *const members[] = {&ml_classifier, &ml_regressor};
const op_family family_svm = {members, COUNT_OF(members)};
