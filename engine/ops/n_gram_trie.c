/* SPDX-License-Identifier: Apache-2.0 */
#include "n_gram_trie.h"

#include <string.h>

#include "order.h"

static int compare_tokens(const token_pool *p, int64_t a, int64_t b) {
    if (p->text) return strcmp(p->text[a], p->text[b]);
    return (p->number[a] > p->number[b]) - (p->number[a] < p->number[b]);
}

static bool token_before(const void *arg, int64_t a, int64_t b) {
    return compare_tokens(arg, a, b) < 0;
}

hone_status trie_init(n_gram_trie *t, plan_ctx *p, const token_pool *pool) {
    const size_t n = (size_t)pool->n;
    size_t slots = 4;
    while (slots < 2 * n + 2) slots *= 2;
    *t = (n_gram_trie){.pool = *pool, .nodes = 1, .mask = slots - 1};
    t->order = arena_array(p->arena, n + 1, sizeof *t->order);
    t->number = arena_array(p->arena, n + 1, sizeof *t->number);
    t->gram = arena_array(p->arena, n + 1, sizeof *t->gram); /* a node a token, and the root */
    t->edge = arena_array(p->arena, slots, sizeof *t->edge);
    if (!t->order || !t->number || !t->gram || !t->edge) return fail_nomem(p->c, n * sizeof *t);
    for (int64_t i = 0; i < pool->n; i++) t->order[i] = i;
    order_sort(t->order, t->gram, pool->n, token_before, pool);
    for (int32_t i = 0, number = 0; i < pool->n; i++) {
        if (i > 0 && compare_tokens(pool, t->order[i - 1], t->order[i]) != 0) number = i;
        t->number[t->order[i]] = number;
    }
    t->gram[TRIE_ROOT] = -1;
    return HONE_OK;
}

/* How far from its place an edge may be: far more than happens by chance. */
enum { MOST_PROBES = 1024 };

/* The edge from a node with a token, or the free slot where it belongs; NULL where that is too far
 * away. */
static trie_edge *probe(const n_gram_trie *t, int64_t from, int32_t token) {
    uint64_t h = (uint64_t)from * 0x9E3779B97F4A7C15u + (uint64_t)token;
    h = (h ^ (h >> 32)) * 0xD6E8FEB86659FD93u;
    const size_t home = (size_t)(h >> 32);
    for (size_t i = 0; i < MOST_PROBES; i++) {
        trie_edge *e = &t->edge[(home + i) & t->mask];
        if (!e->to || (e->from == from && e->token == token)) return e;
    }
    return NULL;
}

hone_status trie_add(n_gram_trie *t, const ctx *c, int64_t at, int64_t length, int64_t gram) {
    int64_t from = TRIE_ROOT;
    for (int64_t i = 0; i < length; i++) {
        const int32_t token = t->number[at + i];
        trie_edge *e = probe(t, from, token);
        if (!e) return fail(c, HONE_E_LIMIT, "the n-grams are made to be slow to find");
        if (!e->to) {
            t->gram[t->nodes] = -1;
            *e = (trie_edge){from, token, t->nodes++};
        }
        from = e->to;
    }
    t->gram[from] = gram;
    return HONE_OK;
}

static int compare_with(const n_gram_trie *t, int64_t at, const tensor *x, int64_t i) {
    if (t->pool.text) return strcmp(t->pool.text[at], tensor_string(x, i));
    const int64_t v = tensor_i64(x, i), token = t->pool.number[at];
    return (token > v) - (token < v);
}

int32_t trie_token(const n_gram_trie *t, const tensor *x, int64_t i) {
    int64_t lo = 0, hi = t->pool.n;
    while (lo < hi) {
        const int64_t mid = lo + (hi - lo) / 2;
        const int c = compare_with(t, t->order[mid], x, i);
        if (c == 0) return t->number[t->order[mid]];
        *(c < 0 ? &lo : &hi) = c < 0 ? mid + 1 : mid;
    }
    return -1;
}

int64_t trie_next(const n_gram_trie *t, int64_t from, int32_t token) {
    if (token < 0) return -1;
    const trie_edge *e = probe(t, from, token);
    return e && e->to ? e->to : -1;
}
