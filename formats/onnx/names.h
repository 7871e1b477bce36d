/* SPDX-License-Identifier: Apache-2.0
 *
 * A table from names to pointers. The hash is keyed with random bytes, so that a file cannot be
 * made to collide; nothing depends on the order of the entries.
 */
#ifndef HONE_NAMES_H
#define HONE_NAMES_H

#include "alloc.h"

typedef struct name_entry {
    const char *name; /* NULL: free */
    uint64_t hash;
    void *item;
} name_entry;

typedef struct names {
    arena *arena;
    name_entry *entry;
    size_t count, capacity; /* a power of two, or 0 */
} names;

/* Memory comes from `a` and goes with it. */
void names_init(names *t, arena *a);
/* Where the item of `name` is, for the caller to set: NULL in a fresh entry. The name is borrowed;
 * the place is valid until the next call. NULL when memory is out. */
void **names_slot(names *t, const char *name);
/* The item, or NULL. */
void *names_find(const names *t, const char *name);

#endif
