/* SPDX-License-Identifier: Apache-2.0
 *
 * Fuses elementwise operators that only read each other into one, which runs block by block.
 *
 *     a   b                     a   b   s
 *      \ /                       \  |  /
 *      Mul   s     becomes      Pointwise (Mul, Add, Relu)
 *        \  /
 *        Add - Relu
 *
 * A group grows from its last node upwards by whatever nothing outside of it reads and has the
 * shape of its result. Shapes that turn out to differ when they are known do no harm: broadcasting
 * before an elementwise operator is broadcasting after it.
 *
 * Factors and summands that are numbers become constants of a step: x * s = x * s + -0, and
 * x + t = 1 x + t, to the bit.
 */
#include <math.h>

#include "build.h"
#include "match.h"
#include "model.h"
#include "pointwise.h"

typedef struct group {
    node *member[POINTWISE_MAX_STEPS]; /* readers before what they read */
    int32_t n;
    value *input[POINTWISE_MAX_IN];
    int32_t n_in;
} group;

/* The program as far as it is written. */
typedef struct program {
    const group *g;
    const char *ops[POINTWISE_MAX_STEPS];
    int64_t args[2 * POINTWISE_MAX_STEPS];
    float constants[2 * POINTWISE_MAX_STEPS];
    int32_t n;
    int32_t number[POINTWISE_MAX_STEPS]; /* of each member's result; 0: not written yet */
} program;

/* A node as a step: its operator, what it reads, and constants. */
typedef struct part {
    const op *op;
    value *args[2];
    int32_t n_args;
    float constants[2];
} part;

/* False when n can be no step. */
static bool read_part(const node *n, part *p) {
    if (!pointwise_step(n, &p->n_args, p->constants)) return false;
    value *x = match_affine(n, p->constants);
    p->op = x ? &op_affine : n->op;
    p->args[0] = x ? x : node_in(n, 0);
    p->args[1] = !x && p->n_args == 2 ? node_in(n, 1) : NULL;
    if (x) p->n_args = 1;
    return true;
}

static int32_t member_of(const group *g, const node *n) {
    for (int32_t i = 0; n && i < g->n; i++)
        if (g->member[i] == n) return i;
    return -1;
}

static int32_t input_of(const group *g, const value *v) {
    for (int32_t i = 0; i < g->n_in; i++)
        if (g->input[i] == v) return i;
    return -1;
}

/* Finds the inputs anew; false when there are too many. */
static bool collect_inputs(group *g) {
    g->n_in = 0;
    for (int32_t i = 0; i < g->n; i++) {
        part p;
        if (!read_part(g->member[i], &p)) return false;
        for (int32_t j = 0; j < p.n_args; j++) {
            if (member_of(g, p.args[j]->producer) >= 0 || input_of(g, p.args[j]) >= 0) continue;
            if (g->n_in == POINTWISE_MAX_IN) return false;
            g->input[g->n_in++] = p.args[j];
        }
    }
    return true;
}

/* Can n join: does nothing else read its result, which has the shape of the group's? */
static bool may_join(const group *g, const node *n) {
    part p;
    if (!n || g->n == POINTWISE_MAX_STEPS || n->graph != g->member[0]->graph) return false;
    if (!read_part(n, &p) || n->out[0]->output_uses > 0) return false;
    if (!shape_equal(&n->out[0]->type.shape, &g->member[0]->out[0]->type.shape)) return false;
    for (const use *u = n->out[0]->uses; u; u = u->next)
        if (member_of(g, u->user) < 0) return false;
    return true;
}

static bool join(group *g, node *n) {
    const group before = *g;
    g->member[g->n++] = n;
    if (collect_inputs(g)) return true;
    *g = before;
    return false;
}

static void grow(group *g) {
    for (bool grown = collect_inputs(g); grown;) {
        grown = false;
        for (int32_t i = 0; i < g->n_in && !grown; i++) {
            node *n = g->input[i]->producer;
            grown = may_join(g, n) && join(g, n);
        }
    }
}

/* Joins a summand to the factor that is the step before, if nothing else reads that. */
static bool merge_affine(program *p, const part *t, int64_t arg) {
    const int32_t last = p->n - 1;
    if (last < 0 || arg != p->g->n_in + last || !value_only_user(t->args[0])) return false;
    float *before = &p->constants[2 * last];
    if (p->ops[last] != op_affine.name || before[1] != 0.0f || !signbit(before[1])) return false;
    if (t->constants[0] != 1.0f) return false;
    before[1] = t->constants[1];
    return true;
}

/* Writes what makes v, and returns its number. Groups are small: so is the depth. */
static int64_t write_value(program *p, const value *v) {
    const group *g = p->g;
    const int32_t at = member_of(g, v->producer);
    if (at < 0) return input_of(g, v);
    if (p->number[at]) return p->number[at];
    part t;
    read_part(g->member[at], &t);
    const int64_t a = write_value(p, t.args[0]), b = t.n_args == 2 ? write_value(p, t.args[1]) : -1;
    const bool number = t.op != g->member[at]->op; /* a factor or summand */
    if (!number || !merge_affine(p, &t, a)) {
        p->ops[p->n] = t.op->name;
        for (int32_t j = 0; j < 2; j++) {
            p->args[2 * p->n + j] = j ? b : a;
            p->constants[2 * p->n + j] = t.constants[j];
        }
        p->n++;
    }
    return p->number[at] = g->n_in + p->n - 1;
}

static hone_status replace(const ctx *c, const group *g, node **emitted) {
    node *last = g->member[0];
    program p = {.g = g};
    builder b;
    write_value(&p, last->out[0]);
    builder_init(&b, c, last->graph, last, last->name);
    value *y = emit(&b, "hone::Pointwise", g->input, g->n_in,
                    ATTRS(A_STRINGS("ops", p.ops, p.n), A_INTS("args", p.args, 2 * p.n),
                          A_FLOATS("constants", p.constants, 2 * p.n)));
    TRY(b.status);
    *emitted = y->producer;
    graph_replace(last->out[0], y);
    for (int32_t i = 0; i < g->n; i++) graph_remove_node(g->member[i]);
    return HONE_OK;
}

/* From the last node to the first: what a group has taken is no end of another. */
static hone_status run(const ctx *c, hone_model *m, graph *g, int64_t *changes) {
    for (node *n = g->last; n; n = n->prev) {
        group found = {.member = {n}, .n = 1};
        part p;
        for (int32_t i = 0; i < n->n_body; i++) TRY(run(c, m, n->body[i], changes));
        if (!read_part(n, &p) || n->out[0]->type.shape.rank < 0) continue;
        grow(&found);
        if (found.n < 2) continue;
        TRY(replace(c, &found, &n));
        *changes += found.n - 1;
    }
    return HONE_OK;
}

const pass pass_fuse_pointwise = {"fuse_pointwise",
                                  "runs elementwise operators that read each other block by block",
                                  run, "remove_dead"};
