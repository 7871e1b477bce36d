/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "checked.h"
#include "hone_reader.h"

hone_status read_info(hone_reader *r) {
    cursor in;
    info_record info;
    hone_model *m = r->model;
    if (r->known[SECTION_INFO] < 0) return HONE_OK;
    TRY(section_open(r, SECTION_INFO, &in));
    TRY(take(r, &in, &info, sizeof info, "model information"));
    TRY(check_count(r, &in, info.metadata, 2 * sizeof(uint32_t), "metadata entries"));
    const char *producer;
    TRY(take_name(r, &in, info.producer, &producer));
    if (info.source_nodes > INT64_MAX)
        return fail_here(r, &in, "source had %llu nodes", (unsigned long long)info.source_nodes);
    m->source_nodes = (int64_t)info.source_nodes;
    m->is_optimized = (info.flags & INFO_OPTIMIZED) != 0;
    m->producer = arena_strdup(&m->arena, producer);
    m->metadata = arena_array(&m->arena, info.metadata, sizeof *m->metadata);
    if (!m->producer || !m->metadata) return fail_nomem(r->c, sizeof *m->metadata);
    for (uint32_t i = 0; i < info.metadata; i++) {
        uint32_t pair[2];
        metadata_entry e;
        TRY(take(r, &in, pair, sizeof pair, "metadata"));
        TRY(take_name(r, &in, pair[0], &e.key));
        TRY(take_name(r, &in, pair[1], &e.value));
        e.key = arena_strdup(&m->arena, e.key);
        e.value = arena_strdup(&m->arena, e.value);
        if (!e.key || !e.value) return fail_nomem(r->c, sizeof e);
        m->metadata[m->n_metadata++] = e;
    }
    return in.left ? fail_here(r, &in, "%zu bytes after the metadata", in.left) : HONE_OK;
}

static bool hone_probe(const void *data, size_t size) {
    return size >= HONE_MAGIC_NAME && memcmp(data, HONE_MAGIC, HONE_MAGIC_NAME) == 0;
}

static hone_status read_all(hone_reader *r) {
    r->main = graph_create(&r->model->arena, NULL, "");
    if (!r->main) return fail_nomem(r->c, sizeof *r->main);
    TRY(read_sections(r));
    TRY(read_tables(r));
    TRY(read_info(r));
    return read_graphs(r);
}

static hone_status hone_load(const ctx *c, hone_model *m, const source *s) {
    enum { NAMES_FLOOR = 1 << 24, NAMES_FACTOR = 16 };
    hone_reader r = {.c = c, .model = m, .source = s, .file = s->data, .size = s->size};
    if (!size_mul(s->size, NAMES_FACTOR, &r.names_left) ||
        !size_add(r.names_left, NAMES_FLOOR, &r.names_left))
        r.names_left = PTRDIFF_MAX;
    arena_init(&r.scratch, c->alloc);
    const hone_status status = read_all(&r);
    arena_fini(&r.scratch);
    return status;
}

const format format_hone = {.name = "hone", .probe = hone_probe, .load = hone_load};
