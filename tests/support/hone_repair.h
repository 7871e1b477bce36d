/* SPDX-License-Identifier: Apache-2.0
 *
 * Damaging .hone files in a way that gets past the checksums.
 */
#ifndef HONE_HONE_REPAIR_H
#define HONE_HONE_REPAIR_H

#include <stddef.h>
#include <stdint.h>

/* Sets the file size and every checksum to what the bytes say, as far as the header and the section
 * table make sense. */
void hone_repair(void *data, size_t size);

/* Number of sections if all of them lie in the file, else 0. */
size_t hone_section_count(const void *data, size_t size);
/* Copies the content of a section, cut to `room` bytes; returns its size. */
size_t hone_section_copy(const void *data, size_t size, uint32_t index, void *out, size_t room);
/* Gives a section another content, moves those behind it, and repairs the file; returns its new
 * size. A file that would need more than `room` bytes stays as it is. */
size_t hone_section_replace(void *data, size_t size, size_t room, uint32_t index,
                            const void *content, size_t length);

#endif
