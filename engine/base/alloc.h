/* SPDX-License-Identifier: Apache-2.0
 *
 * The one way to get memory: an allocator that counts what it hands out against a budget.
 */
#ifndef HONE_ALLOC_H
#define HONE_ALLOC_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "hone/hone.h"

/* Alignment of tensor data: a cache line and the widest vector. */
#define TENSOR_ALIGN 64

typedef struct allocator {
    hone_allocator fn;
    uint64_t limit; /* UINT64_MAX: none */
    atomic_uint_fast64_t used;
    atomic_uint_fast64_t peak;
    atomic_bool refused; /* has the budget ever refused a block? */
} allocator;

/* fn may be NULL for the C library's allocator. limit 0 means none. */
void allocator_init(allocator *a, const hone_allocator *fn, uint64_t limit);

/* Uninitialised memory aligned to at least `align` (a power of two up to 4096); NULL when the
 * budget or the system refuses. size 0 gives a valid pointer. Thread-safe. */
void *mem_alloc(allocator *a, size_t size, size_t align);
/* The same, zeroed, for `count` objects of `size` bytes, aligned for any object. */
void *mem_zalloc(allocator *a, size_t count, size_t size);
/* NULL is accepted. */
void mem_free(allocator *a, void *ptr);
/* Why did mem_alloc(size) just fail: the budget or the system? */
bool mem_over_limit(allocator *a, size_t size);

/* Grows *ptr from `old` to at least `need` objects of `size` bytes, at least doubling; false when
 * memory is out (then nothing changed). *cap is updated. */
bool mem_grow(allocator *a, void **ptr, size_t *cap, size_t need, size_t size);

/* A bump allocator: many small objects that die together. Objects are zeroed. */
typedef struct arena_block arena_block;
typedef struct arena {
    allocator *alloc;
    arena_block *head;
    size_t left;
} arena;

void arena_init(arena *a, allocator *alloc);
void arena_fini(arena *a);
/* Empties the arena but keeps one block for what comes next. An arena of zeros may be reset too. */
void arena_reset(arena *a, allocator *alloc);
/* Zeroed, aligned to 16; NULL when memory is out. */
void *arena_alloc(arena *a, size_t size);
/* count objects of size bytes, overflow-checked. */
void *arena_array(arena *a, size_t count, size_t size);
char *arena_strdup(arena *a, const char *s);
char *arena_strndup(arena *a, const char *s, size_t n);

#endif
