/* SPDX-License-Identifier: Apache-2.0 */
#define XXH_INLINE_ALL
#include <xxhash.h>

#include <stdlib.h>
#include <string.h>

#include "checked.h"
#include "hone_repair.h"
#include "layout.h"

static section_record get_section(const unsigned char *file, size_t i) {
    section_record s;
    memcpy(&s, file + sizeof(file_header) + i * sizeof s, sizeof s);
    return s;
}

static void put_section(unsigned char *file, size_t i, const section_record *s) {
    memcpy(file + sizeof(file_header) + i * sizeof *s, s, sizeof *s);
}

/* Entries of the section table that lie in the file. */
static size_t table_entries(const void *data, size_t size) {
    file_header h;
    if (size < sizeof h) return 0;
    memcpy(&h, data, sizeof h);
    const size_t most = (size - sizeof h) / sizeof(section_record);
    return h.section_count < most ? h.section_count : most;
}

void hone_repair(void *data, size_t size) {
    unsigned char *file = data;
    file_header h;
    if (size < sizeof h) return;
    memcpy(&h, file, sizeof h);
    h.file_bytes = size;
    const size_t n = table_entries(data, size);
    for (size_t i = 0; i < n; i++) {
        section_record s = get_section(file, i);
        if (in_range(s.offset, s.length, size))
            s.checksum = XXH3_64bits(file + s.offset, (size_t)s.length);
        put_section(file, i, &s);
    }
    memcpy(file, &h, sizeof h);
    XXH3_state_t state;
    XXH3_64bits_reset(&state);
    XXH3_64bits_update(&state, file, offsetof(file_header, checksum));
    XXH3_64bits_update(&state, file + sizeof h, n * sizeof(section_record));
    h.checksum = XXH3_64bits_digest(&state);
    memcpy(file, &h, sizeof h);
}

size_t hone_section_count(const void *data, size_t size) {
    const size_t n = table_entries(data, size);
    for (size_t i = 0; i < n; i++) {
        const section_record s = get_section(data, i);
        if (!in_range(s.offset, s.length, size)) return 0;
    }
    return n;
}

size_t hone_section_copy(const void *data, size_t size, uint32_t index, void *out, size_t room) {
    if (index >= hone_section_count(data, size)) return 0;
    const section_record s = get_section(data, index);
    const size_t length = s.length < room ? (size_t)s.length : room;
    memcpy(out, (const unsigned char *)data + s.offset, length);
    return length;
}

static size_t aligned(size_t n) { return (n + SECTION_ALIGN - 1) / SECTION_ALIGN * SECTION_ALIGN; }

size_t hone_section_replace(void *data, size_t size, size_t room, uint32_t index,
                            const void *content, size_t length) {
    const size_t n = hone_section_count(data, size);
    size_t end = sizeof(file_header) + n * sizeof(section_record);
    unsigned char *out = calloc(1, room);
    if (!out || index >= n || end > room) goto done;
    memcpy(out, data, end);
    for (size_t i = 0; i < n; i++) {
        section_record s = get_section(data, i);
        const void *from = i == index ? content : (const unsigned char *)data + s.offset;
        if (i == index) s.length = length;
        s.offset = aligned(end);
        if (!in_range(s.offset, s.length, room)) goto done;
        memcpy(out + s.offset, from, (size_t)s.length);
        put_section(out, i, &s);
        end = (size_t)(s.offset + s.length);
    }
    memcpy(data, out, end);
    size = end;
    hone_repair(data, size);
done:
    free(out);
    return size;
}
