/* SPDX-License-Identifier: Apache-2.0 */
#define XXH_INLINE_ALL
#include <xxhash.h>

#include <string.h>

#include "checked.h"
#include "hone_writer.h"
#include "writer.h"

static const char zeros[SECTION_ALIGN];

/* A section about to be written: bytes in memory, or all blobs of a layout. */
typedef struct part {
    section_record rec;
    const void *data; /* or NULL */
    int kind;         /* of the blobs in it, or -1 */
} part;

enum { TABLES = 6, MAX_PARTS = TABLES + BLOB_KINDS };

typedef struct file_plan {
    hone_writer *w;
    part parts[MAX_PARTS];
    uint32_t n_parts;
    byte_buffer strings, tensors;
    file_header header;
} file_plan;

static hone_status for_each_piece(const hone_writer *w, int kind, hone_sink *sink, void *to) {
    const uint64_t *offsets = w->offsets.data;
    uint64_t at = 0;
    for (uint32_t i = 0; i < w->blobs.count; i++) {
        size_t size;
        blob b;
        memcpy(&b, intern_key(&w->blobs, i, &size), sizeof b);
        if (b.kind != (uint64_t)kind) continue;
        TRY(sink(to, zeros, (size_t)(offsets[i] - at)));
        TRY(sink(to, b.data, b.bytes));
        at = offsets[i] + b.bytes;
    }
    return HONE_OK;
}

static hone_status hash_piece(void *to, const void *data, size_t size) {
    if (size) XXH3_64bits_update(to, data, size);
    return HONE_OK;
}

static uint64_t part_checksum(const hone_writer *w, const part *p) {
    if (p->data || !p->rec.length) return XXH3_64bits(p->data, (size_t)p->rec.length);
    XXH3_state_t state;
    XXH3_64bits_reset(&state);
    for_each_piece(w, p->kind, hash_piece, &state);
    return XXH3_64bits_digest(&state);
}

static void add_table(file_plan *f, section_type t, const void *data, size_t size) {
    const uint32_t flags = t == SECTION_INFO ? 0 : SECTION_REQUIRED;
    f->parts[f->n_parts++] = (part){{.type = t, .flags = flags, .length = size}, data, -1};
}

static void add_bulk(file_plan *f, int kind) {
    const section_type t = kind == LAYOUT_DENSE ? SECTION_DATA : SECTION_PACK;
    f->parts[f->n_parts++] = (part){{.type = t,
                                     .flags = SECTION_REQUIRED | SECTION_BULK,
                                     .length = f->w->bulk[kind],
                                     .param = (uint32_t)kind},
                                    NULL,
                                    kind};
}

static void build_strings(file_plan *f) {
    const intern *s = &f->w->strings;
    buffer_u32(&f->strings, s->count);
    buffer_u32(&f->strings, 0);
    for (uint32_t i = 0; i < s->count; i++)
        buffer_u32(&f->strings, (uint32_t)((const size_t *)s->ends.data)[i]);
    buffer_put(&f->strings, s->keys.data, s->keys.size);
}

/* Now that the sections are known, tensors can say which one holds them. */
static void build_tensors(file_plan *f) {
    const intern *t = &f->w->tensors;
    for (uint32_t i = 0; i < t->count; i++) {
        size_t size;
        tensor_record rec;
        memcpy(&rec, intern_key(t, i, &size), sizeof rec);
        const int kind = (int)rec.section;
        for (uint32_t p = 0; p < f->n_parts; p++)
            if (f->parts[p].kind == kind) rec.section = p;
        buffer_put(&f->tensors, &rec, sizeof rec);
    }
}

static hone_status lay_out(file_plan *f) {
    hone_writer *w = f->w;
    build_strings(f);
    add_table(f, SECTION_STRINGS, f->strings.data, f->strings.size);
    add_table(f, SECTION_TYPES, w->types.keys.data, w->types.keys.size);
    add_table(f, SECTION_OPERATORS, w->ops.keys.data, w->ops.keys.size);
    add_table(f, SECTION_TENSORS, NULL, 0);
    part *tensors = &f->parts[f->n_parts - 1];
    add_table(f, SECTION_GRAPHS, w->graphs.data, w->graphs.size);
    add_table(f, SECTION_INFO, w->info.data, w->info.size);
    for (int k = 0; k < LAYOUT_KINDS; k++)
        if (k == LAYOUT_DENSE || w->bulk[k]) add_bulk(f, k);
    if (w->has_text) {
        add_table(f, SECTION_TEXT, w->text.data, w->text.size);
        f->parts[f->n_parts - 1].kind = BLOB_TEXT;
    }
    build_tensors(f);
    if (f->strings.failed || f->tensors.failed) return fail_nomem(w->c, 0);
    tensors->data = f->tensors.data;
    tensors->rec.length = f->tensors.size;

    size_t end = sizeof f->header + f->n_parts * sizeof(section_record);
    for (uint32_t i = 0; i < f->n_parts; i++) {
        section_record *s = &f->parts[i].rec;
        size_t begin = 0;
        if (!size_align(end, SECTION_ALIGN, &begin) || !size_add(begin, (size_t)s->length, &end))
            return fail(w->c, HONE_E_LIMIT, "file would have more than 2^63 bytes");
        s->offset = begin;
        s->checksum = part_checksum(w, &f->parts[i]);
    }
    f->header = (file_header){.magic = HONE_MAGIC,
                              .major = FORMAT_MAJOR,
                              .minor = FORMAT_MINOR,
                              .section_count = f->n_parts,
                              .file_bytes = end};
    XXH3_state_t state;
    XXH3_64bits_reset(&state);
    XXH3_64bits_update(&state, &f->header, offsetof(file_header, checksum));
    for (uint32_t i = 0; i < f->n_parts; i++)
        XXH3_64bits_update(&state, &f->parts[i].rec, sizeof f->parts[i].rec);
    f->header.checksum = XXH3_64bits_digest(&state);
    return HONE_OK;
}

static hone_status write_parts(const file_plan *f, hone_sink *sink, void *to) {
    uint64_t at = sizeof f->header + f->n_parts * sizeof(section_record);
    TRY(sink(to, &f->header, sizeof f->header));
    for (uint32_t i = 0; i < f->n_parts; i++)
        TRY(sink(to, &f->parts[i].rec, sizeof f->parts[i].rec));
    for (uint32_t i = 0; i < f->n_parts; i++) {
        const part *p = &f->parts[i];
        TRY(sink(to, zeros, (size_t)(p->rec.offset - at)));
        if (p->data || !p->rec.length)
            TRY(sink(to, p->data, (size_t)p->rec.length));
        else
            TRY(for_each_piece(f->w, p->kind, sink, to));
        at = p->rec.offset + p->rec.length;
    }
    return HONE_OK;
}

hone_status hone_serialize(const ctx *c, const hone_model *m, hone_sink *sink, void *to) {
    hone_writer w = {.c = c, .model = m};
    intern *const tables[] = {&w.strings, &w.types, &w.ops, &w.tensors, &w.blobs};
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) intern_init(tables[i], c->alloc);
    w.offsets.alloc = w.graphs.alloc = w.info.alloc = w.text.alloc = c->alloc;
    file_plan f = {.w = &w, .strings.alloc = c->alloc, .tensors.alloc = c->alloc};
    hone_status status = collect_model(&w);
    if (status == HONE_OK) status = lay_out(&f);
    if (status == HONE_OK) status = write_parts(&f, sink, to);
    byte_buffer *const buffers[] = {&w.offsets, &w.graphs,  &w.info,
                                    &w.text,    &f.strings, &f.tensors};
    for (size_t i = 0; i < sizeof buffers / sizeof *buffers; i++) buffer_fini(buffers[i]);
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) intern_fini(tables[i]);
    return status;
}

/* An open file, as a sink. */
typedef struct target {
    const ctx *c;
    file_writer file;
} target;

static hone_status write_piece(void *to, const void *data, size_t size) {
    target *t = to;
    return writer_put(t->c, &t->file, data, size);
}

static hone_status save(const ctx *c, const hone_model *m, const char *path) {
    target to = {.c = c};
    TRY(writer_open(c, &to.file, path));
    const hone_status status = hone_serialize(c, m, write_piece, &to);
    if (status == HONE_OK) return writer_commit(c, &to.file);
    writer_abort(&to.file);
    return status;
}

/* Works with memory of its own: the model may be in use by other threads, and its budget is for
 * opening it. */
hone_status hone_model_save(const hone_model *m, const char *path, hone_error *err) {
    allocator alloc;
    ctx c = {.alloc = &alloc, .err = err};
    error_clear(err);
    if (!m || !path) return fail(&c, HONE_E_ARG, "a NULL argument");
    allocator_init(&alloc, &m->alloc.fn, m->limits.memory_bytes);
    c.limits = &m->limits;
    return fail_in_file(&c, save(&c, m, path), path);
}
