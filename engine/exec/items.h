/* SPDX-License-Identifier: Apache-2.0
 *
 * Values made of others, and text: what operators make of them lives in the pool of the run, which
 * is emptied when the next run begins. Values in the pool never change, so they are passed on
 * without copies, through branches and iterations as well.
 *
 * A list has room behind its last item. Whoever appends to the longest version of it uses that
 * room, so that a loop that appends costs what it appends.
 */
#ifndef HONE_ITEMS_H
#define HONE_ITEMS_H

#include "step.h"

/* Zeroed memory of the pool; NULL after recording the error. */
void *run_memory(run_ctx *r, size_t bytes);
/* Room in the pool for a text of `length` bytes, which ends there already. */
char *run_text_room(run_ctx *r, size_t length);
/* Text of `length` bytes, copied. */
const char *run_text(run_ctx *r, const char *text, size_t length);

/* A list of n items in the pool, or one with another item in front of number `at` (or behind the
 * last). */
hone_status items_make(run_ctx *r, const tensor *items, int64_t n, hone_kind kind, tensor *out);
hone_status items_insert(run_ctx *r, const tensor *list, int64_t at, const tensor *item,
                         tensor *out);
/* A copy that outlives the step that made t. Values that are no tensors are in the pool already. */
hone_status items_keep(run_ctx *r, const tensor *t, tensor *out);

/* Output i of an OP_DYNAMIC step is this value, which is in the pool. */
void run_value(run_ctx *r, const step *s, int32_t i, const tensor *t);

static inline const tensor *items_of(const tensor *list) { return list->data; }
static inline int64_t items_count(const tensor *list) { return list->shape.dim[0]; }

#endif
