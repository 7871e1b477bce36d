/* SPDX-License-Identifier: Apache-2.0
 *
 * hone::PostTransform: the transforms of scores that no other operator expresses.
 */
#include "post_transform.h"

#include <math.h>

#include "composite.h"
#include "rows.h"

typedef struct transform_params {
    int32_t post_transform;
} transform_params;

const char *const post_transform_names[] = {"NONE",         "SOFTMAX", "LOGISTIC",
                                            "SOFTMAX_ZERO", "PROBIT",  NULL};
static const attr_spec transform_attrs[] = {POST_TRANSFORM_ATTR(transform_params)};
static const op_arg transform_in[] = {{"scores", DT(HONE_F32) | DT(HONE_F64), 'T', 0}};
static const op_arg transform_out[] = {{"output", DT(HONE_F32) | DT(HONE_F64), 'T', 0}};

/* Scores this close to 0 count as none for SOFTMAX_ZERO. */
static const double nothing = 1e-7;

static double logistic(double x) { return 1 / (1 + exp(-x)); }

/* Quantile of the normal distribution, by Winitzki's approximation of the inverse error function:
 * the one that models were made for. */
static double probit(double p) {
    const double x = 2 * p - 1, a = 0.147, log_term = log((1 - x) * (1 + x));
    const double v = 2 / (3.14159265358979323846 * a) + log_term / 2;
    return copysign(sqrt(2 * (sqrt(v * v - log_term / a) - v)), x);
}

/* exp(x - max) / sum, where zeros stay zeros if `skip` says so. */
#define DEFINE_SOFTMAX(name, type)                                                                 \
    static void name(int64_t n, const type *x, type *y, bool skip) {                               \
        double max = -INFINITY, sum = 0;                                                           \
        for (int64_t i = 0; i < n; i++)                                                            \
            if ((double)x[i] > max) max = (double)x[i];                                            \
        for (int64_t i = 0; i < n; i++) {                                                          \
            const double v = (double)x[i];                                                         \
            const bool none = skip && fabs(v) <= nothing;                                          \
            y[i] = (type)(none ? v * exp(-max) : exp(v - max));                                    \
            if (!none) sum += (double)y[i];                                                        \
        }                                                                                          \
        for (int64_t i = 0; i < n; i++) y[i] = (type)((double)y[i] / sum);                         \
    }

#define DEFINE_ROW(name, softmax, type)                                                            \
    static void name(post_transform t, int64_t n, const type *x, type *y) {                        \
        if (t == POST_SOFTMAX || t == POST_SOFTMAX_ZERO) {                                         \
            softmax(n, x, y, t == POST_SOFTMAX_ZERO);                                              \
            return;                                                                                \
        }                                                                                          \
        for (int64_t i = 0; i < n; i++) {                                                          \
            const double v = (double)x[i];                                                         \
            y[i] = (type)(t == POST_LOGISTIC ? logistic(v) : t == POST_PROBIT ? probit(v) : v);    \
        }                                                                                          \
    }

DEFINE_SOFTMAX(softmax_f32, float)
DEFINE_SOFTMAX(softmax_f64, double)
DEFINE_ROW(transform_f32, softmax_f32, float)
DEFINE_ROW(transform_f64, softmax_f64, double)

void post_transform_row(post_transform t, int64_t n, float *scores) {
    if (t != POST_NONE) transform_f32(t, n, scores, scores);
}

static post_transform chosen(const step *s) {
    return (post_transform)((const transform_params *)step_params(s))->post_transform;
}

static void row_f32(const step *s, int64_t n, const float *x, float *y) {
    transform_f32(chosen(s), n, x, y);
}

static void row_f64(const step *s, int64_t n, const double *x, double *y) {
    transform_f64(chosen(s), n, x, y);
}

static hone_status transform_infer(infer *f) {
    TRY(infer_check_rank(f, 0, 1, HONE_MAX_RANK));
    return infer_same(f, 0);
}

static hone_status transform_plan(plan_ctx *p, step *s) {
    static const row_fns fns = {row_f32, row_f64, NULL};
    return rows_plan(p, s, -1, &fns);
}

value *emit_post_transform(builder *b, value *scores, post_transform t, int64_t columns) {
    if (t == POST_NONE || (columns == 1 && t != POST_PROBIT)) return scores;
    if (t == POST_SOFTMAX) return expand_unary(b, "Softmax", scores);
    if (t == POST_LOGISTIC) return expand_unary(b, "Sigmoid", scores);
    return emit(b, "hone::PostTransform", IN(scores),
                ATTRS(A_STRING("post_transform", post_transform_names[t])));
}

value *emit_two_classes(builder *b, value *score, post_transform t, bool complement) {
    if (t == POST_LOGISTIC) score = expand_unary(b, "Sigmoid", score);
    score = emit_post_transform(b, score, t, 1);
    if (!score) return NULL;
    const hone_dtype dtype = score->type.dtype;
    value *other = complement || t == POST_LOGISTIC
                       ? expand_binary(b, "Sub", emit_scalar(b, dtype, 1), score)
                       : expand_unary(b, "Neg", score);
    return emit(b, "Concat", IN(other, score), ATTRS(A_INT("axis", 1)));
}

static const char *const transform_cases[] = {"f32[2,3] post_transform=SOFTMAX_ZERO",
                                              "f32{0,0.25,0.5,0.75,1,2} post_transform=PROBIT",
                                              "f32[0,3] post_transform=SOFTMAX",
                                              "f32[3,0] post_transform=SOFTMAX",
                                              "f64[3,5] post_transform=SOFTMAX",
                                              "f64[2,3] post_transform=LOGISTIC",
                                              "f32[7]",
                                              NULL};

const op op_post_transform = {.name = "PostTransform",
                              .domain = "hone",
                              OP_ARGS_IN(transform_in),
                              OP_ARGS_OUT(transform_out),
                              OP_ATTRS(transform_attrs, transform_params),
                              .infer = transform_infer,
                              .plan = transform_plan,
                              .run = rows_run,
                              .inplace = 1,
                              .tolerance = {TOL_ULP, 4},
                              .cases = transform_cases};
