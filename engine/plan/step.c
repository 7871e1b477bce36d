/* SPDX-License-Identifier: Apache-2.0 */
#include "step.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "op.h"
#include "plan.h"

void *plan_state(plan_ctx *p, step *s, size_t size) {
    s->state = arena_alloc(p->arena, size);
    if (!s->state) fail_nomem(p->c, size);
    return s->state;
}

size_t *plan_parts(plan_ctx *p, step *s) {
    size_t *at = arena_array(p->arena, (size_t)s->n_out, sizeof *at);
    if (!at) fail_nomem(p->c, (size_t)s->n_out * sizeof *at);
    s->part_at = at;
    return at;
}

void plan_kernel(plan_ctx *p, step *s, const char *format, ...) {
    char name[96];
    va_list args;
    va_start(args, format);
    vsnprintf(name, sizeof name, format, args);
    va_end(args);
    const char *copy = arena_strdup(p->arena, name);
    if (copy) s->kernel = copy;
}

void plan_decline(plan_ctx *p, step *s, const char *kernel, const char *format, ...) {
    char reason[160], all[400];
    va_list args;
    va_start(args, format);
    vsnprintf(reason, sizeof reason, format, args);
    va_end(args);
    snprintf(all, sizeof all, "%s%s%s: %s", s->declined ? s->declined : "", s->declined ? "; " : "",
             kernel, reason);
    const char *copy = arena_strdup(p->arena, all);
    if (copy) s->declined = copy;
}

hone_status run_fail(run_ctx *r, const char *format, ...) {
    char text[400];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return fail(r->c, HONE_E_INPUT, "%s", text);
}

enum { SMALL = 16 };

hone_status step_infer(const ctx *c, step *s, type *out_types, bool *blind) {
    const size_t n_in = (size_t)s->n_in;
    const size_t each = sizeof(type) + sizeof(type *) + sizeof(tensor *);
    _Alignas(type) char small[SMALL * (sizeof(type) + sizeof(type *) + sizeof(tensor *))];
    void *heap = n_in <= SMALL ? NULL : mem_zalloc(c->alloc, n_in, each);
    if (n_in > SMALL && !heap) return fail_nomem(c, n_in * each);
    type *types = heap ? heap : (void *)small;
    const type **in = (const type **)(void *)(types + n_in);
    const tensor **values = (const tensor **)(void *)(in + n_in);
    for (size_t i = 0; i < n_in; i++) {
        const tensor *t = &s->in[i];
        const bool is_tensor = t->kind == HONE_TENSOR;
        types[i] = type_tensor(t->dtype, &t->shape);
        if (!is_tensor) types[i] = s->node->in[i].value->type;
        in[i] = tensor_absent(t) ? NULL : &types[i];
        values[i] = is_tensor && t->data && t->layout.kind == LAYOUT_DENSE ? t : NULL;
    }
    infer f = {.c = c,
               .node = s->node,
               .params = s->node->params,
               .in = in,
               .value = values,
               .n_in = s->n_in,
               .out = out_types,
               .n_out = s->n_out,
               .blind = blind};
    if (blind) *blind = false;
    const hone_status status = infer_node(&f);
    mem_free(c->alloc, heap);
    return status;
}

hone_status step_plan(const ctx *c, arena *a, step *s, int32_t threads) {
    const op *o = s->node->op;
    s->kernel = s->k ? isa_name(s->k->level) : "";
    s->declined = NULL;
    s->scratch_bytes = 0;
    if (!o->plan) return HONE_OK;
    plan_ctx p = {.c = c, .arena = a, .threads = threads};
    return fail_in_node(c, o->plan(&p, s), s->node->name, o->name);
}

/* May the node run while planning? */
static bool evaluable(const node *n, const tensor *in) {
    if (n->op->flags & (OP_IMPURE | OP_DYNAMIC) || n->n_body > 0 || !n->op->run) return false;
    if (n->op->flags & OP_PURE_SHAPE) return true;
    for (int32_t i = 0; i < n->n_in; i++) {
        if (tensor_absent(&in[i])) continue;
        if (in[i].kind != HONE_TENSOR || !in[i].data || in[i].layout.kind != LAYOUT_DENSE)
            return false;
    }
    return true;
}

/* Gives every wanted output memory; *fits is false when that would take more than max_bytes. */
static hone_status evaluate_outputs(const ctx *c, arena *a, const node *n, tensor *out,
                                    size_t max_bytes, bool *fits) {
    size_t total = 0;
    for (int32_t i = 0; i < n->n_out; i++) {
        if (tensor_absent(&out[i])) continue;
        if (!shape_known(&out[i].shape) || out[i].bytes > max_bytes - total) return HONE_OK;
        total += out[i].bytes;
    }
    for (int32_t i = 0; i < n->n_out; i++) {
        if (tensor_absent(&out[i])) continue;
        char *block = arena_alloc(a, out[i].bytes + TENSOR_ALIGN);
        if (!block) return fail_nomem(c, out[i].bytes);
        out[i].data = block + (TENSOR_ALIGN - (uintptr_t)block % TENSOR_ALIGN);
    }
    *fits = true;
    return HONE_OK;
}

hone_status step_evaluate(const ctx *c, arena *a, step *s, size_t max_bytes, bool *folded) {
    const node *n = s->node;
    bool fits = false;
    *folded = false;
    if (!evaluable(n, s->in)) return HONE_OK;
    TRY(evaluate_outputs(c, a, n, s->out, max_bytes, &fits));
    if (!fits) return HONE_OK;
    TRY(step_plan(c, a, s, 1));
    void *scratch = s->scratch_bytes ? mem_alloc(c->alloc, s->scratch_bytes, TENSOR_ALIGN) : NULL;
    if (s->scratch_bytes && !scratch) return fail_nomem(c, s->scratch_bytes);
    run_ctx r = {.c = c, .scratch = scratch, .pool = a};
    const hone_status status = fail_in_node(c, n->op->run(&r, s), n->name, n->op->name);
    mem_free(c->alloc, scratch);
    *folded = status == HONE_OK;
    return status;
}
