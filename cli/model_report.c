/* SPDX-License-Identifier: Apache-2.0 */
#include "model_report.h"

#include <stdlib.h>
#include <string.h>

#include "cli_error.h"
#include "cli_json.h"
#include "cli_table.h"

static int by_name(const void *a, const void *b) {
    const operator_count *x = a, *y = b;
    const int order = strcmp(x->op, y->op);
    return order ? order : strcmp(x->domain, y->domain);
}

static int by_count(const void *a, const void *b) {
    const operator_count *x = a, *y = b;
    return x->count != y->count ? y->count - x->count : by_name(a, b);
}

hone_status model_count_operators(operator_count **out, int32_t *kinds, const hone_model *model,
                                  hone_error *err) {
    const int32_t nodes = hone_model_node_count(model);
    operator_count *list = cli_alloc(err, (size_t)nodes, sizeof *list);
    if (!list) return HONE_E_NOMEM;
    for (int32_t i = 0; i < nodes; i++) {
        hone_node_info node = {.op = "", .domain = ""};
        hone_model_node(model, i, &node, NULL);
        list[i] = (operator_count){node.op, node.domain, 1};
    }
    qsort(list, (size_t)nodes, sizeof *list, by_name);
    int32_t used = 0;
    for (int32_t i = 0; i < nodes; i++) {
        if (used > 0 && by_name(&list[used - 1], &list[i]) == 0)
            list[used - 1].count++;
        else
            list[used++] = list[i];
    }
    qsort(list, (size_t)used, sizeof *list, by_count);
    *out = list;
    *kinds = used;
    return HONE_OK;
}

int32_t model_operator_kinds(const hone_model *model) {
    operator_count *list;
    int32_t kinds = 0;
    hone_error ignored;
    if (model_count_operators(&list, &kinds, model, &ignored) == HONE_OK) free(list);
    return kinds;
}

/* One line about a pass. */
static const char *pass_doc(const char *name) {
    const char *at, *doc;
    for (int32_t i = 0; hone_pass(i, &at, &doc, NULL) == HONE_OK; i++)
        if (strcmp(at, name) == 0) return doc;
    return "";
}

hone_status model_print_passes(const hone_model *model, hone_error *err) {
    table t;
    const char *name;
    int64_t changes;
    table_init(&t, "pass<|changes>|what it does<");
    for (int32_t i = 0; hone_model_pass(model, i, &name, &changes, NULL) == HONE_OK; i++) {
        table_cell(&t, "%s", name);
        table_cell(&t, "%lld", (long long)changes);
        table_cell(&t, "%s", pass_doc(name));
    }
    return table_print(&t, err);
}

void model_json_passes(json_t *parent, const char *key, const hone_model *model) {
    const char *name;
    int64_t changes;
    json_t *list = doc_array(parent, key);
    for (int32_t i = 0; hone_model_pass(model, i, &name, &changes, NULL) == HONE_OK; i++) {
        json_t *item = doc_object(list, NULL);
        doc_text(item, "name", name);
        doc_int(item, "changes", changes);
        doc_text(item, "what", pass_doc(name));
    }
}
