/* SPDX-License-Identifier: Apache-2.0 */
#include "backward.h"

#include "op.h"

typedef struct reverse {
    const ctx *c;
    graph *g;
    builder b;
    arena arena;  /* of the tables below */
    value **grad; /* by value id: sum of the gradients so far, or NULL */
    bool *wanted; /* by value id: does it depend on a wrt value? */
} reverse;

static bool is_wanted(const reverse *r, const value *v) { return v && r->wanted[v->id]; }

/* Marks everything that depends on a wrt value: nodes are in topological order, so one walk does
 * it. */
static void mark_wanted(reverse *r, value *const *wrt, int32_t n) {
    for (int32_t i = 0; i < n; i++) r->wanted[wrt[i]->id] = true;
    for (const node *at = r->g->first; at; at = at->next) {
        bool any = false;
        for (int32_t i = 0; i < at->n_in; i++) any = any || is_wanted(r, at->in[i].value);
        for (int32_t i = 0; any && i < at->n_out; i++)
            if (at->out[i]) r->wanted[at->out[i]->id] = true;
    }
}

static void accumulate(reverse *r, const value *v, value *dx) {
    value **sum = &r->grad[v->id];
    *sum = *sum ? emit(&r->b, "Add", IN(*sum, dx), NO_ATTRS) : dx;
}

static hone_status visit(reverse *r, const node *n) {
    value *dy[8] = {NULL}, *dx[32] = {NULL};
    bool flows = false, needed = false;
    for (int32_t i = 0; i < n->n_out && i < 8; i++) {
        dy[i] = n->out[i] ? r->grad[n->out[i]->id] : NULL;
        flows = flows || dy[i];
    }
    for (int32_t i = 0; i < n->n_in; i++) needed = needed || is_wanted(r, n->in[i].value);
    if (!flows || !needed) return HONE_OK;
    if (!n->op->grad || n->n_in > 32 || n->n_out > 8) {
        const hone_status s = fail(r->c, HONE_E_UNSUPPORTED, "the operator has no gradient");
        return fail_in_node(r->c, s, n->name, n->op->name);
    }
    gradient g = {.b = &r->b, .node = n, .dy = dy, .dx = dx};
    TRY(fail_in_node(r->c, n->op->grad(&g), n->name, n->op->name));
    for (int32_t i = 0; i < n->n_in; i++)
        if (dx[i] && is_wanted(r, n->in[i].value)) accumulate(r, n->in[i].value, dx[i]);
    return r->b.status;
}

/* Walks the nodes that were there before, from the last to the first. */
static hone_status walk(reverse *r, value *loss) {
    node *last = r->g->last;
    value *one = emit_scalar(&r->b, loss->type.dtype, 1);
    value *dims = emit(&r->b, "Shape", IN(loss), NO_ATTRS);
    r->grad[loss->id] = emit(&r->b, "Expand", IN(one, dims), NO_ATTRS);
    TRY(r->b.status);
    int64_t done = 0;
    for (const node *n = last; n; n = n->prev) {
        if (done++ % 64 == 0) TRY(report_progress(r->c, "differentiate", done, r->g->n_node));
        TRY(visit(r, n));
    }
    return HONE_OK;
}

hone_status backward(const ctx *c, graph *g, value *loss, value *const *wrt, int32_t n,
                     value **out) {
    reverse r = {.c = c, .g = g};
    graph_number(g);
    arena_init(&r.arena, c->alloc);
    builder_init(&r.b, c, g, NULL, "grad");
    r.grad = arena_array(&r.arena, (size_t)g->n_value, sizeof *r.grad);
    r.wanted = arena_array(&r.arena, (size_t)g->n_value, sizeof *r.wanted);
    hone_status status = r.grad && r.wanted ? HONE_OK : fail_nomem(c, (size_t)g->n_value);
    if (status == HONE_OK) {
        mark_wanted(&r, wrt, n);
        status = walk(&r, loss);
    }
    for (int32_t i = 0; status == HONE_OK && i < n; i++) out[i] = r.grad[wrt[i]->id];
    arena_fini(&r.arena);
    return status;
}
