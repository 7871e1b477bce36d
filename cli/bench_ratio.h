/* SPDX-License-Identifier: Apache-2.0
 *
 * How one thing compares with another that was measured in turn with it.
 */
#ifndef HONE_CLI_BENCH_RATIO_H
#define HONE_CLI_BENCH_RATIO_H

#include <jansson.h>

#include "bench_stats.h"
#include "report.h"

/* A median of times or of ratios, and an interval that holds the true one with at least this
 * probability, whatever the distribution: it goes from the k-th least to the k-th largest number,
 * with the largest k that makes it 95 %. With fewer than six it cannot be; then k is 1. */
typedef struct ratio {
    double value, low, high;
    double coverage; /* 0 to 1 */
} ratio;

/* The median of the ratios of pairs a[i] / b[i], all positive; n >= 1. */
hone_status ratio_of(ratio *out, const double *a, const double *b, int64_t n, hone_error *err);
/* The ratio of two medians of what was measured at different times, positive, at least one each. */
void ratio_of_medians(ratio *out, const sample_blocks *a, const sample_blocks *b);

/* Pairs from which on an interval of 95 % can be given. */
enum { RATIO_PAIRS = 6 };

typedef enum verdict { VERDICT_SAME, VERDICT_FASTER, VERDICT_SLOWER } verdict;

/* `times` compares the times of something with another's, `noise` something with itself, or is NULL
 * when that was not measured. There is a difference when all of the interval of `times` is farther
 * from 1, on either side, than the interval of `noise` reaches on any. */
verdict ratio_verdict(const ratio *times, const ratio *noise);
/* Is it slower, beyond noise, by more than `percent`? Never when that is NaN. */
bool ratio_is_above(const ratio *times, verdict v, double percent);
/* "faster", "slower", "no difference beyond noise" */
const char *verdict_text(verdict v);

/* A fact; `whose` time the ratio is relative to: "the other's". */
void ratio_report(report_part *part, const char *label, const char *whose, const ratio *r);
/* Adds {"value", "low", "high", "coverage"} under `key`. */
void ratio_json(json_t *parent, const char *key, const ratio *r);

#endif
