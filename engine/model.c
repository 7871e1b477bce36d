/* SPDX-License-Identifier: Apache-2.0 */
#include "model.h"

#include <stdio.h>
#include <string.h>

#include "checked.h"
#include "custom.h"
#include "machine.h"
#include "op.h"
#include "options.h"

#define STRING_OF(x)        #x
#define VERSION_OF(a, b, c) STRING_OF(a) "." STRING_OF(b) "." STRING_OF(c)

const char *hone_version(void) {
    return VERSION_OF(HONE_VERSION_MAJOR, HONE_VERSION_MINOR, HONE_VERSION_PATCH);
}

hone_status limits_read(const ctx *c, const hone_limits *in, hone_limits *out) {
    TRY(options_read(c, out, sizeof *out, in, "hone_limits"));
    if (out->nodes < 0 || out->tensors < 0 || out->depth < 0 || out->loop_trips < 0)
        return fail(c, HONE_E_ARG, "hone_limits: a limit is negative");
    *out = limits_complete(out);
    return HONE_OK;
}

hone_limits limits_complete(const hone_limits *in) {
    const uint64_t GiB = (uint64_t)1 << 30;
    hone_limits l = {0};
    if (in) l = *in;
    l.struct_size = sizeof l;
    if (!l.file_bytes) l.file_bytes = 16 * GiB;
    if (!l.tensor_bytes) l.tensor_bytes = 4 * GiB;
    if (!l.memory_bytes) l.memory_bytes = machine_memory() < 16 * GiB ? machine_memory() : 16 * GiB;
    if (!l.fold_bytes) l.fold_bytes = GiB / 4;
    if (!l.nodes) l.nodes = 1000000;
    if (!l.tensors) l.tensors = 1000000;
    if (!l.depth) l.depth = 32;
    if (!l.loop_trips) l.loop_trips = 10000000;
    return l;
}

hone_status model_create(hone_model **out, const hone_open_options *options, hone_error *err) {
    allocator outer;
    hone_limits limits;
    ctx c = {.alloc = &outer, .limits = &limits, .err = err};
    TRY(limits_read(&c, options ? options->limits : NULL, &limits));
    TRY(options_check_allocator(&c, options ? options->allocator : NULL));
    allocator_init(&outer, options ? options->allocator : NULL, 0);
    hone_model *m = mem_zalloc(&outer, 1, sizeof *m);
    if (!m) return fail_nomem(&c, sizeof *m);
    atomic_init(&m->refs, 1);
    allocator_init(&m->alloc, options ? options->allocator : NULL, limits.memory_bytes);
    arena_init(&m->arena, &m->alloc);
    m->limits = limits;
    m->format = "";
    m->producer = "";
    m->path = "";
    *out = m;
    return HONE_OK;
}

void model_retain(hone_model *m) { atomic_fetch_add(&m->refs, 1); }

void hone_model_close(hone_model *m) {
    if (!m || atomic_fetch_sub(&m->refs, 1) != 1) return;
    while (m->resources) {
        resource *next = m->resources->next;
        if (m->resources->release)
            m->resources->release(m->resources->data, m->resources->size);
        else
            mem_free(&m->alloc, m->resources->data);
        mem_free(&m->alloc, m->resources);
        m->resources = next;
    }
    arena_fini(&m->arena);
    allocator outer;
    allocator_init(&outer, &m->alloc.fn, 0);
    mem_free(&outer, m);
}

ctx model_ctx(hone_model *m, const hone_open_options *options, hone_error *err) {
    ctx c = {.alloc = &m->alloc, .limits = &m->limits, .err = err, .custom = m->custom};
    if (options) {
        c.log = options->log;
        c.progress = options->progress;
        c.user = options->user;
    }
    return c;
}

hone_status model_register(const ctx *c, hone_model *m, const hone_open_options *options) {
    if (options->operator_count == 0) return HONE_OK;
    custom_ops *list = arena_alloc(&m->arena, sizeof *list);
    if (!list) return fail_nomem(c, sizeof *list);
    m->custom = list;
    return custom_ops_make(c, &m->arena, options->operators, options->operator_count, list);
}

hone_status model_adopt(const ctx *c, hone_model *m, void *data, size_t size,
                        void (*release)(void *data, size_t size)) {
    resource *r = mem_zalloc(&m->alloc, 1, sizeof *r);
    if (!r) return fail_nomem(c, sizeof *r);
    *r = (resource){.next = m->resources, .data = data, .size = size, .release = release};
    m->resources = r;
    return HONE_OK;
}

void *model_buffer(const ctx *c, hone_model *m, size_t size) {
    void *data = mem_alloc(&m->alloc, size, TENSOR_ALIGN);
    if (!data) {
        fail_nomem(c, size);
        return NULL;
    }
    if (model_adopt(c, m, data, size, NULL) == HONE_OK) return data;
    mem_free(&m->alloc, data);
    return NULL;
}

/* Marks the resources that constants of g and its bodies point into. */
static void mark_constants(const hone_model *m, const graph *g, bool *used);

static void mark_tensor(const hone_model *m, const tensor *t, bool *used) {
    const uintptr_t at = (uintptr_t)t->data;
    size_t i = 0;
    for (const resource *r = m->resources; r; r = r->next, i++)
        if (at >= (uintptr_t)r->data && at - (uintptr_t)r->data < r->size) used[i] = true;
}

static void mark_value(const hone_model *m, const value *v, bool *used) {
    if (v && v->constant) mark_tensor(m, v->constant, used);
}

static void mark_attributes(const hone_model *m, const node *n, bool *used) {
    attr a;
    for (int32_t i = 0; attrs_encode(n->op, n->params, i, &a); i++)
        if (a.kind == ATTR_TENSOR && a.tensor) mark_tensor(m, a.tensor, used);
}

static void mark_constants(const hone_model *m, const graph *g, bool *used) {
    for (const node *n = g->first; n; n = n->next) {
        mark_attributes(m, n, used);
        for (int32_t i = 0; i < n->n_in; i++) mark_value(m, n->in[i].value, used);
        for (int32_t i = 0; i < n->n_body; i++) mark_constants(m, n->body[i], used);
    }
    for (int32_t i = 0; i < g->n_output; i++) mark_value(m, g->output[i], used);
}

void model_sweep(hone_model *m) {
    size_t count = 0, i = 0;
    for (const resource *r = m->resources; r; r = r->next) count++;
    bool *used = mem_zalloc(&m->alloc, count, sizeof *used);
    if (!used) return; /* only memory that could have been given back stays */
    mark_constants(m, m->graph, used);
    for (resource **link = &m->resources; *link; i++) {
        resource *r = *link;
        if (used[i] || r->release || r->data == m->source_data) {
            link = &r->next;
            continue;
        }
        *link = r->next;
        mem_free(&m->alloc, r->data);
        mem_free(&m->alloc, r);
    }
    mem_free(&m->alloc, used);
}

static hone_status run_passes(const ctx *c, hone_model *m, uint64_t chosen) {
    m->passes = arena_array(&m->arena, (size_t)pass_count, sizeof *m->passes);
    if (!m->passes) return fail_nomem(c, 0);
    for (int32_t i = 0; i < pass_count; i++) {
        const pass *p = pass_list[i];
        if (!(chosen >> i & 1)) continue;
        pass_result *result = &m->passes[m->n_passes++];
        *result = (pass_result){.name = p->name};
        TRY(report_progress(c, p->name, i, pass_count));
        TRY(p->run(c, m, m->graph, &result->changes));
        log_line(c, HONE_LOG_DEBUG, "pass %s: %lld changes", p->name, (long long)result->changes);
    }
    return HONE_OK;
}

static void number_all(hone_model *m, graph *g) {
    graph_number(g);
    for (node *n = g->first; n; n = n->next) {
        n->serial = m->n_nodes++;
        for (int32_t i = 0; i < n->n_body; i++) number_all(m, n->body[i]);
    }
}

hone_status model_number(const ctx *c, hone_model *m) {
    m->n_nodes = 0;
    number_all(m, m->graph);
    m->nodes = arena_array(&m->arena, (size_t)m->graph->n_node, sizeof *m->nodes);
    m->values = graph_values(m->graph, &m->arena);
    if (!m->nodes || !m->values) return fail_nomem(c, 0);
    for (node *n = m->graph->first; n; n = n->next) m->nodes[n->id] = n;
    return HONE_OK;
}

hone_status model_add_metadata(const ctx *c, hone_model *m, const char *key, const char *text) {
    const size_t count = (size_t)m->n_metadata + 1;
    metadata_entry *all = arena_array(&m->arena, count, sizeof *all);
    if (!all) return fail_nomem(c, count * sizeof *all);
    if (m->n_metadata) memcpy(all, m->metadata, (count - 1) * sizeof *all);
    metadata_entry *added = &all[count - 1];
    *added = (metadata_entry){arena_strdup(&m->arena, key), arena_strdup(&m->arena, text)};
    if (!added->key || !added->value) return fail_nomem(c, strlen(text));
    m->metadata = all;
    m->n_metadata++;
    return HONE_OK;
}

hone_status model_finish(const ctx *c, hone_model *m, const hone_open_options *options) {
    uint64_t chosen;
    TRY(pass_choose(c, options ? options->passes : NULL, &chosen));
    if (options && options->flags & HONE_OPEN_NO_OPTIMIZE) chosen = 0;
    if (options && options->flags & HONE_OPEN_TUNE) {
        chosen &= ~pass_bits("pack_weights");
        m->is_unpacked = true;
    }
    if (!m->is_optimized && chosen) {
        TRY(run_passes(c, m, chosen));
        m->is_optimized = true;
    }
    model_sweep(m);
    TRY(model_number(c, m));
    log_line(c, HONE_LOG_INFO, "opened as %s: %lld nodes in the source, %d now, %llu bytes held",
             m->format, (long long)m->source_nodes, m->graph->n_node,
             (unsigned long long)atomic_load(&m->alloc.used));
    return HONE_OK;
}
