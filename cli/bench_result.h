/* SPDX-License-Identifier: Apache-2.0
 *
 * Everything that 'hone bench' measures, and the forms in which it is told.
 */
#ifndef HONE_CLI_BENCH_RESULT_H
#define HONE_CLI_BENCH_RESULT_H

#include "bench_against.h"
#include "bench_baseline.h"
#include "bench_stats.h"
#include "profile_rows.h"
#include "report.h"
#include "workspace.h"

typedef struct bench_result {
    workspace work;
    sample_list samples; /* in the order of time */
    sample_stats stats;
    sample_blocks blocks;
    uint64_t first_run_ns; /* with planning */
    uint64_t flops;
    uint64_t peak_bytes; /* of the process after the runs, before anything else is measured */
    hone_model_info info;
    hone_session_memory memory;
    line_text processor;
    hone_session *profiled; /* with --profile: a session of its own, so that the clock reads
                               between steps do not disturb the measurement */
    profile prof;
    work_list steps; /* with --profile */
    against against;
    baseline baseline;
} bench_result;

/* How long to measure, in seconds. */
double bench_duration(const settings *set);

/* Runs the model, which is bound to its inputs, and fills in what follows from that. */
hone_status bench_measure(cli *c, bench_result *b);
/* For --profile: times the steps, and measures the machine. */
hone_status bench_measure_steps(cli *c, bench_result *b);

/* Operations a nanosecond of the median run, and runs a second. */
double bench_gflops(const bench_result *b);
double bench_runs_per_second(const bench_result *b);

/* Each form is made of the same result. The document is the caller's. */
json_t *bench_json(const cli *c, const bench_result *b);
void bench_report(report *r, const cli *c, const bench_result *b);
void bench_write_csv(const bench_result *b, FILE *file);

/* Refuses outputs that would replace the model or one another. */
hone_status bench_check_outputs(cli *c);
/* Writes the result to stdout and to the files of the options. */
hone_status bench_write_all(cli *c, const bench_result *b, const json_t *doc);

#endif
