/* SPDX-License-Identifier: Apache-2.0 */
#define XXH_INLINE_ALL
#include <xxhash.h>

#include <string.h>

#include "byte_buffer.h"
#include "checked.h"

void buffer_put(byte_buffer *b, const void *data, size_t size) {
    size_t need;
    if (b->failed || !size_add(b->size, size, &need) ||
        !mem_grow(b->alloc, &b->data, &b->capacity, need, 1)) {
        b->failed = true;
        return;
    }
    if (size) memcpy((char *)b->data + b->size, data, size);
    b->size = need;
}

void buffer_u32(byte_buffer *b, uint32_t v) { buffer_put(b, &v, sizeof v); }

void buffer_fini(byte_buffer *b) {
    mem_free(b->alloc, b->data);
    *b = (byte_buffer){.alloc = b->alloc};
}

void intern_init(intern *t, allocator *alloc) {
    *t = (intern){.keys.alloc = alloc, .ends.alloc = alloc};
}

void intern_fini(intern *t) {
    mem_free(t->keys.alloc, t->slots);
    buffer_fini(&t->keys);
    buffer_fini(&t->ends);
    *t = (intern){.keys.alloc = t->keys.alloc, .ends.alloc = t->keys.alloc};
}

const void *intern_key(const intern *t, uint32_t number, size_t *size) {
    const size_t *ends = t->ends.data;
    const size_t begin = number ? ends[number - 1] : 0;
    *size = ends[number] - begin;
    return (const char *)t->keys.data + begin;
}

/* The slot that holds the key, or the free one where it belongs. There always is a free one. */
static uint32_t slot_of(const intern *t, const void *key, size_t size) {
    uint32_t i = (uint32_t)XXH3_64bits(key, size) & (t->capacity - 1);
    for (; t->slots[i]; i = (i + 1) & (t->capacity - 1)) {
        size_t have;
        const void *other = intern_key(t, t->slots[i] - 1, &have);
        if (have == size && memcmp(other, key, size) == 0) break;
    }
    return i;
}

/* Keeps at least half of the slots free. */
static bool intern_reserve(intern *t) {
    if (t->count < t->capacity / 2) return true;
    if (t->capacity > UINT32_MAX / 4) return false;
    allocator *alloc = t->keys.alloc;
    const uint32_t capacity = t->capacity ? t->capacity * 2 : 64;
    uint32_t *slots = mem_zalloc(alloc, capacity, sizeof *slots);
    if (!slots) return false;
    mem_free(alloc, t->slots);
    t->slots = slots;
    t->capacity = capacity;
    for (uint32_t i = 0; i < t->count; i++) {
        size_t size;
        const void *key = intern_key(t, i, &size);
        t->slots[slot_of(t, key, size)] = i + 1;
    }
    return true;
}

uint32_t intern_add(intern *t, const void *key, size_t size) {
    if (t->failed || !intern_reserve(t)) {
        t->failed = true;
        return 0;
    }
    const uint32_t slot = slot_of(t, key, size);
    if (t->slots[slot]) return t->slots[slot] - 1;
    buffer_put(&t->keys, key, size);
    buffer_put(&t->ends, &t->keys.size, sizeof t->keys.size);
    t->failed = t->keys.failed || t->ends.failed;
    if (t->failed) return 0;
    t->slots[slot] = ++t->count;
    return t->count - 1;
}

uint32_t intern_find(const intern *t, const void *key, size_t size) {
    if (t->capacity == 0) return UINT32_MAX;
    const uint32_t slot = slot_of(t, key, size);
    return t->slots[slot] ? t->slots[slot] - 1 : UINT32_MAX;
}
