/* SPDX-License-Identifier: Apache-2.0 */
#include "weight_report.h"

#include <stdio.h>

#include "cli_error.h"
#include "cli_json.h"
#include "cli_table.h"
#include "cli_text.h"
#include "tensor_stats.h"

/* A constant and what can be told of it. */
typedef struct weight {
    hone_value_info value;
    hone_view view; /* without data when packed */
    tensor_stats stats;
} weight;

/* False when value number `v` is no constant. */
static bool weight_find(weight *out, const hone_model *model, int32_t v) {
    hone_value_info *value = &out->value;
    if (hone_model_value(model, v, value, NULL) != HONE_OK) return false;
    if (!value->data && !value->packed) return false;
    const hone_port *port = &value->port;
    out->view = (hone_view){.data = (void *)value->data,
                            .bytes = value->bytes,
                            .dtype = port->dtype,
                            .rank = port->rank};
    for (int32_t i = 0; i < port->rank; i++) out->view.dim[i] = port->dim[i];
    out->stats = value->packed ? (tensor_stats){.known = false} : tensor_stats_of(&out->view);
    return true;
}

static void print_stats(table *t, const tensor_stats *s) {
    table_cell(t, "%s", s->known ? tensor_stats_min(s).s : "-");
    table_cell(t, "%s", s->known ? tensor_stats_max(s).s : "-");
    table_cell(t, "%s", s->known ? human_real(s->mean).s : "-");
    table_cell(t, "%s", s->known ? human_real(s->stddev).s : "-");
    if (s->known && s->count > 0)
        table_cell(t, "%.1f %%", 100 * (double)s->zeros / (double)s->count);
    else
        table_cell(t, "-");
}

hone_status weight_report_print(const hone_model *model, hone_error *err) {
    table t;
    uint64_t total = 0, packed = 0;
    const int32_t count = hone_model_value_count(model);
    table_init(&t, "constant<|type<|bytes>|min>|max>|mean>|std>|zeros>|note<");
    for (int32_t v = 0; v < count; v++) {
        weight w;
        if (!weight_find(&w, model, v)) continue;
        table_cell(&t, "%s", w.value.port.name);
        table_cell(&t, "%s", view_text(&w.view).s);
        table_cell(&t, "%zu", w.value.bytes);
        print_stats(&t, &w.stats);
        table_cell(&t, "%s", w.value.packed ? "packed" : "");
        total += w.value.bytes;
        if (w.value.packed) packed += w.value.bytes;
    }
    TRY(table_print(&t, err));
    printf("  %s", human_bytes(total).s);
    if (packed > 0)
        printf(", %s of it packed: in the layout of a kernel, without statistics",
               human_bytes(packed).s);
    putchar('\n');
    return HONE_OK;
}

void weight_report_json(json_t *parent, const char *key, const hone_model *model) {
    const int32_t count = hone_model_value_count(model);
    json_t *list = doc_array(parent, key);
    for (int32_t v = 0; v < count; v++) {
        weight w;
        if (!weight_find(&w, model, v)) continue;
        json_t *item = doc_object(list, NULL);
        doc_port(item, &w.value.port);
        doc_int(item, "bytes", (int64_t)w.value.bytes);
        doc_bool(item, "packed", w.value.packed);
        tensor_stats_json(item, &w.stats);
    }
}
