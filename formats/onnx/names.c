/* SPDX-License-Identifier: Apache-2.0 */
#include "names.h"

#include <stdatomic.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

/* ---- SipHash-1-3 ----------------------------------------------------------------------------- */

typedef struct hash_key {
    uint64_t k0, k1;
} hash_key;

/* Drawn once a process. Two threads may both draw; every table reads the key that won. */
static hash_key process_key(void) {
    static _Atomic uint64_t k0, k1;
    uint64_t a = atomic_load(&k0), b = atomic_load(&k1);
    if (a && b) return (hash_key){a, b};
    uint64_t drawn[2];
    if (getrandom(drawn, sizeof drawn, GRND_NONBLOCK) != (ssize_t)sizeof drawn) {
        struct timespec now;
        clock_gettime(CLOCK_MONOTONIC, &now);
        drawn[0] = (uint64_t)now.tv_nsec << 32 ^ (uint64_t)now.tv_sec;
        drawn[1] = (uint64_t)(uintptr_t)&now;
    }
    uint64_t zero = 0;
    atomic_compare_exchange_strong(&k0, &zero, drawn[0] | 1);
    zero = 0;
    atomic_compare_exchange_strong(&k1, &zero, drawn[1] | 1);
    return (hash_key){atomic_load(&k0), atomic_load(&k1)};
}

static uint64_t rotate(uint64_t x, int n) { return x << n | x >> (64 - n); }

static void sip_round(uint64_t v[4]) {
    v[0] += v[1];
    v[2] += v[3];
    v[1] = rotate(v[1], 13) ^ v[0];
    v[3] = rotate(v[3], 16) ^ v[2];
    v[0] = rotate(v[0], 32);
    v[2] += v[1];
    v[0] += v[3];
    v[1] = rotate(v[1], 17) ^ v[2];
    v[3] = rotate(v[3], 21) ^ v[0];
    v[2] = rotate(v[2], 32);
}

static void sip_word(uint64_t v[4], uint64_t m) {
    v[3] ^= m;
    sip_round(v);
    v[0] ^= m;
}

static uint64_t hash_name(const char *name) {
    const hash_key key = process_key();
    const size_t size = strlen(name);
    uint64_t v[4] = {key.k0 ^ 0x736f6d6570736575u, key.k1 ^ 0x646f72616e646f6du,
                     key.k0 ^ 0x6c7967656e657261u, key.k1 ^ 0x7465646279746573u};
    size_t i = 0;
    for (; i + 8 <= size; i += 8) {
        uint64_t m;
        memcpy(&m, name + i, 8);
        sip_word(v, m);
    }
    uint64_t last = (uint64_t)size << 56;
    memcpy(&last, name + i, size - i);
    sip_word(v, last);
    v[2] ^= 0xFF;
    for (int r = 0; r < 3; r++) sip_round(v);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

/* ---- Table ----------------------------------------------------------------------------------- */

void names_init(names *t, arena *a) { *t = (names){.arena = a}; }

/* The entry of `name`, or the free one where it belongs. The table is never full. */
static name_entry *probe(const names *t, const char *name, uint64_t hash) {
    const size_t mask = t->capacity - 1;
    for (size_t i = hash & mask;; i = (i + 1) & mask) {
        name_entry *e = &t->entry[i];
        if (!e->name || (e->hash == hash && strcmp(e->name, name) == 0)) return e;
    }
}

/* Keeps the table at most half full. The old entries stay in the arena: together they are smaller.
 */
static bool grow(names *t) {
    if (t->capacity > SIZE_MAX / 4) return false;
    names next = *t;
    next.capacity = t->capacity ? t->capacity * 2 : 16;
    next.entry = arena_array(t->arena, next.capacity, sizeof *next.entry);
    if (!next.entry) return false;
    for (size_t i = 0; i < t->capacity; i++)
        if (t->entry[i].name) *probe(&next, t->entry[i].name, t->entry[i].hash) = t->entry[i];
    *t = next;
    return true;
}

void **names_slot(names *t, const char *name) {
    if (t->count >= t->capacity / 2 && !grow(t)) return NULL;
    const uint64_t hash = hash_name(name);
    name_entry *e = probe(t, name, hash);
    if (!e->name) {
        *e = (name_entry){.name = name, .hash = hash};
        t->count++;
    }
    return &e->item;
}

void *names_find(const names *t, const char *name) {
    return t->capacity ? probe(t, name, hash_name(name))->item : NULL;
}
