/* SPDX-License-Identifier: Apache-2.0
 *
 * A plan: the steps of a graph for one set of input shapes, with a place in memory for every
 * tensor.
 *
 * Planning walks the nodes once. For each it infers shapes; if all inputs are known (constants, or
 * results of shape arithmetic, which is the same thing once the input shapes are given) it runs the
 * node now and keeps the result as a constant; otherwise it lets the operator choose kernels. Then
 * lifetimes give offsets in one arena. Tensors behind data-dependent shapes stay dynamic.
 */
#ifndef HONE_PLAN_H
#define HONE_PLAN_H

#include "step.h"

typedef struct plan {
    struct plan *next;
    arena arena;
    graph *graph;
    tensor *inputs; /* the signature: types and shapes */
    step *steps;    /* one a node, in order */
    int32_t n_steps;
    tensor *values;   /* by value id: type, and data of constants */
    place *places;    /* by value id */
    int32_t n_values; /* more than the graph has when a branch was walked in place */
    int32_t n_dynamic;
    int32_t *dynamic_ids; /* value number of each dynamic slot */
    int32_t *output_ids;  /* value number of each graph output */
    int32_t
        *last_use; /* by value id: last step that reads it; n_steps for outputs; -1: never read */
    size_t arena_bytes;
    size_t unshared_bytes;
    size_t lower_bytes; /* the largest sum of what lives at one step */
} plan;

typedef struct plan_options {
    allocator *alloc;
    const kernels *k;
    const hone_limits *limits;
    int32_t threads;
    team_due *due; /* planning ends early when it says so; may be NULL */
    const void *due_user;
} plan_options;

/* inputs: one tensor a graph input, of known shape. */
hone_status plan_create(const ctx *c, plan **out, graph *g, const tensor *inputs,
                        const plan_options *options);
void plan_destroy(plan *p, allocator *a);

/* Assigns arena offsets from lifetimes; see memplan.c. */
hone_status memplan_assign(const ctx *c, plan *p);

/* Infers a step's outputs from its inputs (shapes known) and lets the operator plan. Used while
 * planning, and at run time for dynamic steps. *blind (if not NULL) tells whether the values of all
 * inputs that the operator looks at were known; where they were not, what it said may be wrong. */
hone_status step_infer(const ctx *c, step *s, type *out_types, bool *blind);
hone_status step_plan(const ctx *c, arena *a, step *s, int32_t threads);

/* Runs a step whose inputs are all constants, now. *folded tells whether it was done: then outputs
 * have memory from `a`. Nodes that are impure, dynamic, control flow, or whose results exceed
 * max_bytes are left alone. */
hone_status step_evaluate(const ctx *c, arena *a, step *s, size_t max_bytes, bool *folded);

#endif
