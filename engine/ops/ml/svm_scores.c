/* SPDX-License-Identifier: Apache-2.0
 *
 * What support vector machines need beside products of matrices: distances, the scores of pairs of
 * classes, and probabilities of classes from those of pairs.
 */
#include <math.h>
#include <string.h>

#include "checked.h"
#include "wide.h"

#define F32 DT(HONE_F32)
#define MATRIX(name)                                                                               \
    { name, F32, 0, 0 }

/* HONE_E_FORMAT unless dimension `axis` of input i can be n. */
static hone_status check_dim(const infer *f, int32_t i, int32_t axis, int64_t n) {
    const shape *s = infer_shape(f, i);
    if (s->rank < 0 || dim_compatible(s->dim[axis], n)) return HONE_OK;
    return infer_fail(f, "dimension %d of input '%s' is %lld: expected %lld", axis,
                      op_input(f->node->op, i)->name, (long long)s->dim[axis], (long long)n);
}

static int64_t known_dim(const infer *f, int32_t i, int32_t axis) {
    const shape *s = infer_shape(f, i);
    return s->rank > axis ? s->dim[axis] : DIM_UNKNOWN;
}

/* ---- hone::SquaredDistance: of each row of A from each row of B ------------------------------ */

static const op_arg distance_in[] = {MATRIX("A"), MATRIX("B")};
static const op_arg distance_out[] = {MATRIX("squares")};

static hone_status distance_infer(infer *f) {
    TRY(infer_check_rank(f, 0, 2, 2));
    TRY(infer_check_rank(f, 1, 2, 2));
    TRY(check_dim(f, 1, 1, known_dim(f, 0, 1)));
    const shape y = shape_make(2, (const int64_t[]){known_dim(f, 0, 0), known_dim(f, 1, 0)});
    infer_set(f, 0, HONE_F32, &y);
    return HONE_OK;
}

/* Rows of B that are summed side by side: each sum is a chain of its own. */
enum { LANES = 8 };

static void row_distances(int64_t n, int64_t k, const float *a, const float *b, float *y) {
    int64_t j = 0;
    for (; j + LANES <= n; j += LANES) {
        float sum[LANES] = {0};
        for (int64_t i = 0; i < k; i++) {
            for (int32_t l = 0; l < LANES; l++) {
                const float d = a[i] - b[(j + l) * k + i];
                sum[l] += d * d;
            }
        }
        memcpy(y + j, sum, sizeof sum);
    }
    for (; j < n; j++) {
        float sum = 0;
        for (int64_t i = 0; i < k; i++) sum += (a[i] - b[j * k + i]) * (a[i] - b[j * k + i]);
        y[j] = sum;
    }
}

static void do_distances(void *arg, int64_t first, int64_t last, int32_t worker) {
    const step *s = arg;
    const int64_t k = s->in[0].shape.dim[1], n = s->in[1].shape.dim[0];
    (void)worker;
    for (int64_t i = first; i < last; i++)
        row_distances(n, k, (const float *)s->in[0].data + i * k, s->in[1].data,
                      (float *)s->out[0].data + i * n);
}

static hone_status distance_run(run_ctx *r, const step *s) {
    const int64_t work = tensor_count(&s->in[1]) + 1;
    if (tensor_count(&s->out[0]) == 0) return HONE_OK;
    team_run(r->team, s->in[0].shape.dim[0], 65536 / work + 1, do_distances, (void *)(uintptr_t)s);
    return HONE_OK;
}

static uint64_t distance_flops(const step *s) {
    return 3 * (uint64_t)tensor_count(&s->out[0]) * (uint64_t)s->in[0].shape.dim[1];
}

static const char *const distance_cases[] = {"f32[3,4] f32[5,4]",   "f32[2,7] f32[19,7]",
                                             "f32[0,2] f32[3,2]",   "f32[2,0] f32[3,0]",
                                             "f32[300,3] f32[9,3]", NULL};

/* ---- hone::SvmPairs -------------------------------------------------------------------------- */

/* Classes i < j are told apart by the support vectors of both: those of i have their coefficients
 * in row j - 1, those of j in row i. The class that most pairs vote for wins. */
typedef struct pairs_params {
    int_list vectors_per_class;
} pairs_params;

enum { KERNEL, COEFFICIENTS, RHO };
static const attr_spec pairs_attrs[] = {
    ATTR_ROW(INTS, pairs_params, vectors_per_class, .required = true, .max = INT32_MAX)};
static const op_arg pairs_in[] = {MATRIX("kernel"), MATRIX("coefficients"), MATRIX("rho")};
static const op_arg pairs_out[] = {MATRIX("scores"), {"winner", DT(HONE_I64), 0, 0}};

static hone_status pairs_infer(infer *f) {
    const int_list *l = &((const pairs_params *)f->params)->vectors_per_class;
    const int64_t pairs = (int64_t)l->n * (l->n - 1) / 2;
    int64_t vectors = 0;
    for (int32_t i = 0; i < l->n; i++) vectors += l->v[i];
    TRY(infer_check_rank(f, KERNEL, 2, 2));
    TRY(infer_check_rank(f, COEFFICIENTS, 2, 2));
    TRY(infer_check_rank(f, RHO, 1, 1));
    TRY(check_dim(f, KERNEL, 1, vectors));
    TRY(check_dim(f, COEFFICIENTS, 0, l->n - 1));
    TRY(check_dim(f, COEFFICIENTS, 1, vectors));
    TRY(check_dim(f, RHO, 0, pairs));
    const shape scores = shape_make(2, (const int64_t[]){known_dim(f, KERNEL, 0), pairs});
    const shape winner = shape_make(1, scores.dim);
    infer_set(f, 0, HONE_F32, &scores);
    infer_set(f, 1, HONE_I64, &winner);
    return HONE_OK;
}

static hone_status pairs_plan(plan_ctx *p, step *s) {
    size_t *each = plan_state(p, s, sizeof *each);
    const int_list *l = &((const pairs_params *)step_params(s))->vectors_per_class;
    return each ? scratch_book_workers(p, s, (size_t)l->n * sizeof(int32_t), each) : HONE_E_NOMEM;
}

typedef struct pairs_job {
    const step *s;
    char *scratch;
} pairs_job;

static double weigh(int64_t n, const float *a, const float *b) {
    double sum = 0;
    for (int64_t i = 0; i < n; i++) sum += (double)a[i] * (double)b[i];
    return sum;
}

/* One example; returns the class that wins. */
static int64_t vote(const step *s, const float *kernel, float *scores, int32_t *votes) {
    const int_list *l = &((const pairs_params *)step_params(s))->vectors_per_class;
    const float *c = s->in[COEFFICIENTS].data, *rho = s->in[RHO].data;
    const int64_t vectors = s->in[KERNEL].shape.dim[1];
    int64_t from_i = 0, pair = 0, best = 0;
    memset(votes, 0, (size_t)l->n * sizeof *votes);
    for (int32_t i = 0; i < l->n; from_i += l->v[i++]) {
        int64_t from_j = from_i + l->v[i];
        for (int32_t j = i + 1; j < l->n; from_j += l->v[j++], pair++) {
            const double sum = weigh(l->v[i], c + (j - 1) * vectors + from_i, kernel + from_i) +
                               weigh(l->v[j], c + i * vectors + from_j, kernel + from_j) +
                               (double)rho[pair];
            scores[pair] = (float)sum;
            votes[sum > 0 ? i : j]++;
        }
    }
    for (int32_t i = 1; i < l->n; i++)
        if (votes[i] > votes[best]) best = i;
    return best;
}

static void do_votes(void *arg, int64_t first, int64_t last, int32_t worker) {
    const pairs_job *j = arg;
    const step *s = j->s;
    int32_t *votes = (int32_t *)(void *)(j->scratch + (size_t)worker * *(const size_t *)s->state);
    const int64_t vectors = s->in[KERNEL].shape.dim[1], pairs = s->out[0].shape.dim[1];
    for (int64_t i = first; i < last; i++)
        ((int64_t *)s->out[1].data)[i] = vote(s, (const float *)s->in[KERNEL].data + i * vectors,
                                              (float *)s->out[0].data + i * pairs, votes);
}

static hone_status pairs_run(run_ctx *r, const step *s) {
    pairs_job j = {s, r->scratch};
    const int64_t work = tensor_count(&s->in[COEFFICIENTS]) + 1;
    team_run(r->team, s->in[KERNEL].shape.dim[0], 65536 / work + 1, do_votes, &j);
    return HONE_OK;
}

static uint64_t pairs_flops(const step *s) {
    return 2 * (uint64_t)s->in[KERNEL].shape.dim[0] * (uint64_t)tensor_count(&s->in[COEFFICIENTS]);
}

static const char *const pairs_cases[] = {"f32[4,3] f32[1,3] f32[1] vectors_per_class=1,2",
                                          "f32[3,5] f32[2,5] f32[3] vectors_per_class=2,1,2",
                                          "f32[0,2] f32[1,2] f32[1] vectors_per_class=1,1",
                                          "f32[2,0] f32[2,0] f32[3] vectors_per_class=0,0,0", NULL};

/* ---- hone::SvmProbabilities ------------------------------------------------------------------ */

/* A score becomes the chance of the pair's first class (Platt); the chances of pairs become those
 * of classes by the second method of Wu, Lin and Weng (2004), in float32 with the usual bound on
 * its iterations. */
typedef struct chances_params {
    int64_t classes;
} chances_params;

enum { SCORES, PROB_A, PROB_B };
static const attr_spec chances_attrs[] = {
    ATTR_ROW(INT, chances_params, classes, .required = true, .min = 2, .max = 65535)};
static const op_arg chances_in[] = {MATRIX("scores"), MATRIX("prob_a"), MATRIX("prob_b")};
static const op_arg chances_out[] = {MATRIX("probabilities")};

static hone_status chances_infer(infer *f) {
    const int64_t n = ((const chances_params *)f->params)->classes, pairs = n * (n - 1) / 2;
    TRY(infer_check_rank(f, SCORES, 2, 2));
    TRY(check_dim(f, SCORES, 1, pairs));
    for (int32_t i = PROB_A; i <= PROB_B; i++) {
        TRY(infer_check_rank(f, i, 1, 1));
        TRY(check_dim(f, i, 0, pairs));
    }
    const shape y = shape_make(2, (const int64_t[]){known_dim(f, SCORES, 0), n});
    infer_set(f, 0, HONE_F32, &y);
    return HONE_OK;
}

static hone_status chances_plan(plan_ctx *p, step *s) {
    const size_t n = (size_t)((const chances_params *)step_params(s))->classes;
    size_t *each = plan_state(p, s, sizeof *each);
    return each ? scratch_book_workers(p, s, (2 * n * n + n) * sizeof(float), each) : HONE_E_NOMEM;
}

/* q of the quadratic form that the chances minimise; r[i * n + j]: chance of i among i and j. */
static void couple_matrix(int64_t n, const float *r, float *q) {
    for (int64_t i = 0; i < n; i++) {
        float own = 0;
        for (int64_t j = 0; j < n; j++) {
            if (j == i) continue;
            own += r[j * n + i] * r[j * n + i];
            q[i * n + j] = -r[j * n + i] * r[i * n + j];
        }
        q[i * n + i] = own;
    }
}

/* Products of q and p, and p' q p; returns the largest distance from the optimum. */
static float couple_error(int64_t n, const float *q, const float *p, float *qp, float *form) {
    float error = 0;
    *form = 0;
    for (int64_t i = 0; i < n; i++) {
        qp[i] = 0;
        for (int64_t j = 0; j < n; j++) qp[i] += q[i * n + j] * p[j];
        *form += p[i] * qp[i];
    }
    for (int64_t i = 0; i < n; i++) error = fmaxf(error, fabsf(qp[i] - *form));
    return error;
}

static void couple(int64_t n, const float *q, float *qp, float *p) {
    enum { ITERATIONS = 100 };
    const float enough = 0.005f / (float)n;
    float form;
    for (int64_t i = 0; i < n; i++) p[i] = 1.0f / (float)n;
    for (int turn = 0; turn < ITERATIONS; turn++) {
        if (couple_error(n, q, p, qp, &form) < enough) break;
        for (int64_t i = 0; i < n; i++) {
            const float by = (form - qp[i]) / q[i * n + i], rest = 1 + by;
            p[i] += by;
            form = (form + by * (by * q[i * n + i] + 2 * qp[i])) / rest / rest;
            for (int64_t j = 0; j < n; j++) {
                qp[j] = (qp[j] + by * q[i * n + j]) / rest;
                p[j] /= rest;
            }
        }
    }
}

static void do_chances(void *arg, int64_t first, int64_t last, int32_t worker) {
    const pairs_job *job = arg;
    const step *s = job->s;
    const int64_t n = s->out[0].shape.dim[1], pairs = s->in[SCORES].shape.dim[1];
    const float *a = s->in[PROB_A].data, *b = s->in[PROB_B].data;
    float *r = (float *)(void *)(job->scratch + (size_t)worker * *(const size_t *)s->state);
    float *q = r + n * n, *qp = q + n * n;
    for (int64_t row = first; row < last; row++) {
        const float *score = (const float *)s->in[SCORES].data + row * pairs;
        for (int64_t i = 0, pair = 0; i < n; i++) {
            for (int64_t j = i + 1; j < n; j++, pair++) {
                const float chance = 1 / (1 + expf(score[pair] * a[pair] + b[pair]));
                r[i * n + j] = fminf(fmaxf(chance, 1e-7f), 1 - 1e-7f);
                r[j * n + i] = 1 - r[i * n + j];
            }
        }
        couple_matrix(n, r, q);
        couple(n, q, qp, (float *)s->out[0].data + row * n);
    }
}

static hone_status chances_run(run_ctx *r, const step *s) {
    pairs_job j = {s, r->scratch};
    const int64_t n = s->out[0].shape.dim[1];
    team_run(r->team, s->out[0].shape.dim[0], 4096 / (n * n) + 1, do_chances, &j);
    return HONE_OK;
}

static const char *const chances_cases[] = {"f32[3,1] f32[1] f32[1] classes=2",
                                            "f32[40,6] f32[6] f32[6] classes=4",
                                            "f32[0,3] f32[3] f32[3] classes=3", NULL};

#define MEMBER(ident, label, ...)                                                                  \
    static const op op_##ident = {.name = label,                                                   \
                                  .domain = "hone",                                                \
                                  OP_ARGS_IN(ident##_in),                                          \
                                  OP_ARGS_OUT(ident##_out),                                        \
                                  .infer = ident##_infer,                                          \
                                  .run = ident##_run,                                              \
                                  .tolerance = {TOL_EXACT, 0},                                     \
                                  .cases = ident##_cases,                                          \
                                  __VA_ARGS__}
MEMBER(distance, "SquaredDistance", .flops = distance_flops);
MEMBER(pairs, "SvmPairs", OP_ATTRS(pairs_attrs, pairs_params), .plan = pairs_plan,
       .flops = pairs_flops);
MEMBER(chances, "SvmProbabilities", OP_ATTRS(chances_attrs, chances_params), .plan = chances_plan);

static const op *const members[] = {&op_distance, &op_pairs, &op_chances};
const op_family family_svm_scores = {members, COUNT_OF(members)};
