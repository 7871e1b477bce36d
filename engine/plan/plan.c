/* SPDX-License-Identifier: Apache-2.0 */
#include "plan.h"

#include <string.h>

#include "checked.h"
#include "op.h"

/* Results of shape arithmetic, masks and the like up to this size are computed while planning, from
 * inputs that are not much larger. */
enum { EVALUATE_BYTES = 1 << 20, EVALUATE_INPUT_BYTES = 1 << 24 };

/* Planning walks the main graph and, where the condition of an If is known, the branch taken as if
 * its nodes stood in place of the If. Values of all walked graphs share one numbering: a graph's
 * values start at its base, and `alias` maps a number to the one that stands for it (a body's input
 * is the captured value, an If's result is the branch's). */
typedef struct planner {
    const ctx *c;
    plan *p;
    const plan_options *options;
    int32_t *alias;
    size_t n_values, cap_values, cap_alias, cap_places, cap_last, cap_steps;
} planner;

static hone_status planner_grow(planner *pl, size_t more) {
    allocator *a = pl->options->alloc;
    plan *p = pl->p;
    const size_t need = pl->n_values + more;
    void *values = p->values, *places = p->places, *last = p->last_use, *alias = pl->alias;
    const bool ok = mem_grow(a, &values, &pl->cap_values, need, sizeof *p->values) &&
                    mem_grow(a, &places, &pl->cap_places, need, sizeof *p->places) &&
                    mem_grow(a, &last, &pl->cap_last, need, sizeof *p->last_use) &&
                    mem_grow(a, &alias, &pl->cap_alias, need, sizeof *pl->alias);
    p->values = values;
    p->places = places;
    p->last_use = last;
    pl->alias = alias;
    if (!ok) return fail_nomem(pl->c, need * sizeof *p->values);
    for (size_t i = pl->n_values; i < need; i++) {
        pl->alias[i] = (int32_t)i;
        p->last_use[i] = -1;
        p->values[i] = (tensor){.shape = shape_unknown()};
    }
    pl->n_values = need;
    return HONE_OK;
}

static int32_t number_of(const planner *pl, int32_t base, const value *v) {
    return pl->alias[base + v->id];
}

/* Makes a value known as a constant the first time it is met. */
static void meet_constant(planner *pl, int32_t id, const value *v) {
    if (!v->constant || pl->p->places[id].kind == PLACE_CONST) return;
    pl->p->values[id] = *v->constant;
    pl->p->places[id] = (place){.kind = PLACE_CONST};
}

/* Allocates a step with room for its operands and fills in its inputs. */
static hone_status step_begin(planner *pl, const node *n, int32_t base, step **out) {
    plan *p = pl->p;
    void *steps = p->steps;
    if (!mem_grow(pl->options->alloc, &steps, &pl->cap_steps, (size_t)p->n_steps + 1,
                  sizeof *p->steps))
        return fail_nomem(pl->c, sizeof *p->steps);
    p->steps = steps;
    step *s = &p->steps[p->n_steps];
    *s = (step){.node = n, .k = pl->options->k, .n_in = n->n_in, .n_out = n->n_out};
    const size_t count = (size_t)n->n_in + (size_t)n->n_out;
    s->in = arena_array(&p->arena, count, sizeof *s->in);
    s->in_place = arena_array(&p->arena, count, sizeof *s->in_place);
    if (!s->in || !s->in_place) return fail_nomem(pl->c, count * sizeof *s->in);
    s->out = s->in + n->n_in;
    s->out_place = s->in_place + n->n_in;
    for (int32_t i = 0; i < n->n_in; i++) {
        s->in_place[i].index = -1;
        if (!n->in[i].value) continue;
        const int32_t id = number_of(pl, base, n->in[i].value);
        meet_constant(pl, id, n->in[i].value);
        s->in[i] = p->values[id];
        s->in_place[i].index = id; /* the number, until places are final */
    }
    for (int32_t i = 0; i < n->n_out; i++) {
        s->out_place[i].index = n->out[i] ? number_of(pl, base, n->out[i]) : -1;
        s->out[i].shape = shape_unknown();
        if (!n->out[i]) continue;
        s->out[i].dtype = n->out[i]->type.dtype;
        s->out[i].kind = n->out[i]->type.kind;
    }
    *out = s;
    return HONE_OK;
}

static bool inputs_known(const step *s) {
    for (int32_t i = 0; i < s->n_in; i++)
        if (!tensor_absent(&s->in[i]) && !shape_known(&s->in[i].shape)) return false;
    return true;
}

static bool inputs_are_small(const step *s) {
    size_t left = EVALUATE_INPUT_BYTES;
    if (s->node->op->flags & OP_PURE_SHAPE) return true;
    for (int32_t i = 0; i < s->n_in; i++) {
        if (s->in[i].bytes > left) return false;
        left -= s->in[i].bytes;
    }
    return true;
}

/* Shapes and sizes of the outputs of a step whose input shapes are known. */
static hone_status step_shapes(planner *pl, step *s) {
    type small[8];
    type *types =
        s->n_out <= 8 ? small : arena_array(&pl->p->arena, (size_t)s->n_out, sizeof *types);
    if (!types) return fail_nomem(pl->c, (size_t)s->n_out * sizeof *types);
    bool blind;
    TRY(step_infer(pl->c, s, types, &blind));
    s->is_dynamic = blind;
    for (int32_t i = 0; i < s->n_out; i++) {
        if (s->out_place[i].index < 0) continue;
        s->out[i].dtype = types[i].dtype;
        s->out[i].kind = types[i].kind;
        s->out[i].shape = types[i].shape;
        int64_t count;
        if (types[i].kind != HONE_TENSOR || !shape_count(&types[i].shape, &count)) {
            s->is_dynamic = true;
            continue;
        }
        if (!dtype_bytes(types[i].dtype, count, &s->out[i].bytes) ||
            s->out[i].bytes > pl->options->limits->tensor_bytes) {
            char text[SHAPE_TEXT];
            const hone_status st = fail(
                pl->c, HONE_E_LIMIT, "output of shape %s exceeds the limit of %llu bytes a tensor",
                shape_text(text, sizeof text, &types[i].shape),
                (unsigned long long)pl->options->limits->tensor_bytes);
            return fail_in_node(pl->c, st, s->node->name, s->node->op->name);
        }
    }
    return HONE_OK;
}

/* Stores what is known about a step's outputs in the value table. */
static void step_commit(planner *pl, step *s, place_kind kind) {
    for (int32_t i = 0; i < s->n_out; i++) {
        const int32_t id = s->out_place[i].index;
        if (id < 0) continue;
        if (kind == PLACE_DYNAMIC) s->out[i].shape = shape_unknown();
        pl->p->values[id] = s->out[i];
        pl->p->places[id].kind = kind;
        if (kind == PLACE_DYNAMIC) pl->p->places[id].index = pl->p->n_dynamic++;
    }
    pl->p->n_steps++;
}

/* Large graphs take a while. */
static hone_status check_due(const planner *pl) {
    const plan_options *o = pl->options;
    if (pl->p->n_steps % 1024 != 1023 || !o->due || !o->due(o->due_user)) return HONE_OK;
    return fail(pl->c, HONE_E_DEADLINE, "the deadline passed while planning");
}

static hone_status plan_node(planner *pl, const node *n, int32_t base) {
    step *s = NULL;
    TRY(check_due(pl));
    TRY(step_begin(pl, n, base, &s));
    s->is_dynamic = (n->op->flags & OP_DYNAMIC) || !inputs_known(s);
    if (!s->is_dynamic) TRY(step_shapes(pl, s));
    if (s->is_dynamic) {
        step_commit(pl, s, PLACE_DYNAMIC);
        return HONE_OK;
    }
    if (inputs_are_small(s))
        TRY(step_evaluate(pl->c, &pl->p->arena, s, EVALUATE_BYTES, &s->is_constant));
    if (!s->is_constant) TRY(step_plan(pl->c, &pl->p->arena, s, pl->options->threads));
    step_commit(pl, s, s->is_constant ? PLACE_CONST : PLACE_ARENA);
    return HONE_OK;
}

static hone_status plan_graph(planner *pl, const graph *g, int32_t base);

/* Walks the taken branch of an If in its place, when the condition is known. */
static hone_status plan_branch(planner *pl, const node *n, int32_t base, bool *done) {
    const value *cond = n->in[0].value;
    const int32_t id = number_of(pl, base, cond);
    meet_constant(pl, id, cond);
    const tensor *t = &pl->p->values[id];
    *done = t->data != NULL && tensor_count(t) == 1;
    if (!*done) return HONE_OK;
    const graph *body = n->body[tensor_i64(t, 0) ? 0 : 1];
    const int32_t body_base = (int32_t)pl->n_values;
    TRY(planner_grow(pl, (size_t)body->n_value));
    for (int32_t i = 0; i < body->n_input; i++)
        pl->alias[body_base + body->input[i]->id] = number_of(pl, base, n->in[i + 1].value);
    for (int32_t i = 0; i < body->n_input; i++)
        meet_constant(pl, number_of(pl, base, n->in[i + 1].value), n->in[i + 1].value);
    TRY(plan_graph(pl, body, body_base));
    for (int32_t i = 0; i < n->n_out; i++) {
        if (!n->out[i]) continue;
        const value *result = body->output[i];
        const int32_t result_id = number_of(pl, body_base, result);
        meet_constant(pl, result_id, result);
        pl->alias[base + n->out[i]->id] = result_id;
    }
    return HONE_OK;
}

static hone_status plan_graph(planner *pl, const graph *g, int32_t base) {
    for (const node *n = g->first; n; n = n->next) {
        bool done = false;
        if (n->op == &op_if) TRY(plan_branch(pl, n, base, &done));
        if (!done) TRY(plan_node(pl, n, base));
    }
    return HONE_OK;
}

static hone_status plan_inputs(planner *pl, const tensor *inputs) {
    plan *p = pl->p;
    const graph *g = p->graph;
    p->inputs = arena_array(&p->arena, (size_t)g->n_input, sizeof *p->inputs);
    if (!p->inputs) return fail_nomem(pl->c, (size_t)g->n_input * sizeof *p->inputs);
    for (int32_t i = 0; i < g->n_input; i++) {
        tensor *known = &p->inputs[i];
        *known =
            (tensor){.dtype = inputs[i].dtype, .kind = inputs[i].kind, .shape = inputs[i].shape};
        if (known->kind != HONE_TENSOR) known->shape = shape_unknown(); /* of any length */
        p->values[g->input[i]->id] = *known;
        p->values[g->input[i]->id].bytes = inputs[i].bytes;
        p->places[g->input[i]->id] = (place){.kind = PLACE_INPUT, .index = i};
    }
    return HONE_OK;
}

/* Last step that reads each value; graph outputs are read after the last one. */
static hone_status plan_outputs(planner *pl) {
    plan *p = pl->p;
    const graph *g = p->graph;
    for (int32_t t = 0; t < p->n_steps; t++) {
        if (p->steps[t].is_constant) continue;
        for (int32_t i = 0; i < p->steps[t].n_in; i++)
            if (p->steps[t].in_place[i].index >= 0) p->last_use[p->steps[t].in_place[i].index] = t;
    }
    p->output_ids = arena_array(&p->arena, (size_t)g->n_output, sizeof *p->output_ids);
    if (!p->output_ids) return fail_nomem(pl->c, (size_t)g->n_output * sizeof *p->output_ids);
    for (int32_t i = 0; i < g->n_output; i++) {
        p->output_ids[i] = number_of(pl, 0, g->output[i]);
        meet_constant(pl, p->output_ids[i], g->output[i]);
        p->last_use[p->output_ids[i]] = p->n_steps;
    }
    p->n_values = (int32_t)pl->n_values;
    p->dynamic_ids = arena_array(&p->arena, (size_t)p->n_dynamic, sizeof *p->dynamic_ids);
    if (!p->dynamic_ids) return fail_nomem(pl->c, (size_t)p->n_dynamic * sizeof *p->dynamic_ids);
    for (int32_t id = 0; id < p->n_values; id++)
        if (p->places[id].kind == PLACE_DYNAMIC) p->dynamic_ids[p->places[id].index] = id;
    return HONE_OK;
}

hone_status plan_create(const ctx *c, plan **out, graph *g, const tensor *inputs,
                        const plan_options *options) {
    plan *p = mem_zalloc(options->alloc, 1, sizeof *p);
    if (!p) return fail_nomem(c, sizeof *p);
    arena_init(&p->arena, options->alloc);
    p->graph = g;
    planner pl = {.c = c, .p = p, .options = options};
    hone_status status = planner_grow(&pl, (size_t)g->n_value);
    if (status == HONE_OK) status = plan_inputs(&pl, inputs);
    if (status == HONE_OK) status = plan_graph(&pl, g, 0);
    if (status == HONE_OK) status = plan_outputs(&pl);
    if (status == HONE_OK) status = memplan_assign(c, p);
    mem_free(options->alloc, pl.alias);
    if (status != HONE_OK)
        plan_destroy(p, options->alloc);
    else
        *out = p;
    return status;
}

void plan_destroy(plan *p, allocator *a) {
    if (!p) return;
    arena_fini(&p->arena);
    mem_free(a, p->values);
    mem_free(a, p->places);
    mem_free(a, p->last_use);
    mem_free(a, p->steps);
    mem_free(a, p);
}
