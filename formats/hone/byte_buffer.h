/* SPDX-License-Identifier: Apache-2.0
 *
 * Bytes that grow at their end, and tables that give equal byte strings the same number. Both
 * remember when memory ran out, so that what is built from many pieces is checked once.
 */
#ifndef HONE_BYTE_BUFFER_H
#define HONE_BYTE_BUFFER_H

#include "alloc.h"

typedef struct byte_buffer {
    allocator *alloc;
    void *data;
    size_t size, capacity;
    bool failed; /* out of memory: what was put since is lost */
} byte_buffer;

/* Freed with buffer_fini; a zeroed one with `alloc` set is empty. */
void buffer_put(byte_buffer *b, const void *data, size_t size);
void buffer_u32(byte_buffer *b, uint32_t v);
void buffer_fini(byte_buffer *b);

/* Numbers are given from 0 in order of first use. */
typedef struct intern {
    byte_buffer keys; /* one after the other */
    byte_buffer ends; /* size_t: where each key ends */
    uint32_t *slots;  /* open addressing: number + 1, or 0 */
    uint32_t count, capacity;
    bool failed;
} intern;

void intern_init(intern *t, allocator *alloc);
void intern_fini(intern *t);
/* The key's number, new if it is the first of its kind. Anything when memory is out. */
uint32_t intern_add(intern *t, const void *key, size_t size);
/* The key's number, or UINT32_MAX when it is not there. */
uint32_t intern_find(const intern *t, const void *key, size_t size);
/* Key of that number. */
const void *intern_key(const intern *t, uint32_t number, size_t *size);

#endif
