/* SPDX-License-Identifier: Apache-2.0 */
#include "workspace.h"

#include "cli_error.h"

hone_status workspace_open(workspace *w, cli *c, const char *path) {
    TRY(shape_list_read(&w->shapes, &c->set.shapes, &c->error));
    const uint64_t start = clock_now();
    TRY(open_model(&w->model, c, path, &w->shapes));
    w->load_ns = clock_now() - start;
    return input_set_open(&w->inputs, c, w->model, &w->shapes);
}

hone_status workspace_start(workspace *w, cli *c, uint32_t session_flags) {
    return open_session(&w->session, c, w->model, session_flags);
}

hone_status workspace_plan(workspace *w, cli *c) {
    TRY(input_set_resolve(&w->inputs, c));
    TRY(workspace_start(w, c, 0));
    TRY(input_set_set_shapes(&w->inputs, w->session, &c->error));
    return hone_session_prepare(w->session, &c->error);
}

void workspace_release(workspace *w) {
    hone_session_destroy(w->session);
    input_set_release(&w->inputs);
    hone_model_close(w->model);
    shape_list_release(&w->shapes);
}

uint64_t session_flops(const hone_session *session) {
    uint64_t flops = 0;
    const int32_t count = hone_session_step_count(session);
    for (int32_t i = 0; i < count; i++) {
        hone_step step = HONE_INIT(hone_step);
        if (hone_session_step(session, i, &step, NULL) == HONE_OK) flops += step.flops;
    }
    return flops;
}
