/* SPDX-License-Identifier: Apache-2.0
 *
 * Computes once what several nodes compute alike: the same operator with the same attributes on the
 * same inputs. Small constants are the same when their contents are.
 */
#include <string.h>

#include "model.h"
#include "op.h"

/* Constants up to this size are compared by content, larger ones by place. */
enum { SMALL_CONSTANT = 1024 };

typedef struct merger {
    node **table; /* by hash, open addressing; NULL: free */
    size_t mask;
} merger;

static uint64_t mix(uint64_t h, uint64_t x) {
    h = (h ^ x) * 0x9E3779B97F4A7C15u;
    return h ^ (h >> 32);
}

static bool is_small(const tensor *t) {
    return t && t->kind == HONE_TENSOR && t->dtype != HONE_STRING &&
           t->layout.kind == LAYOUT_DENSE && t->bytes <= SMALL_CONSTANT;
}

static bool same_tensor(const tensor *a, const tensor *b) {
    if (a == b) return true;
    return is_small(a) && is_small(b) && a->dtype == b->dtype &&
           shape_equal(&a->shape, &b->shape) && a->bytes == b->bytes &&
           (a->bytes == 0 || memcmp(a->data, b->data, a->bytes) == 0);
}

static bool same_value(const value *a, const value *b) {
    return a == b ||
           (a && b && a->constant && b->constant && same_tensor(a->constant, b->constant));
}

static bool same_text(const char *a, const char *b) {
    return a == b || (a && b && strcmp(a, b) == 0);
}

static bool same_floats(float a, float b) { return memcmp(&a, &b, sizeof a) == 0; }

static bool same_list(const attr *a, const attr *b) {
    if (a->count != b->count) return false;
    const size_t n = (size_t)a->count;
    if (a->kind == ATTR_INTS) return n == 0 || memcmp(a->ints, b->ints, n * sizeof *a->ints) == 0;
    if (a->kind == ATTR_FLOATS)
        return n == 0 || memcmp(a->floats, b->floats, n * sizeof *a->floats) == 0;
    for (size_t i = 0; i < n; i++)
        if (!same_text(a->strings[i], b->strings[i])) return false;
    return true;
}

static bool same_attr(const op *o, int32_t i, const attr *a, const attr *b) {
    if (attr_is_present(o, i, a) != attr_is_present(o, i, b)) return false;
    switch (a->kind) {
    case ATTR_INT: return a->i == b->i;
    case ATTR_FLOAT: return same_floats(a->f, b->f);
    case ATTR_STRING: return same_text(a->s, b->s);
    case ATTR_INTS:
    case ATTR_FLOATS:
    case ATTR_STRINGS: return same_list(a, b);
    case ATTR_TENSOR: return same_tensor(a->tensor, b->tensor);
    default: return false;
    }
}

/* Wanting the same outputs is part of it: an operator may do less for fewer. */
static bool same_node(const node *a, const node *b) {
    if (a->op != b->op || a->n_in != b->n_in || a->n_out != b->n_out) return false;
    for (int32_t i = 0; i < a->n_in; i++)
        if (!same_value(node_in(a, i), node_in(b, i))) return false;
    for (int32_t i = 0; i < a->n_out; i++)
        if (!a->out[i] != !b->out[i]) return false;
    attr x, y;
    for (int32_t i = 0; attrs_encode(a->op, a->params, i, &x); i++) {
        attrs_encode(b->op, b->params, i, &y);
        if (!same_attr(a->op, i, &x, &y)) return false;
    }
    return true;
}

static uint64_t float_bits(float f) {
    uint32_t bits;
    memcpy(&bits, &f, sizeof bits);
    return bits;
}

static uint64_t text_hash(uint64_t h, const char *s) {
    for (; s && *s; s++) h = mix(h, (unsigned char)*s);
    return h;
}

static uint64_t attr_hash(uint64_t h, const attr *a) {
    if (a->kind == ATTR_INT) return mix(h, (uint64_t)a->i);
    if (a->kind == ATTR_FLOAT) return mix(h, float_bits(a->f));
    if (a->kind == ATTR_STRING) return text_hash(h, a->s);
    for (int32_t i = 0; i < a->count; i++) {
        if (a->kind == ATTR_INTS) h = mix(h, (uint64_t)a->ints[i]);
        if (a->kind == ATTR_FLOATS) h = mix(h, float_bits(a->floats[i]));
        if (a->kind == ATTR_STRINGS) h = text_hash(h, a->strings[i]);
    }
    return h;
}

static uint64_t tensor_hash(const tensor *t) {
    if (!is_small(t)) return (uintptr_t)t;
    uint64_t h = t->bytes;
    for (size_t i = 0; i < t->bytes; i++) h = mix(h, ((const unsigned char *)t->data)[i]);
    return h;
}

static uint64_t node_hash(const node *n) {
    uint64_t h = (uintptr_t)n->op;
    attr a;
    for (int32_t i = 0; i < n->n_in; i++) {
        const value *v = node_in(n, i);
        h = mix(h, v && is_small(v->constant) ? tensor_hash(v->constant) : (uintptr_t)v);
    }
    for (int32_t i = 0; attrs_encode(n->op, n->params, i, &a); i++)
        h = a.kind == ATTR_TENSOR ? mix(h, tensor_hash(a.tensor)) : attr_hash(h, &a);
    return h;
}

/* Two outputs of a graph need two values. */
static bool both_public(const node *a, const node *b) {
    for (int32_t i = 0; i < a->n_out; i++)
        if (a->out[i] && a->out[i]->output_uses > 0 && b->out[i]->output_uses > 0) return true;
    return false;
}

static bool mergeable(const node *n) {
    return n->n_body == 0 && n->n_out > 0 && !(n->op->flags & (OP_IMPURE | OP_CUSTOM));
}

/* The node that n equals, or NULL after remembering n. */
static node *find_equal(merger *m, node *n) {
    size_t at = (size_t)node_hash(n) & m->mask;
    for (; m->table[at]; at = (at + 1) & m->mask)
        if (same_node(m->table[at], n)) return m->table[at];
    m->table[at] = n;
    return NULL;
}

static void merge_graph(merger *m, graph *g, int64_t *changes) {
    for (node *n = g->first, *next; n; n = next) {
        next = n->next;
        node *const equal = mergeable(n) ? find_equal(m, n) : NULL;
        if (!equal || both_public(equal, n)) continue;
        for (int32_t i = 0; i < n->n_out; i++)
            if (n->out[i]) graph_replace(n->out[i], equal->out[i]);
        graph_remove_node(n);
        ++*changes;
    }
}

/* Each body by itself: it sees nothing outside. */
static hone_status run(const ctx *c, hone_model *model, graph *g, int64_t *changes) {
    size_t count = 0, size = 16;
    for (const node *n = g->first; n; n = n->next) count++;
    while (size < 2 * count) size *= 2;
    merger m = {mem_zalloc(&model->alloc, size, sizeof *m.table), size - 1};
    if (!m.table) return fail_nomem(c, size * sizeof *m.table);
    merge_graph(&m, g, changes);
    mem_free(&model->alloc, m.table);
    for (node *n = g->first; n; n = n->next)
        for (int32_t i = 0; i < n->n_body; i++) TRY(run(c, model, n->body[i], changes));
    return HONE_OK;
}

const pass pass_merge_equal = {"merge_equal", "computes once what is computed twice", run, NULL};
