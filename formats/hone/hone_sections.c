/* SPDX-License-Identifier: Apache-2.0 */
#define XXH_INLINE_ALL
#include <xxhash.h>

#include <string.h>

#include "checked.h"
#include "hone_reader.h"

static hone_status read_header(hone_reader *r, file_header *h) {
    if (r->size < sizeof *h)
        return fail(r->c, HONE_E_FORMAT, "file is cut off: %zu bytes, the header alone has %zu",
                    r->size, sizeof *h);
    memcpy(h, r->file, sizeof *h);
    if (memcmp(h->magic, HONE_MAGIC, HONE_MAGIC_BYTES) != 0)
        return fail_at(r->c, HONE_E_FORMAT, 0, "damaged, as by a transfer in text mode");
    if (h->major != FORMAT_MAJOR)
        return fail(r->c, HONE_E_UNSUPPORTED, "format version %d.%d: expected %d", h->major,
                    h->minor, FORMAT_MAJOR);
    if (h->file_bytes != r->size)
        return fail(r->c, HONE_E_FORMAT, "file has %zu bytes: expected %llu", r->size,
                    (unsigned long long)h->file_bytes);
    if (h->section_count > SECTION_MAX)
        return fail_at(r->c, HONE_E_FORMAT, 12, "%u sections: expected at most %d",
                       h->section_count, SECTION_MAX);
    if (h->section_count * sizeof(section_record) > r->size - sizeof *h)
        return fail_at(r->c, HONE_E_FORMAT, 12, "section table is cut off");
    return HONE_OK;
}

static hone_status check_header_sum(const hone_reader *r, const file_header *h) {
    XXH3_state_t state;
    XXH3_64bits_reset(&state);
    XXH3_64bits_update(&state, r->file, offsetof(file_header, checksum));
    XXH3_64bits_update(&state, r->file + sizeof *h, r->n_sections * sizeof(section_record));
    if (XXH3_64bits_digest(&state) == h->checksum) return HONE_OK;
    return fail_at(r->c, HONE_E_FORMAT, offsetof(file_header, checksum),
                   "header is damaged: its checksum does not match");
}

/* The flags and the parameter that a section of a known type has. */
static bool section_is_normal(const section_record *s) {
    switch (s->type) {
    case SECTION_INFO: return s->flags == 0 && s->param == 0;
    case SECTION_DATA: return s->flags == (SECTION_REQUIRED | SECTION_BULK) && s->param == 0;
    case SECTION_PACK: return s->flags == (SECTION_REQUIRED | SECTION_BULK) && s->param != 0;
    default: return s->flags == SECTION_REQUIRED && s->param == 0;
    }
}

static hone_status check_section(hone_reader *r, uint32_t i) {
    const section_record *s = &r->sections[i];
    const int64_t at = (int64_t)(sizeof(file_header) + i * sizeof *s);
    if (s->type == 0 || s->type >= SECTION_TYPE_COUNT) {
        if (!(s->flags & SECTION_REQUIRED)) return HONE_OK;
        return fail_at(r->c, HONE_E_UNSUPPORTED, at,
                       "needs section type %u, which only later versions of hone know", s->type);
    }
    if (!section_is_normal(s))
        return fail_at(r->c, HONE_E_FORMAT, at, "section %u (type %u) has flags %u, parameter %u",
                       i, s->type, s->flags, s->param);
    if (s->type == SECTION_PACK) return HONE_OK; /* one for each layout; tensors refer to it */
    if (r->known[s->type] >= 0)
        return fail_at(r->c, HONE_E_FORMAT, at, "second section of type %u", s->type);
    r->known[s->type] = (int32_t)i;
    return HONE_OK;
}

/* Sections follow each other without holes: [*end, offset) is less than an alignment, and zero. */
static hone_status check_place(const hone_reader *r, uint32_t i, size_t *end) {
    const section_record *s = &r->sections[i];
    const int64_t at = (int64_t)(sizeof(file_header) + i * sizeof *s);
    size_t begin = 0;
    if (!size_align(*end, SECTION_ALIGN, &begin) || s->offset != begin)
        return fail_at(r->c, HONE_E_FORMAT, at, "section %u begins at %llu: expected %zu", i,
                       (unsigned long long)s->offset, begin);
    if (!in_range(s->offset, s->length, r->size))
        return fail_at(r->c, HONE_E_FORMAT, at, "section %u of %llu bytes ends beyond the file", i,
                       (unsigned long long)s->length);
    for (size_t p = *end; p < begin; p++)
        if (r->file[p]) return fail_at(r->c, HONE_E_FORMAT, (int64_t)p, "padding is not zero");
    *end = begin + (size_t)s->length;
    return HONE_OK;
}

/* Bulk sections are left alone unless the caller asks: reading them would cost what mapping saves,
 * and nothing in them is trusted to be right. */
static hone_status check_sum(const hone_reader *r, uint32_t i) {
    const section_record *s = &r->sections[i];
    if ((s->flags & SECTION_BULK) && !(r->source->options->flags & HONE_OPEN_VERIFY))
        return HONE_OK;
    if (XXH3_64bits(r->file + s->offset, (size_t)s->length) == s->checksum) return HONE_OK;
    return fail_at(r->c, HONE_E_FORMAT, (int64_t)s->offset,
                   "section %u (type %u) is damaged: its checksum does not match", i, s->type);
}

hone_status read_sections(hone_reader *r) {
    file_header h;
    TRY(read_header(r, &h));
    r->n_sections = h.section_count;
    TRY(check_header_sum(r, &h));
    r->sections = arena_array(&r->scratch, r->n_sections, sizeof *r->sections);
    if (!r->sections) return fail_nomem(r->c, r->n_sections * sizeof *r->sections);
    memcpy(r->sections, r->file + sizeof h, r->n_sections * sizeof *r->sections);
    for (int32_t t = 0; t < SECTION_TYPE_COUNT; t++) r->known[t] = -1;
    size_t end = sizeof h + r->n_sections * sizeof *r->sections;
    for (uint32_t i = 0; i < r->n_sections; i++) {
        TRY(check_section(r, i));
        TRY(check_place(r, i, &end));
        TRY(check_sum(r, i));
    }
    if (end == r->size) return HONE_OK;
    return fail_at(r->c, HONE_E_FORMAT, (int64_t)end, "%zu bytes after the last section",
                   r->size - end);
}

hone_status section_open(const hone_reader *r, section_type t, cursor *out) {
    if (r->known[t] < 0) return fail(r->c, HONE_E_FORMAT, "there is no section of type %d", (int)t);
    const section_record *s = &r->sections[r->known[t]];
    *out = (cursor){r->file + s->offset, (size_t)s->length, (size_t)s->offset};
    return HONE_OK;
}
