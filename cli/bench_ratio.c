/* SPDX-License-Identifier: Apache-2.0 */
#include "bench_ratio.h"

#include <math.h>
#include <stdlib.h>

#include "cli_error.h"
#include "cli_json.h"

/* Probability wanted of an interval, and of both of two. */
static const double WANTED = 0.95, WANTED_OF_TWO = 0.975;

/* Probability of i heads in n throws. */
static double heads(int64_t n, int64_t i) {
    const double a = (double)n, b = (double)i;
    return exp(lgamma(a + 1) - lgamma(b + 1) - lgamma(a - b + 1) - a * log(2));
}

/* The median lies beyond the k-th least of n ratios when fewer than k of them lie below it. Returns
 * the largest k that leaves out no more than wanted on both sides, at least 1. */
static int64_t find_rank(int64_t n, double wanted, double *coverage) {
    double beyond = heads(n, 0);
    int64_t k = 1;
    while (2 * (k + 1) <= n && 2 * (beyond + heads(n, k)) <= 1 - wanted) beyond += heads(n, k++);
    *coverage = n > 1 ? 1 - 2 * beyond : 0;
    return k;
}

/* Sorts the numbers. */
static ratio median_of(double *x, int64_t n, double wanted) {
    ratio out;
    sort_reals(x, n);
    const int64_t k = find_rank(n, wanted, &out.coverage);
    out.value = (x[(n - 1) / 2] + x[n / 2]) / 2;
    out.low = x[k - 1];
    out.high = x[n - k];
    return out;
}

hone_status ratio_of(ratio *out, const double *a, const double *b, int64_t n, hone_error *err) {
    double *x = cli_alloc(err, (size_t)n, sizeof *x);
    if (!x) return HONE_E_NOMEM;
    for (int64_t i = 0; i < n; i++) x[i] = a[i] / b[i];
    *out = median_of(x, n, WANTED);
    free(x);
    return HONE_OK;
}

/* The ends are those of the two intervals that are farthest apart. One of them misses its median no
 * more often than the two together. */
void ratio_of_medians(ratio *out, const sample_blocks *a, const sample_blocks *b) {
    sample_blocks sorted[2] = {*a, *b};
    const ratio x = median_of(sorted[0].least, a->count, WANTED_OF_TWO);
    const ratio y = median_of(sorted[1].least, b->count, WANTED_OF_TWO);
    *out = (ratio){x.value / y.value, x.low / y.high, x.high / y.low,
                   fmax(0, x.coverage + y.coverage - 1)};
}

/* How far from 1 the noise may lie. Which way it went this time says nothing of the next. */
static double noise_bound(const ratio *noise) {
    return noise ? fmax(1, fmax(noise->high, 1 / noise->low)) : 1;
}

verdict ratio_verdict(const ratio *times, const ratio *noise) {
    const double bound = noise_bound(noise);
    if (times->high < 1 / bound) return VERDICT_FASTER;
    return times->low > bound ? VERDICT_SLOWER : VERDICT_SAME;
}

bool ratio_is_above(const ratio *times, verdict v, double percent) {
    return v == VERDICT_SLOWER && times->value > 1 + percent / 100;
}

const char *verdict_text(verdict v) {
    static const char *const texts[] = {"no difference beyond noise", "faster", "slower"};
    return texts[v];
}

void ratio_report(report_part *part, const char *label, const char *whose, const ratio *r) {
    report_fact(part, label, "%.4f times %s time (%.4f to %.4f, %.1f %%)", r->value, whose, r->low,
                r->high, 100 * r->coverage);
}

void ratio_json(json_t *parent, const char *key, const ratio *r) {
    json_t *object = doc_object(parent, key);
    doc_real(object, "value", r->value);
    doc_real(object, "low", r->low);
    doc_real(object, "high", r->high);
    doc_real(object, "coverage", r->coverage);
}
