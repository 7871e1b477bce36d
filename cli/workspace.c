/* SPDX-License-Identifier: Apache-2.0 */
#include "workspace.h"

#include "cli_error.h"

static hone_status add_shapes(workspace *w, cli *c, const input_set *inputs) {
    for (int32_t i = 0; i < inputs->count; i++) {
        const hone_port *port = &inputs->item[i].port;
        if (port->rank >= 0 && !shape_list_find(&w->shapes, port->name))
            TRY(shape_list_add(&w->shapes, port, &c->error));
    }
    return HONE_OK;
}

/* The model is optimised for the shapes it is opened with, and only an open model knows which other
 * dimensions have the same names as those that were given: so it is looked at first. */
static hone_status complete_shapes(workspace *w, cli *c, const char *path) {
    hone_model *model = NULL;
    input_set inputs = {NULL, 0};
    TRY(open_to_look(&model, c, path));
    hone_status status = input_set_open(&inputs, c, model, &w->shapes);
    if (status == HONE_OK) {
        input_set_adopt_names(&inputs);
        status = add_shapes(w, c, &inputs);
    }
    input_set_release(&inputs);
    hone_model_close(model);
    return status;
}

hone_status workspace_open(workspace *w, cli *c, const char *path) {
    TRY(shape_list_read(&w->shapes, &c->set.shapes, &c->error));
    if (w->shapes.count > 0) TRY(complete_shapes(w, c, path));
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
