/* SPDX-License-Identifier: Apache-2.0
 *
 * What most commands work with: a model, its inputs, and a session for it.
 */
#ifndef HONE_CLI_WORKSPACE_H
#define HONE_CLI_WORKSPACE_H

#include "input_set.h"

typedef struct workspace {
    shape_list shapes;
    hone_model *model;
    hone_session *session;
    input_set inputs;
    uint64_t load_ns; /* what opening the model took */
} workspace;

/* Opens the model and reads the --shape options. Start from a zeroed workspace; release it also
 * after a failure. */
hone_status workspace_open(workspace *w, cli *c, const char *path);
/* Creates the session. */
hone_status workspace_start(workspace *w, cli *c, uint32_t session_flags);
/* Creates the session and plans it for the shapes of the options, without values. */
hone_status workspace_plan(workspace *w, cli *c);
void workspace_release(workspace *w);

/* Sum over the steps of the current plan. */
uint64_t session_flops(const hone_session *session);

#endif
