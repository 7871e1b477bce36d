/* SPDX-License-Identifier: Apache-2.0
 *
 * hone::TreeClass: the end of TreeEnsembleClassifier. More than two classes are plain: the largest
 * score wins among the classes that were voted for. Two are not, because trees may vote for one of
 * them only; what the score of the other is then depends on whether a vote can be negative. The
 * specification leaves it open; this is what ONNX Runtime does.
 */
#include "composite.h"
#include "post_transform.h"

typedef struct class_params {
    bool one_voted; /* all votes of all trees are for one of two classes */
    bool positive;  /* none is negative */
    int32_t post_transform;
} class_params;

enum { SCORES, VOTED, BASE };
#define REAL (DT(HONE_F32) | DT(HONE_F64))
static const attr_spec class_attrs[] = {ATTR_ROW(BOOL, class_params, one_voted),
                                        ATTR_ROW(BOOL, class_params, positive),
                                        POST_TRANSFORM_ATTR(class_params)};
static const op_arg class_in[] = {
    {"scores", REAL, 'T', 0}, {"voted", DT_BOOL, 0, 0}, {"base", REAL, 'T', ARG_OPTIONAL}};
static const op_arg class_out[] = {{"index", DT(HONE_I64), 0, 0},
                                   {"probabilities", DT(HONE_F32), 0, 0}};

static hone_status class_infer(infer *f) {
    const shape *x = infer_shape(f, SCORES), *voted = infer_shape(f, VOTED);
    const shape *base = infer_shape(f, BASE);
    TRY(infer_check_rank(f, SCORES, 2, 2));
    TRY(infer_check_rank(f, VOTED, 2, 2));
    TRY(infer_check_rank(f, BASE, 1, 1));
    if (x->rank < 0) return HONE_OK;
    for (int32_t a = 0; a < 2 && voted->rank == 2; a++)
        if (!dim_compatible(x->dim[a], voted->dim[a]))
            return infer_fail(f, "'scores' and 'voted' differ in shape");
    if (dim_known(x->dim[1]) && (x->dim[1] < 1 || (base->rank == 1 && base->dim[0] > x->dim[1])))
        return infer_fail(f, "has %lld base values for %lld classes", (long long)base->dim[0],
                          (long long)x->dim[1]);
    const shape index = shape_make(1, x->dim);
    infer_set(f, 0, HONE_I64, &index);
    infer_set(f, 1, HONE_F32, x);
    return HONE_OK;
}

/* The scores of one row. */
typedef struct class_row {
    const step *s;
    int64_t at, n; /* of the first score; classes */
    int64_t n_base;
} class_row;

static double score_of(const class_row *r, int64_t i) {
    return tensor_f64(&r->s->in[SCORES], r->at + i);
}

static bool is_voted(const class_row *r, int64_t i) {
    return ((const bool *)r->s->in[VOTED].data)[r->at + i];
}

/* v + base value i, in the precision of the scores. */
static double with_base(const class_row *r, double v, int64_t i) {
    if (i >= r->n_base) return v;
    const double sum = v + tensor_f64(&r->s->in[BASE], i);
    return r->s->in[SCORES].dtype == HONE_F32 ? (double)(float)sum : sum;
}

/* More than two classes: a base value counts as a vote. */
static int64_t finish_many(const class_row *r, float *z) {
    int64_t best = -1;
    double most = 0;
    for (int64_t i = 0; i < r->n; i++) {
        const double v = with_base(r, score_of(r, i), i);
        z[i] = (float)v;
        if ((is_voted(r, i) || i < r->n_base) && (best < 0 || v > most)) {
            best = i;
            most = v;
        }
    }
    return best < 0 ? 0 : best;
}

/* Both columns of two classes when only the first has a score; `alone` when there is no rule for
 * the other. */
static void spread_score(const class_params *p, float v, bool alone, float *z) {
    const post_transform t = (post_transform)p->post_transform;
    const bool chances = t == POST_LOGISTIC || (p->one_voted && p->positive);
    z[0] = v;
    z[1] = 0;
    if (t == POST_PROBIT) post_transform_row(t, 1, z);
    if (t == POST_PROBIT || alone) return;
    if (t == POST_LOGISTIC) post_transform_row(t, 1, z);
    z[1] = z[0];
    z[0] = chances ? 1 - z[1] : -z[1];
}

/* What has no vote counts as 0, whatever its base value is. */
static int64_t finish_two(const class_row *r, const class_params *p, float *z) {
    double first = score_of(r, 0), second = 0;
    const bool voted = is_voted(r, 1);
    if (r->n_base == 2 && voted) { /* the first base value does not count */
        second = with_base(r, first, 1);
        first = -second;
    } else {
        first = with_base(r, first, 0);
        if (voted) second = score_of(r, 1);
    }
    if (!is_voted(r, 0)) first = 0;
    if (!voted && r->n_base < 2) {
        spread_score(p, (float)first, r->n_base == 1 && !p->one_voted, z);
    } else {
        z[0] = (float)first;
        z[1] = (float)second;
        post_transform_row((post_transform)p->post_transform, 2, z);
    }
    return (voted ? second : first) > (p->one_voted && p->positive ? 0.5 : 0);
}

static int64_t finish_row(const class_row *r, const class_params *p, float *z) {
    if (r->n == 2) return finish_two(r, p, z);
    const int64_t index = finish_many(r, z);
    const post_transform t = (post_transform)p->post_transform;
    post_transform_row(r->n == 1 && t != POST_PROBIT ? POST_NONE : t, r->n, z);
    return index;
}

static void do_rows(void *arg, int64_t first, int64_t last, int32_t worker) {
    const step *s = arg;
    const int64_t n = s->in[SCORES].shape.dim[1];
    const int64_t n_base = step_has(s, BASE) ? tensor_count(&s->in[BASE]) : 0;
    (void)worker;
    for (int64_t i = first; i < last; i++) {
        const class_row r = {s, i * n, n, n_base};
        ((int64_t *)s->out[0].data)[i] =
            finish_row(&r, step_params(s), (float *)s->out[1].data + i * n);
    }
}

static hone_status class_run(run_ctx *r, const step *s) {
    const shape *x = &s->in[SCORES].shape;
    team_run(r->team, x->dim[0], 8192 / x->dim[1] + 1, do_rows, (void *)(uintptr_t)s);
    return HONE_OK;
}

static const char *const class_cases[] = {
    "f32[4,3] bool[4,3] post_transform=SOFTMAX",
    "f64[4,2] bool[4,2] one_voted=1 positive=1",
    "f32[5,2] bool[5,2] f32{0.5} one_voted=1 post_transform=LOGISTIC",
    "f32[5,2] bool[5,2] f32{0.5,0.25} post_transform=SOFTMAX_ZERO",
    "f32[3,1] bool[3,1] post_transform=PROBIT",
    "f32[0,3] bool[0,3] f32{1,2,3}",
    NULL};

const op op_tree_class = {.name = "TreeClass",
                          .domain = "hone",
                          OP_ARGS_IN(class_in),
                          OP_ARGS_OUT(class_out),
                          OP_ATTRS(class_attrs, class_params),
                          .infer = class_infer,
                          .run = class_run,
                          .tolerance = {TOL_EXACT, 0},
                          .cases = class_cases};
