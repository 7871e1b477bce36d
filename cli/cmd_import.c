/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "cli_error.h"
#include "cli_json.h"
#include "cli_notes.h"
#include "cli_stop.h"
#include "cli_text.h"
#include "import_tune.h"
#include "model_report.h"
#include "new_file.h"
#include "workspace.h"

/* What the summary shows besides the facts in hone_model_info. */
typedef struct import_result {
    const char *source;
    const char *output;
    uint64_t output_bytes;
    bool flops_known;
    uint64_t flops;
    import_tune tune;
} import_result;

static bool ends_with(const char *text, const char *end) {
    const size_t n = strlen(text), m = strlen(end);
    return n >= m && strcasecmp(text + n - m, end) == 0;
}

/* MODEL.onnx becomes MODEL.hone. The caller frees it. */
static char *default_output(const char *source) {
    const size_t stem = strlen(source) - (ends_with(source, ".onnx") ? strlen(".onnx") : 0);
    char *out = NULL;
    return asprintf(&out, "%.*s.hone", (int)stem, source) < 0 ? NULL : out;
}

/* Counting operations needs a plan. That fails for models that cannot run (yet), which does not
 * stop them from being imported. */
static void count_flops(import_result *result, workspace *w, cli *c) {
    const bool quiet = c->set.quiet;
    c->set.quiet = true;
    result->flops_known = workspace_plan(w, c) == HONE_OK;
    c->set.quiet = quiet;
    if (result->flops_known)
        result->flops = session_flops(w->session);
    else if (c->set.verbose)
        note(&c->set, "operations are not counted: %.500s", c->error.text);
}

static hone_status print_summary(cli *c, const workspace *w, const import_result *result,
                                 const hone_model_info *info) {
    printf("%s -> %s\n", clean_text(result->source).s, clean_text(result->output).s);
    printf("  nodes       %lld -> %lld\n", (long long)info->source_nodes, (long long)info->nodes);
    printf("  operators   %d\n", model_operator_kinds(w->model));
    printf("  parameters  %s\n", human_count((double)info->parameters).s);
    if (result->flops_known) printf("  operations  %s a run\n", human_flops(result->flops).s);
    printf("  file size   %s -> %s\n", human_bytes(info->file_bytes).s,
           human_bytes(result->output_bytes).s);
    printf("  time        %s\n", human_time((double)w->load_ns).s);
    if (c->set.tune) TRY(import_tune_print(&result->tune, c, &c->error));
    if (!c->set.verbose) return HONE_OK;
    putchar('\n');
    return model_print_passes(w->model, &c->error);
}

static hone_status print_json(cli *c, const workspace *w, const import_result *result,
                              const hone_model_info *info) {
    json_t *root = doc_new();
    doc_text(root, "source", result->source);
    doc_text(root, "output", result->output);
    doc_int(root, "source_nodes", info->source_nodes);
    doc_int(root, "nodes", info->nodes);
    doc_int(root, "operator_kinds", model_operator_kinds(w->model));
    doc_int(root, "parameters", info->parameters);
    if (result->flops_known)
        doc_int(root, "flops", (int64_t)result->flops);
    else
        doc_null(root, "flops");
    doc_int(root, "source_bytes", (int64_t)info->file_bytes);
    doc_int(root, "output_bytes", (int64_t)result->output_bytes);
    doc_real(root, "load_ms", (double)w->load_ns / 1e6);
    model_json_passes(root, "passes", w->model);
    if (c->set.tune) import_tune_json(root, &result->tune);
    return doc_print(root, &c->error);
}

static hone_status import_model(cli *c, workspace *w, import_result *result) {
    const char *output = result->output;
    hone_model_info info = HONE_INIT(hone_model_info);
    struct stat file;
    TRY(new_file_distinct(result->source, output, &c->error));
    TRY(workspace_open(w, c, result->source));
    if (c->set.tune) TRY(import_tune_run(&result->tune, c, w));
    TRY(hone_model_get_info(w->model, &info, &c->error));
    show_progress(&c->set, "writing %s", output);
    TRY(hone_model_save(w->model, output, &c->error));
    show_progress(&c->set, "%s", "");
    if (stat(output, &file) != 0) return cli_fail_errno(&c->error, output, "look at");
    result->output_bytes = (uint64_t)file.st_size;
    TRY(stop_check(&c->error));
    count_flops(result, w, c);
    return c->set.json ? print_json(c, w, result, &info) : print_summary(c, w, result, &info);
}

static hone_status run(cli *c) {
    workspace w = {.model = NULL};
    c->set.verify = true; /* what is damaged must not get new checksums */
    if (!c->set.output && ends_with(c->set.operand[0], ".hone"))
        return cli_fail(&c->error, HONE_E_ARG,
                        "%.300s is called .hone already: name the file to write with --output",
                        c->set.operand[0]);
    char *named = c->set.output ? strdup(c->set.output) : default_output(c->set.operand[0]);
    if (!named) return cli_fail_nomem(&c->error);
    import_result result = {.source = c->set.operand[0], .output = named};
    const hone_status status = import_model(c, &w, &result);
    import_tune_release(&result.tune);
    workspace_release(&w);
    free(named);
    return status;
}

static const option_def own[] = {
    OPTION("output", 'o', OPTION_TEXT, output, "FILE",
           "File to write (default: the model's name with .hone; needed for a .hone model)"),
    OPTION("tune", 0, OPTION_FLAG, tune, NULL,
           "Time the algorithms of every layer on this machine and keep the fastest"),
    OPTION_IN("tune-seconds", 0, OPTION_REAL, tune_seconds, "S", "For each algorithm (default 0.5)",
              0.001, 1e4),
    OPTION_END,
};
static const option_group own_group = {"Import", own};
static const option_group *const groups[] = {&own_group,     &options_model,  &options_session,
                                             &options_input, &options_common, NULL};

const command command_import = {
    .name = "import",
    .summary = "turn an ONNX model into an optimised .hone file",
    .operands = "MODEL",
    .text = "Reads an ONNX model, optimises its graph and writes a .hone file, which opens in\n"
            "less than a millisecond. Shapes that are given here are fixed in the file, and\n"
            "what follows from them is computed now.\n\n"
            "With --tune, the model runs with the threads and inputs that are given, or\n"
            "with random ones, until it is known which algorithm is fastest for each layer;\n"
            "the file keeps the choice, and as its metadata 'hone.tuned' what it is for.\n",
    .examples = "hone import resnet50.onnx -o resnet50.hone\n"
                "hone import detector.onnx --shape x=1,3,640,640 --verbose\n"
                "hone import resnet50.onnx --tune --threads 2\n"
                "hone import untrusted.onnx --no-external --max-memory 1G -o checked.hone\n",
    .operand_min = 1,
    .operand_max = 1,
    .groups = groups,
    .run = run,
};
