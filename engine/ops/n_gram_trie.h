/* SPDX-License-Identifier: Apache-2.0
 *
 * A trie of n-grams over a pool of tokens, which are numbers or text.
 */
#ifndef HONE_N_GRAM_TRIE_H
#define HONE_N_GRAM_TRIE_H

#include "step.h"

/* One of the two lists is there. */
typedef struct token_pool {
    const int64_t *number;
    const char *const *text;
    int32_t n;
} token_pool;

typedef struct trie_edge {
    int64_t from;  /* node */
    int32_t token; /* number */
    int64_t to;    /* node; 0: the slot is free */
} trie_edge;

typedef struct n_gram_trie {
    token_pool pool;
    int64_t *order;  /* places in the pool in rising order of their tokens */
    int32_t *number; /* of the token at each place: equal tokens have the same */
    int64_t *gram;   /* that ends at a node, or -1 */
    int64_t nodes;
    trie_edge *edge; /* hash table, at most half full */
    size_t mask;
} n_gram_trie;

enum { TRIE_ROOT = 0 };

/* An empty trie; memory is the plan's. */
hone_status trie_init(n_gram_trie *t, plan_ctx *p, const token_pool *pool);
/* Adds n-gram number `gram`: `length` tokens of the pool from place `at` on. HONE_E_LIMIT
 * where a file chose them so that the table would be slow. */
hone_status trie_add(n_gram_trie *t, const ctx *c, int64_t at, int64_t length, int64_t gram);
/* Number of element i of a tensor of the pool's kind, or -1 when it is not in the pool. */
int32_t trie_token(const n_gram_trie *t, const tensor *x, int64_t i);
/* The node behind `from` for a token's number, or -1. */
int64_t trie_next(const n_gram_trie *t, int64_t from, int32_t token);
static inline int64_t trie_gram(const n_gram_trie *t, int64_t from) { return t->gram[from]; }

#endif
