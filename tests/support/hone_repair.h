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

#endif
