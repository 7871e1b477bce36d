/* SPDX-License-Identifier: Apache-2.0 */
#include "frame.h"

#include <string.h>
#include <time.h>

#include "op.h"
#include "views.h"

uint64_t clock_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

hone_status run_interrupted(const ctx *c, const run_shared *shared) {
    if (atomic_load_explicit(&shared->cancelled, memory_order_relaxed))
        return fail(c, HONE_E_CANCELLED, "the run was cancelled");
    if (shared->deadline_at && clock_ns() > shared->deadline_at)
        return fail(c, HONE_E_DEADLINE, "the deadline passed");
    return HONE_OK;
}

bool run_is_due(const void *shared) { return run_interrupted(&(ctx){0}, shared) != HONE_OK; }

hone_status frame_create(const ctx *c, frame **out, run_shared *shared, graph *g) {
    frame *f = mem_zalloc(shared->alloc, 1, sizeof *f);
    if (!f) return fail_nomem(c, sizeof *f);
    f->shared = shared;
    f->graph = g;
    f->input = mem_zalloc(shared->alloc, (size_t)g->n_input, sizeof *f->input);
    f->output = mem_zalloc(shared->alloc, (size_t)g->n_output, sizeof *f->output);
    if (!f->input || !f->output) {
        frame_destroy(f);
        return fail_nomem(c, sizeof *f->input);
    }
    *out = f;
    return HONE_OK;
}

void frame_destroy(frame *f) {
    if (!f) return;
    allocator *a = f->shared->alloc;
    while (f->bodies) {
        body_frame *next = f->bodies->next;
        frame_destroy(f->bodies->frame);
        mem_free(a, f->bodies);
        f->bodies = next;
    }
    while (f->plans) {
        plan *next = f->plans->next;
        plan_destroy(f->plans, a);
        f->plans = next;
    }
    while (f->blocks) {
        dyn_block *next = f->blocks->next;
        mem_free(a, f->blocks->data);
        mem_free(a, f->blocks);
        f->blocks = next;
    }
    arena_fini(&f->temporary);
    mem_free(a, f->dynamic);
    mem_free(a, f->dynamic_block);
    mem_free(a, f->arena);
    mem_free(a, f->input);
    mem_free(a, f->output);
    mem_free(a, f);
}

static bool plan_fits(const plan *p, const tensor *inputs) {
    for (int32_t i = 0; i < p->graph->n_input; i++)
        if (p->inputs[i].kind != inputs[i].kind || p->inputs[i].dtype != inputs[i].dtype ||
            (inputs[i].kind == HONE_TENSOR && !shape_equal(&p->inputs[i].shape, &inputs[i].shape)))
            return false;
    return true;
}

/* Takes the plan for these inputs to the front of the list, if there is one. */
static bool plan_find(frame *f, const tensor *inputs) {
    for (plan **link = &f->plans; *link; link = &(*link)->next) {
        plan *p = *link;
        if (!plan_fits(p, inputs)) continue;
        *link = p->next;
        p->next = f->plans;
        f->plans = p;
        return true;
    }
    return false;
}

static void plans_trim(frame *f) {
    while (f->n_plans > f->shared->max_plans) {
        plan **link = &f->plans;
        while ((*link)->next) link = &(*link)->next;
        plan_destroy(*link, f->shared->alloc);
        *link = NULL;
        f->n_plans--;
    }
}

/* Arena and dynamic slots of at least what the current plan needs. */
static hone_status frame_reserve(const ctx *c, frame *f) {
    allocator *a = f->shared->alloc;
    const plan *p = f->current;
    if (!f->arena || p->arena_bytes > f->arena_bytes) { /* empty tensors have an address too */
        mem_free(a, f->arena);
        f->arena_bytes = 0;
        f->arena = mem_alloc(a, p->arena_bytes, TENSOR_ALIGN);
        if (!f->arena) return fail_nomem(c, p->arena_bytes);
        f->arena_bytes = p->arena_bytes;
    }
    if (p->n_dynamic > f->n_dynamic) {
        const size_t n = (size_t)p->n_dynamic;
        mem_free(a, f->dynamic);
        mem_free(a, f->dynamic_block);
        f->n_dynamic = 0;
        f->dynamic = mem_zalloc(a, n, sizeof *f->dynamic);
        f->dynamic_block = mem_zalloc(a, n, sizeof *f->dynamic_block);
        if (!f->dynamic || !f->dynamic_block) return fail_nomem(c, n * sizeof *f->dynamic);
        f->n_dynamic = p->n_dynamic;
    }
    return HONE_OK;
}

hone_status frame_prepare(const ctx *c, frame *f, const tensor *inputs) {
    f->current = NULL;
    if (!plan_find(f, inputs)) {
        const plan_options options = {.alloc = f->shared->alloc,
                                      .k = f->shared->k,
                                      .limits = f->shared->limits,
                                      .threads = f->shared->threads,
                                      .due = run_is_due,
                                      .due_user = f->shared};
        plan *p;
        TRY(plan_create(c, &p, f->graph, inputs, &options));
        p->next = f->plans;
        f->plans = p;
        f->n_plans++;
        plans_trim(f);
    }
    f->current = f->plans;
    const hone_status status = frame_reserve(c, f);
    if (status != HONE_OK) f->current = NULL;
    return status;
}

/* The smallest free block that is large enough, or a new one. */
static dyn_block *block_take(frame *f, size_t bytes) {
    allocator *a = f->shared->alloc;
    dyn_block *best = NULL, *any = NULL;
    for (dyn_block *b = f->blocks; b; b = b->next) {
        if (b->taken) continue;
        if (b->capacity >= bytes && (!best || b->capacity < best->capacity)) best = b;
        any = b;
    }
    if (!best && any) { /* regrow a free one rather than keep many that are too small */
        best = any;
        mem_free(a, best->data);
        best->data = NULL;
        best->capacity = 0;
    }
    if (!best) {
        best = mem_zalloc(a, 1, sizeof *best);
        if (!best) return NULL;
        best->next = f->blocks;
        f->blocks = best;
    }
    if (!best->data) {
        best->data = mem_alloc(a, bytes, TENSOR_ALIGN);
        if (!best->data) return NULL;
        best->capacity = bytes;
    }
    best->taken = true;
    return best;
}

/* Memory for output i of a dynamic step, whose dtype and shape are set. */
static hone_status dynamic_output(const ctx *c, frame *f, const step *s, int32_t i) {
    tensor *t = &s->out[i];
    int64_t count;
    if (!shape_count(&t->shape, &count) || !dtype_bytes(t->dtype, count, &t->bytes) ||
        t->bytes > f->shared->limits->tensor_bytes)
        return fail(c, HONE_E_LIMIT, "a result exceeds the limit of %llu bytes a tensor",
                    (unsigned long long)f->shared->limits->tensor_bytes);
    const int32_t slot = s->out_place[i].index;
    if (f->dynamic_block[slot]) f->dynamic_block[slot]->taken = false; /* given once more */
    dyn_block *b = block_take(f, t->bytes);
    f->dynamic_block[slot] = b;
    if (!b) return fail_nomem(c, t->bytes);
    t->data = b->data;
    f->dynamic[slot] = *t;
    return HONE_OK;
}

hone_status run_output(run_ctx *r, const step *s, int32_t i, const shape *result) {
    if (!step_wants(s, i)) return HONE_OK;
    s->out[i].shape = *result;
    return dynamic_output(r->c, r->frame, s, i);
}

static void *place_address(const frame *f, const place *at, const tensor *inputs, void *constant) {
    switch (at->kind) {
    case PLACE_CONST: return constant;
    case PLACE_ARENA: return f->arena + at->offset;
    case PLACE_INPUT:
        return at->offset ? (char *)inputs[at->index].data + at->offset : inputs[at->index].data;
    case PLACE_DYNAMIC: return f->dynamic[at->index].data;
    case PLACE_NONE: break;
    }
    return NULL;
}

/* Completes what the plan knows of a value by what only the run knows: all of a dynamic value or a
 * list, where a tensor lies. */
static void place_resolve(const frame *f, const place *at, const tensor *inputs, tensor *t) {
    if (at->kind == PLACE_DYNAMIC)
        *t = f->dynamic[at->index];
    else if (at->kind == PLACE_INPUT && inputs[at->index].kind != HONE_TENSOR)
        *t = inputs[at->index];
    else
        t->data = place_address(f, at, inputs, t->data);
}

static void step_resolve(const frame *f, step *s, const tensor *inputs) {
    for (int32_t i = 0; i < s->n_in; i++) place_resolve(f, &s->in_place[i], inputs, &s->in[i]);
    for (int32_t i = 0; i < s->n_out; i++)
        if (s->out_place[i].kind == PLACE_ARENA) s->out[i].data = f->arena + s->out_place[i].offset;
}

/* Shapes, kernels and memory of a step that could not be planned. */
static hone_status step_prepare_dynamic(const ctx *c, frame *f, step *s) {
    type small[8];
    type *types =
        s->n_out <= 8 ? small : arena_array(&f->temporary, (size_t)s->n_out, sizeof *types);
    if (!types) return fail_nomem(c, (size_t)s->n_out * sizeof *types);
    TRY(step_infer(c, s, types, NULL));
    for (int32_t i = 0; i < s->n_out; i++) {
        if (s->out_place[i].kind == PLACE_NONE) continue;
        s->out[i] =
            (tensor){.dtype = types[i].dtype, .kind = types[i].kind, .shape = types[i].shape};
        if ((s->node->op->flags & OP_DYNAMIC) || types[i].kind != HONE_TENSOR) continue;
        TRY(dynamic_output(c, f, s, i));
    }
    return step_plan(c, &f->temporary, s, f->shared->threads);
}

static hone_status step_run(const ctx *c, frame *f, step *s) {
    run_ctx r = {.c = c, .team = f->shared->team, .pool = &f->shared->pool, .frame = f};
    dyn_block *scratch = NULL;
    if (s->is_dynamic) {
        TRY(step_prepare_dynamic(c, f, s));
        if (s->scratch_bytes && !(scratch = block_take(f, s->scratch_bytes)))
            return fail_nomem(c, s->scratch_bytes);
        r.scratch = scratch ? scratch->data : NULL;
    } else {
        r.scratch = s->scratch_bytes ? f->arena + s->scratch_offset : NULL;
    }
    const hone_status status = s->node->op->run(&r, s);
    if (scratch) scratch->taken = false;
    return status;
}

/* Gives the blocks of dynamic tensors back that step t read last. */
static void release_dynamic(frame *f, int32_t t) {
    const plan *p = f->current;
    for (int32_t i = 0; i < p->n_dynamic; i++) {
        const int32_t id = p->dynamic_ids[i], slot = p->places[id].index;
        const bool unread = p->last_use[id] < 0 && f->dynamic_block[slot];
        if ((p->last_use[id] == t || unread) && f->dynamic_block[slot]) {
            f->dynamic_block[slot]->taken = false;
            f->dynamic_block[slot] = NULL;
        }
    }
}

static void observe_step(const frame *f, const step *s) {
    if (!f->main || !f->shared->observe) return;
    for (int32_t i = 0; i < s->n_out; i++) {
        const tensor *t = &s->out[i];
        if (s->out_place[i].kind == PLACE_NONE || t->kind != HONE_TENSOR) continue;
        const hone_view v = view_of_tensor(t);
        f->shared->observe(f->shared->observe_user, s->node->out[i]->name, &v);
    }
}

static hone_status frame_step(const ctx *c, frame *f, step *s, const tensor *inputs) {
    TRY(run_interrupted(c, f->shared));
    const bool timed = f->main && f->shared->profile;
    const uint64_t start = timed ? clock_ns() : 0;
    step_resolve(f, s, inputs);
    if (s->is_view) {
        for (int32_t i = 0; i < s->n_out; i++) /* for observers */
            s->out[i].data = place_address(f, &s->out_place[i], inputs, s->out[i].data);
    } else {
        const hone_status status = step_run(c, f, s);
        if (status != HONE_OK) return fail_in_node(c, status, s->node->name, s->node->op->name);
    }
    if (timed) {
        s->start_ns = start - f->shared->run_start;
        s->time_ns = clock_ns() - start;
    }
    observe_step(f, s);
    return HONE_OK;
}

static void frame_outputs(frame *f, const tensor *inputs) {
    const plan *p = f->current;
    for (int32_t i = 0; i < f->graph->n_output; i++) {
        const int32_t id = p->output_ids[i];
        f->output[i] = p->values[id];
        place_resolve(f, &p->places[id], inputs, &f->output[i]);
    }
}

/* Forgets the dynamic tensors of the last run. */
static void frame_reset(frame *f) {
    for (dyn_block *b = f->blocks; b; b = b->next) b->taken = false;
    for (int32_t i = 0; i < f->n_dynamic; i++) f->dynamic_block[i] = NULL;
    arena_reset(&f->temporary, f->shared->alloc);
}

hone_status frame_run(const ctx *c, frame *f, const tensor *inputs) {
    plan *p = f->current;
    if (p->n_dynamic) frame_reset(f);
    for (int32_t t = 0; t < p->n_steps; t++) {
        if (p->steps[t].is_constant) continue;
        TRY(frame_step(c, f, &p->steps[t], inputs));
        if (p->n_dynamic) release_dynamic(f, t);
    }
    TRY(run_interrupted(c, f->shared)); /* the last step may have ended early */
    frame_outputs(f, inputs);
    return HONE_OK;
}

hone_status frame_body(const ctx *c, frame *f, const node *n, int32_t body, frame **out) {
    for (body_frame *b = f->bodies; b; b = b->next) {
        if (b->node != n || b->body != body) continue;
        *out = b->frame;
        return HONE_OK;
    }
    body_frame *b = mem_zalloc(f->shared->alloc, 1, sizeof *b);
    if (!b) return fail_nomem(c, sizeof *b);
    const hone_status status = frame_create(c, &b->frame, f->shared, n->body[body]);
    if (status != HONE_OK) {
        mem_free(f->shared->alloc, b);
        return status;
    }
    b->node = n;
    b->body = body;
    b->next = f->bodies;
    f->bodies = b;
    *out = b->frame;
    return HONE_OK;
}

hone_status frame_draw(const ctx *c, frame *f, const node *n, uint64_t *seed, uint64_t *draw) {
    run_shared *shared = f->shared;
    const size_t count = (size_t)shared->n_nodes;
    if (!shared->draws) shared->draws = mem_zalloc(shared->alloc, count, sizeof *shared->draws);
    if (!shared->draws) return fail_nomem(c, count * sizeof *shared->draws);
    *seed = shared->seed;
    *draw = shared->draws[n->serial]++;
    return HONE_OK;
}
