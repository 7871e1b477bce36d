/* SPDX-License-Identifier: Apache-2.0
 *
 * Random operators: two core ones that fill a tensor of a given shape, the composites over them,
 * and Multinomial. random_stream.h says which numbers they draw; a seed that is not given is 0.
 */
#include <math.h>

#include "composite.h"
#include "normal_quantile.h"
#include "op.h"
#include "random_stream.h"

/* Of all of them. `a` and `b` are low and high, or mean and scale. */
typedef struct random_params {
    float a, b, seed;
    hone_dtype dtype;
    int_list shape;
    int64_t sample_size;
} random_params;

#define SEED      ATTR_ROW(FLOAT, random_params, seed)
#define DTYPE(of) ATTR_ROW(DTYPE, random_params, dtype, .i = (of))
#define UNIFORM                                                                                    \
    ATTR_NAMED(FLOAT, "low", random_params, a), ATTR_NAMED(FLOAT, "high", random_params, b, .f = 1)
#define NORMAL                                                                                     \
    ATTR_NAMED(FLOAT, "mean", random_params, a),                                                   \
        ATTR_NAMED(FLOAT, "scale", random_params, b, .f = 1)
#define DIMENSIONS                                                                                 \
    ATTR_ROW(INTS, random_params, shape, .required = true, .min = 0, .max = INT64_MAX)
static const attr_spec uniform_attrs[] = {UNIFORM, SEED, DTYPE(HONE_F32)};
static const attr_spec normal_attrs[] = {NORMAL, SEED, DTYPE(HONE_F32)};
static const attr_spec uniform_shape_attrs[] = {UNIFORM, SEED, DTYPE(HONE_F32), DIMENSIONS};
static const attr_spec normal_shape_attrs[] = {NORMAL, SEED, DTYPE(HONE_F32), DIMENSIONS};
static const attr_spec uniform_like_attrs[] = {UNIFORM, SEED, DTYPE(HONE_UNDEFINED)};
static const attr_spec normal_like_attrs[] = {NORMAL, SEED, DTYPE(HONE_UNDEFINED)};
static const attr_spec bernoulli_attrs[] = {SEED, DTYPE(HONE_UNDEFINED)};
static const attr_spec multinomial_attrs[] = {
    SEED, DTYPE(HONE_I32),
    ATTR_ROW(INT, random_params, sample_size, .i = 1, .min = 1, .max = INT32_MAX)};

/* ---- Core: a tensor of the shape that the input says -------------------------------------------
 */

static const op_arg shape_in[] = {{"shape", DT(HONE_I64), 0, 0}};
static const op_arg float_out[] = {{"output", DT_FLOATS, 0, 0}};

static hone_status fill_infer(infer *f) {
    const random_params *p = f->params;
    const shape *of = infer_shape(f, 0);
    int64_t v[HONE_MAX_RANK];
    int32_t n;
    if (!dtype_in(p->dtype, DT_FLOATS))
        return infer_fail(f, "dtype is %s: expected a floating-point type",
                          hone_dtype_name(p->dtype));
    f->out[0].dtype = p->dtype;
    if (!infer_value(f, 0)) {
        if (of->rank == 1 && dim_known(of->dim[0]) && of->dim[0] <= HONE_MAX_RANK)
            f->out[0].shape = shape_of_rank((int32_t)of->dim[0]);
        return HONE_OK;
    }
    TRY(infer_ints(f, 0, v, HONE_MAX_RANK, &n));
    for (int32_t i = 0; i < n; i++)
        if (v[i] < 0) return infer_fail(f, "'shape' has size %lld", (long long)v[i]);
    f->out[0].shape = shape_make(n, v);
    return HONE_OK;
}

typedef struct random_job {
    const step *s;
    const random_params *p;
    random_stream stream;
    double (*number)(const struct random_job *j, uint64_t i);
    double bound, last; /* results of `bound` or more become `last`; bound is NaN for none */
} random_job;

static double uniform_number(const random_job *j, uint64_t i) {
    const double unit =
        j->p->dtype == HONE_F64 ? random_unit_wide(&j->stream, i) : random_unit(&j->stream, i);
    return (double)j->p->a + unit * ((double)j->p->b - (double)j->p->a);
}

static double normal_number(const random_job *j, uint64_t i) {
    return (double)j->p->a + normal_quantile(random_open(&j->stream, i)) * (double)j->p->b;
}

static void do_fill(void *arg, int64_t first, int64_t last, int32_t worker) {
    const random_job *j = arg;
    const tensor *out = &j->s->out[0];
    (void)worker;
    for (int64_t i = first; i < last; i++) {
        const double v = j->number(j, (uint64_t)i);
        if (out->dtype == HONE_F32)
            ((float *)out->data)[i] = (float)v;
        else
            tensor_set_f64(out, i, v);
        if (tensor_f64(out, i) >= j->bound) tensor_set_f64(out, i, j->last);
    }
}

/* A number of the type below `high`, as near as its digits allow; `low` if there is none. */
static double below(hone_dtype t, double low, double high) {
    const int digits = t == HONE_F64 ? 53 : t == HONE_F32 ? 24 : t == HONE_F16 ? 11 : 8;
    uint64_t room = 0;
    int exponent;
    const tensor one = {.dtype = t, .shape = shape_scalar(), .data = &room};
    frexp(high, &exponent);
    tensor_set_f64(&one, 0, high - ldexp(1, exponent - digits));
    const double v = tensor_f64(&one, 0);
    return v > low && v < high ? v : low;
}

static hone_status fill(run_ctx *r, const step *s,
                        double (*number)(const random_job *j, uint64_t i)) {
    random_job j = {.s = s, .p = step_params(s), .number = number, .bound = NAN};
    /* Rounding must not reach the end that is not part of the range. */
    if (number == uniform_number && j.p->a < j.p->b) {
        j.bound = (double)j.p->b;
        j.last = below(j.p->dtype, (double)j.p->a, (double)j.p->b);
    }
    TRY(random_begin(r, s, j.p->seed, &j.stream));
    team_run(r->team, tensor_count(&s->out[0]), 1024, do_fill, &j);
    return HONE_OK;
}

static hone_status uniform_run(run_ctx *r, const step *s) { return fill(r, s, uniform_number); }
static hone_status normal_run(run_ctx *r, const step *s) { return fill(r, s, normal_number); }

/* ---- Composites --------------------------------------------------------------------------------
 */

/* Numbers of this type in the shape that `dims` says. */
static value *emit_filled(builder *b, const draft *d, bool normal, value *dims, hone_dtype t) {
    const random_params *p = d->params;
    const attr attrs[] = {A_FLOAT(normal ? "mean" : "low", p->a),
                          A_FLOAT(normal ? "scale" : "high", p->b), A_FLOAT("seed", p->seed),
                          A_INT("dtype", t)};
    return emit(b, normal ? "hone::RandomNormal" : "hone::RandomUniform", IN(dims), attrs,
                COUNT_OF(attrs));
}

static hone_status shape_expand(builder *b, draft *d, bool normal) {
    const random_params *p = d->params;
    value *dims = emit_i64s(b, p->shape.v, p->shape.n);
    return draft_done(b, d, emit_filled(b, d, normal, dims, p->dtype));
}
static hone_status uniform_expand(builder *b, draft *d) { return shape_expand(b, d, false); }
static hone_status normal_expand(builder *b, draft *d) { return shape_expand(b, d, true); }

/* The type that is asked for, or else the input's. */
static hone_dtype result_type(const draft *d) {
    const hone_dtype asked = ((const random_params *)d->params)->dtype;
    return asked ? asked : d->in[0]->type.dtype;
}

static hone_status like_expand(builder *b, draft *d, bool normal) {
    value *dims = expand_unary(b, "Shape", d->in[0]);
    return draft_done(b, d, emit_filled(b, d, normal, dims, result_type(d)));
}
static hone_status uniform_like_expand(builder *b, draft *d) { return like_expand(b, d, false); }
static hone_status normal_like_expand(builder *b, draft *d) { return like_expand(b, d, true); }

/* 1 where a uniform number is below the probability. */
static hone_status bernoulli_expand(builder *b, draft *d) {
    value *p = d->in[0], *dims = expand_unary(b, "Shape", p);
    const hone_dtype t = p->type.dtype == HONE_F64 ? HONE_F64 : HONE_F32;
    const attr attrs[] = {A_FLOAT("seed", ((const random_params *)d->params)->seed),
                          A_INT("dtype", t)};
    value *drawn = emit(b, "hone::RandomUniform", IN(dims), attrs, COUNT_OF(attrs));
    value *hit = expand_binary(b, "Less", drawn, expand_cast(b, p, t));
    return draft_done(b, d, expand_cast(b, hit, result_type(d)));
}

/* ---- Multinomial -------------------------------------------------------------------------------
 */

static const op_arg multinomial_in[] = {{"input", DT_FLOATS, 0, 0}};
static const op_arg multinomial_out[] = {{"output", DT_INDEX, 0, 0}};

static hone_status multinomial_infer(infer *f) {
    const random_params *p = f->params;
    shape y = *infer_shape(f, 0);
    TRY(infer_check_rank(f, 0, 2, 2));
    if (!dtype_in(p->dtype, DT_INDEX))
        return infer_fail(f, "dtype is %s: expected int32 or int64", hone_dtype_name(p->dtype));
    if (y.rank == 2 && y.dim[1] == 0) return infer_fail(f, "input has no classes to draw from");
    if (y.rank == 2) y.dim[1] = p->sample_size;
    infer_set(f, 0, p->dtype, &y);
    return HONE_OK;
}

static double row_max(const tensor *x, int64_t from, int64_t n) {
    double most = -INFINITY;
    for (int64_t i = 0; i < n; i++) most = fmax(most, tensor_f64(x, from + i));
    return most;
}

/* The class at which the summed probabilities pass `share` of their total. */
static int64_t pick(const tensor *x, int64_t from, int64_t n, double most, double total,
                    double share) {
    double sum = 0;
    int64_t last = 0;
    for (int64_t i = 0; i < n; i++) {
        const double p = exp(tensor_f64(x, from + i) - most);
        if (!(p > 0)) continue;
        last = i;
        sum += p;
        if (sum > share * total) break;
    }
    return last;
}

static void do_rows(void *arg, int64_t first, int64_t last, int32_t worker) {
    const random_job *j = arg;
    const tensor *x = &j->s->in[0];
    const int64_t n = x->shape.dim[1], samples = j->p->sample_size;
    (void)worker;
    for (int64_t row = first; row < last; row++) {
        const double most = row_max(x, row * n, n);
        double total = 0;
        for (int64_t i = 0; i < n; i++) total += exp(tensor_f64(x, row * n + i) - most);
        for (int64_t i = 0; i < samples; i++) {
            const uint64_t at = (uint64_t)(row * samples + i);
            const double share = random_open(&j->stream, at);
            const bool fair = total > 0 && isfinite(total) && isfinite(most);
            tensor_set_i64(&j->s->out[0], row * samples + i,
                           fair ? pick(x, row * n, n, most, total, share) : -1);
        }
    }
}

static hone_status multinomial_run(run_ctx *r, const step *s) {
    random_job j = {.s = s, .p = step_params(s)};
    TRY(random_begin(r, s, j.p->seed, &j.stream));
    team_run(r->team, s->in[0].shape.dim[0], 1, do_rows, &j);
    for (int64_t i = 0; i < tensor_count(&s->out[0]); i += j.p->sample_size)
        if (tensor_i64(&s->out[0], i) < 0)
            return run_fail(r, "row %lld holds NaN, or no class that could be drawn",
                            (long long)(i / j.p->sample_size));
    return HONE_OK;
}

/* ---- Table -------------------------------------------------------------------------------------
 */

static const op_version since_1[] = {{1, NULL}};
static const op_version since_7[] = {{7, NULL}};
static const op_version since_15[] = {{15, NULL}};
static const char *const fill_cases[] = {"i64{2,3}", "i64{0,4}", "i64{} dtype=11",
                                         "i64{33} dtype=10", NULL};
static const char *const shape_cases[] = {"shape=2,3", "shape=7, dtype=11 seed=3", NULL};
static const char *const like_cases[] = {"f32[2,3]", "i32[40] dtype=1", "f64[0,2]", NULL};
static const char *const bernoulli_cases[] = {"f32[3,4]", "f64[40] dtype=9", "f16[0] dtype=6",
                                              NULL};
static const char *const multinomial_cases[] = {"f32[3,4] sample_size=5", "f16[1,1] dtype=7",
                                                "f64[0,2]", NULL};
static const op_arg any_in[] = {{"input", DT_ALL, 0, 0}};
static const op_arg chance_in[] = {{"input", DT_FLOATS, 0, 0}};
static const op_arg count_out[] = {{"output", DT_NUMBERS | DT_BOOL, 0, 0}};

#define MEMBER(ident, in_domain, label, attributes, ...)                                           \
    static const op ident##_op = {.name = label,                                                   \
                                  .domain = in_domain,                                             \
                                  OP_ATTRS(attributes, random_params),                             \
                                  .tolerance = {TOL_ULP, 4},                                       \
                                  __VA_ARGS__}
#define CORE(ident, in_domain, label, attributes, ...)                                             \
    MEMBER(ident, in_domain, label, attributes, .flags = OP_IMPURE, __VA_ARGS__)

CORE(fill_uniform, "hone", "RandomUniform", uniform_attrs, OP_ARGS_IN(shape_in),
     OP_ARGS_OUT(float_out), .infer = fill_infer, .run = uniform_run, .cases = fill_cases);
CORE(fill_normal, "hone", "RandomNormal", normal_attrs, OP_ARGS_IN(shape_in),
     OP_ARGS_OUT(float_out), .infer = fill_infer, .run = normal_run, .cases = fill_cases);
CORE(multinomial, "", "Multinomial", multinomial_attrs, OP_VERSIONS(since_7),
     OP_ARGS_IN(multinomial_in), OP_ARGS_OUT(multinomial_out), .infer = multinomial_infer,
     .run = multinomial_run, .cases = multinomial_cases);
MEMBER(uniform, "", "RandomUniform", uniform_shape_attrs, OP_VERSIONS(since_1),
       OP_ARGS_OUT(float_out), .expand = uniform_expand, .cases = shape_cases);
MEMBER(normal, "", "RandomNormal", normal_shape_attrs, OP_VERSIONS(since_1), OP_ARGS_OUT(float_out),
       .expand = normal_expand, .cases = shape_cases);
MEMBER(uniform_like, "", "RandomUniformLike", uniform_like_attrs, OP_VERSIONS(since_1),
       OP_ARGS_IN(any_in), OP_ARGS_OUT(float_out), .expand = uniform_like_expand,
       .cases = like_cases);
MEMBER(normal_like, "", "RandomNormalLike", normal_like_attrs, OP_VERSIONS(since_1),
       OP_ARGS_IN(any_in), OP_ARGS_OUT(float_out), .expand = normal_like_expand,
       .cases = like_cases);
MEMBER(bernoulli, "", "Bernoulli", bernoulli_attrs, OP_VERSIONS(since_15), OP_ARGS_IN(chance_in),
       OP_ARGS_OUT(count_out), .expand = bernoulli_expand, .cases = bernoulli_cases);

static const op *const members[] = {&fill_uniform_op, &fill_normal_op, &multinomial_op,
                                    &uniform_op,      &normal_op,      &uniform_like_op,
                                    &normal_like_op,  &bernoulli_op};
const op_family family_random = {members, COUNT_OF(members)};
