/* SPDX-License-Identifier: Apache-2.0
 *
 * Measuring in turn: a round measures ours, the other one, and ours again, in another order each
 * time, so that what drifts on a machine meets all three alike.
 */
#ifndef HONE_CLI_BENCH_ROUNDS_H
#define HONE_CLI_BENCH_ROUNDS_H

#include "bench_ratio.h"
#include "bench_stats.h"

enum { BLOCK_OURS, BLOCK_OTHER, BLOCK_AGAIN, BLOCK_KINDS };

/* The least time of each block, in nanoseconds; one of each kind a round. */
typedef struct rounds {
    sample_list least[BLOCK_KINDS];
} rounds;
static inline int64_t rounds_count(const rounds *r) { return r->least[BLOCK_OURS].count; }

/* Measures one block. */
typedef hone_status block_fn(void *user, int kind, double *least_ns);
/* Is that enough? Asked after every set of six rounds, which hold every order once. */
typedef bool enough_fn(const void *user, int64_t round_count);

hone_status rounds_measure(rounds *r, block_fn *measure, enough_fn *enough, void *user,
                           hone_error *err);
void rounds_release(rounds *r);

/* What the rounds say of ours next to the other one. */
typedef struct rounds_result {
    double least_ns[BLOCK_KINDS], median_ns[BLOCK_KINDS];
    ratio times; /* ours / other */
    ratio noise; /* ours again / ours */
    verdict verdict;
} rounds_result;

hone_status rounds_evaluate(rounds_result *out, const rounds *r, hone_error *err);

#endif
