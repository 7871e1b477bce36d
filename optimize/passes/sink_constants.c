/* SPDX-License-Identifier: Apache-2.0
 *
 * What is constant outside a body is constant inside it: captured values that have become
 * constants, and constants that a Loop carries without ever changing them, which is how
 * TensorFlow's while loops hand their weights on. Only then can the body fold and pack them.
 *
 * Values are numbered, so their places stay; an empty tensor goes through them, so that nothing
 * large is kept, saved or carried for no reader.
 */
#include "model.h"
#include "op.h"

enum { LOOP_CARRIED = 2 }; /* first carried value among the inputs of a Loop and of its body */

/* Every node that reads `from` reads `to`; outputs of the graph stay. */
static void replace_in_nodes(value *from, value *to) {
    while (from->uses) {
        use *u = from->uses;
        node_set_input(u->user, (int32_t)(u - u->user->in), to);
    }
}

static hone_status make_constant(const ctx *c, graph *g, const char *name, const tensor *t,
                                 value **out) {
    *out = graph_add_constant(g, name, t);
    return *out ? HONE_OK : fail_nomem(c, sizeof **out);
}

/* Node input i has no reader in the bodies any more. */
static hone_status empty_place(const ctx *c, node *n, int32_t i) {
    const tensor none = {.dtype = n->in[i].value->constant->dtype, .shape = shape_vector(0)};
    value *filler;
    TRY(make_constant(c, n->graph, "", &none, &filler));
    node_set_input(n, i, filler);
    return HONE_OK;
}

static hone_status enter_captured(const ctx *c, node *n, int64_t *changes) {
    for (int32_t i = 1; i <= n->n_captured; i++) {
        const value *outer = n->in[n->n_in - i].value;
        int64_t entered = 0;
        for (int32_t k = 0; k < n->n_body && outer && outer->constant; k++) {
            graph *body = n->body[k];
            value *inner = body->input[body->n_input - i], *copy;
            if (value_use_count(inner) == 0) continue;
            TRY(make_constant(c, body, inner->name, outer->constant, &copy));
            graph_replace(inner, copy);
            entered++;
        }
        if (entered) TRY(empty_place(c, n, n->n_in - i));
        for (int32_t k = 0; k < n->n_body && entered; k++)
            n->body[k]->input[n->body[k]->n_input - i]->type.shape = shape_vector(0);
        *changes += entered;
    }
    return HONE_OK;
}

/* Carried value i comes out of the body as it went in. */
static bool passes_through(const graph *body, int32_t i) {
    const value *v = body->output[1 + i];
    while (v->producer && v->producer->op == &op_identity) v = v->producer->in[0].value;
    return v == body->input[LOOP_CARRIED + i] && v->type.kind == HONE_TENSOR;
}

static hone_status enter_carried(const ctx *c, node *n, int64_t *changes) {
    graph *body = n->body[0];
    for (int32_t i = 0; LOOP_CARRIED + i < n->n_in - n->n_captured; i++) {
        value *outer = n->in[LOOP_CARRIED + i].value, *inner = body->input[LOOP_CARRIED + i], *copy;
        if (!outer || !outer->constant || !passes_through(body, i)) continue;
        body->output[1 + i]->output_uses--;
        body->output[1 + i] = inner;
        inner->output_uses++;
        if (i < n->n_out && n->out[i]) graph_replace(n->out[i], outer);
        if (!inner->uses) continue;
        TRY(make_constant(c, body, inner->name, outer->constant, &copy));
        replace_in_nodes(inner, copy);
        inner->type.shape = shape_vector(0);
        TRY(empty_place(c, n, LOOP_CARRIED + i));
        ++*changes;
    }
    return HONE_OK;
}

/* From outside to inside, so that what enters a body enters the bodies in it, too. */
static hone_status run(const ctx *c, hone_model *m, graph *g, int64_t *changes) {
    for (node *n = g->first; n; n = n->next) {
        if (n->n_body == 0) continue;
        TRY(enter_captured(c, n, changes));
        if (n->op == &op_loop) TRY(enter_carried(c, n, changes));
        for (int32_t i = 0; i < n->n_body; i++) TRY(run(c, m, n->body[i], changes));
    }
    return HONE_OK;
}

const pass pass_sink_constants = {"sink_constants", "gives bodies what is constant outside", run,
                                  NULL};
