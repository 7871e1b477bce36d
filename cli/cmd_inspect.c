/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>

#include "cli_error.h"
#include "cli_json.h"
#include "cli_notes.h"
#include "cli_table.h"
#include "cli_text.h"
#include "dot_graph.h"
#include "model_report.h"
#include "weight_report.h"
#include "workspace.h"

typedef struct inspection {
    workspace work;
    hone_model_info info;
    operator_count *operators;
    int32_t kinds;
    bool planned; /* the rest is known */
    hone_session_memory memory;
    uint64_t flops;
} inspection;

/* Memory and operations need shapes, and kernels for every node: without them there is still much
 * to show. */
static void plan(cli *c, inspection *in) {
    in->planned = workspace_plan(&in->work, c) == HONE_OK &&
                  hone_session_get_memory(in->work.session, &in->memory, &c->error) == HONE_OK;
    if (in->planned)
        in->flops = session_flops(in->work.session);
    else
        note(&c->set, "no memory plan: %.500s", c->error.text);
}

typedef hone_status port_fn(const hone_model *model, int32_t index, hone_port *out,
                            hone_error *err);

static hone_status print_ports(const hone_model *model, const char *title, port_fn *get,
                               int32_t count, hone_error *err) {
    printf("\n%s\n", title);
    for (int32_t i = 0; i < count; i++) {
        hone_port port;
        TRY(get(model, i, &port, err));
        printf("  %s  %s\n", clean_text(port.name).s, clean_text(port_text(&port).s).s);
    }
    return HONE_OK;
}

static hone_status json_ports(json_t *parent, const char *key, const hone_model *model,
                              port_fn *get, int32_t count, hone_error *err) {
    json_t *list = doc_array(parent, key);
    for (int32_t i = 0; i < count; i++) {
        hone_port port;
        TRY(get(model, i, &port, err));
        doc_port(doc_object(list, NULL), &port);
    }
    return HONE_OK;
}

static hone_status print_operators(const inspection *in, hone_error *err) {
    table t;
    putchar('\n');
    table_init(&t, "operator<|count>|domain<");
    for (int32_t i = 0; i < in->kinds; i++) {
        table_cell(&t, "%s", in->operators[i].op);
        table_cell(&t, "%d", in->operators[i].count);
        table_cell(&t, "%s", in->operators[i].domain);
    }
    return table_print(&t, err);
}

static void print_summary(const cli *c, const inspection *in) {
    const hone_model_info *info = &in->info;
    printf("%s\n", clean_text(c->set.operand[0]).s);
    printf("  format      %s", info->format);
    if (info->producer[0]) printf(", made by %s", clean_text(info->producer).s);
    printf("\n  file size   %s\n", human_bytes(info->file_bytes).s);
    printf("  nodes       %lld, %lld in the source\n", (long long)info->nodes,
           (long long)info->source_nodes);
    printf("  parameters  %s in %s\n", human_count((double)info->parameters).s,
           human_bytes(info->weight_bytes).s);
    if (!in->planned) return;
    printf("  operations  %s a run\n", human_flops(in->flops).s);
    printf("  memory      %s for intermediate tensors (%s without sharing)\n",
           human_bytes(in->memory.planned_bytes).s, human_bytes(in->memory.unshared_bytes).s);
}

static void print_metadata(const inspection *in) {
    if (in->info.metadata_count > 0) printf("\nmetadata\n");
    for (int32_t i = 0; i < in->info.metadata_count; i++) {
        const char *key, *value;
        if (hone_model_metadata(in->work.model, i, &key, &value, NULL) != HONE_OK) continue;
        printf("  %s = %s\n", clean_text(key).s, clean_text(value).s);
    }
}

static hone_status print_report(cli *c, const inspection *in) {
    const hone_model *model = in->work.model;
    print_summary(c, in);
    TRY(print_ports(model, "inputs", hone_model_input, hone_model_input_count(model), &c->error));
    TRY(print_ports(model, "outputs", hone_model_output, hone_model_output_count(model),
                    &c->error));
    TRY(print_operators(in, &c->error));
    print_metadata(in);
    if (c->set.passes.given) {
        putchar('\n');
        TRY(model_print_passes(model, &c->error));
    }
    if (!c->set.weights) return HONE_OK;
    putchar('\n');
    return weight_report_print(model, &c->error);
}

static void json_facts(json_t *root, const cli *c, const inspection *in) {
    const hone_model_info *info = &in->info;
    doc_text(root, "model", c->set.operand[0]);
    doc_text(root, "format", info->format);
    doc_text(root, "producer", info->producer);
    doc_int(root, "file_bytes", (int64_t)info->file_bytes);
    doc_int(root, "source_nodes", info->source_nodes);
    doc_int(root, "nodes", info->nodes);
    doc_int(root, "parameters", info->parameters);
    doc_int(root, "weight_bytes", (int64_t)info->weight_bytes);
    json_t *operators = doc_array(root, "operators");
    for (int32_t i = 0; i < in->kinds; i++) {
        json_t *item = doc_object(operators, NULL);
        doc_text(item, "operator", in->operators[i].op);
        doc_text(item, "domain", in->operators[i].domain);
        doc_int(item, "count", in->operators[i].count);
    }
    json_t *metadata = doc_object(root, "metadata");
    for (int32_t i = 0; i < info->metadata_count; i++) {
        const char *key, *value;
        if (hone_model_metadata(in->work.model, i, &key, &value, NULL) == HONE_OK)
            doc_text(metadata, clean_text(key).s, value);
    }
}

static void json_plan(json_t *root, const inspection *in) {
    if (!in->planned) {
        doc_null(root, "plan");
        return;
    }
    json_t *object = doc_object(root, "plan");
    doc_int(object, "flops", (int64_t)in->flops);
    doc_int(object, "steps", hone_session_step_count(in->work.session));
    doc_int(object, "planned_bytes", (int64_t)in->memory.planned_bytes);
    doc_int(object, "unshared_bytes", (int64_t)in->memory.unshared_bytes);
}

static hone_status fill_json(json_t *root, cli *c, const inspection *in) {
    const hone_model *model = in->work.model;
    json_facts(root, c, in);
    TRY(json_ports(root, "inputs", model, hone_model_input, hone_model_input_count(model),
                   &c->error));
    TRY(json_ports(root, "outputs", model, hone_model_output, hone_model_output_count(model),
                   &c->error));
    json_plan(root, in);
    if (c->set.passes.given) model_json_passes(root, "passes", model);
    if (c->set.weights) weight_report_json(root, "weights", model);
    return HONE_OK;
}

static hone_status print_json(cli *c, const inspection *in) {
    json_t *root = doc_new();
    const hone_status status = fill_json(root, c, in);
    if (status == HONE_OK) return doc_print(root, &c->error);
    json_decref(root);
    return status;
}

static hone_status inspect_model(cli *c, inspection *in) {
    const settings *set = &c->set;
    const char *ignored = set->json                                ? "json"
                          : set->weights                           ? "weights"
                          : set->passes.given && !set->passes.text ? "passes"
                                                                   : NULL;
    if (set->dot && ignored)
        return cli_fail(&c->error, HONE_E_ARG, "--dot and --%s exclude each other", ignored);
    TRY(workspace_open(&in->work, c, c->set.operand[0]));
    if (c->set.dot) return dot_graph_print(in->work.model, &c->error);
    TRY(hone_model_get_info(in->work.model, &in->info, &c->error));
    TRY(model_count_operators(&in->operators, &in->kinds, in->work.model, &c->error));
    plan(c, in);
    return c->set.json ? print_json(c, in) : print_report(c, in);
}

static hone_status run(cli *c) {
    inspection in = {.info = HONE_INIT(hone_model_info), .memory = HONE_INIT(hone_session_memory)};
    const hone_status status = inspect_model(c, &in);
    workspace_release(&in.work);
    free(in.operators);
    return status;
}

static const option_def own[] = {
    OPTION("weights", 'w', OPTION_FLAG, weights, NULL, "Statistics of every constant"),
    OPTION("dot", 0, OPTION_FLAG, dot, NULL, "Write the graph in Graphviz's language instead"),
    OPTION_END,
};
static const option_group own_group = {"Report", own};
static const option_group *const groups[] = {&own_group, &options_model_shown, &options_session,
                                             &options_common, NULL};

const command command_inspect = {
    .name = "inspect",
    .summary = "show what is in a model",
    .operands = "MODEL",
    .text = "Shows inputs, outputs, operators, parameters, metadata and, where all shapes are\n"
            "known, the memory and operations of one run. The graph is shown as it would run;\n"
            "--no-optimize shows it as it is in the file.\n",
    .examples = "hone inspect resnet50.onnx\n"
                "hone inspect bert.onnx --shape input_ids=1,128 --passes\n"
                "hone inspect model.onnx --no-optimize --weights\n"
                "hone inspect model.hone --dot | dot -Tsvg > model.svg\n",
    .operand_min = 1,
    .operand_max = 1,
    .groups = groups,
    .run = run,
};
