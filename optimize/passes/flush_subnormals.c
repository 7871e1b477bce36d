/* SPDX-License-Identifier: Apache-2.0
 *
 * Sets weights below the range of normal numbers to zero. Channels that training has given up end
 * there, and arithmetic on such numbers is up to a hundred times slower on many processors. What
 * they add to a result is less than 2^-126 times the largest input.
 */
#include "op.h"
#include "rewrite.h"

#include <string.h>

/* Magnitudes between zero and the smallest normal number, as bits. */
#define MAGNITUDE         0x7FFFFFFFu
#define LARGEST_SUBNORMAL 0x007FFFFFu

static bool is_subnormal(uint32_t bits) { return (bits & MAGNITUDE) - 1 < LARGEST_SUBNORMAL; }

/* In blocks of a fixed length, which compilers turn into vectors. */
static bool any_subnormal(const uint32_t *bits, size_t n) {
    enum { BLOCK = 1024 };
    size_t i = 0;
    for (; i + BLOCK <= n; i += BLOCK) {
        uint32_t found = 0;
        for (size_t j = 0; j < BLOCK; j++) found |= is_subnormal(bits[i + j]);
        if (found) return true;
    }
    for (; i < n; i++)
        if (is_subnormal(bits[i])) return true;
    return false;
}

/* Operators whose constants are worth packing are those that do most of the arithmetic. */
static bool is_heavy(const node *n) { return n->op->pack || n->op->fused; }

static hone_status flush_constant(const ctx *c, hone_model *m, graph *g, const value *v) {
    value *flushed;
    TRY(rewrite_copy(c, m, g, v->constant, &flushed));
    uint32_t *bits = flushed->constant->data;
    for (size_t i = 0; i < v->constant->bytes / sizeof *bits; i++)
        if (is_subnormal(bits[i])) bits[i] = 0;
    flushed->name = v->name;
    for (use *u = v->uses, *next; u; u = next) {
        next = u->next;
        if (is_heavy(u->user)) node_set_input(u->user, (int32_t)(u - u->user->in), flushed);
    }
    return HONE_OK;
}

static hone_status flush_graph(const ctx *c, hone_model *m, graph *g, int64_t *changes) {
    for (node *n = g->first; n; n = n->next) {
        for (int32_t i = 0; is_heavy(n) && i < n->n_in; i++) {
            const value *v = node_in(n, i);
            if (!v || !v->constant || v->constant->dtype != HONE_F32 ||
                !any_subnormal(v->constant->data, v->constant->bytes / sizeof(uint32_t)))
                continue;
            TRY(flush_constant(c, m, g, v));
            ++*changes;
        }
        for (int32_t i = 0; i < n->n_body; i++) TRY(flush_graph(c, m, n->body[i], changes));
    }
    return HONE_OK;
}

static hone_status run(const ctx *c, hone_model *m, graph *g, int64_t *changes) {
    return flush_graph(c, m, g, changes);
}

const pass pass_flush_subnormals = {"flush_subnormals", "sets weights too small to matter to zero",
                                    run, NULL};
