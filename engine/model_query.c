/* SPDX-License-Identifier: Apache-2.0
 *
 * The public questions about a model.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "model.h"
#include "op.h"
#include "options.h"

__attribute__((format(printf, 2, 3))) static hone_status bad_arg(hone_error *err,
                                                                 const char *format, ...) {
    if (!err) return HONE_E_ARG;
    error_clear(err);
    err->status = HONE_E_ARG;
    va_list args;
    va_start(args, format);
    vsnprintf(err->text, sizeof err->text, format, args);
    va_end(args);
    return HONE_E_ARG;
}

static bool in_list(int32_t index, int32_t count) { return index >= 0 && index < count; }

int32_t hone_model_input_count(const hone_model *m) { return m ? m->graph->n_input : 0; }
int32_t hone_model_output_count(const hone_model *m) { return m ? m->graph->n_output : 0; }
int32_t hone_model_node_count(const hone_model *m) { return m ? m->graph->n_node : 0; }
int32_t hone_model_value_count(const hone_model *m) { return m ? m->graph->n_value : 0; }

static void port_fill(const value *v, hone_port *out) {
    const type *t = &v->type;
    while (t->kind != HONE_TENSOR && t->element) t = t->element;
    *out = (hone_port){
        .name = v->name, .dtype = t->dtype, .kind = v->type.kind, .rank = t->shape.rank};
    for (int32_t i = 0; i < t->shape.rank; i++) {
        const int64_t d = t->shape.dim[i];
        out->dim[i] = dim_known(d) ? d : -1;
        out->dim_name[i] = symbol_name(v->graph, d);
    }
}

hone_status hone_model_input(const hone_model *m, int32_t index, hone_port *out, hone_error *err) {
    if (!m || !out) return bad_arg(err, "a NULL argument");
    if (!in_list(index, m->graph->n_input))
        return bad_arg(err, "there is no input number %d", index);
    port_fill(m->graph->input[index], out);
    return HONE_OK;
}

hone_status hone_model_output(const hone_model *m, int32_t index, hone_port *out, hone_error *err) {
    if (!m || !out) return bad_arg(err, "a NULL argument");
    if (!in_list(index, m->graph->n_output))
        return bad_arg(err, "there is no output number %d", index);
    port_fill(m->graph->output[index], out);
    return HONE_OK;
}

/* Nodes and weights of a graph and its bodies; constants with several readers count at the first.
 */
static void count_graph(const graph *g, hone_model_info *info) {
    for (const node *n = g->first; n; n = n->next) {
        info->nodes++;
        for (int32_t i = 0; i < n->n_in; i++) {
            const value *v = n->in[i].value;
            if (!v || !v->constant || v->uses != &n->in[i]) continue;
            info->parameters += tensor_count(v->constant);
            info->weight_bytes += v->constant->bytes;
        }
        for (int32_t i = 0; i < n->n_body; i++) count_graph(n->body[i], info);
    }
}

hone_status hone_model_get_info(const hone_model *m, hone_model_info *out, hone_error *err) {
    const size_t size = m && out ? options_room(out, sizeof *out) : 0;
    if (!size) return bad_arg(err, "hone_model_info: NULL, or struct_size is not set");
    hone_model_info info = {.struct_size = size,
                            .format = m->format,
                            .producer = m->producer,
                            .source_nodes = m->source_nodes,
                            .file_bytes = m->file_bytes,
                            .metadata_count = m->n_metadata};
    count_graph(m->graph, &info);
    memcpy(out, &info, size);
    return HONE_OK;
}

hone_status hone_model_metadata(const hone_model *m, int32_t index, const char **key,
                                const char **value_out, hone_error *err) {
    if (!m || !key || !value_out) return bad_arg(err, "a NULL argument");
    if (!in_list(index, m->n_metadata))
        return bad_arg(err, "there is no metadata number %d", index);
    *key = m->metadata[index].key;
    *value_out = m->metadata[index].value;
    return HONE_OK;
}

hone_status hone_model_node(const hone_model *m, int32_t index, hone_node_info *out,
                            hone_error *err) {
    if (!m || !out) return bad_arg(err, "a NULL argument");
    if (!in_list(index, m->graph->n_node)) return bad_arg(err, "there is no node number %d", index);
    const node *n = m->nodes[index];
    *out = (hone_node_info){.name = n->name,
                            .op = n->op->name,
                            .domain = n->op->domain,
                            .inputs = n->ids,
                            .outputs = n->ids + n->n_in,
                            .input_count = n->n_in,
                            .output_count = n->n_out};
    return HONE_OK;
}

hone_status hone_model_value(const hone_model *m, int32_t index, hone_value_info *out,
                             hone_error *err) {
    if (!m || !out) return bad_arg(err, "a NULL argument");
    if (!in_list(index, m->graph->n_value))
        return bad_arg(err, "there is no value number %d", index);
    const value *v = m->values[index];
    *out = (hone_value_info){0};
    port_fill(v, &out->port);
    if (!v->constant) return HONE_OK;
    out->bytes = v->constant->bytes;
    out->packed = v->constant->layout.kind != LAYOUT_DENSE;
    out->data = out->packed ? NULL : v->constant->data;
    return HONE_OK;
}

/* "[1,2,3]" of up to 16 elements. */
static void print_list(char *buf, size_t size, const attr *a) {
    size_t n = (size_t)snprintf(buf, size, "%s=[", a->name);
    for (int32_t i = 0; i < a->count && n < size; i++) {
        const char *comma = i ? "," : "";
        if (i == 16) {
            n += (size_t)snprintf(buf + n, size - n, ",...");
            break;
        }
        if (a->kind == ATTR_FLOATS)
            n += (size_t)snprintf(buf + n, size - n, "%s%g", comma, (double)a->floats[i]);
        else if (a->kind == ATTR_STRINGS)
            n += (size_t)snprintf(buf + n, size - n, "%s%s", comma, a->strings[i]);
        else
            n += (size_t)snprintf(buf + n, size - n, "%s%" PRId64, comma, a->ints[i]);
    }
    if (n < size) snprintf(buf + n, size - n, "]");
}

hone_status hone_model_node_attribute(const hone_model *m, int32_t index, int32_t attribute,
                                      char *buf, size_t size, hone_error *err) {
    if (!m || !buf || !size) return bad_arg(err, "a NULL argument, or a buffer of no bytes");
    if (!in_list(index, m->graph->n_node)) return bad_arg(err, "there is no node number %d", index);
    const node *n = m->nodes[index];
    attr a;
    if (!attrs_encode(n->op, n->params, attribute, &a))
        return bad_arg(err, "there is no attribute number %d", attribute);
    char text[SHAPE_TEXT];
    switch (a.kind) {
    case ATTR_INT: snprintf(buf, size, "%s=%" PRId64, a.name, a.i); break;
    case ATTR_FLOAT: snprintf(buf, size, "%s=%g", a.name, (double)a.f); break;
    case ATTR_STRING: snprintf(buf, size, "%s=%s", a.name, a.s ? a.s : ""); break;
    case ATTR_TENSOR:
        snprintf(buf, size, "%s=%s", a.name,
                 a.tensor ? shape_text(text, sizeof text, &a.tensor->shape) : "");
        break;
    case ATTR_GRAPH: snprintf(buf, size, "%s=graph", a.name); break;
    default: print_list(buf, size, &a);
    }
    return HONE_OK;
}

hone_status hone_model_pass(const hone_model *m, int32_t index, const char **name, int64_t *changes,
                            hone_error *err) {
    if (!m || !name || !changes) return bad_arg(err, "a NULL argument");
    if (!in_list(index, m->n_passes)) return bad_arg(err, "there is no pass number %d", index);
    *name = m->passes[index].name;
    *changes = m->passes[index].changes;
    return HONE_OK;
}

hone_status hone_pass(int32_t index, const char **name, const char **doc, hone_error *err) {
    if (!name || !doc) return bad_arg(err, "a NULL argument");
    if (!in_list(index, pass_count)) return bad_arg(err, "there is no pass number %d", index);
    *name = pass_list[index]->name;
    *doc = pass_list[index]->doc;
    return HONE_OK;
}
