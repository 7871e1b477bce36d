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

/* Has the run to end early? Asked now and then, from all threads. */
typedef bool team_due(const void *user);

/* Begins a run: the workers stay awake until it ends. due may be NULL. */
void team_begin(team *t, team_due *due, const void *user);
void team_end(team *t);

/* Splits items [0, count) into runs of at least `grain` and does them all, unless the run has to
 * end early: then items may be left out, so what they were to write must not be used as an index or
 * a pointer before the next step. Returns when done. The caller takes part. How items are split
 * must not change results. */
void team_run(team *t, int64_t count, int64_t grain, team_fn *fn, void *arg);

#endif
