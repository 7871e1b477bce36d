/* SPDX-License-Identifier: Apache-2.0
 *
 * Structs of options that callers of any version pass in.
 */
#ifndef HONE_OPTIONS_H
#define HONE_OPTIONS_H

#include "status.h"

/* Copies what both sides know of a struct that starts with its size; the rest of *out is zero.
 * given NULL: all zero. What only a later version of hone knows must be zero, so that nothing that
 * the caller asks for is dropped silently. */
hone_status options_read(const ctx *c, void *out, size_t size, const void *given, const char *name);

/* The same for a struct that is filled for the caller: how many bytes of it may be written, or 0
 * when its size is not set. */
size_t options_room(const void *out, size_t size);

/* Both functions or neither. */
hone_status options_check_allocator(const ctx *c, const hone_allocator *a);

#endif
