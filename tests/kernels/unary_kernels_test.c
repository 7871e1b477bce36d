/* SPDX-License-Identifier: Apache-2.0
 *
 * Unary slots against formulas in double (floats) or 128-bit integers. The bounds of the table are
 * the accuracy that the slots promise.
 */
#include <float.h>
#include <math.h>

#include "kernel_case.h"
#include "kernel_groups.h"

/* An error is measured in units in the last place of ... */
typedef enum scale {
    OF_RESULT,
    OF_LEAST,  /* the larger of result and LEAST: what is much smaller may be 0 */
    OF_FACTOR, /* the larger of result and x times LEAST: a factor may be 0 */
    OF_INPUT,  /* the larger of result and x: the formula cancels where x is much larger */
    OF_ONE     /* the larger of result and 1 */
} scale;

#define LEAST 0x1p-103 /* its units are about as large as the least normal number */

typedef struct float_oracle {
    const char *slot;
    double (*f)(double x, const double *p);
    double ulp; /* 0: correctly rounded, and the same bits at every level */
    scale of;
    double param[2];
} float_oracle;

static double logistic(double x) { return x < 0 ? exp(x) / (1 + exp(x)) : 1 / (1 + exp(-x)); }
static double softplus(double x) { return fmax(x, 0) + log1p(exp(-fabs(x))); }
static double clamp(double x, double lo, double hi) {
    const double above = x < lo ? lo : x;
    return above > hi ? hi : above;
}

#define ORACLE(name, formula)                                                                      \
    static double name##_oracle(double x, const double *p) {                                       \
        (void)p;                                                                                   \
        return formula;                                                                            \
    }
ORACLE(abs, fabs(x))
ORACLE(neg, -x)
ORACLE(sign, isnan(x) ? x : (x > 0) - (x < 0))
ORACLE(relu, x < 0 ? 0 : x)
ORACLE(floor, floor(x))
ORACLE(ceil, ceil(x))
ORACLE(round, nearbyint(x))
ORACLE(sqrt, sqrt(x))
ORACLE(reciprocal, 1 / x)
ORACLE(exp, exp(x))
ORACLE(log, log(x))
ORACLE(sin, sin(x))
ORACLE(cos, cos(x))
ORACLE(tan, tan(x))
ORACLE(asin, asin(x))
ORACLE(acos, acos(x))
ORACLE(atan, atan(x))
ORACLE(sinh, sinh(x))
ORACLE(cosh, cosh(x))
ORACLE(asinh, asinh(x))
ORACLE(acosh, acosh(x))
ORACLE(atanh, atanh(x))
ORACLE(tanh, tanh(x))
ORACLE(erf, erf(x))
ORACLE(sigmoid, logistic(x))
ORACLE(softplus, isnan(x) ? x : softplus(x))
ORACLE(softsign, x / (1 + fabs(x)))
ORACLE(silu, x *logistic(p[0] * x))
ORACLE(gelu, erfc(-x / sqrt(2)) / 2 * x)
ORACLE(gelu_tanh, x *logistic(2 * sqrt(2 / acos(-1)) * (x + 0.044715 * x * x * x)))
ORACLE(hardsigmoid, clamp(p[0] * x + p[1], 0, 1))
ORACLE(hardswish, x *clamp(p[0] * x + p[1], 0, 1))
ORACLE(mish, x *tanh(softplus(x)))
ORACLE(elu, x > 0 ? x : p[0] * expm1(x))
ORACLE(selu, p[1] * (x > 0 ? x : p[0] * expm1(x)))
ORACLE(celu, x > 0 ? x : p[0] * expm1(x / p[0]))
ORACLE(leaky_relu, x >= 0 ? x : p[0] * x)
ORACLE(thresholded_relu, x > p[0] ? x : 0)
ORACLE(shrink, x<-p[0] ? x + p[1] : x> p[0] ? x - p[1] : 0)
ORACLE(clip, clamp(x, p[0], p[1]))
ORACLE(affine, p[0] * x + p[1])
ORACLE(isnan, isnan(x) ? 1 : 0)
ORACLE(isinf, (x == INFINITY && p[0] != 0) || (x == -INFINITY && p[1] != 0))

#define ROW(name, ulp, of, ...)                                                                    \
    {                                                                                              \
#name, name##_oracle, ulp, of, { __VA_ARGS__ }                                             \
    }
static const float_oracle float_oracles[] = {
    ROW(abs, 0, OF_RESULT, 0),
    ROW(neg, 0, OF_RESULT, 0),
    ROW(sign, 0, OF_RESULT, 0),
    ROW(relu, 0, OF_RESULT, 0),
    ROW(floor, 0, OF_RESULT, 0),
    ROW(ceil, 0, OF_RESULT, 0),
    ROW(round, 0, OF_RESULT, 0),
    ROW(sqrt, 0, OF_RESULT, 0),
    ROW(reciprocal, 0, OF_RESULT, 0),
    ROW(exp, 1.1, OF_RESULT, 0),
    ROW(log, 1.2, OF_RESULT, 0),
    ROW(sin, 1.6, OF_RESULT, 0),
    ROW(cos, 1.6, OF_RESULT, 0),
    ROW(tan, 2, OF_RESULT, 0),
    ROW(asin, 2, OF_RESULT, 0),
    ROW(acos, 2, OF_RESULT, 0),
    ROW(atan, 2, OF_RESULT, 0),
    ROW(sinh, 3, OF_RESULT, 0),
    ROW(cosh, 3, OF_RESULT, 0),
    ROW(asinh, 3, OF_RESULT, 0),
    ROW(acosh, 3, OF_RESULT, 0),
    ROW(atanh, 3, OF_RESULT, 0),
    ROW(tanh, 1.5, OF_RESULT, 0),
    ROW(erf, 1.5, OF_RESULT, 0),
    ROW(sigmoid, 2.5, OF_LEAST, 0),
    ROW(softplus, 2, OF_RESULT, 0),
    ROW(softsign, 1.5, OF_RESULT, 0),
    ROW(silu, 3.5, OF_FACTOR, 1.0),
    ROW(silu, 3, OF_INPUT, 1.5),
    ROW(gelu, 1.5, OF_INPUT, 0),
    ROW(gelu_tanh, 2.5, OF_INPUT, 0),
    ROW(hardsigmoid, 2, OF_ONE, 0.25, 0.5),
    ROW(hardswish, 2, OF_INPUT, 0.25, 0.5),
    ROW(mish, 4.5, OF_FACTOR, 0),
    ROW(elu, 2, OF_RESULT, 1.0),
    ROW(elu, 3, OF_RESULT, 0.75),
    ROW(selu, 4, OF_RESULT, 1.67326319217681884765625, 1.05070102214813232421875),
    ROW(celu, 3, OF_RESULT, 1.0),
    ROW(celu, 4, OF_RESULT, 2.5),
    ROW(leaky_relu, 0, OF_RESULT, 0.125),
    ROW(thresholded_relu, 0, OF_RESULT, 1.0),
    ROW(shrink, 0, OF_RESULT, 0.5, 0.25),
    ROW(clip, 0, OF_RESULT, -1.5, 6.0),
    ROW(clip, 0, OF_RESULT, 2.0, 1.0),
    ROW(affine, 0, OF_RESULT, 2.0, -0.0),
    ROW(affine, 2, OF_INPUT, 1.25, 0.7),
    ROW(isnan, 0, OF_RESULT, 0),
    ROW(isinf, 0, OF_RESULT, 1, 1),
    ROW(isinf, 0, OF_RESULT, 0, 1),
    ROW(isinf, 0, OF_RESULT, 1, 0),
};

typedef struct int_oracle {
    const char *slot;
    wide (*f)(ktype t, wide x, const double *p);
    double param[2];
} int_oracle;

#define INT_ORACLE(name, formula)                                                                  \
    static wide name##_int_oracle(ktype t, wide x, const double *p) {                              \
        (void)t, (void)p;                                                                          \
        return formula;                                                                            \
    }
static wide clamp_to_type(ktype t, double v) {
    if (v >= (double)highest_wide(t)) return highest_wide(t);
    if (v <= (double)lowest_wide(t)) return lowest_wide(t);
    return (wide)v;
}
INT_ORACLE(abs, x < 0 ? -x : x)
INT_ORACLE(neg, -x)
INT_ORACLE(sign, (x > 0) - (x < 0))
INT_ORACLE(relu, x < 0 ? 0 : x)
INT_ORACLE(bitnot, ~x)
INT_ORACLE(lnot, !x)
INT_ORACLE(shrink, (double)x<-p[0] ? clamp_to_type(t, (double)x + p[1]) : (double)x> p[0]
                       ? clamp_to_type(t, (double)x - p[1])
                       : 0)
static wide clip_int_oracle(ktype t, wide x, const double *p) {
    const wide lo = clamp_to_type(t, p[0]), hi = clamp_to_type(t, p[1]);
    const wide above = x < lo ? lo : x;
    return above > hi ? hi : above;
}

#define INT_ROW(name, ...)                                                                         \
    {                                                                                              \
#name, name##_int_oracle, { __VA_ARGS__ }                                                  \
    }
static const int_oracle int_oracles[] = {
    INT_ROW(abs, 0),         INT_ROW(neg, 0),          INT_ROW(sign, 0),
    INT_ROW(relu, 0),        INT_ROW(bitnot, 0),       INT_ROW(lnot, 0),
    INT_ROW(shrink, 1.5, 1), INT_ROW(shrink, 0.5, -2), INT_ROW(clip, -3, 5),
    INT_ROW(clip, 4, 1e300), INT_ROW(clip, -1e300, 2),
};

/* ---- One run --------------------------------------------------------------------------------- */

typedef struct unary_run {
    const slot *s;
    ktype t;
    isa_level level;
    const float_oracle *fo; /* or */
    const int_oracle *io;
    guard x, y;
} unary_run;

static bool writes_bytes(const slot *s) {
    return strcmp(s->name, "isnan") == 0 || strcmp(s->name, "isinf") == 0;
}

static double scale_of(scale of, double x, double expected) {
    const double least = of == OF_INPUT    ? fabs(x)
                         : of == OF_FACTOR ? fabs(x) * LEAST
                         : of == OF_LEAST  ? LEAST
                         : of == OF_ONE    ? 1.0
                                           : 0.0;
    return isinf(least) ? expected : fmax(fabs(expected), least);
}

static void fail_float(const unary_run *r, double x, double got, double expected, double error) {
    fail_msg("%s at %s: f(%a = %g) is %.9g, expected %.9g: off by %g ulp, allowed %g",
             slot_label(r->s, r->t), isa_name(r->level), x, x, got, expected, error, r->fo->ulp);
}

/* double formulas of double libm functions are compared with the same bounds and one ulp more. */
static double allowed_ulp(const unary_run *r) {
    return r->t == KT_F64 && r->fo->ulp > 0 ? r->fo->ulp + 1 : r->fo->ulp;
}

static void check_floats(const unary_run *r, size_t n, const void *x, const void *y) {
    for (size_t i = 0; i < n; i++) {
        const double v = load_double(r->t, x, i);
        const double got = writes_bytes(r->s) ? ((const uint8_t *)y)[i] : load_double(r->t, y, i);
        const double expected = r->fo->f(v, r->fo->param);
        const double error = ulp_error(r->t, got, expected, scale_of(r->fo->of, v, expected));
        if (error > allowed_ulp(r)) fail_float(r, v, got, expected, error);
        if (r->fo->ulp == 0 && got == 0 && signbit(got) != signbit(expected))
            fail_float(r, v, got, expected, 0);
    }
}

static void check_ints(const unary_run *r, size_t n, const void *x, const void *y) {
    for (size_t i = 0; i < n; i++) {
        const wide v = load_wide(r->t, x, i), got = load_wide(r->t, y, i);
        const wide expected = wrap_wide(r->t, r->io->f(r->t, v, r->io->param));
        if (got != expected)
            fail_msg("%s at %s: f(%lld) is %lld, expected %lld", slot_label(r->s, r->t),
                     isa_name(r->level), (long long)v, (long long)got, (long long)expected);
    }
}

static void run_unary(unary_run *r, const placement *p, bool in_place) {
    const size_t size = ktype_size(r->t), out_size = writes_bytes(r->s) ? 1 : size;
    uint8_t input[1009 * 8];
    fill_values(r->t, p->n, p->start, input);
    void *x = place(&r->x, p->n, size, p->offset_x);
    memcpy(x, input, p->n * size);
    void *y = in_place ? x : place(&r->y, p->n, out_size, p->offset_y);

    unary_fn *f = (unary_fn *)slot_get(level_table(r->level), r->s, r->t);
    f(p->n, x, y, r->fo ? r->fo->param : r->io->param);

    if (!guard_intact(in_place ? &r->x : &r->y, y, p->n * (in_place ? size : out_size)))
        fail_msg("%s at %s writes outside of y (n = %zu)", slot_label(r->s, r->t),
                 isa_name(r->level), p->n);
    if (!in_place) assert_true(memcmp(x, input, p->n * size) == 0);
    if (r->fo)
        check_floats(r, p->n, input, y);
    else
        check_ints(r, p->n, input, y);
}

static void run_placement(void *user, const placement *p) {
    run_unary(user, p, false);
    run_unary(user, p, true);
}

/* Runs every oracle of a slot and type; returns how many there are. */
static size_t run_oracles(unary_run *r) {
    size_t found = 0;
    const size_t count = ktype_is_float(r->t) ? COUNT_OF(float_oracles) : COUNT_OF(int_oracles);
    for (size_t i = 0; i < count; i++) {
        r->fo = ktype_is_float(r->t) ? &float_oracles[i] : NULL;
        r->io = ktype_is_float(r->t) ? NULL : &int_oracles[i];
        if (strcmp(r->fo ? r->fo->slot : r->io->slot, r->s->name) != 0) continue;
        for_each_placement(run_placement, r);
        found++;
    }
    return found;
}

void unary_slots_follow_their_formulas(void **state) {
    (void)state;
    unary_run r = {0};
    guard_create(&r.x, 1009 * 8 + 256);
    guard_create(&r.y, 1009 * 8 + 256);
    for (size_t i = 0; i < slot_count; i++) {
        if (!slot_has_type(&slots[i], "unary_fn")) continue;
        r.s = &slots[i];
        for (r.t = KT_F32; r.t < KT_COUNT; r.t++) {
            if (!(r.s->mask & KT_BIT(r.t))) continue;
            for (r.level = ISA_SCALAR; r.level < ISA_COUNT; r.level++) {
                if (!level_table(r.level) || !level_overrides(r.level, r.s, r.t)) continue;
                if (run_oracles(&r) == 0) fail_msg("%s has no oracle", slot_label(r.s, r.t));
            }
        }
    }
    guard_destroy(&r.x);
    guard_destroy(&r.y);
}

/* ---- Accuracy over the whole range of float -------------------------------------------------- */

#ifndef SWEEP_STEP
#define SWEEP_STEP 257u
#endif
#define SWEEP_CHUNK 4096u

/* The largest error of one kernel over every SWEEP_STEP-th float. */
static double sweep(const unary_run *r, double *worst_x) {
    static float x[SWEEP_CHUNK], y[SWEEP_CHUNK];
    unary_fn *f = (unary_fn *)slot_get(level_table(r->level), r->s, KT_F32);
    double worst = 0;
    for (uint64_t first = 0; first <= UINT32_MAX; first += (uint64_t)SWEEP_CHUNK * SWEEP_STEP) {
        size_t n = 0;
        for (; n < SWEEP_CHUNK && first + n * SWEEP_STEP <= UINT32_MAX; n++) {
            const uint32_t bits = (uint32_t)(first + n * SWEEP_STEP);
            memcpy(&x[n], &bits, sizeof bits);
        }
        f(n, x, y, r->fo->param);
        for (size_t i = 0; i < n; i++) {
            const double expected = r->fo->f((double)x[i], r->fo->param);
            const double error = ulp_error(KT_F32, (double)y[i], expected,
                                           scale_of(r->fo->of, (double)x[i], expected));
            if (error > worst) worst = error, *worst_x = (double)x[i];
        }
    }
    return worst;
}

void vector_functions_keep_their_ulp_bounds(void **state) {
    (void)state;
    for (size_t i = 0; i < slot_count; i++) {
        if (!slot_has_type(&slots[i], "unary_fn") || !(slots[i].mask & KT_BIT(KT_F32))) continue;
        for (size_t o = 0; o < COUNT_OF(float_oracles); o++) {
            unary_run r = {.s = &slots[i], .t = KT_F32, .fo = &float_oracles[o]};
            if (r.fo->ulp == 0 || strcmp(r.fo->slot, r.s->name) != 0) continue;
            for (r.level = ISA_SCALAR + 1; r.level < ISA_COUNT; r.level++) {
                if (!level_table(r.level) || !level_overrides(r.level, r.s, KT_F32)) continue;
                double x = 0;
                const double worst = sweep(&r, &x);
                print_message("%-12s %-8s at most %.3f ulp (x = %g), allowed %.1f\n", r.s->name,
                              isa_name(r.level), worst, x, r.fo->ulp);
                if (worst > r.fo->ulp) fail_msg("%s is less accurate than promised", r.s->name);
            }
        }
    }
}
