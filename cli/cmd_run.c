/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli_error.h"
#include "cli_json.h"
#include "cli_text.h"
#include "new_file.h"
#include "output_names.h"
#include "profile_report.h"
#include "value_report.h"
#include "workspace.h"

typedef struct run_state {
    workspace work;
    profile prof;
    work_list work_done; /* with --profile */
    file_name *names;    /* of the outputs */
    uint64_t first_ns;
    uint64_t best_ns;
    uint64_t last_ns;
} run_state;

static int64_t run_count(const cli *c) { return c->set.runs > 0 ? c->set.runs : 1; }

static hone_status run_model(cli *c, run_state *r) {
    for (int64_t i = 0; i < run_count(c); i++) {
        TRY(workspace_run(&r->work, c, &r->last_ns));
        if (i == 0) r->first_ns = r->best_ns = r->last_ns;
        if (r->last_ns < r->best_ns) r->best_ns = r->last_ns;
        if (c->set.profile.given) TRY(profile_add(&r->prof, r->work.session, &c->error));
    }
    return HONE_OK;
}

static int write_piece(void *user, const char *text, size_t size) {
    return fwrite(text, 1, size, user) == size ? 0 : -1;
}

static hone_status write_trace(cli *c, const hone_session *session) {
    new_file file;
    TRY(new_file_distinct(c->set.operand[0], c->set.profile.text, &c->error));
    TRY(new_file_open(&file, c->set.profile.text, &c->error));
    const hone_status status =
        hone_session_write_trace(session, write_piece, file.stream, &c->error);
    if (status == HONE_OK) return new_file_commit(&file, &c->error);
    new_file_abort(&file);
    return status;
}

/* Creates `dir` and what is missing above it. */
static hone_status create_directories(const char *dir, hone_error *err) {
    char *path = strdup(dir);
    if (!path) return cli_fail_nomem(err);
    hone_status status = HONE_OK;
    for (char *end = path; status == HONE_OK && *end;) {
        end += strspn(end, "/");
        end += strcspn(end, "/");
        const char separator = *end;
        *end = '\0';
        if (mkdir(path, 0777) != 0 && errno != EEXIST) status = cli_fail_errno(err, path, "create");
        *end = separator;
    }
    free(path);
    return status;
}

static hone_status save_outputs(cli *c, const run_state *r) {
    const char *dir = c->set.output_dir;
    TRY(create_directories(dir, &c->error));
    const int32_t count = hone_model_output_count(r->work.model);
    for (int32_t i = 0; i < count; i++) {
        hone_view view;
        TRY(hone_session_output(r->work.session, i, &view, &c->error));
        TRY(value_save(dir, r->names[i].s, &view, &c->error));
    }
    return HONE_OK;
}

static hone_status print_results(cli *c, const run_state *r) {
    const int32_t count = hone_model_output_count(r->work.model);
    printf("%s  loaded in %s, ran in %s", clean_text(c->set.operand[0]).s,
           human_time((double)r->work.load_ns).s, human_time((double)r->first_ns).s);
    if (run_count(c) > 1)
        printf(" at first, %s at best of %lld", human_time((double)r->best_ns).s,
               (long long)run_count(c));
    printf("\noutputs\n");
    for (int32_t i = 0; i < count; i++) {
        hone_port port;
        hone_view view;
        TRY(hone_model_output(r->work.model, i, &port, &c->error));
        TRY(hone_session_output(r->work.session, i, &view, &c->error));
        value_print(port.name, &view);
    }
    if (c->set.output_dir) printf("written to %s\n", clean_text(c->set.output_dir).s);
    if (!c->set.profile.given || c->set.profile.text) return HONE_OK;
    report steps = {.count = 0};
    profile_report(&steps, &r->work_done);
    const hone_status status = report_write_text(&steps, stdout, &c->error);
    report_release(&steps);
    return status;
}

static hone_status output_json(json_t *object, cli *c, const run_state *r, int32_t index) {
    hone_port port;
    hone_view view;
    TRY(hone_model_output(r->work.model, index, &port, &c->error));
    TRY(hone_session_output(r->work.session, index, &view, &c->error));
    doc_text(object, "name", port.name);
    const bool is_file = c->set.output_dir && view.kind == HONE_TENSOR;
    char *path = is_file ? path_of_tensor(c->set.output_dir, r->names[index].s) : NULL;
    if (path)
        doc_text(object, "file", path);
    else
        doc_null(object, "file");
    free(path);
    value_json(object, &view);
    return HONE_OK;
}

static hone_status fill_json(json_t *root, cli *c, const run_state *r) {
    doc_text(root, "model", c->set.operand[0]);
    doc_int(root, "threads", threads_in_use(&c->set));
    doc_text(root, "isa", isa_in_use(&c->set));
    doc_int(root, "runs", run_count(c));
    doc_real(root, "load_ms", (double)r->work.load_ns / 1e6);
    doc_real(root, "first_run_ms", (double)r->first_ns / 1e6);
    doc_real(root, "best_run_ms", (double)r->best_ns / 1e6);
    input_set_json(root, "inputs", &r->work.inputs);
    json_t *outputs = doc_array(root, "outputs");
    const int32_t count = hone_model_output_count(r->work.model);
    for (int32_t i = 0; i < count; i++) TRY(output_json(doc_object(outputs, NULL), c, r, i));
    if (c->set.profile.given) profile_json(root, "profile", &r->work_done);
    return HONE_OK;
}

static hone_status print_json(cli *c, const run_state *r) {
    json_t *root = doc_new();
    const hone_status status = fill_json(root, c, r);
    if (status == HONE_OK) return doc_print(root, &c->error);
    json_decref(root);
    return status;
}

static hone_status run_all(cli *c, run_state *r) {
    TRY(workspace_open(&r->work, c, c->set.operand[0]));
    TRY(input_set_load(&r->work.inputs, c));
    TRY(input_set_fill(&r->work.inputs, c, c->set.random_seed));
    TRY(workspace_start(&r->work, c, c->set.profile.given ? HONE_SESSION_PROFILE : 0));
    TRY(workspace_bind(&r->work, c));
    r->names = output_names(r->work.model);
    if (!r->names) return cli_fail_nomem(&c->error);
    TRY(run_model(c, r));
    if (c->set.output_dir) TRY(save_outputs(c, r));
    if (c->set.profile.text) TRY(write_trace(c, r->work.session));
    if (c->set.profile.given)
        TRY(work_list_make(&r->work_done, &r->prof, r->work.session, NULL, &c->error));
    return c->set.json ? print_json(c, r) : print_results(c, r);
}

static hone_status run(cli *c) {
    run_state r = {.names = NULL};
    const hone_status status = run_all(c, &r);
    work_list_release(&r.work_done);
    profile_release(&r.prof);
    workspace_release(&r.work);
    free(r.names);
    return status;
}

static const option_def own[] = {
    OPTION("output-dir", 'o', OPTION_TEXT, output_dir, "DIR",
           "Write every output as DIR/NAME.npy; characters of the name outside A-Z a-z 0-9 - _ . "
           "become _"),
    OPTION_IN("runs", 'n', OPTION_INT, runs, "N", "Run this often (default 1)", 1, 1e9),
    OPTION("profile", 'p', OPTION_FLAG_TEXT, profile, "FILE",
           "Show where the time goes; with FILE, write a Chrome trace there instead. A name that "
           "ends in .json needs no '='"),
    OPTION_IN("deadline", 0, OPTION_INT, deadline_ms, "MS", "Longest time of one run", 1, 1e12),
    OPTION_END,
};
static const option_group own_group = {"Run", own};
static const option_group *const groups[] = {&options_input,   &own_group,      &options_model,
                                             &options_session, &options_common, NULL};

const command command_run = {
    .name = "run",
    .summary = "run a model and show or save its outputs",
    .operands = "MODEL",
    .text = "Runs an ONNX or .hone model. Every input needs a value from --input, or\n"
            "--random.\n",
    .examples = "hone run resnet50.hone --input x=cat.jpg --image-mean 0.485,0.456,0.406 \\\n"
                "    --image-std 0.229,0.224,0.225 --output-dir out\n"
                "hone run vad.onnx --input input=speech.wav --audio-rate 16000 --audio-fit \\\n"
                "    --input sr=@16000 --random 0\n"
                "hone run bert.onnx --random 1 --shape input_ids=1,128 --profile\n"
                "hone run model.hone --input x.npy --json\n",
    .operand_min = 1,
    .operand_max = 1,
    .groups = groups,
    .run = run,
};
