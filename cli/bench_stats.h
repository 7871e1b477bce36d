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

/* The least of each of up to so many parts of the samples, in the order of time: how much the least
 * time changes from one part of a measurement to the next is its noise. */
enum { SAMPLE_BLOCKS = 20 };
typedef struct sample_blocks {
    double least[SAMPLE_BLOCKS];
    int32_t count;
} sample_blocks;
void sample_blocks_of(sample_blocks *out, const sample_list *list);

/* Sorts n numbers, the least first. */
void sort_reals(double *x, int64_t n);

#endif
