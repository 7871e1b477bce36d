/* SPDX-License-Identifier: Apache-2.0
 *
 * A frame runs one graph: the session's main graph, or a body of a control-flow node. It keeps
 * plans for the input shapes it has seen, one arena that serves the current plan, and blocks for
 * tensors whose size is known at run time only. Frames of bodies are kept by the frame of the graph
 * around them.
 */
#ifndef HONE_FRAME_H
#define HONE_FRAME_H

#include "plan.h"

/* What all frames of a session share. */
typedef struct run_shared {
    allocator *alloc;
    const kernels *k;
    team *team;
    int32_t threads;
    int32_t max_plans;
    const hone_limits *limits;
    bool profile;
    int64_t trips; /* iterations of all Loops in this run */
    atomic_bool cancelled;
    uint64_t deadline_at; /* monotonic ns; 0: none */
    uint64_t run_start;
    hone_observe_fn observe;
    void *observe_user;
    arena pool; /* of the current run, see items.h */
    uint64_t seed;
    uint64_t
        *draws; /* by serial number of a node: how often it has drawn random numbers; or NULL */
    int32_t n_nodes; /* of all graphs of the model */
} run_shared;

/* A block for a dynamic tensor; reused when the tensor has died. */
typedef struct dyn_block {
    struct dyn_block *next;
    void *data;
    size_t capacity;
    bool taken;
} dyn_block;

/* The frame of one body of a control-flow node. */
typedef struct body_frame {
    struct body_frame *next;
    const node *node;
    int32_t body;
    frame *frame;
} body_frame;

struct frame {
    run_shared *shared;
    graph *graph;
    plan *plans; /* most recently used first */
    int32_t n_plans;
    plan *current;
    char *arena;
    size_t arena_bytes;
    tensor *input;             /* as given to the last frame_prepare */
    tensor *dynamic;           /* tensors of PLACE_DYNAMIC by slot, for the current plan */
    dyn_block **dynamic_block; /* their memory, while they live */
    int32_t n_dynamic;
    arena temporary; /* states of dynamic steps, for one run */
    dyn_block *blocks;
    tensor *output;     /* of the last run */
    body_frame *bodies; /* made when first run; see frame_body */
    bool main;          /* the session's own graph: observed and profiled */
};

hone_status frame_create(const ctx *c, frame **out, run_shared *shared, graph *g);
void frame_destroy(frame *f);

/* Makes the plan for these inputs (types, shapes; data may be NULL) current, and its arena
 * available. */
hone_status frame_prepare(const ctx *c, frame *f, const tensor *inputs);
/* Runs the current plan; inputs as in frame_prepare, with data. Afterwards f->output[] is valid
 * until the next run. */
hone_status frame_run(const ctx *c, frame *f, const tensor *inputs);

/* The frame of body number `body` of a node that f runs. */
hone_status frame_body(const ctx *c, frame *f, const node *n, int32_t body, frame **out);

/* The session's seed, and how often it has run this random node before. */
hone_status frame_draw(const ctx *c, frame *f, const node *n, uint64_t *seed, uint64_t *draw);

/* A deadline or cancellation that is due: HONE_E_DEADLINE or HONE_E_CANCELLED. Cheap; long loops
 * call it. */
hone_status run_interrupted(const ctx *c, const run_shared *shared);
/* The same question for a team. */
bool run_is_due(const void *shared);

uint64_t clock_ns(void);

#endif
