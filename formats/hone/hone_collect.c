/* SPDX-License-Identifier: Apache-2.0 */
#define XXH_INLINE_ALL
#include <xxhash.h>

#include <stdio.h>
#include <string.h>

#include "checked.h"
#include "format.h"
#include "hone_writer.h"

uint32_t collect_string(hone_writer *w, const char *s) {
    return intern_add(&w->strings, s, strlen(s) + 1);
}

uint32_t collect_type(hone_writer *w, const graph *g, const type *t) {
    type_record rec = {.kind = (uint32_t)t->kind,
                       .dtype = (uint32_t)t->dtype,
                       .rank = t->shape.rank,
                       .element = t->element ? collect_type(w, g, t->element) : NONE_INDEX};
    for (int32_t i = 0; i < t->shape.rank; i++) {
        const int64_t d = t->shape.dim[i];
        const char *symbol = symbol_name(g, d);
        rec.dim[i] = symbol ? -2 - (int64_t)collect_string(w, symbol) : dim_known(d) ? d : -1;
    }
    return intern_add(&w->types, &rec, sizeof rec);
}

/* The numbers of the strings of t, from an aligned place on. */
static void put_text(hone_writer *w, const tensor *t, size_t begin) {
    const int64_t count = tensor_count(t);
    while (w->text.size < begin && !w->text.failed) buffer_u32(&w->text, 0);
    for (int64_t i = 0; i < count; i++)
        buffer_u32(&w->text, collect_string(w, tensor_string(t, i)));
}

/* Where the tensor's bytes go in the section of their kind. */
static hone_status place_blob(hone_writer *w, const tensor *t, tensor_record *rec) {
    const blob key = {rec->length ? t->data : NULL, (size_t)rec->length, rec->section};
    const uint32_t i = intern_add(&w->blobs, &key, sizeof key);
    size_t *end = &w->bulk[key.kind], begin;
    if (i == w->offsets.size / sizeof rec->offset) {
        if (!size_align(*end, SECTION_ALIGN, &begin) || !size_add(begin, key.bytes, end))
            return fail(w->c, HONE_E_LIMIT, "weights take more than 2^63 bytes");
        buffer_put(&w->offsets, &(uint64_t){begin}, sizeof rec->offset);
        if (key.kind == BLOB_TEXT) put_text(w, t, begin);
    }
    if (w->blobs.failed || w->offsets.failed || w->text.failed) return fail_nomem(w->c, 0);
    rec->offset = ((const uint64_t *)w->offsets.data)[i];
    return HONE_OK;
}

hone_status collect_tensor(hone_writer *w, const tensor *t, uint32_t *out) {
    const bool text = t->dtype == HONE_STRING;
    size_t bytes;
    if (!tensor_size(t, &bytes) || bytes != t->bytes || t->layout.kind >= LAYOUT_KINDS)
        return fail(w->c, HONE_E_INTERNAL, "a constant of type %s does not fit its shape",
                    hone_dtype_name(t->dtype));
    tensor_record rec = {.dtype = (uint32_t)t->dtype,
                         .encoding = ENCODING_ALL,
                         .layout = t->layout.kind,
                         .section = text ? BLOB_TEXT : t->layout.kind,
                         .rank = (uint32_t)t->shape.rank,
                         .length = text ? bytes / sizeof(char *) * sizeof(uint32_t) : bytes,
                         .scale = NONE_INDEX,
                         .zero_point = NONE_INDEX,
                         .index = NONE_INDEX};
    if (t->layout.kind != LAYOUT_DENSE) rec.groups = (uint32_t)t->layout.groups;
    for (int32_t i = 0; i < t->shape.rank; i++) rec.dim[i] = t->shape.dim[i];
    w->has_text |= text;
    TRY(place_blob(w, t, &rec));
    *out = intern_add(&w->tensors, &rec, sizeof rec);
    return w->tensors.failed ? fail_nomem(w->c, sizeof rec) : HONE_OK;
}

static void put_pair(hone_writer *w, const char *key, const char *text) {
    buffer_u32(&w->info, collect_string(w, key));
    buffer_u32(&w->info, collect_string(w, text));
}

/* What tells the file that the model was imported from. Copies of a copy carry it along with the
 * rest of the metadata. */
static uint32_t put_source(hone_writer *w) {
    const hone_model *m = w->model;
    if (!m->source_data || m->format == format_hone.name) return 0;
    const XXH128_hash_t hash = XXH3_128bits(m->source_data, m->source_size);
    char text[33];
    snprintf(text, sizeof text, "%016llx%016llx", (unsigned long long)hash.high64,
             (unsigned long long)hash.low64);
    put_pair(w, "hone.source.format", m->format);
    put_pair(w, "hone.source.xxh128", text);
    return 2;
}

static void collect_info(hone_writer *w) {
    const hone_model *m = w->model;
    info_record rec = {.flags = m->is_optimized ? INFO_OPTIMIZED : 0,
                       .producer = collect_string(w, m->producer),
                       .source_nodes = (uint64_t)m->source_nodes,
                       .metadata = (uint32_t)m->n_metadata};
    buffer_put(&w->info, &rec, sizeof rec);
    for (int32_t i = 0; i < m->n_metadata; i++)
        put_pair(w, m->metadata[i].key, m->metadata[i].value);
    rec.metadata += put_source(w);
    if (!w->info.failed) memcpy(w->info.data, &rec, sizeof rec);
}

hone_status collect_model(hone_writer *w) {
    uint32_t main;
    buffer_u32(&w->graphs, 0); /* their number, known at the end */
    TRY(collect_graph(w, w->model->graph, 1, &main));
    memcpy(w->graphs.data, &w->n_graphs, sizeof w->n_graphs);
    collect_info(w);
    if (w->strings.failed || w->types.failed || w->ops.failed || w->info.failed)
        return fail_nomem(w->c, 0);
    if (w->strings.keys.size > UINT32_MAX)
        return fail(w->c, HONE_E_LIMIT, "strings take more than 4 GiB");
    return HONE_OK;
}
