/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "bench_result.h"
#include "cli_error.h"

static hone_status check_options(cli *c) {
    const settings *set = &c->set;
    if (set->runs > 0 && set->duration_s > 0)
        return cli_fail(&c->error, HONE_E_ARG, "--duration and --runs exclude each other");
    if (set->against && set->against_program)
        return cli_fail(&c->error, HONE_E_ARG,
                        "--against and --against-program exclude each other");
    if (!isnan(set->fail_above) && !set->baseline && !set->against && !set->against_program)
        return cli_fail(&c->error, HONE_E_ARG,
                        "--fail-above needs --baseline, --against or --against-program");
    return bench_check_outputs(c);
}

static hone_status open_workspace(cli *c, workspace *w) {
    TRY(workspace_open(w, c, c->set.operand[0]));
    TRY(input_set_complete(&w->inputs, c));
    TRY(workspace_start(w, c, 0));
    return workspace_bind(w, c);
}

static hone_status measure_all(cli *c, bench_result *b) {
    if (c->set.baseline) TRY(baseline_load(&b->baseline, c->set.baseline, &c->error));
    TRY(open_workspace(c, &b->work));
    TRY(bench_measure(c, b));
    if (c->set.profile.given) TRY(bench_measure_steps(c, b));
    if (c->set.against) TRY(against_model(&b->against, c, &b->work));
    if (c->set.against_program) TRY(against_program(&b->against, c));
    return HONE_OK;
}

static bool is_too_slow(const cli *c, const bench_result *b) {
    const rounds_result *turns = &b->against.result;
    const bool above = ratio_is_above(&turns->times, turns->verdict, c->set.fail_above);
    return b->baseline.exceeded || above;
}

static hone_status tell_all(cli *c, bench_result *b) {
    json_t *doc = bench_json(c, b);
    hone_status status = HONE_OK;
    if (c->set.baseline) {
        status = baseline_compare(&b->baseline, doc, &b->blocks, c->set.fail_above, &c->error);
        if (status == HONE_OK) baseline_json(doc, "baseline", &b->baseline);
    }
    if (status == HONE_OK) status = bench_write_all(c, b, doc);
    json_decref(doc);
    return status;
}

static hone_status run(cli *c) {
    bench_result b = {.info = HONE_INIT(hone_model_info), .memory = HONE_INIT(hone_session_memory)};
    if (c->set.html) c->set.profile.given = true; /* its charts are about operators */
    hone_status status = check_options(c);
    if (status == HONE_OK) status = measure_all(c, &b);
    if (status == HONE_OK) status = tell_all(c, &b);
    c->slower = is_too_slow(c, &b);
    baseline_release(&b.baseline);
    against_release(&b.against);
    work_list_release(&b.steps);
    profile_release(&b.prof);
    hone_session_destroy(b.profiled);
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
           "Show where the time goes, from 10 more runs, next to what the machine can do, which "
           "takes half a second to measure"),
    OPTION_END,
};
static const option_group own_group = {"Measurement", own};

static const option_def comparing[] = {
    OPTION("against", 0, OPTION_TEXT, against, "MODEL",
           "Measure this model as well, in turn with the first, and the first against itself: the "
           "noise. Inputs go by name, or by position where names differ"),
    OPTION("against-program", 0, OPTION_TEXT, against_program, "HONE",
           "The same for another hone program: runs its 'bench --json' in turn with this one's"),
    OPTION("baseline", 0, OPTION_TEXT, baseline, "FILE",
           "Compare with a result that --save or --json wrote"),
    OPTION_IN("fail-above", 0, OPTION_PERCENT, fail_above, "PERCENT",
              "Exit with 9 when slower than the baseline, the other model or program, beyond "
              "noise, by more than this",
              0, 1e6),
    OPTION_END,
};
static const option_group comparing_group = {"Comparison", comparing};

static const option_def outputs[] = {
    OPTION("save", 0, OPTION_TEXT, save, "FILE", "Write the JSON document to a file as well"),
    OPTION("csv", 0, OPTION_TEXT, csv, "FILE",
           "Write latencies and, with --profile, operators and steps as comma-separated values"),
    OPTION("markdown", 0, OPTION_TEXT, markdown, "FILE", "Write the report as Markdown"),
    OPTION("html", 0, OPTION_TEXT, html, "FILE",
           "Write the report with charts as one page that needs nothing else; implies --profile"),
    OPTION_END,
};
static const option_group output_group = {"Output", outputs};

static const option_group *const groups[] = {
    &own_group,     &comparing_group, &output_group,   &options_input,
    &options_model, &options_session, &options_common, NULL};

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
                "hone bench model.hone --json | jq .latency_ms.p50\n"
                "hone bench model.hone --html report.html\n"
                "hone bench model.hone --save before.json\n"
                "hone bench model.hone --baseline before.json --fail-above 5%\n"
                "hone bench new.hone --against old.hone\n"
                "hone bench model.hone --against-program /opt/old/bin/hone\n",
    .operand_min = 1,
    .operand_max = 1,
    .groups = groups,
    .run = run,
};
