/* SPDX-License-Identifier: Apache-2.0
 *
 * Puts constant operands into the layout that their operator's kernels read, once for every ISA.
 * The dense form goes away unless something else reads it; readers of the same constant share one
 * packed form.
 */
#include "pack_weights.h"

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

static value *find_form(const packer *p, const value *dense, layout l) {
    for (const packed_form *f = p->forms; f; f = f->next)
        if (f->dense == dense && layout_equal(f->packed->constant->layout, l)) return f->packed;
    return NULL;
}

hone_status pack_form(const ctx *c, hone_model *m, graph *g, const value *dense, layout l,
                      value **out) {
    tensor t = *dense->constant;
    t.layout = l;
    if (!tensor_size(&t, &t.bytes)) return fail(c, HONE_E_LIMIT, "a packed weight is too large");
    t.data = model_buffer(c, m, t.bytes);
    if (!t.data) return HONE_E_NOMEM;
    tensor_pack(kernels_default(), dense->constant, &t);
    *out = graph_add_constant(g, dense->name, &t);
    return *out ? HONE_OK : fail_nomem(c, sizeof **out);
}

static hone_status make_form(packer *p, graph *g, const value *dense, layout l, value **out) {
    TRY(pack_form(p->c, p->m, g, dense, l, out));
    packed_form *f = arena_alloc(&p->arena, sizeof *f);
    if (!f) return fail_nomem(p->c, sizeof *f);
    *f = (packed_form){p->forms, dense, *out};
    p->forms = f;
    return HONE_OK;
}

/* The layout that the node would choose for its dense constant input; false: none but that. */
static bool choose_layout(const node *n, int32_t i, layout *out) {
    const value *v = node_in(n, i);
    if (!n->op->pack || !v || !v->constant || v->constant->layout.kind != LAYOUT_DENSE)
        return false;
    *out = n->op->pack(n, i);
    return out->kind != LAYOUT_DENSE && layout_fits(*out, v->type.dtype, &v->constant->shape);
}

int32_t pack_candidates(const node *n, int32_t i, layout *out) {
    const value *v = node_in(n, i);
    if (!choose_layout(n, i, out)) return 0;
    int32_t count = 1;
    for (uint8_t kind = LAYOUT_DENSE + 1; n->op->reads && kind < LAYOUT_KINDS; kind++) {
        const layout l = {kind, 1};
        if (kind != out->kind && n->op->reads(n, i, l) &&
            layout_fits(l, v->type.dtype, &v->constant->shape))
            out[count++] = l;
    }
    return count;
}

static hone_status pack_input(packer *p, node *n, int32_t i) {
    layout l;
    if (!choose_layout(n, i, &l)) return HONE_OK;
    const value *v = node_in(n, i);
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
