/* SPDX-License-Identifier: Apache-2.0 */
#include "import.h"

#include <stdio.h>
#include <string.h>

/* Files whose meaning is known here. Before IR version 3 they did not state their opset. */
enum { OLDEST_IR = 3, NEWEST_IR = 14, NEWEST_OPSET = 28, MAX_DOMAINS = 256 };

/* There is no magic number: the first field has to be one that a model may start with. */
static bool onnx_probe(const void *data, size_t size) {
    const uint32_t numbers = 1u << 1 | 1u << 5;
    const uint32_t blocks = 1u << 2 | 1u << 3 | 1u << 4 | 1u << 6 | 1u << 7 | 1u << 8 | 1u << 14 |
                            1u << 20 | 1u << 25 | 1u << 26;
    uint64_t tag;
    if (!wire_varint(data, size, &tag) || tag >> 3 > 31) return false;
    const uint32_t bit = 1u << (tag >> 3);
    return (tag & 7) == 0 ? (numbers & bit) != 0 : (tag & 7) == 2 && (blocks & bit) != 0;
}

static hone_status check_versions(importer *im) {
    const Onnx__ModelProto *p = im->proto;
    const ctx *c = im->c;
    if (p->ir_version < 1)
        return fail(c, HONE_E_FORMAT, "ir_version is %lld", (long long)p->ir_version);
    if (p->ir_version < OLDEST_IR || p->ir_version > NEWEST_IR)
        return fail(c, HONE_E_UNSUPPORTED, "IR version %lld: expected %d to %d",
                    (long long)p->ir_version, OLDEST_IR, NEWEST_IR);
    if (p->n_opset_import > MAX_DOMAINS)
        return fail(c, HONE_E_LIMIT, "%zu operator sets: at most %d", p->n_opset_import,
                    MAX_DOMAINS);
    for (size_t i = 0; i < p->n_functions; i++)
        if (p->functions[i]->n_opset_import > MAX_DOMAINS)
            return fail(c, HONE_E_LIMIT, "function %zu: more than %d operator sets", i,
                        MAX_DOMAINS);
    im->opsets = (opsets){p->opset_import, p->n_opset_import};
    const int32_t opset = opset_version(&im->opsets, "");
    if (opset > NEWEST_OPSET)
        return fail(c, HONE_E_UNSUPPORTED, "opset %d: the newest known one is %d", opset,
                    NEWEST_OPSET);
    return HONE_OK;
}

static const char *text_or_empty(const char *s) { return s ? s : ""; }

static hone_status import_facts(importer *im) {
    const Onnx__ModelProto *p = im->proto;
    hone_model *m = im->model;
    const char *name = text_or_empty(p->producer_name),
               *version = text_or_empty(p->producer_version);
    const size_t size = strlen(name) + strlen(version) + 2;
    char *producer = arena_alloc(&m->arena, size);
    metadata_entry *list = arena_array(&m->arena, p->n_metadata_props, sizeof *list);
    if (!producer || !list) return fail_nomem(im->c, size);
    if (p->n_metadata_props > INT32_MAX) return fail(im->c, HONE_E_LIMIT, "too much metadata");
    snprintf(producer, size, "%s%s%s", name, *name && *version ? " " : "", version);
    for (size_t i = 0; i < p->n_metadata_props; i++) {
        list[i].key = arena_strdup(&m->arena, text_or_empty(p->metadata_props[i]->key));
        list[i].value = arena_strdup(&m->arena, text_or_empty(p->metadata_props[i]->value));
        if (!list[i].key || !list[i].value) return fail_nomem(im->c, size);
    }
    m->producer = producer;
    m->metadata = list;
    m->n_metadata = (int32_t)p->n_metadata_props;
    return HONE_OK;
}

static hone_status import_main_graph(importer *im) {
    const Onnx__GraphProto *g = im->proto->graph;
    builder b;
    scope s;
    im->model->graph = graph_create(&im->model->arena, NULL, g->name);
    if (!im->model->graph) return fail_nomem(im->c, sizeof(graph));
    TRY(support_check(im));
    builder_init(&b, im->c, im->model->graph, NULL, "");
    scope_init(&s, im, &b, NULL);
    s.opsets = im->opsets;
    return import_graph(&s, g);
}

static hone_status unpack_model(importer *im) {
    ProtobufCMessage *message;
    wire_stats stats;
    TRY(wire_unpack(im->c, &im->scratch, &im->in, &message, &stats));
    im->proto = (const Onnx__ModelProto *)message;
    im->model->source_nodes = stats.nodes;
    TRY(check_versions(im));
    if (!im->proto->graph) return fail(im->c, HONE_E_FORMAT, "the model has no graph");
    return functions_collect(im);
}

static hone_status import_model(importer *im) {
    TRY(unpack_model(im));
    TRY(import_facts(im));
    return import_main_graph(im);
}

void importer_init(importer *im, const ctx *c, hone_model *m, const source *s) {
    *im = (importer){.c = c, .model = m, .source = s};
    im->in = (wire_input){s->data, s->size, &onnx__model_proto__descriptor};
    arena_init(&im->scratch, c->alloc);
    names_init(&im->symbols, &im->scratch);
    names_init(&im->tensors, &im->scratch);
    external_init(&im->external, m, s, &im->scratch);
}

void importer_fini(importer *im) {
    external_fini(&im->external);
    arena_fini(&im->scratch);
}

static hone_status onnx_load(const ctx *c, hone_model *m, const source *s) {
    importer im;
    importer_init(&im, c, m, s);
    const hone_status status = import_model(&im);
    importer_fini(&im);
    return status;
}

static hone_status onnx_survey(const ctx *c, hone_model *m, const source *s, hone_need_fn tell,
                               void *user) {
    importer im;
    importer_init(&im, c, m, s);
    hone_status status = unpack_model(&im);
    if (status == HONE_OK) status = support_list(&im, tell, user);
    importer_fini(&im);
    return status;
}

const format format_onnx = {
    .name = "onnx",
    .unaligned = true,
    .probe = onnx_probe,
    .load = onnx_load,
    .survey = onnx_survey,
};
