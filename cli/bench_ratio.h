/* SPDX-License-Identifier: Apache-2.0
 *
 * How one thing compares with another that was measured in turn with it.
 */
#ifndef HONE_CLI_BENCH_RATIO_H
#define HONE_CLI_BENCH_RATIO_H

#include "hone/hone.h"

/* The median of the ratios of pairs, and an interval that holds the true median with at least this
 * probability, whatever the distribution: it goes from the k-th least to the k-th largest ratio,
 * with the largest k that makes it 95 %. With fewer than six pairs it cannot be; then k is 1. */
typedef struct ratio {
    double value, low, high;
    double coverage; /* 0 to 1 */
} ratio;

/* Of a[i] / b[i], all positive; n >= 1. */
hone_status ratio_of(ratio *out, const double *a, const double *b, int64_t n, hone_error *err);

/* Pairs from which on an interval of 95 % can be given. */
enum { RATIO_PAIRS = 6 };

typedef enum verdict { VERDICT_SAME, VERDICT_FASTER, VERDICT_SLOWER } verdict;

/* `times` compares the times of something with another's, `noise` something with itself. There is a
 * difference when the interval of `times` holds neither 1 nor any of the interval of `noise`. */
verdict ratio_verdict(const ratio *times, const ratio *noise);
/* "faster", "slower", "no difference beyond noise" */
const char *verdict_text(verdict v);

#endif
