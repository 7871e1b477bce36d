/* SPDX-License-Identifier: Apache-2.0 */
#include "bench_clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define PROBE_STEPS 4000
#define MAX_ROUNDS  1000

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static double probe(const kernels *ks) {
    static float state[PROBE_FLOATS];
    const double start = now();
    const size_t flops = ks->probe_f32(PROBE_STEPS, state);
    return (double)flops / (now() - start);
}

static int compare(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

kernels bench_arguments(int argc, char **argv, int *rounds) {
    kernels ks = *kernels_default();
    if (argc > 1) {
        const isa_level level = isa_from_name(argv[1]);
        if (!isa_supported(level)) {
            fprintf(stderr, "%s: not here\n", argv[1]);
            exit(1);
        }
        kernels_fill(level, &ks);
    }
    *rounds = argc > 2 ? atoi(argv[2]) : 25;
    return ks;
}

bench_result bench_run(const kernels *ks, void (*f)(void *user), void *user, double flops,
                       int rounds) {
    static double share[MAX_ROUNDS];
    bench_result r = {.seconds = 1e9};
    if (rounds > MAX_ROUNDS) rounds = MAX_ROUNDS;
    f(user);
    double start = now();
    f(user);
    const int calls = 1 + (int)(1e-3 / (now() - start));
    for (int i = 0; i < rounds; i++) {
        const double before = probe(ks);
        start = now();
        for (int c = 0; c < calls; c++) f(user);
        const double seconds = (now() - start) / calls;
        const double after = probe(ks);
        const double peak = before > after ? before : after;
        if (seconds < r.seconds) r.seconds = seconds;
        if (peak > r.peak) r.peak = peak;
        share[i] = flops / seconds / peak;
    }
    qsort(share, (size_t)rounds, sizeof *share, compare);
    r.share = share[rounds / 2];
    return r;
}

float *bench_floats(size_t count) {
    const size_t bytes = (count * sizeof(float) + 8191) / 4096 * 4096;
    float *p = aligned_alloc(4096, bytes);
    if (!p) {
        perror("bench_floats");
        exit(1);
    }
    for (size_t i = 0; i < bytes / sizeof *p; i++)
        p[i] = (float)(i * 2654435761u % 2048) / 1024.0f - 1.0f;
    return p;
}
