/* SPDX-License-Identifier: Apache-2.0
 *
 * What most commands work with: a model, its inputs, and a session for it.
 */
#ifndef HONE_CLI_WORKSPACE_H
#define HONE_CLI_WORKSPACE_H

#include "input_set.h"

typedef struct workspace {
    const char *path; /* borrowed */
    shape_list shapes;
    hone_model *model;
    hone_session *session;
    input_set inputs;
    uint64_t load_ns; /* what opening the model took */
    uint64_t plan_ns; /* what planning took; 0 when it is part of the first run */
} workspace;

/* Opens the model, and tells about it with --verbose, and reads the --shape options. Start from a
 * zeroed workspace; release it also after a failure. */
hone_status workspace_open(workspace *w, cli *c, const char *path);
/* Opens the model alone: shapes come with the values. */
hone_status workspace_open_reference(workspace *w, cli *c, const char *path);
/* Creates the session. */
hone_status workspace_start(workspace *w, cli *c, uint32_t session_flags);
/* Gives the values to the session. With --verbose, plans for them and tells about that. */
hone_status workspace_bind(workspace *w, cli *c);
/* Gives the values of another workspace to the session: by name, or by position where the names
 * differ. */
hone_status workspace_bind_like(workspace *w, cli *c, const workspace *other);
/* Plans, and tells about the plan with --verbose. */
hone_status workspace_prepare(workspace *w, cli *c);
/* One run; the time it took, which includes planning, goes to *ns unless that is NULL. */
hone_status workspace_run(workspace *w, cli *c, uint64_t *ns);
/* Creates the session and plans it for the shapes of the options, without values. */
hone_status workspace_plan(workspace *w, cli *c);
void workspace_release(workspace *w);

/* Sum over the steps of the current plan. */
uint64_t session_flops(const hone_session *session);

#endif
