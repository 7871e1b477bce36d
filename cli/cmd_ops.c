/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli_error.h"
#include "cli_json.h"
#include "cli_table.h"
#include "cli_text.h"
#include "open_model.h"
#include "operator_text.h"

/* ---- What hone has -----------------------------------------------------------------------------
 */

static hone_status each_operator(cli *c, hone_status (*take)(cli *c, int32_t i, void *to),
                                 void *to) {
    for (int32_t i = 0; i < hone_operator_count(); i++) {
        hone_operator_info info = HONE_INIT(hone_operator_info);
        TRY(hone_operator_get_info(i, &info, &c->error));
        if (strcmp(info.domain, "hone") == 0 && !c->set.internal) continue;
        TRY(take(c, i, to));
    }
    return HONE_OK;
}

typedef struct listing {
    table t;
    int32_t count[3]; /* by kind */
} listing;

static hone_status list_operator(cli *c, int32_t i, void *to) {
    listing *l = to;
    hone_operator_info info = HONE_INIT(hone_operator_info);
    TRY(hone_operator_get_info(i, &info, &c->error));
    l->count[info.kind]++;
    table_cell(&l->t, "%s", *info.domain ? info.domain : "ai.onnx");
    table_cell(&l->t, "%s", info.name);
    table_cell(&l->t, "%s", operator_kind_text(info.kind));
    table_cell(&l->t, "%s", operator_versions_text(i).s);
    table_cell(&l->t, "%s", operator_types_text(i).s);
    return HONE_OK;
}

static hone_status print_operators(cli *c) {
    listing l = {.count = {0}};
    table_init(&l.t, "domain<|operator<|kind<|since<|types of the first input<");
    const hone_status status = each_operator(c, list_operator, &l);
    if (status != HONE_OK) {
        table_release(&l.t);
        return status;
    }
    TRY(table_print(&l.t, &c->error));
    printf("\n%d operators: %d with kernels, %d written over others, %d that run bodies\n",
           l.count[0] + l.count[1] + l.count[2], l.count[HONE_OPERATOR_CORE],
           l.count[HONE_OPERATOR_COMPOSITE], l.count[HONE_OPERATOR_CONTROL]);
    return HONE_OK;
}

static hone_status json_operator(cli *c, int32_t i, void *to) {
    return operator_json(doc_object(to, NULL), i, &c->error);
}

static hone_status print_operators_json(cli *c) {
    json_t *root = doc_new();
    const hone_status status = each_operator(c, json_operator, doc_array(root, "operators"));
    if (status == HONE_OK) return doc_print(root, &c->error);
    json_decref(root);
    return status;
}

/* ---- What a model needs ------------------------------------------------------------------------
 */

typedef struct needs {
    cli *c;
    table t;      /* of everything */
    json_t *list; /* or this */
    int32_t count, missing;
} needs;

static int add_need(void *user, const hone_need *need) {
    needs *n = user;
    n->count++;
    n->missing += need->missing != NULL;
    const char *domain = *need->domain ? need->domain : "ai.onnx";
    if (n->list) {
        json_t *item = doc_object(n->list, NULL);
        doc_text(item, "domain", need->domain);
        doc_text(item, "operator", need->name);
        doc_int(item, "opset", need->opset);
        doc_int(item, "nodes", need->nodes);
        doc_bool(item, "supported", !need->missing);
        doc_text(item, "missing", need->missing);
        doc_text(item, "example", need->example);
        return 0;
    }
    table_cell(&n->t, "%s", domain);
    table_cell(&n->t, "%s", need->name);
    table_cell(&n->t, "%d", need->opset);
    table_cell(&n->t, "%lld", (long long)need->nodes);
    table_cell(&n->t, "%s", need->missing ? need->missing : "yes");
    table_cell(&n->t, "%s", need->missing ? need->example : "");
    return 0;
}

static hone_status missing_error(const needs *n) {
    if (!n->missing) return HONE_OK;
    return cli_fail_file(&n->c->error, HONE_E_UNSUPPORTED, n->c->set.operand[0],
                         "%d of %d operators are not supported", n->missing, n->count);
}

static hone_status print_needs(cli *c) {
    needs n = {.c = c};
    table_init(&n.t, "domain<|operator<|opset>|nodes>|supported<|node<");
    const hone_status status = survey_model(c, c->set.operand[0], add_need, &n);
    if (status != HONE_OK) {
        table_release(&n.t);
        return status;
    }
    TRY(table_print(&n.t, &c->error));
    if (!n.missing) printf("\nall %d operators are supported\n", n.count);
    return missing_error(&n);
}

static hone_status print_needs_json(cli *c) {
    json_t *root = doc_new();
    doc_text(root, "model", c->set.operand[0]);
    needs n = {.c = c, .list = doc_array(root, "operators")};
    const hone_status status = survey_model(c, c->set.operand[0], add_need, &n);
    if (status != HONE_OK) {
        json_decref(root);
        return status;
    }
    doc_int(root, "missing", n.missing);
    TRY(doc_print(root, &c->error));
    return missing_error(&n);
}

static hone_status run(cli *c) {
    if (c->set.operand_count == 0)
        return c->set.json ? print_operators_json(c) : print_operators(c);
    return c->set.json ? print_needs_json(c) : print_needs(c);
}

static const option_def own[] = {
    OPTION("internal", 0, OPTION_FLAG, internal, NULL,
           "List hone's own operators as well, which no file names"),
    OPTION_END,
};
static const option_group own_group = {"List", own};
static const option_group *const groups[] = {&own_group, &options_model, &options_common, NULL};

const command command_ops = {
    .name = "ops",
    .summary = "list the operators that hone has, or that a model needs",
    .operands = "[MODEL]",
    .text = "Without a model: every operator, the opsets in which its meanings began, and the\n"
            "element types that it takes; --json tells all inputs, outputs and attributes.\n"
            "With a model: every operator that it needs, and which of them hone lacks; if\n"
            "there are any, the exit code is that of an unsupported model. Weights are not\n"
            "read.\n",
    .examples = "hone ops\n"
                "hone ops model.onnx\n"
                "hone ops --json | jq '.operators[].name'\n",
    .operand_min = 0,
    .operand_max = 1,
    .groups = groups,
    .run = run,
};
