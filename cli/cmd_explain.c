/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "cli_error.h"
#include "cli_json.h"
#include "cli_table.h"
#include "cli_text.h"
#include "workspace.h"

static hone_status print_steps(cli *c, const hone_session *session) {
    table t;
    const int32_t count = hone_session_step_count(session);
    printf("%s  %d step%s, %d thread%s, %s\n\n", clean_text(c->set.operand[0]).s, count,
           plural(count), threads_in_use(&c->set), plural(threads_in_use(&c->set)),
           isa_in_use(&c->set));
    table_init(&t, "step>|node<|operator<|output<|kernel<|note<|operations>");
    for (int32_t i = 0; i < count; i++) {
        hone_step step = HONE_INIT(hone_step);
        hone_session_step(session, i, &step, NULL);
        table_cell(&t, "%d", i);
        table_cell(&t, "%s", step.name);
        table_cell(&t, "%s", step.op);
        table_cell(&t, "%s", port_text(&step.output).s);
        table_cell(&t, "%s", step.kernel);
        table_cell(&t, "%s", step.note);
        table_cell(&t, "%s", step.flops > 0 ? human_count((double)step.flops).s : "");
    }
    return table_print(&t, &c->error);
}

static void print_declined(const hone_session *session) {
    const int32_t count = hone_session_step_count(session);
    bool titled = false;
    for (int32_t i = 0; i < count; i++) {
        hone_step step = HONE_INIT(hone_step);
        if (hone_session_step(session, i, &step, NULL) != HONE_OK || !step.declined[0]) continue;
        if (!titled) printf("\nbetter kernels that declined\n");
        titled = true;
        printf("  %d %s  %s\n", i, clean_text(step.op).s, clean_text(step.declined).s);
    }
}

static hone_status print_json(cli *c, const hone_session *session) {
    json_t *root = doc_new();
    doc_text(root, "model", c->set.operand[0]);
    doc_int(root, "threads", threads_in_use(&c->set));
    doc_text(root, "isa", isa_in_use(&c->set));
    json_t *steps = doc_array(root, "steps");
    const int32_t count = hone_session_step_count(session);
    for (int32_t i = 0; i < count; i++) {
        hone_step step = HONE_INIT(hone_step);
        hone_session_step(session, i, &step, NULL);
        json_t *item = doc_object(steps, NULL);
        doc_int(item, "index", i);
        doc_text(item, "node", step.name);
        doc_text(item, "operator", step.op);
        doc_text(item, "kernel", step.kernel);
        doc_text(item, "note", step.note);
        doc_text(item, "declined", step.declined);
        doc_int(item, "flops", (int64_t)step.flops);
        doc_int(item, "bytes", (int64_t)step.bytes);
        doc_port(doc_object(item, "output"), &step.output);
    }
    return doc_print(root, &c->error);
}

static hone_status explain_model(cli *c, workspace *w) {
    TRY(workspace_open(w, c, c->set.operand[0]));
    TRY(workspace_plan(w, c));
    if (c->set.json) return print_json(c, w->session);
    TRY(print_steps(c, w->session));
    print_declined(w->session);
    return HONE_OK;
}

static hone_status run(cli *c) {
    workspace w = {.model = NULL};
    const hone_status status = explain_model(c, &w);
    workspace_release(&w);
    return status;
}

static const option_group *const groups[] = {&options_model, &options_session, &options_common,
                                             NULL};

const command command_explain = {
    .name = "explain",
    .summary = "show which kernel runs each step, and why",
    .operands = "MODEL",
    .text = "Plans a model without running it and shows every step: the node, the kernel that\n"
            "was chosen for it, and for what reason better ones declined.\n",
    .examples = "hone explain resnet50.hone\n"
                "hone explain bert.onnx --shape input_ids=1,128 --isa scalar\n"
                "hone explain model.hone --json | jq '.steps[].kernel'\n",
    .operand_min = 1,
    .operand_max = 1,
    .groups = groups,
    .run = run,
};
