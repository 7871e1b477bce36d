/* SPDX-License-Identifier: Apache-2.0
 *
 * Timing for benchmarks on machines that are shared with others: everything is measured many times,
 * next to the machine's peak, and the best counts.
 */
#ifndef HONE_BENCH_CLOCK_H
#define HONE_BENCH_CLOCK_H

#include "kernels.h"

typedef struct bench_result {
    double seconds; /* best time of one call */
    double peak;    /* best floating-point operations per second of the probe */
    double share;   /* median of speed / peak measured right before and after */
} bench_result;

/* The command line of a benchmark of kernels, [LEVEL [ROUNDS]]: the kernels of that instruction set
 * (default: the best) and how often to measure. Ends the program where the level cannot run. */
kernels bench_arguments(int argc, char **argv, int *rounds);

/* Calls f(user) `rounds` times, each time often enough to last about a millisecond. flops is what
 * one call does. */
bench_result bench_run(const kernels *ks, void (*f)(void *user), void *user, double flops,
                       int rounds);

/* Memory aligned to a page, filled with small random floats; ends the program if there is none. */
float *bench_floats(size_t count);

#endif
