/* SPDX-License-Identifier: Apache-2.0
 *
 * The inside of a hone_session: input buffers, the root frame, the team, limits of a run.
 */
#ifndef HONE_SESSION_H
#define HONE_SESSION_H

#include "frame.h"
#include "model.h"

typedef struct session_input {
    shape shape;  /* unknown dimensions: not set yet */
    void *buffer; /* the session's own */
    size_t capacity;
    const void *bound;    /* the caller's, or NULL */
    hone_view bound_view; /* what that points at, if it is no tensor */
    void *passed;         /* copy for outputs that are this input */
    size_t passed_capacity;
} session_input;

struct hone_session {
    hone_model *model;
    allocator alloc;
    run_shared shared;
    frame *root;
    team *team;
    kernels table; /* when an ISA level was asked for */
    session_input *inputs;
    hone_log_fn log;
    void *user;
    uint64_t deadline_ns; /* of a run; 0: none */
    bool ran;             /* outputs are valid */
    atomic_flag busy;
};

/* The kernels of an ISA level, put into *table, or the process-wide ones when isa is NULL. */
hone_status session_kernels(const ctx *c, const char *isa, kernels *table, const kernels **out);

#endif
