/* SPDX-License-Identifier: Apache-2.0
 *
 * Moves Transposes towards the outputs until they meet their inverse and vanish.
 *
 * Importers wrap every channels-last operator in a pair of Transposes. A node whose inputs come
 * from Transposes by the same permutation computes on the untransposed data instead (its operator
 * renames its axes), and one Transpose follows it. Constants are permuted here; another input gets
 * a Transpose of its own, which must not make their number grow.
 *
 *     x -> T -> Relu -> T' -> y      becomes      x -> Relu -> (T T' = identity) -> y
 */
#include <string.h>

#include "build.h"
#include "model.h"
#include "transpose.h"

typedef struct sinker {
    const ctx *c;
    hone_model *m;
    graph *g;
    int64_t changes;
} sinker;

static node *producer_transpose(const value *v) {
    return v && v->producer && v->producer->op == &op_transpose ? v->producer : NULL;
}

/* Emits Transpose(v) right before `before`. */
static value *emit_transpose(builder *b, value *v, const int32_t *perm, int32_t rank) {
    int64_t p[HONE_MAX_RANK];
    for (int32_t i = 0; i < rank; i++) p[i] = perm[i];
    return emit(b, "Transpose", IN(v), ATTRS(A_INTS("perm", p, rank)));
}

static bool is_identity(const int32_t *perm, int32_t rank) {
    for (int32_t i = 0; i < rank; i++)
        if (perm[i] != i) return false;
    return true;
}

/* Transpose of Transpose: one with the product of both permutations, or none. */
static hone_status merge_pair(sinker *s, node *n, node *first) {
    int32_t p[HONE_MAX_RANK], q[HONE_MAX_RANK], rank, rank_q;
    if (!transpose_perm(first, p, &rank) || !transpose_perm(n, q, &rank_q)) return HONE_OK;
    int32_t both[HONE_MAX_RANK];
    for (int32_t i = 0; i < rank; i++) both[i] = p[q[i]];
    value *x = node_in(first, 0);
    builder b;
    builder_init(&b, s->c, s->g, n, n->name);
    if (!is_identity(both, rank))
        x = emit_transpose(&b, x, both, rank);
    else if (n->out[0]->output_uses > 0 && (value_is_input(x) || x->output_uses > 0))
        x = emit(&b, "Identity", IN(x), NO_ATTRS); /* two public names need two values */
    TRY(b.status);
    graph_replace(n->out[0], x);
    graph_remove_node(n);
    s->changes++;
    return HONE_OK;
}

/* What stands in the way of an input of the node, when the data is permuted by `perm`. */
typedef enum input_kind { INPUT_READY, INPUT_FIXED, INPUT_CONSTANT, INPUT_OTHER } input_kind;

static input_kind classify(const value *v, const int32_t *perm, int32_t rank) {
    int32_t p[HONE_MAX_RANK], r;
    const node *t = producer_transpose(v);
    if (!v || v->type.shape.rank == 0) return INPUT_FIXED;
    if (t && transpose_perm(t, p, &r) && r == rank && !memcmp(p, perm, (size_t)r * sizeof *p))
        return INPUT_READY;
    int64_t count;
    if (shape_count(&v->type.shape, &count) && count == 1 && v->type.shape.rank < rank)
        return INPUT_FIXED;
    return v->constant && v->constant->layout.kind == LAYOUT_DENSE ? INPUT_CONSTANT : INPUT_OTHER;
}

/* Which inputs carry the data that is permuted: those whose every axis meets an output axis. Others
 * (axes, scales, per-channel vectors of operators that rename their axes themselves) stay. */
static bool carries_data(const axis_map *m, int32_t input) {
    for (int32_t i = 0; i < m->n; i++)
        if (m->link[i].input == input) return true;
    return false;
}

/* Does every axis of the data meet the output axis at the same distance from the end? */
static bool aligned(const node *n, const axis_map *m) {
    const int32_t out_rank = n->out[0]->type.shape.rank;
    for (int32_t i = 0; i < m->n; i++) {
        const axis_link *l = &m->link[i];
        const int32_t in_rank = n->in[l->input].value->type.shape.rank;
        if (l->relation == AXIS_CONTRACTED || l->out_axis < 0) return false;
        if (l->out_axis - l->in_axis != out_rank - in_rank) return false;
    }
    return true;
}

/* v, of rank <= rank, as seen by the untransposed data: padded with leading ones, permuted back. */
static value *untranspose(builder *b, value *v, const int32_t *inverse, int32_t rank) {
    const int32_t missing = rank - v->type.shape.rank;
    if (missing > 0) {
        int64_t axes[HONE_MAX_RANK];
        for (int32_t i = 0; i < missing; i++) axes[i] = i;
        v = emit(b, "Unsqueeze", IN(v, emit_i64s(b, axes, missing)), NO_ATTRS);
    }
    return emit_transpose(b, v, inverse, rank);
}

/* Replaces input i by its form on untransposed data. */
static hone_status rewire(builder *b, node *n, int32_t i, const int32_t *perm, int32_t rank) {
    value *v = node_in(n, i);
    int32_t inverse[HONE_MAX_RANK];
    for (int32_t a = 0; a < rank; a++) inverse[perm[a]] = a;
    switch (classify(v, perm, rank)) {
    case INPUT_READY: node_set_input(n, i, node_in(v->producer, 0)); break;
    case INPUT_FIXED: break;
    default: {
        value *u = untranspose(b, v, inverse, rank);
        if (u) node_set_input(n, i, u);
    }
    }
    return b->status;
}

/* Would sinking the permutation through n not make Transposes more? */
static bool pays(const node *n, const axis_map *m, const int32_t *perm, int32_t rank) {
    int32_t ready = 0, other = 0;
    for (int32_t i = 0; i < n->n_in; i++) {
        if (!carries_data(m, i)) continue;
        const input_kind k = classify(node_in(n, i), perm, rank);
        ready += k == INPUT_READY;
        other += k == INPUT_OTHER;
    }
    return ready > other;
}

static hone_status sink_through(sinker *s, node *n, const int32_t *perm, int32_t rank) {
    axis_map m;
    axis_relations(n, &m);
    if (m.opaque || !aligned(n, &m) || !pays(n, &m, perm, rank)) return HONE_OK;
    builder b;
    builder_init(&b, s->c, s->g, n, n->name);
    if (!n->op->permute(&b, n, perm, rank)) return b.status;
    for (int32_t i = 0; i < n->n_in; i++)
        if (carries_data(&m, i)) TRY(rewire(&b, n, i, perm, rank));
    b.before = n->next;
    for (int32_t i = 0; i < n->n_out; i++) {
        value *y = n->out[i];
        if (!y) continue;
        /* A stand-in takes over the readers, then the Transpose reads y itself. */
        value *stand = graph_add_value(s->g, "", &y->type);
        if (!stand) return fail_nomem(s->c, sizeof *stand);
        const char *name = y->name;
        graph_replace(y, stand);
        y->name = ""; /* its data is no longer what the file calls so */
        y->type = (type){.shape = shape_unknown()};
        TRY(graph_infer_node(s->c, n));
        value *back = emit_transpose(&b, y, perm, rank);
        TRY(b.status);
        graph_replace(stand, back);
        back->name = name;
    }
    s->changes++;
    return HONE_OK;
}

static hone_status visit(sinker *s, node *n) {
    if (n->op == &op_transpose) {
        node *first = producer_transpose(node_in(n, 0));
        return first ? merge_pair(s, n, first) : HONE_OK;
    }
    if (!n->op->permute || n->n_out < 1 || !n->out[0]) return HONE_OK;
    for (int32_t i = 0; i < n->n_in; i++) {
        int32_t perm[HONE_MAX_RANK], rank;
        const node *t = producer_transpose(node_in(n, i));
        if (t && transpose_perm(t, perm, &rank) && rank == n->out[0]->type.shape.rank)
            return sink_through(s, n, perm, rank);
    }
    return HONE_OK;
}

static hone_status run(const ctx *c, hone_model *m, graph *g, int64_t *changes) {
    sinker s = {.c = c, .m = m, .g = g};
    for (node *n = g->first, *next; n; n = next) {
        next = n->next;
        TRY(visit(&s, n));
        for (int32_t i = 0; i < n->n_body; i++) TRY(run(c, m, n->body[i], changes));
    }
    *changes += s.changes;
    return HONE_OK;
}

const pass pass_sink_transposes = {"sink_transposes",
                                   "moves layout changes together until they cancel", run, NULL};
