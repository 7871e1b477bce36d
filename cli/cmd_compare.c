/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "cli_error.h"
#include "cli_json.h"
#include "cli_notes.h"
#include "cli_text.h"
#include "diff_list.h"
#include "output_names.h"
#include "tensor_record.h"
#include "workspace.h"

typedef struct comparison {
    cli *c;
    workspace a;
    workspace b;     /* unused when B is a directory */
    const char *dir; /* NULL when B is a model */
    tensor_record reference;
    diff_list outputs;
    diff_list tensors;       /* with --all, in the order A computes them */
    hone_status in_observer; /* the first failure there */
} comparison;

static hone_status add_pair(const comparison *cmp, diff_list *list, diff_pair pair) {
    const tolerance tol = {cmp->c->set.rtol, cmp->c->set.atol};
    return diff_list_add(list, &pair, tol, &cmp->c->error);
}

/* Compares a tensor with the recorded one, if there is any. `file` is its name in the directory. */
static hone_status compare_tensor(comparison *cmp, diff_list *list, const char *name,
                                  const char *file, const hone_view *ours) {
    input_value loaded;
    bool found = false;
    if (!cmp->dir) {
        const hone_view *theirs = tensor_record_find(&cmp->reference, name);
        return theirs ? add_pair(cmp, list, (diff_pair){name, ours, theirs}) : HONE_OK;
    }
    char *path = path_of_tensor(cmp->dir, file);
    if (!path) return cli_fail_nomem(&cmp->c->error);
    hone_status status =
        tensor_file_load(&loaded, &found, path, ours->dtype, &cmp->c->set.limits, &cmp->c->error);
    free(path);
    if (status != HONE_OK || !found) return status;
    status = add_pair(cmp, list, (diff_pair){name, ours, &loaded.view});
    input_value_release(&loaded);
    return status;
}

/* Lists and maps are compared value by value; so many here and so many there differ anyway. */
static hone_status compare_value(comparison *cmp, diff_list *list, const char *name,
                                 const char *file, const hone_view *ours) {
    if (ours->kind == HONE_TENSOR) return compare_tensor(cmp, list, name, file, ours);
    const hone_view *theirs = cmp->dir ? NULL : tensor_record_find(&cmp->reference, name);
    if (theirs && (theirs->kind != ours->kind || theirs->dim[0] != ours->dim[0]))
        return add_pair(cmp, list, (diff_pair){name, ours, theirs});
    for (int64_t i = 0; i < ours->dim[0]; i++) {
        char *part = part_name(name, ours, i), *part_file = part_name(file, ours, i);
        const hone_view *value = (const hone_view *)ours->data + i;
        const hone_status status = part && part_file
                                       ? compare_value(cmp, list, part, part_file, value)
                                       : cli_fail_nomem(&cmp->c->error);
        free(part);
        free(part_file);
        TRY(status);
    }
    return HONE_OK;
}

/* Passes leave values without a name behind, which have nothing in common with each other. */
static bool is_named(const char *name) { return name && name[0]; }

static void record_tensor(void *user, const char *name, const hone_view *view) {
    comparison *cmp = user;
    if (cmp->in_observer == HONE_OK && is_named(name))
        cmp->in_observer = tensor_record_add(&cmp->reference, name, view, &cmp->c->error);
}

static void check_tensor(void *user, const char *name, const hone_view *view) {
    comparison *cmp = user;
    if (cmp->in_observer == HONE_OK && is_named(name))
        cmp->in_observer = compare_tensor(cmp, &cmp->tensors, name, safe_name(name).s, view);
}

static hone_status run_observed(comparison *cmp, workspace *w, hone_observe_fn observe) {
    if (cmp->c->set.all) TRY(hone_session_observe(w->session, observe, cmp, &cmp->c->error));
    TRY(workspace_run(w, cmp->c, NULL));
    return cmp->in_observer;
}

/* The outputs are recorded under the names that A has for them. */
static hone_status record_outputs(comparison *cmp) {
    const hone_model *a = cmp->a.model, *b = cmp->b.model;
    const int32_t count = hone_model_output_count(b);
    const bool by_position = count == hone_model_output_count(a);
    for (int32_t i = 0; i < count; i++) {
        hone_port theirs, ours;
        hone_view view;
        TRY(hone_model_output(b, i, &theirs, &cmp->c->error));
        TRY(hone_session_output(cmp->b.session, i, &view, &cmp->c->error));
        TRY(tensor_record_add(&cmp->reference, theirs.name, &view, &cmp->c->error));
        if (!by_position) continue;
        TRY(hone_model_output(a, i, &ours, &cmp->c->error));
        if (!tensor_record_find(&cmp->reference, ours.name))
            TRY(tensor_record_add(&cmp->reference, ours.name, &view, &cmp->c->error));
    }
    return HONE_OK;
}

static hone_status run_reference(comparison *cmp) {
    cli *c = cmp->c;
    /* The --shape options name inputs of A; B takes its shapes from the values. */
    TRY(workspace_open_reference(&cmp->b, c, c->set.operand[1]));
    TRY(workspace_start(&cmp->b, c, 0));
    TRY(workspace_bind_like(&cmp->b, c, &cmp->a));
    TRY(run_observed(cmp, &cmp->b, record_tensor));
    return record_outputs(cmp);
}

static hone_status compare_outputs(comparison *cmp) {
    const int32_t count = hone_model_output_count(cmp->a.model);
    file_name *files = output_names(cmp->a.model);
    hone_status status = files ? HONE_OK : cli_fail_nomem(&cmp->c->error);
    for (int32_t i = 0; i < count && status == HONE_OK; i++) {
        hone_port port;
        hone_view view;
        const size_t before = cmp->outputs.count;
        status = hone_model_output(cmp->a.model, i, &port, &cmp->c->error);
        if (status == HONE_OK)
            status = hone_session_output(cmp->a.session, i, &view, &cmp->c->error);
        if (status == HONE_OK)
            status = compare_value(cmp, &cmp->outputs, port.name, files[i].s, &view);
        if (status == HONE_OK && cmp->outputs.count == before)
            note(&cmp->c->set, "output '%s' is not in %s", port.name, cmp->c->set.operand[1]);
    }
    free(files);
    TRY(status);
    if (cmp->outputs.count > 0) return HONE_OK;
    return cli_fail(&cmp->c->error, HONE_E_INPUT, "%s has no output of %s", cmp->c->set.operand[1],
                    cmp->c->set.operand[0]);
}

static hone_status print_results(const comparison *cmp) {
    cli *c = cmp->c;
    const diff_item *first = diff_list_first_divergent(&cmp->tensors);
    TRY(diff_list_print(&cmp->outputs, "output", &c->error));
    if (c->set.all) {
        putchar('\n');
        TRY(diff_list_print(&cmp->tensors, "tensor", &c->error));
    }
    if (first) printf("\nfirst to diverge: %s\n", clean_text(first->name).s);
    printf("\n%s\n", c->differ ? "The results differ." : "The results agree.");
    return HONE_OK;
}

static hone_status print_json(const comparison *cmp) {
    const cli *c = cmp->c;
    const diff_item *first = diff_list_first_divergent(&cmp->tensors);
    json_t *root = doc_new();
    doc_text(root, "a", c->set.operand[0]);
    doc_text(root, "b", c->set.operand[1]);
    doc_bool(root, "close", !c->differ);
    input_set_json(root, "inputs", &cmp->a.inputs);
    diff_list_json(root, "outputs", &cmp->outputs);
    if (c->set.all) diff_list_json(root, "tensors", &cmp->tensors);
    if (first)
        doc_text(root, "first_divergent", first->name);
    else
        doc_null(root, "first_divergent");
    return doc_print(root, &cmp->c->error);
}

static hone_status compare_all(comparison *cmp) {
    cli *c = cmp->c;
    struct stat file;
    if (stat(c->set.operand[1], &file) != 0)
        return cli_fail_errno(&c->error, c->set.operand[1], "open");
    if (S_ISDIR(file.st_mode)) cmp->dir = c->set.operand[1];
    TRY(workspace_open(&cmp->a, c, c->set.operand[0]));
    TRY(input_set_load(&cmp->a.inputs, c));
    if (cmp->dir) TRY(input_set_load_dir(&cmp->a.inputs, c, cmp->dir));
    TRY(input_set_fill(&cmp->a.inputs, c, c->set.random_seed));
    if (!cmp->dir) TRY(run_reference(cmp));
    TRY(workspace_start(&cmp->a, c, 0));
    TRY(workspace_bind(&cmp->a, c));
    TRY(run_observed(cmp, &cmp->a, check_tensor));
    TRY(compare_outputs(cmp));
    c->differ =
        diff_list_first_divergent(&cmp->outputs) || diff_list_first_divergent(&cmp->tensors);
    return c->set.json ? print_json(cmp) : print_results(cmp);
}

static hone_status run(cli *c) {
    comparison cmp = {.c = c};
    const hone_status status = compare_all(&cmp);
    workspace_release(&cmp.b);
    workspace_release(&cmp.a);
    tensor_record_release(&cmp.reference);
    diff_list_release(&cmp.outputs);
    diff_list_release(&cmp.tensors);
    return status;
}

static const option_def own[] = {
    OPTION("all", 'a', OPTION_FLAG, all, NULL,
           "Compare every tensor whose name both have, and name the first that diverges"),
    OPTION_IN("rtol", 0, OPTION_REAL, rtol, "F",
              "Allowed |a - b| is atol + rtol * |b| (default: 1e-3 of the largest |b|)", 0, 1e300),
    OPTION_IN("atol", 0, OPTION_REAL, atol, "F", "See --rtol; the one not given is 0", 0, 1e300),
    OPTION_END,
};
static const option_group own_group = {"Comparison", own};
static const option_group *const groups[] = {&own_group,       &options_input,  &options_model,
                                             &options_session, &options_common, NULL};

const command command_compare = {
    .name = "compare",
    .summary = "compare the outputs of a model with a reference",
    .operands = "A B",
    .text = "Runs model A and compares its outputs with the reference B: another model, which\n"
            "gets the same inputs, or a directory of .npy files named like the outputs.\n"
            "Inputs that were recorded in that directory are used as well. Exits with 1 when\n"
            "a result is not within the tolerance.\n",
    .examples = "hone compare model.hone model.onnx --random 0\n"
                "hone compare model.onnx recorded/ --input x.npy --rtol 1e-4 --atol 1e-6\n"
                "hone compare small.hone model.onnx --random 7 --all\n",
    .operand_min = 2,
    .operand_max = 2,
    .groups = groups,
    .run = run,
};
