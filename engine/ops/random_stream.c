/* SPDX-License-Identifier: Apache-2.0 */
#include "random_stream.h"

#include <string.h>

#include "frame.h"
#include "op.h"

/* FNV-1a (Fowler, Noll and Vo). */
static uint64_t hash_bytes(uint64_t h, const void *data, size_t size) {
    for (size_t i = 0; i < size; i++) h = (h ^ ((const uint8_t *)data)[i]) * 0x100000001B3u;
    return h;
}

/* Names of results are unique in a graph and stay through all passes; those of nodes need not be.
 */
static const char *name_of(const node *n) {
    return n->n_out && n->out[0] && *n->out[0]->name ? n->out[0]->name : n->name;
}

hone_status random_begin(run_ctx *r, const step *s, float seed, random_stream *out) {
    const char *name = name_of(s->node);
    uint64_t session_seed;
    TRY(frame_draw(r->c, r->frame, s->node, &session_seed, &out->draw));
    uint64_t h = hash_bytes(0xCBF29CE484222325u, &session_seed, sizeof session_seed);
    h = hash_bytes(h, &seed, sizeof seed);
    out->key = hash_bytes(h, name, strlen(name));
    return HONE_OK;
}

/* One round, and the key for the next. */
static void philox_round(uint32_t c[4], uint32_t k[2]) {
    const uint64_t a = (uint64_t)0xD2511F53u * c[0], b = (uint64_t)0xCD9E8D57u * c[2];
    const uint32_t odd = c[1], last = c[3];
    c[0] = (uint32_t)(b >> 32) ^ odd ^ k[0];
    c[1] = (uint32_t)b;
    c[2] = (uint32_t)(a >> 32) ^ last ^ k[1];
    c[3] = (uint32_t)a;
    k[0] += 0x9E3779B9u;
    k[1] += 0xBB67AE85u;
}

uint64_t random_block(const random_stream *s, uint64_t block, int half) {
    uint32_t c[4] = {(uint32_t)block, (uint32_t)(block >> 32), (uint32_t)s->draw,
                     (uint32_t)(s->draw >> 32)};
    uint32_t k[2] = {(uint32_t)s->key, (uint32_t)(s->key >> 32)};
    for (int round = 0; round < 10; round++) philox_round(c, k);
    return c[2 * half] | (uint64_t)c[2 * half + 1] << 32;
}
