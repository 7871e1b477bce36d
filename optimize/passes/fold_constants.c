/* SPDX-License-Identifier: Apache-2.0
 *
 * Runs every node whose inputs are constants (or whose result depends on known shapes only) and
 * keeps the result as a constant. Bounded by the model's limit on folded bytes: what would exceed
 * it stays a node.
 */
#include <string.h>

#include "model.h"
#include "op.h"
#include "plan.h"

/* Operations and bytes that folding may cost in all: some seconds. */
#define MAX_WORK ((uint64_t)1 << 32)

extern const pass pass_fold_constants;

typedef struct folder {
    const ctx *c;
    hone_model *m;
    arena temporary; /* results of one node, before they are kept */
    const kernels *k;
    uint64_t work;   /* done so far */
    int64_t visited; /* nodes */
} folder;

/* Constants of packed types and strings are left to the operators that read them. */
static tensor tensor_of(const value *v) {
    if (!v) return (tensor){0};
    if (v->constant) return *v->constant;
    return (tensor){.dtype = v->type.dtype, .shape = v->type.shape};
}

/* Text that a node computed lives as long as the model's other names. */
static hone_status keep_text(folder *f, const tensor *kept) {
    for (int64_t i = 0; kept->dtype == HONE_STRING && i < tensor_count(kept); i++) {
        const char *text = tensor_string(kept, i);
        const size_t size = strlen(text) + 1;
        char *copy = arena_strdup(&f->m->arena, text);
        if (!copy) return fail_nomem(f->c, size);
        ((char **)kept->data)[i] = copy;
        f->m->folded_bytes += size;
    }
    return HONE_OK;
}

static hone_status keep(folder *f, value *v, const tensor *t) {
    tensor kept = *t;
    kept.data = model_buffer(f->c, f->m, t->bytes);
    if (!kept.data) return f->c->err ? f->c->err->status : HONE_E_NOMEM;
    if (t->bytes) memcpy(kept.data, t->data, t->bytes);
    TRY(keep_text(f, &kept));
    f->m->folded_bytes += t->bytes;
    value *constant = graph_add_constant(v->graph, v->name, &kept);
    if (!constant) return fail_nomem(f->c, sizeof *constant);
    graph_replace(v, constant);
    return HONE_OK;
}

/* Is there anything to gain: a constant input, or a result that only shapes decide? */
static bool worth_trying(const node *n) {
    if (n->op->flags & OP_PURE_SHAPE) {
        const value *x = node_in(n, 0);
        return x && shape_known(&x->type.shape);
    }
    for (int32_t i = 0; i < n->n_in; i++)
        if (n->in[i].value && !n->in[i].value->constant) return false;
    for (int32_t i = 0; i < n->n_out; i++)
        if (n->out[i] && !shape_known(&n->out[i]->type.shape)) return false;
    return true;
}

/* A value among the constants is wrong, such as an index. That is the file's fault; but a node of a
 * body may never run, so it is left to fail when it does. */
static hone_status refused(const folder *f, const node *n) {
    hone_error *err = f->c->err;
    if (n->graph != f->m->graph) {
        error_clear(err);
        return HONE_OK;
    }
    if (err) err->status = HONE_E_FORMAT;
    return HONE_E_FORMAT;
}

/* What a step would cost, as far as its operator knows; what is too much stays a node. */
static bool affordable(folder *f, const step *s) {
    uint64_t cost = s->node->op->flops ? s->node->op->flops(s) : 0;
    for (int32_t i = 0; i < s->n_in + s->n_out; i++) {
        const tensor *t = i < s->n_in ? &s->in[i] : &s->out[i - s->n_in];
        if (t->bytes > UINT64_MAX - cost) return false;
        cost += t->bytes;
    }
    if (cost > MAX_WORK - f->work) return false;
    f->work += cost;
    return true;
}

static hone_status evaluate(folder *f, node *n, tensor *in, tensor *out, int64_t *changes) {
    for (int32_t i = 0; i < n->n_in; i++) in[i] = tensor_of(n->in[i].value);
    for (int32_t i = 0; i < n->n_out; i++) {
        out[i] = tensor_of(n->out[i]);
        int64_t count;
        if (!n->out[i]) continue;
        if (!shape_count(&out[i].shape, &count) || !dtype_bytes(out[i].dtype, count, &out[i].bytes))
            return HONE_OK;
    }
    const uint64_t limit = f->m->limits.fold_bytes;
    const uint64_t left = f->m->folded_bytes < limit ? limit - f->m->folded_bytes : 0;
    bool folded;
    step s = {.node = n, .k = f->k, .in = in, .n_in = n->n_in, .out = out, .n_out = n->n_out};
    if (!affordable(f, &s)) return HONE_OK;
    const hone_status status = step_evaluate(f->c, &f->temporary, &s, (size_t)left, &folded);
    if (status == HONE_E_INPUT) return refused(f, n);
    if (status != HONE_OK || !folded) return status;
    for (int32_t i = 0; i < n->n_out; i++)
        if (n->out[i]) TRY(keep(f, n->out[i], &out[i]));
    graph_remove_node(n);
    ++*changes;
    return HONE_OK;
}

static hone_status fold_node(folder *f, node *n, int64_t *changes) {
    if (!worth_trying(n)) return HONE_OK;
    arena_reset(&f->temporary, &f->m->alloc);
    const size_t count = (size_t)n->n_in + (size_t)n->n_out;
    tensor *t = arena_array(&f->temporary, count, sizeof *t);
    if (!t) return fail_nomem(f->c, count * sizeof *t);
    return evaluate(f, n, t, t + n->n_in, changes);
}

static hone_status fold_graph(folder *f, graph *g, int64_t *changes) {
    for (node *n = g->first, *next; n; n = next) {
        next = n->next;
        if (f->visited++ % 64 == 0)
            TRY(report_progress(f->c, pass_fold_constants.name, f->visited, f->m->source_nodes));
        for (int32_t i = 0; i < n->n_body; i++) TRY(fold_graph(f, n->body[i], changes));
        /* Inputs that became constants since the node was inferred may fix its shapes. */
        TRY(graph_infer_node(f->c, n));
        TRY(fold_node(f, n, changes));
    }
    return HONE_OK;
}

static hone_status run(const ctx *c, hone_model *m, graph *g, int64_t *changes) {
    folder f = {.c = c, .m = m, .k = kernels_default()};
    arena_init(&f.temporary, &m->alloc);
    const hone_status status = fold_graph(&f, g, changes);
    arena_fini(&f.temporary);
    return status;
}

const pass pass_fold_constants = {"fold_constants", "computes what depends on constants only", run,
                                  NULL};
