/* SPDX-License-Identifier: Apache-2.0
 *
 * Buffers between two pages that cannot be touched: any access outside faults, and bytes inside the
 * pages but outside the object are known, so that stray writes show.
 */
#ifndef HONE_GUARD_H
#define HONE_GUARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct guard {
    uint8_t *data; /* the accessible pages */
    size_t capacity;
} guard;

/* At least `bytes` accessible bytes; ends the program when the system refuses. */
void guard_create(guard *g, size_t bytes);
void guard_destroy(guard *g);

/* Fills the pages with the known byte and returns where an object of `bytes` goes: `offset` bytes
 * behind the first accessible one, or, for GUARD_END, right before the end. */
#define GUARD_END SIZE_MAX
void *guard_place(guard *g, size_t bytes, size_t offset);
/* Do all bytes but the object's still have the known value? */
bool guard_intact(const guard *g, const void *object, size_t bytes);

#endif
