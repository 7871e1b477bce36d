/* SPDX-License-Identifier: Apache-2.0
 *
 * Samples of a measurement and what they say.
 */
#ifndef HONE_CLI_BENCH_STATS_H
#define HONE_CLI_BENCH_STATS_H

#include "hone/hone.h"

typedef struct sample_list {
    double *ns;
    int64_t count;
    int64_t capacity;
} sample_list;

hone_status sample_list_add(sample_list *list, double ns, hone_error *err);
void sample_list_release(sample_list *list);

/* Percentiles are the nearest rank: always a sample that was measured, never interpolated. */
typedef struct sample_stats {
    double min, p50, p90, p99, max, mean;
    double stddev; /* of the sample, n - 1; 0 for one sample */
    double mad;    /* median absolute deviation */
} sample_stats;

/* There is at least one sample. */
hone_status sample_stats_of(sample_stats *out, const sample_list *list, hone_error *err);

/* Sorts n numbers, the least first. */
void sort_reals(double *x, int64_t n);

#endif
