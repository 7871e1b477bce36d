/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/utsname.h>

#include "bench_result.h"
#include "cli_error.h"
#include "cli_notes.h"

#define DEFAULT_DURATION_S 3.0
/* Samples that every measurement by time has at least, however slow the model. */
enum { MIN_RUNS = 3 };
/* Runs of the extra measurement for --profile. */
enum { PROFILE_RUNS = 10 };

double bench_duration(const settings *set) {
    return set->duration_s > 0 ? set->duration_s : DEFAULT_DURATION_S;
}

static bool is_enough(const cli *c, int64_t runs, double seconds) {
    if (c->set.runs > 0) return runs >= c->set.runs;
    return runs >= MIN_RUNS && seconds >= bench_duration(&c->set);
}

static hone_status take_samples(cli *c, bench_result *b) {
    uint64_t ns;
    TRY(workspace_run(&b->work, c, &b->first_run_ns));
    for (int64_t i = 0; i < c->set.warmup; i++) TRY(workspace_run(&b->work, c, &ns));
    const uint64_t start = clock_now();
    uint64_t shown = start;
    while (!is_enough(c, b->samples.count, (double)(clock_now() - start) / 1e9)) {
        TRY(workspace_run(&b->work, c, &ns));
        TRY(sample_list_add(&b->samples, (double)ns, &c->error));
        if (clock_now() - shown < 200000000) continue;
        shown = clock_now();
        show_progress(&c->set, "%lld runs", (long long)b->samples.count);
    }
    show_progress(&c->set, "%s", "");
    sample_blocks_of(&b->blocks, &b->samples);
    return sample_stats_of(&b->stats, &b->samples, &c->error);
}

/* Peak resident memory of the process. The second source is there on every system, but may count
 * what the process was before it became this program. */
static uint64_t peak_memory(void) {
    char line[128];
    unsigned long long kib = 0;
    FILE *file = fopen("/proc/self/status", "r");
    while (file && kib == 0 && fgets(line, sizeof line, file)) sscanf(line, "VmHWM: %llu", &kib);
    if (file) fclose(file);
    struct rusage usage;
    if (kib == 0 && getrusage(RUSAGE_SELF, &usage) == 0) kib = (unsigned long long)usage.ru_maxrss;
    return kib * 1024;
}

/* What the system calls the processor; where it has no name for it, the architecture. */
static line_text processor_name(void) {
    line_text name = {""};
    char line[256];
    struct utsname system;
    FILE *file = fopen("/proc/cpuinfo", "r");
    while (file && !name.s[0] && fgets(line, sizeof line, file))
        if (strncmp(line, "model name", 10) == 0) sscanf(line, "%*[^:]: %200[^\n]", name.s);
    if (file) fclose(file);
    if (!name.s[0] && uname(&system) == 0)
        snprintf(name.s, sizeof name.s, "%.200s", system.machine);
    return clean_text(name.s);
}

hone_status bench_measure(cli *c, bench_result *b) {
    TRY(take_samples(c, b));
    b->peak_bytes = peak_memory();
    TRY(hone_session_get_memory(b->work.session, &b->memory, &c->error));
    TRY(hone_model_get_info(b->work.model, &b->info, &c->error));
    b->flops = session_flops(b->work.session);
    b->processor = processor_name();
    return HONE_OK;
}

hone_status bench_measure_steps(cli *c, bench_result *b) {
    const char *path = b->work.path;
    hone_machine_speed speed = HONE_INIT(hone_machine_speed);
    TRY(open_session(&b->profiled, c, b->work.model, HONE_SESSION_PROFILE));
    TRY(input_set_bind(&b->work.inputs, b->profiled, &c->error));
    TRY(run_session(c, b->profiled, path));
    for (int i = 0; i < PROFILE_RUNS; i++) {
        TRY(run_session(c, b->profiled, path));
        TRY(profile_add(&b->prof, b->profiled, &c->error));
    }
    TRY(hone_machine_probe(&speed, threads_in_use(&c->set), c->set.isa, &c->error));
    return work_list_make(&b->steps, &b->prof, b->profiled, &speed, &c->error);
}

double bench_gflops(const bench_result *b) {
    return b->stats.p50 > 0 ? (double)b->flops / b->stats.p50 : 0;
}

double bench_runs_per_second(const bench_result *b) {
    return b->stats.mean > 0 ? 1e9 / b->stats.mean : 0;
}
