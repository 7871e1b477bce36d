/* SPDX-License-Identifier: Apache-2.0 */
#define XXH_INLINE_ALL
#include <xxhash.h>

#include <string.h>

#include "checked.h"
#include "hone_repair.h"
#include "layout.h"

void hone_repair(void *data, size_t size) {
    unsigned char *file = data;
    file_header h;
    if (size < sizeof h) return;
    memcpy(&h, file, sizeof h);
    h.file_bytes = size;
    size_t n = h.section_count;
    if (n > (size - sizeof h) / sizeof(section_record))
        n = (size - sizeof h) / sizeof(section_record);
    for (size_t i = 0; i < n; i++) {
        section_record s;
        unsigned char *at = file + sizeof h + i * sizeof s;
        memcpy(&s, at, sizeof s);
        if (in_range(s.offset, s.length, size))
            s.checksum = XXH3_64bits(file + s.offset, (size_t)s.length);
        memcpy(at, &s, sizeof s);
    }
    memcpy(file, &h, sizeof h);
    XXH3_state_t state;
    XXH3_64bits_reset(&state);
    XXH3_64bits_update(&state, file, offsetof(file_header, checksum));
    XXH3_64bits_update(&state, file + sizeof h, n * sizeof(section_record));
    h.checksum = XXH3_64bits_digest(&state);
    memcpy(file, &h, sizeof h);
}
