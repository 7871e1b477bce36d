/* SPDX-License-Identifier: Apache-2.0 */
#include "weight_report.h"

#include "cli_json.h"
#include "cli_table.h"
#include "cli_text.h"
#include "tensor_stats.h"

/* Constant number `v`, if that is what the value is and its elements can be read. */
static bool constant_view(hone_view *out, hone_value_info *value, const hone_model *model,
                          int32_t v) {
    if (hone_model_value(model, v, value, NULL) != HONE_OK) return false;
    if (!value->data) return false;
    *out = (hone_view){.data = (void *)value->data,
                       .bytes = value->bytes,
                       .dtype = value->port.dtype,
                       .rank = value->port.rank};
    for (int32_t i = 0; i < out->rank; i++) out->dim[i] = value->port.dim[i];
    return true;
}

hone_status weight_report_print(const hone_model *model, hone_error *err) {
    table t;
    const int32_t count = hone_model_value_count(model);
    table_init(&t, "constant<|type<|min>|max>|mean>|std>|zeros>");
    for (int32_t v = 0; v < count; v++) {
        hone_value_info value;
        hone_view view;
        if (!constant_view(&view, &value, model, v)) continue;
        const tensor_stats s = tensor_stats_of(&view);
        table_cell(&t, "%s", value.port.name);
        table_cell(&t, "%s", view_text(&view).s);
        table_cell(&t, "%s", s.known ? human_real(s.min).s : "-");
        table_cell(&t, "%s", s.known ? human_real(s.max).s : "-");
        table_cell(&t, "%s", s.known ? human_real(s.mean).s : "-");
        table_cell(&t, "%s", s.known ? human_real(s.stddev).s : "-");
        if (s.count > 0)
            table_cell(&t, "%.1f %%", 100 * (double)s.zeros / (double)s.count);
        else
            table_cell(&t, "-");
    }
    return table_print(&t, err);
}

void weight_report_json(json_t *parent, const char *key, const hone_model *model) {
    const int32_t count = hone_model_value_count(model);
    json_t *list = doc_array(parent, key);
    for (int32_t v = 0; v < count; v++) {
        hone_value_info value;
        hone_view view;
        if (!constant_view(&view, &value, model, v)) continue;
        const tensor_stats stats = tensor_stats_of(&view);
        json_t *item = doc_object(list, NULL);
        doc_port(item, &value.port);
        doc_int(item, "bytes", (int64_t)value.bytes);
        tensor_stats_json(item, &stats);
    }
}
