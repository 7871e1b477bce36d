/* SPDX-License-Identifier: Apache-2.0 */
#include "alloc.h"

#include <stdlib.h>
#include <string.h>

#include "checked.h"

/* Sits right before every block: what to give back to the budget and to the system. */
typedef struct block_head {
    size_t total;
    size_t pad;
} block_head;

_Static_assert(sizeof(block_head) == 16, "the head must keep 16-byte alignment");

static void *libc_alloc(void *user, size_t size, size_t align) {
    (void)user;
    void *p = NULL;
    return posix_memalign(&p, align < sizeof(void *) ? sizeof(void *) : align, size) ? NULL : p;
}

static void libc_free(void *user, void *ptr) {
    (void)user;
    free(ptr);
}

void allocator_init(allocator *a, const hone_allocator *fn, uint64_t limit) {
    const hone_allocator libc = {libc_alloc, libc_free, NULL};
    a->fn = fn ? *fn : libc;
    a->limit = limit ? limit : UINT64_MAX;
    atomic_init(&a->used, 0);
    atomic_init(&a->peak, 0);
    atomic_init(&a->refused, false);
}

/* Takes `total` from the budget, or refuses. */
static bool budget_take(allocator *a, size_t total) {
    uint64_t now = atomic_fetch_add_explicit(&a->used, total, memory_order_relaxed) + total;
    if (now > a->limit) {
        atomic_fetch_sub_explicit(&a->used, total, memory_order_relaxed);
        atomic_store_explicit(&a->refused, true, memory_order_relaxed);
        return false;
    }
    uint_fast64_t peak = atomic_load_explicit(&a->peak, memory_order_relaxed);
    while (now > peak && !atomic_compare_exchange_weak_explicit(
                             &a->peak, &peak, now, memory_order_relaxed, memory_order_relaxed)) {
    }
    return true;
}

void *mem_alloc(allocator *a, size_t size, size_t align) {
    size_t pad = align < sizeof(block_head) ? sizeof(block_head) : align;
    size_t total;
    if (!size_add(size, pad, &total) || !budget_take(a, total)) return NULL;
    char *base = a->fn.alloc(a->fn.user, total, pad);
    if (!base) {
        atomic_fetch_sub_explicit(&a->used, total, memory_order_relaxed);
        return NULL;
    }
    const block_head head = {total, pad};
    memcpy(base + pad - sizeof head, &head, sizeof head);
    return base + pad;
}

void *mem_zalloc(allocator *a, size_t count, size_t size) {
    size_t bytes;
    if (!size_mul(count, size, &bytes)) return NULL;
    void *p = mem_alloc(a, bytes, sizeof(block_head));
    if (p) memset(p, 0, bytes);
    return p;
}

void mem_free(allocator *a, void *ptr) {
    if (!ptr) return;
    block_head head;
    memcpy(&head, (char *)ptr - sizeof head, sizeof head);
    a->fn.free(a->fn.user, (char *)ptr - head.pad);
    atomic_fetch_sub_explicit(&a->used, head.total, memory_order_relaxed);
}

bool mem_over_limit(allocator *a, size_t size) {
    uint64_t used = atomic_load_explicit(&a->used, memory_order_relaxed);
    return used > a->limit || size > a->limit - used;
}

bool mem_grow(allocator *a, void **ptr, size_t *cap, size_t need, size_t size) {
    if (need <= *cap) return true;
    size_t next = *cap < 8 ? 8 : *cap;
    if (!size_add(next, *cap, &next)) return false;
    if (next < need) next = need;
    void *grown = mem_zalloc(a, next, size);
    if (!grown) return false;
    if (*ptr) memcpy(grown, *ptr, *cap * size);
    mem_free(a, *ptr);
    *ptr = grown;
    *cap = next;
    return true;
}

struct arena_block {
    arena_block *next;
    size_t size; /* of data[] */
    _Alignas(16) char data[];
};

void arena_init(arena *a, allocator *alloc) {
    a->alloc = alloc;
    a->head = NULL;
    a->left = 0;
}

void arena_fini(arena *a) {
    while (a->head) {
        arena_block *next = a->head->next;
        mem_free(a->alloc, a->head);
        a->head = next;
    }
    a->left = 0;
}

void arena_reset(arena *a, allocator *alloc) {
    arena_block *keep = a->head;
    a->alloc = alloc;
    if (!keep) return;
    a->head = keep->next;
    arena_fini(a);
    keep->next = NULL;
    memset(keep->data, 0, keep->size);
    a->head = keep;
    a->left = keep->size;
}

void *arena_alloc(arena *a, size_t size) {
    enum { BLOCK = 64 * 1024 - sizeof(arena_block) - sizeof(block_head) };
    size_t need;
    if (!size_align(size ? size : 1, 16, &need)) return NULL;
    if (need > a->left) {
        /* A big object gets a block of its own behind the head, so that the head's rest stays
         * usable. */
        const bool own = a->head && need > BLOCK / 4;
        const size_t bytes = own || need > BLOCK ? need : (size_t)BLOCK;
        arena_block *b = mem_zalloc(a->alloc, 1, sizeof *b + bytes);
        if (!b) return NULL;
        b->size = bytes;
        if (own) {
            b->next = a->head->next;
            a->head->next = b;
            return b->data;
        }
        b->next = a->head;
        a->head = b;
        a->left = bytes;
    }
    void *p = a->head->data + (a->head->size - a->left);
    a->left -= need;
    return p;
}

void *arena_array(arena *a, size_t count, size_t size) {
    size_t bytes;
    return size_mul(count, size, &bytes) ? arena_alloc(a, bytes) : NULL;
}

char *arena_strndup(arena *a, const char *s, size_t n) {
    char *copy = n < PTRDIFF_MAX ? arena_alloc(a, n + 1) : NULL;
    if (copy) memcpy(copy, s, n);
    return copy;
}

char *arena_strdup(arena *a, const char *s) { return arena_strndup(a, s, strlen(s)); }
