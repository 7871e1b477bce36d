/* SPDX-License-Identifier: Apache-2.0
 *
 * Puts constant operands into the layout that their operator's kernels read, once for every ISA.
 * The dense form goes away unless something else reads it; readers of the same constant share one
 * packed form.
 */
#include "model.h"
#include "op.h"
#include "pack.h"

/* The packed forms made so far. */
typedef struct packed_form {
    struct packed_form *next;
    const value *dense;
    value *packed;
} packed_form;

typedef struct packer {
    const ctx *c;
    hone_model *m;
    arena arena;
    packed_form *forms;
    int64_t changes;
} packer;

static bool same_layout(layout a, layout b) { return a.kind == b.kind && a.groups == b.groups; }

static value *find_form(const packer *p, const value *dense, layout l) {
    for (const packed_form *f = p->forms; f; f = f->next)
        if (f->dense == dense && same_layout(f->packed->constant->layout, l)) return f->packed;
    return NULL;
}

static hone_status make_form(packer *p, graph *g, const value *dense, layout l, value **out) {
    tensor t = *dense->constant;
    t.layout = l;
    if (!tensor_size(&t, &t.bytes)) return fail(p->c, HONE_E_LIMIT, "a packed weight is too large");
    t.data = model_buffer(p->c, p->m, t.bytes);
    if (!t.data) return HONE_E_NOMEM;
    tensor_pack(kernels_default(), dense->constant, &t);
    *out = graph_add_constant(g, dense->name, &t);
    packed_form *f = arena_alloc(&p->arena, sizeof *f);
    if (!*out || !f) return fail_nomem(p->c, sizeof *f);
    *f = (packed_form){p->forms, dense, *out};
    p->forms = f;
    return HONE_OK;
}

static hone_status pack_input(packer *p, node *n, int32_t i) {
    const value *v = node_in(n, i);
    if (!v || !v->constant || v->constant->layout.kind != LAYOUT_DENSE) return HONE_OK;
    const layout l = n->op->pack(n, i);
    if (l.kind == LAYOUT_DENSE || !layout_fits(l, v->type.dtype, &v->constant->shape))
        return HONE_OK;
    value *packed = find_form(p, v, l);
    if (!packed) TRY(make_form(p, n->graph, v, l, &packed));
    node_set_input(n, i, packed);
    p->changes++;
    return HONE_OK;
}

static hone_status pack_graph(packer *p, graph *g) {
    for (node *n = g->first; n; n = n->next) {
        for (int32_t i = 0; n->op->pack && i < n->n_in; i++) TRY(pack_input(p, n, i));
        for (int32_t i = 0; i < n->n_body; i++) TRY(pack_graph(p, n->body[i]));
    }
    return HONE_OK;
}

static hone_status run(const ctx *c, hone_model *m, graph *g, int64_t *changes) {
    packer p = {.c = c, .m = m};
    arena_init(&p.arena, &m->alloc);
    const hone_status status = pack_graph(&p, g);
    *changes = p.changes;
    arena_fini(&p.arena);
    return status;
}

const pass pass_pack_weights = {"pack_weights", "lays weights out as the kernels read them", run,
                                NULL};
