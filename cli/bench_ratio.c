/* SPDX-License-Identifier: Apache-2.0 */
#include "bench_ratio.h"

#include <math.h>
#include <stdlib.h>

#include "bench_stats.h"
#include "cli_error.h"

/* Probability wanted of an interval. */
static const double WANTED = 0.95;

/* Probability of i heads in n throws. */
static double heads(int64_t n, int64_t i) {
    const double a = (double)n, b = (double)i;
    return exp(lgamma(a + 1) - lgamma(b + 1) - lgamma(a - b + 1) - a * log(2));
}

/* The median lies beyond the k-th least of n ratios when fewer than k of them lie below it. Returns
 * the largest k that leaves out no more than wanted on both sides, at least 1. */
static int64_t find_rank(int64_t n, double *coverage) {
    double beyond = heads(n, 0);
    int64_t k = 1;
    while (2 * (k + 1) <= n && 2 * (beyond + heads(n, k)) <= 1 - WANTED) beyond += heads(n, k++);
    *coverage = n > 1 ? 1 - 2 * beyond : 0;
    return k;
}

hone_status ratio_of(ratio *out, const double *a, const double *b, int64_t n, hone_error *err) {
    double *x = cli_alloc(err, (size_t)n, sizeof *x);
    if (!x) return HONE_E_NOMEM;
    for (int64_t i = 0; i < n; i++) x[i] = a[i] / b[i];
    sort_reals(x, n);
    const int64_t k = find_rank(n, &out->coverage);
    out->value = (x[(n - 1) / 2] + x[n / 2]) / 2;
    out->low = x[k - 1];
    out->high = x[n - k];
    free(x);
    return HONE_OK;
}

verdict ratio_verdict(const ratio *times, const ratio *noise) {
    if (times->high < fmin(1, noise->low)) return VERDICT_FASTER;
    if (times->low > fmax(1, noise->high)) return VERDICT_SLOWER;
    return VERDICT_SAME;
}

const char *verdict_text(verdict v) {
    static const char *const texts[] = {"no difference beyond noise", "faster", "slower"};
    return texts[v];
}
