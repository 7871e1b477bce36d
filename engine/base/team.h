/* SPDX-License-Identifier: Apache-2.0
 *
 * The only place with threads. A team is the caller and n - 1 workers that sleep between runs.
 *
 * libgomp's own fork-join is not used per operator or per run: after a region its workers spin for
 * milliseconds, and a cold region costs as long (docs/performance.md has the figures). Here one
 * OpenMP region lives as long as the team; its workers wait for jobs behind a light barrier, spin
 * only while a run is on (team_begin .. team_end), and sleep otherwise.
 */
#ifndef HONE_TEAM_H
#define HONE_TEAM_H

#include "status.h"

typedef struct team team;

/* A job: does items [first, last). `worker` is 0..threads-1, for scratch of its own. */
typedef void team_fn(void *arg, int64_t first, int64_t last, int32_t worker);

#define TEAM_MAX_THREADS 1024

/* threads >= 1. One thread makes a team without workers, which costs nothing. HONE_E_LIMIT beyond
 * TEAM_MAX_THREADS, HONE_E_NOMEM when the system refuses a thread. */
hone_status team_create(const ctx *c, team **out, int32_t threads);
void team_destroy(team *t);

/* Wakes the workers for a run, and lets them sleep again. */
void team_begin(team *t);
void team_end(team *t);

/* Splits items [0, count) into runs of at least `grain` and does them all; returns when done. The
 * caller takes part. How items are split must not change results. */
void team_run(team *t, int64_t count, int64_t grain, team_fn *fn, void *arg);

/* Processors this process may use. */
int32_t team_cpu_count(void);

#endif
