/* SPDX-License-Identifier: Apache-2.0
 *
 * Folds against exact integer sums, or long double sums with a bound on the rounding error.
 */
#include <float.h>
#include <math.h>
#include <stdlib.h>

#include "kernel_case.h"
#include "kernel_groups.h"

typedef struct reduce_oracle {
    const char *slot;
    long double (*f)(long double acc, long double x);
    wide (*i)(wide acc, wide x);
    double float_start;
} reduce_oracle;

#define FOLDS(name, floats, ints)                                                                  \
    static long double name##_float(long double acc, long double x) { return floats; }             \
    static wide name##_int(wide acc, wide x) { return ints; }
FOLDS(sum, acc + x, acc + x)
FOLDS(sumsq, acc + x * x, acc + wrap_wide(KT_U64, multiply_wide(x, x)))
FOLDS(sumabs, acc + (x < 0 ? -x : x), acc + (x < 0 ? -x : x))
FOLDS(prod, (acc * x), multiply_wide(acc, x))
FOLDS(max, x > acc || x != x ? x : acc, x > acc ? x : acc)
FOLDS(min, x < acc || x != x ? x : acc, x < acc ? x : acc)

#define ROW(name, start)                                                                           \
    { "reduce_" #name, name##_float, name##_int, start }
static const reduce_oracle oracles[] = {
    ROW(sum, 0),  ROW(sumsq, 0),       ROW(sumabs, 0),
    ROW(prod, 1), ROW(max, -INFINITY), ROW(min, INFINITY),
};

typedef struct reduce_run {
    const slot *s;
    ktype t;
    isa_level level;
    const reduce_oracle *oracle;
    guard x;
} reduce_run;

static wide int_start(const reduce_run *r) {
    const char *name = r->oracle->slot;
    if (strcmp(name, "reduce_max") == 0) return lowest_wide(r->t);
    if (strcmp(name, "reduce_min") == 0) return highest_wide(r->t);
    return strcmp(name, "reduce_prod") == 0;
}

static bool is_sum(const reduce_run *r) { return strncmp(r->oracle->slot, "reduce_sum", 10) == 0; }

/* Sums may be off by a few roundings of the largest partial sum. */
static double allowed_error(const reduce_run *r, size_t n, const void *x) {
    if (!is_sum(r)) return 0;
    double magnitude = 0;
    for (size_t i = 0; i < n; i++) {
        const double v = fabs(load_double(r->t, x, i));
        magnitude += r->oracle->f == sumsq_float ? v * v : v;
    }
    return magnitude * 8 * (r->t == KT_F32 ? FLT_EPSILON : DBL_EPSILON);
}

static void check_float_fold(const reduce_run *r, size_t n, const void *x, const void *y) {
    long double acc = (long double)r->oracle->float_start;
    for (size_t i = 0; i < n; i++) acc = r->oracle->f(acc, (long double)load_double(r->t, x, i));
    const double got = load_double(r->t, y, 0), expected = (double)acc;
    if (fabs(got - expected) <= allowed_error(r, n, x)) return;
    if (ulp_error(r->t, got, expected, expected) > (double)n) /* products round n times */
        fail_msg("%s at %s: %zu elements fold to %.9g, expected %.9g", slot_label(r->s, r->t),
                 isa_name(r->level), n, got, expected);
}

static void run_reduce(void *user, const placement *p) {
    reduce_run *r = user;
    const size_t size = ktype_size(r->t);
    void *x = place(&r->x, p->n, size, p->offset_x);
    fill_values(r->t, p->n, p->start, x);
    uint8_t y[8];
    ((reduce_fn *)slot_get(level_table(r->level), r->s, r->t))(p->n, x, y);
    if (ktype_is_float(r->t)) {
        check_float_fold(r, p->n, x, y);
        return;
    }
    wide acc = int_start(r);
    for (size_t i = 0; i < p->n; i++) {
        acc = r->oracle->i(acc, load_wide(r->t, x, i));
        acc = wrap_wide(r->t, acc);
    }
    if (load_wide(r->t, y, 0) != acc)
        fail_msg("%s at %s: %zu elements fold to %lld, expected %lld", slot_label(r->s, r->t),
                 isa_name(r->level), p->n, (long long)load_wide(r->t, y, 0), (long long)acc);
}

static void run_levels(reduce_run *r) {
    for (r->level = ISA_SCALAR; r->level < ISA_COUNT; r->level++)
        if (level_table(r->level) && level_overrides(r->level, r->s, r->t))
            for_each_placement(run_reduce, r);
}

void reduce_slots_fold_every_element(void **state) {
    (void)state;
    reduce_run r = {0};
    guard_create(&r.x, 1009 * 8 + 256);
    for (size_t i = 0; i < slot_count; i++) {
        if (!slot_has_type(&slots[i], "reduce_fn")) continue;
        r.s = &slots[i];
        r.oracle = NULL;
        for (size_t o = 0; o < COUNT_OF(oracles); o++)
            if (strcmp(oracles[o].slot, r.s->name) == 0) r.oracle = &oracles[o];
        assert_non_null(r.oracle);
        for (r.t = KT_F32; r.t < KT_COUNT; r.t++)
            if (r.s->mask & KT_BIT(r.t)) run_levels(&r);
    }
    guard_destroy(&r.x);
}

void reduce_sums_stay_accurate_for_long_runs(void **state) {
    (void)state;
    const size_t n = 3000017;
    float *x = malloc(n * sizeof *x);
    assert_non_null(x);
    fill_uniform(n, 1, 1.0f, x);
    double sum = 0, magnitude = 0;
    for (size_t i = 0; i < n; i++) {
        x[i] += 0.5f;
        sum += (double)x[i];
        magnitude += fabs((double)x[i]);
    }
    for (isa_level level = ISA_SCALAR; level < ISA_COUNT; level++) {
        if (!level_table(level)) continue;
        float got;
        level_table(level)->reduce_sum[KT_F32](n, x, &got);
        if (fabs((double)got - sum) > magnitude * 4 * FLT_EPSILON)
            fail_msg("%s: %zu elements sum to %g, expected %g", isa_name(level), n, (double)got,
                     sum);
    }
    free(x);
}
