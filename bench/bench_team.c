/* SPDX-License-Identifier: Apache-2.0
 *
 * What handing work to threads costs: an OpenMP region, and a job of hone's team, both doing
 * nothing; one after the other, and the first after a rest. Processor time is that of all threads.
 *
 *   bench-team [threads]        OMP_WAIT_POLICY=passive bench-team
 */
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "machine.h"
#include "team.h"

enum { WARM = 10000, COLD = 20 };

static double seconds(clockid_t clock) {
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void rest(void) { nanosleep(&(struct timespec){.tv_nsec = 30000000}, NULL); }

static void nothing(void *arg, int64_t first, int64_t last, int32_t worker) {
    (void)arg, (void)first, (void)last, (void)worker;
}

static void omp_region(void *arg) {
    const int *threads = arg;
#pragma omp parallel num_threads(*threads)
    nothing(NULL, 0, 0, omp_get_thread_num());
}

static void team_job(void *arg) {
    team *t = arg;
    team_run(t, 2 * machine_cpus(), 1, nothing, NULL);
}

/* A run of one job, as a session does it. */
static void team_one(void *arg) {
    team_begin(arg, NULL, NULL);
    team_job(arg);
    team_end(arg);
}

static void report(const char *name, void (*warm)(void *), void (*cold)(void *), void *arg) {
    warm(arg);
    double best = 1e9, first = 0, used = 0;
    for (int round = 0; round < 5; round++) {
        const double start = seconds(CLOCK_MONOTONIC);
        for (int i = 0; i < WARM; i++) warm(arg);
        const double each = (seconds(CLOCK_MONOTONIC) - start) / WARM;
        if (each < best) best = each;
    }
    for (int i = 0; i < COLD; i++) {
        rest();
        const double cpu = seconds(CLOCK_PROCESS_CPUTIME_ID), start = seconds(CLOCK_MONOTONIC);
        cold(arg);
        first += (seconds(CLOCK_MONOTONIC) - start) / COLD;
        rest(); /* what spins on, spins now */
        used += (seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu) / COLD;
    }
    printf("%-16s %12.2f us %12.1f us %12.3f ms\n", name, 1e6 * best, 1e6 * first, 1e3 * used);
}

int main(int argc, char **argv) {
    int threads = argc > 1 ? atoi(argv[1]) : machine_cpus();
    allocator alloc;
    hone_error err;
    team *t;
    allocator_init(&alloc, NULL, 0);
    const ctx c = {.alloc = &alloc, .err = &err};
    if (team_create(&c, &t, threads) != HONE_OK) return fprintf(stderr, "%s\n", err.text), 1;
    printf("%d threads%7s %15s %15s %15s\n", threads, "", "job after job", "first after rest",
           "processor time");
    team_begin(t, NULL, NULL);
    report("team", team_job, team_job, t);
    team_end(t);
    report("team, per run", team_one, team_one, t);
    report("OpenMP region", omp_region, omp_region, &threads);
    team_destroy(t);
    return 0;
}
