/* SPDX-License-Identifier: Apache-2.0 */
#include "external.h"

#include <string.h>

#include "checked.h"

void external_init(external_files *e, hone_model *m, const source *s, arena *scratch) {
    *e = (external_files){.model = m, .source = s, .arena = scratch, .folder = FILE_DIR_CLOSED};
    names_init(&e->files, scratch);
}

void external_fini(external_files *e) { file_dir_close(&e->folder); }

/* Where a tensor says that its bytes are. */
typedef struct place {
    const char *location;
    uint64_t offset, length;
    bool has_length;
} place;

/* A decimal number without sign, as the format stores offsets. */
static bool parse_number(const char *text, uint64_t *out) {
    uint64_t v = 0;
    if (!*text) return false;
    for (; *text; text++) {
        if (*text < '0' || *text > '9') return false;
        if (v > (UINT64_MAX - 9) / 10) return false;
        v = v * 10 + (uint64_t)(*text - '0');
    }
    *out = v;
    return true;
}

/* Other keys, such as a checksum, are of no use here. */
static hone_status read_place(const ctx *c, const Onnx__TensorProto *t, place *out) {
    unsigned seen = 0;
    for (size_t i = 0; i < t->n_external_data; i++) {
        const char *key = t->external_data[i]->key, *text = t->external_data[i]->value;
        const unsigned bit = !key                           ? 0
                             : strcmp(key, "location") == 0 ? 1
                             : strcmp(key, "offset") == 0   ? 2
                             : strcmp(key, "length") == 0   ? 4
                                                            : 0;
        if (seen & bit) return fail(c, HONE_E_FORMAT, "external data gives '%s' twice", key);
        seen |= bit;
        if (bit == 1) out->location = text ? text : "";
        uint64_t *number = bit == 2 ? &out->offset : &out->length;
        if (bit >= 2 && !parse_number(text ? text : "", number))
            return fail(c, HONE_E_FORMAT, "external data '%s' is no number below 2^64", key);
    }
    out->has_length = seen & 4;
    return out->location ? HONE_OK : fail(c, HONE_E_FORMAT, "external data has no location");
}

static hone_status open_folder(const ctx *c, external_files *e) {
    const hone_open_options *o = e->source->options;
    if (e->folder.fd >= 0) return HONE_OK;
    if (o->flags & HONE_OPEN_NO_EXTERNAL)
        return fail(c, HONE_E_UNSUPPORTED, "data lies in another file, which is not allowed here");
    if (o->data_dir) return file_dir_open(c, o->data_dir, &e->folder);
    if (e->source->path) return file_dir_open_parent(c, e->source->path, &e->folder);
    return fail(c, HONE_E_UNSUPPORTED,
                "data lies in another file: a model in memory needs options.data_dir");
}

/* The file at `location`, opened once. */
static hone_status find_file(const ctx *c, external_files *e, const char *location,
                             const file_map **out) {
    void **slot = names_slot(&e->files, location);
    file_map *known = slot ? *slot : NULL;
    if (slot && !known) *slot = known = arena_alloc(e->arena, sizeof *known);
    if (!known) return fail_nomem(c, sizeof *known);
    if (!known->data) {
        file_map file;
        TRY(open_folder(c, e));
        TRY(file_map_beneath(c, &e->folder, location, &file));
        *known = (file_map){file.data, file.size, NULL};
        const hone_status s = source_adopt(c, e->model, &file);
        file_map_close(&file);
        if (s != HONE_OK) return s;
    }
    *out = known;
    return HONE_OK;
}

hone_status external_find(const ctx *c, external_files *e, const Onnx__TensorProto *t, size_t bytes,
                          const uint8_t **data) {
    place p = {0};
    const file_map *file = NULL;
    char name[128];
    TRY(read_place(c, t, &p));
    if (p.has_length && p.length != bytes)
        return fail(c, HONE_E_FORMAT, "external data has %llu bytes: type and shape need %zu",
                    (unsigned long long)p.length, bytes);
    TRY(find_file(c, e, p.location, &file));
    if (!in_range(p.offset, bytes, file->size))
        return fail(c, HONE_E_FORMAT,
                    "external data '%s': %zu bytes at offset %llu: the file has %zu",
                    escape_name(name, sizeof name, p.location), bytes, (unsigned long long)p.offset,
                    file->size);
    *data = (const uint8_t *)file->data + p.offset;
    return HONE_OK;
}
