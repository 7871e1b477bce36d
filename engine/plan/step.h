/* SPDX-License-Identifier: Apache-2.0
 *
 * A step is a node made ready to run: shapes, places in memory, chosen kernels.
 */
#ifndef HONE_STEP_H
#define HONE_STEP_H

#include "graph.h"
#include "kernels.h"
#include "team.h"

/* Where the bytes of a tensor are. */
typedef enum place_kind {
    PLACE_NONE,   /* an omitted input, an unwanted output */
    PLACE_CONST,  /* at a fixed address: a weight, or a value known since planning */
    PLACE_ARENA,  /* at an offset in the session's arena */
    PLACE_INPUT,  /* graph input number `index` */
    PLACE_DYNAMIC /* allocated while running: dynamic slot number `index` */
} place_kind;
typedef struct place {
    place_kind kind;
    int32_t index;
    size_t offset;
} place;

typedef struct step {
    const node *node;
    const kernels *k;
    /* During plan, data is set for constants only; during run for everything. An omitted input has
     * dtype HONE_UNDEFINED. */
    tensor *in, *out;
    int32_t n_in, n_out;
    void *state;           /* what plan left for run; lives as long as the plan */
    size_t scratch_bytes;  /* one block of the arena for this step */
    bool keeps_bytes;      /* set by plan: with these shapes output 0 holds the bytes of input 0 */
    bool joins_bytes;      /* or: it holds the bytes of all inputs, one behind the other; inputs may
                            * already be there when run is called */
    const size_t *part_at; /* or: output i holds those from part_at[i] on, see plan_parts() */
    const char *kernel;    /* name of the chosen kernel, for people */
    const char *declined;  /* "name: reason; ..." */

    /* The executor's own. */
    place *in_place, *out_place;
    size_t scratch_offset;
    bool is_dynamic;  /* shapes are known at run time only: plan is called then */
    bool is_view;     /* output 0 shares the memory of input 0: nothing to run */
    bool is_inplace;  /* output 0 overwrites an input */
    bool is_constant; /* evaluated while planning */
    uint64_t time_ns, start_ns;
} step;

/* What an operator's plan works with. */
typedef struct plan_ctx {
    const ctx *c;
    arena *arena; /* of the plan */
    int32_t threads;
} plan_ctx;

/* Zeroed memory of the plan for the step's state; NULL (after recording the error) when memory is
 * out. */
void *plan_state(plan_ctx *p, step *s, size_t size);
/* Names the chosen kernel. */
__attribute__((format(printf, 3, 4))) void plan_kernel(plan_ctx *p, step *s, const char *format,
                                                       ...);
/* Adds "kernel: reason" to what `explain` shows about better kernels. */
__attribute__((format(printf, 4, 5))) void plan_decline(plan_ctx *p, step *s, const char *kernel,
                                                        const char *format, ...);

/* Sets s->part_at and returns it as zeros, to be filled in: with these shapes and values every
 * output is a run of bytes of input 0. NULL (after recording the error) when memory is out. */
size_t *plan_parts(plan_ctx *p, step *s);

typedef struct frame frame;

/* What an operator's run works with. */
typedef struct run_ctx {
    const ctx *c;
    team *team;
    void *scratch; /* s->scratch_bytes bytes, 64-byte aligned */
    arena *pool;   /* for text and values made of others, see items.h */
    frame *frame;  /* of the graph that the step belongs to; used by control flow */
} run_ctx;

static inline const void *step_params(const step *s) { return s->node->params; }
static inline bool step_has(const step *s, int32_t i) {
    return i < s->n_in && !tensor_absent(&s->in[i]);
}
/* Is output i wanted? */
static inline bool step_wants(const step *s, int32_t i) {
    return i < s->n_out && !tensor_absent(&s->out[i]);
}

/* Error in the value of an input, found while running: HONE_E_INPUT. */
__attribute__((format(printf, 2, 3))) hone_status run_fail(run_ctx *r, const char *format, ...);

/* For OP_DYNAMIC: gives output i its shape and memory; s->out[i] is complete afterwards. */
hone_status run_output(run_ctx *r, const step *s, int32_t i, const shape *result);

#endif
