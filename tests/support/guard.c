/* SPDX-License-Identifier: Apache-2.0 */
#include "guard.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define KNOWN_BYTE 0xa5

static size_t page_size(void) { return (size_t)sysconf(_SC_PAGESIZE); }

void guard_create(guard *g, size_t bytes) {
    const size_t page = page_size();
    g->capacity = (bytes + page - 1) / page * page;
    uint8_t *all =
        mmap(NULL, g->capacity + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (all == MAP_FAILED || mprotect(all + page, g->capacity, PROT_READ | PROT_WRITE) != 0) {
        perror("guard_create");
        exit(1);
    }
    g->data = all + page;
}

void guard_destroy(guard *g) {
    const size_t page = page_size();
    munmap(g->data - page, g->capacity + 2 * page);
}

void *guard_place(guard *g, size_t bytes, size_t offset) {
    memset(g->data, KNOWN_BYTE, g->capacity);
    if (offset == GUARD_END) offset = g->capacity - bytes;
    assert(offset <= g->capacity && bytes <= g->capacity - offset);
    return g->data + offset;
}

bool guard_intact(const guard *g, const void *object, size_t bytes) {
    const uint8_t *first = object;
    for (const uint8_t *p = g->data; p < first; p++)
        if (*p != KNOWN_BYTE) return false;
    for (const uint8_t *p = first + bytes; p < g->data + g->capacity; p++)
        if (*p != KNOWN_BYTE) return false;
    return true;
}
