/* SPDX-License-Identifier: Apache-2.0 */
#include "bench_stats.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli_error.h"

hone_status sample_list_add(sample_list *list, double ns, hone_error *err) {
    if (list->count == list->capacity) {
        const int64_t capacity = list->capacity ? 2 * list->capacity : 1024;
        double *grown = realloc(list->ns, (size_t)capacity * sizeof *grown);
        if (!grown) return cli_fail_nomem(err);
        list->ns = grown;
        list->capacity = capacity;
    }
    list->ns[list->count++] = ns;
    return HONE_OK;
}

void sample_list_release(sample_list *list) {
    free(list->ns);
    *list = (sample_list){NULL, 0, 0};
}

static int ascending(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

void sort_reals(double *x, int64_t n) { qsort(x, (size_t)n, sizeof *x, ascending); }

/* The smallest of n sorted samples that at least `percent` of all do not exceed. */
static double nearest_rank(const double *x, int64_t n, int percent) {
    const int64_t rank = (n * percent + 99) / 100;
    return x[rank > 0 ? rank - 1 : 0];
}

/* Of sorted samples, which it uses up. */
static sample_stats stats_of(double *x, int64_t n) {
    sample_stats s = {.min = x[0],
                      .p50 = nearest_rank(x, n, 50),
                      .p90 = nearest_rank(x, n, 90),
                      .p99 = nearest_rank(x, n, 99),
                      .max = x[n - 1]};
    double sum = 0, squares = 0;
    for (int64_t i = 0; i < n; i++) sum += x[i];
    s.mean = sum / (double)n;
    for (int64_t i = 0; i < n; i++) squares += (x[i] - s.mean) * (x[i] - s.mean);
    s.stddev = n > 1 ? sqrt(squares / (double)(n - 1)) : 0;
    for (int64_t i = 0; i < n; i++) x[i] = fabs(x[i] - s.p50);
    sort_reals(x, n);
    s.mad = nearest_rank(x, n, 50);
    return s;
}

void sample_blocks_of(sample_blocks *out, const sample_list *list) {
    out->count = list->count < SAMPLE_BLOCKS ? (int32_t)list->count : SAMPLE_BLOCKS;
    int64_t i = 0;
    for (int32_t block = 0; block < out->count; block++) {
        const int64_t end = list->count * (block + 1) / out->count;
        double least = list->ns[i++];
        for (; i < end; i++) least = fmin(least, list->ns[i]);
        out->least[block] = least;
    }
}

hone_status sample_stats_of(sample_stats *out, const sample_list *list, hone_error *err) {
    double *sorted = cli_alloc(err, (size_t)list->count, sizeof *sorted);
    if (!sorted) return HONE_E_NOMEM;
    memcpy(sorted, list->ns, (size_t)list->count * sizeof *sorted);
    sort_reals(sorted, list->count);
    *out = stats_of(sorted, list->count);
    free(sorted);
    return HONE_OK;
}
