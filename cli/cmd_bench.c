/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "bench_stats.h"
#include "cli_error.h"
#include "cli_json.h"
#include "cli_notes.h"
#include "cli_text.h"
#include "profile_report.h"
#include "workspace.h"

#define DEFAULT_DURATION_S 3.0
/* Samples that every measurement by time has at least, however slow the model. */
enum { MIN_RUNS = 3 };
/* Runs of the extra measurement for --profile. */
enum { PROFILE_RUNS = 10 };

typedef struct bench {
    workspace work;
    sample_list samples;
    sample_stats stats;
    profile prof;
    hone_session *profiled; /* with --profile: a session of its own, so that the clock reads
                               between steps do not disturb the measurement */
    uint64_t first_run_ns;  /* with planning */
    uint64_t flops;
    uint64_t planned_bytes;
    uint64_t peak_bytes;
    int64_t runs;
} bench;

static bool is_enough(const cli *c, int64_t runs, double seconds) {
    if (c->set.runs > 0) return runs >= c->set.runs;
    const double wanted = c->set.duration_s > 0 ? c->set.duration_s : DEFAULT_DURATION_S;
    return runs >= MIN_RUNS && seconds >= wanted;
}

static hone_status measure(cli *c, bench *b) {
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
    b->runs = b->samples.count;
    b->stats = sample_stats_of(&b->samples);
    return HONE_OK;
}

static hone_status measure_steps(cli *c, bench *b) {
    const char *path = b->work.path;
    TRY(open_session(&b->profiled, c, b->work.model, HONE_SESSION_PROFILE));
    TRY(input_set_bind(&b->work.inputs, b->profiled, &c->error));
    TRY(run_session(c, b->profiled, path));
    for (int i = 0; i < PROFILE_RUNS; i++) {
        TRY(run_session(c, b->profiled, path));
        TRY(profile_add(&b->prof, b->profiled, &c->error));
    }
    return HONE_OK;
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

static hone_status read_facts(cli *c, bench *b) {
    hone_session_memory memory = HONE_INIT(hone_session_memory);
    TRY(hone_session_get_memory(b->work.session, &memory, &c->error));
    b->planned_bytes = memory.planned_bytes;
    b->flops = session_flops(b->work.session);
    b->peak_bytes = peak_memory();
    return HONE_OK;
}

/* Operations per nanosecond of the median run. */
static double gflops(const bench *b) {
    return b->stats.p50 > 0 ? (double)b->flops / b->stats.p50 : 0;
}

static double runs_per_second(const bench *b) {
    return b->stats.mean > 0 ? 1e9 / b->stats.mean : 0;
}

static hone_status print_results(cli *c, const bench *b) {
    const sample_stats *s = &b->stats;
    const int32_t threads = threads_in_use(&c->set);
    printf("%s  %d thread%s, %s, %lld run%s after the first and %lld to warm up\n\n",
           clean_text(c->set.operand[0]).s, threads, plural(threads), isa_in_use(&c->set),
           (long long)b->runs, plural(b->runs), (long long)c->set.warmup);
    printf("  latency     min %s   p50 %s   p90 %s   p99 %s\n", human_time(s->min).s,
           human_time(s->p50).s, human_time(s->p90).s, human_time(s->p99).s);
    printf("              mean %s   deviation %s   median deviation %s\n", human_time(s->mean).s,
           human_time(s->stddev).s, human_time(s->mad).s);
    if (b->runs < 100) printf("              fewer than 100 runs: p99 is the slowest\n");
    printf("  throughput  %s runs/s\n", human_real(runs_per_second(b)).s);
    printf("  speed       %.1f GFLOP/s (%s a run)\n", gflops(b), human_flops(b->flops).s);
    printf("  load        %s\n", human_time((double)b->work.load_ns).s);
    printf("  first run   %s\n", human_time((double)b->first_run_ns).s);
    /* Pages of the plan that no run writes to are never resident. */
    printf("  memory      %s resident at most, %s planned for intermediate tensors\n",
           human_bytes(b->peak_bytes).s, human_bytes(b->planned_bytes).s);
    if (!c->set.profile.given) return HONE_OK;
    return profile_print(&b->prof, b->profiled, &c->error);
}

static void latency_json(json_t *root, const sample_stats *s) {
    json_t *latency = doc_object(root, "latency_ms");
    doc_real(latency, "min", s->min / 1e6);
    doc_real(latency, "p50", s->p50 / 1e6);
    doc_real(latency, "p90", s->p90 / 1e6);
    doc_real(latency, "p99", s->p99 / 1e6);
    doc_real(latency, "max", s->max / 1e6);
    doc_real(latency, "mean", s->mean / 1e6);
    doc_real(latency, "stddev", s->stddev / 1e6);
    doc_real(latency, "mad", s->mad / 1e6);
}

static hone_status print_json(cli *c, const bench *b) {
    json_t *root = doc_new();
    hone_status status = HONE_OK;
    doc_text(root, "model", c->set.operand[0]);
    doc_text(root, "version", hone_version());
    doc_int(root, "threads", threads_in_use(&c->set));
    doc_text(root, "isa", isa_in_use(&c->set));
    doc_int(root, "runs", b->runs);
    doc_int(root, "warmup_runs", c->set.warmup);
    latency_json(root, &b->stats);
    doc_real(root, "throughput_per_s", runs_per_second(b));
    doc_real(root, "gflops", gflops(b));
    doc_int(root, "flops", (int64_t)b->flops);
    doc_real(root, "load_ms", (double)b->work.load_ns / 1e6);
    doc_real(root, "first_run_ms", (double)b->first_run_ns / 1e6);
    doc_int(root, "peak_memory_bytes", (int64_t)b->peak_bytes);
    doc_int(root, "planned_bytes", (int64_t)b->planned_bytes);
    input_set_json(root, "inputs", &b->work.inputs);
    if (c->set.profile.given)
        status = profile_json(root, "profile", &b->prof, b->profiled, &c->error);
    if (status == HONE_OK) return doc_print(root, &c->error);
    json_decref(root);
    return status;
}

static hone_status bench_model(cli *c, bench *b) {
    if (c->set.runs > 0 && c->set.duration_s > 0)
        return cli_fail(&c->error, HONE_E_ARG, "--duration and --runs exclude each other");
    const int64_t seed = c->set.random_seed < 0 ? 0 : c->set.random_seed;
    TRY(workspace_open(&b->work, c, c->set.operand[0]));
    TRY(input_set_load(&b->work.inputs, c));
    TRY(input_set_fill(&b->work.inputs, c, seed));
    TRY(workspace_start(&b->work, c, 0));
    TRY(workspace_bind(&b->work, c));
    TRY(measure(c, b));
    TRY(read_facts(c, b));
    if (c->set.profile.given) TRY(measure_steps(c, b));
    return c->set.json ? print_json(c, b) : print_results(c, b);
}

static hone_status run(cli *c) {
    bench b = {.runs = 0};
    const hone_status status = bench_model(c, &b);
    hone_session_destroy(b.profiled);
    profile_release(&b.prof);
    sample_list_release(&b.samples);
    workspace_release(&b.work);
    return status;
}

static const option_def own[] = {
    OPTION_IN("duration", 'd', OPTION_REAL, duration_s, "S",
              "Measure for this many seconds, and at least 3 runs (default 3)", 0.001, 1e6),
    OPTION_IN("runs", 'n', OPTION_INT, runs, "N", "Measure this many runs; excludes --duration", 1,
              1e9),
    OPTION_IN("warmup", 'w', OPTION_INT, warmup, "N",
              "Runs to warm up, after the first (default 3)", 0, 1e9),
    OPTION("profile", 'p', OPTION_FLAG, profile.given, NULL,
           "Show where the time goes, from 10 more runs"),
    OPTION_END,
};
static const option_group own_group = {"Measurement", own};
static const option_group *const groups[] = {&own_group,       &options_input,  &options_model,
                                             &options_session, &options_common, NULL};

const command command_bench = {
    .name = "bench",
    .summary = "measure latency, throughput and memory",
    .operands = "MODEL",
    .text = "Runs a model again and again and reports how long that takes. Inputs that are\n"
            "not given are random numbers from seed 0. The time of loading inputs is not\n"
            "counted.\n",
    .examples = "hone bench resnet50.hone\n"
                "hone bench bert.onnx --shape input_ids=8,128 --threads 2 --duration 10\n"
                "hone bench model.hone --runs 1000 --profile\n"
                "hone bench model.hone --json | jq .latency_ms.p50\n",
    .operand_min = 1,
    .operand_max = 1,
    .groups = groups,
    .run = run,
};
