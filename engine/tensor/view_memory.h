/* SPDX-License-Identifier: Apache-2.0
 *
 * Tensors that the caller of hone owns: made by the library, given back by hone_view_free.
 */
#ifndef HONE_VIEW_MEMORY_H
#define HONE_VIEW_MEMORY_H

#include "shape.h"
#include "status.h"

/* A tensor of numbers within the limit of a tensor's size; its elements are not set. c->alloc is
 * based on the C library's allocator, as hone_view_free knows no other. */
hone_status view_create(const ctx *c, hone_dtype dtype, const shape *s, hone_view *out);

#endif
