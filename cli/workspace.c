/* SPDX-License-Identifier: Apache-2.0 */
#include "workspace.h"

#include "cli_error.h"
#include "cli_notes.h"
#include "cli_text.h"

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
    /* Opening it in earnest says why, together with the log. */
    if (open_to_look(&model, c, path) != HONE_OK) return HONE_OK;
    hone_status status = input_set_open(&inputs, c, model, &w->shapes);
    if (status == HONE_OK) {
        input_set_adopt_names(&inputs);
        status = add_shapes(w, c, &inputs);
    }
    input_set_release(&inputs);
    hone_model_close(model);
    return status;
}

/* What --verbose says about a model. */
static hone_status tell_model(const workspace *w, cli *c) {
    hone_model_info info = HONE_INIT(hone_model_info);
    const char *pass;
    int64_t changes;
    if (!c->set.verbose) return HONE_OK;
    TRY(hone_model_get_info(w->model, &info, &c->error));
    tell(&c->set, "%s: %s, %s, opened in %s", w->path, info.format, human_bytes(info.file_bytes).s,
         human_time((double)w->load_ns).s);
    tell(&c->set, "nodes: %lld in the source, %lld now", (long long)info.source_nodes,
         (long long)info.nodes);
    for (int32_t i = 0; hone_model_pass(w->model, i, &pass, &changes, NULL) == HONE_OK; i++)
        if (changes > 0)
            tell(&c->set, "pass %s: %lld change%s", pass, (long long)changes, plural(changes));
    return HONE_OK;
}

static hone_status open_with_shapes(workspace *w, cli *c) {
    const uint64_t start = clock_now();
    TRY(open_model(&w->model, c, w->path, &w->shapes));
    w->load_ns = clock_now() - start;
    TRY(tell_model(w, c));
    return input_set_open(&w->inputs, c, w->model, &w->shapes);
}

hone_status workspace_open(workspace *w, cli *c, const char *path) {
    if (c->set.no_external && c->set.data_dir)
        return cli_fail(&c->error, HONE_E_ARG, "--no-external and --data-dir exclude each other");
    w->path = path;
    TRY(shape_list_read(&w->shapes, &c->set.shapes, &c->error));
    if (w->shapes.count > 0) TRY(complete_shapes(w, c, path));
    return open_with_shapes(w, c);
}

hone_status workspace_open_reference(workspace *w, cli *c, const char *path) {
    w->path = path;
    return open_with_shapes(w, c);
}

hone_status workspace_start(workspace *w, cli *c, uint32_t session_flags) {
    return cli_in_file(&c->error, open_session(&w->session, c, w->model, session_flags), w->path);
}

hone_status workspace_prepare(workspace *w, cli *c) {
    hone_session_memory memory = HONE_INIT(hone_session_memory);
    const int32_t threads = threads_in_use(&c->set);
    const uint64_t start = clock_now();
    TRY(cli_in_file(&c->error, hone_session_prepare(w->session, &c->error), w->path));
    w->plan_ns = clock_now() - start;
    TRY(hone_session_get_memory(w->session, &memory, &c->error));
    const int32_t steps = hone_session_step_count(w->session);
    tell(&c->set, "%d thread%s, %s", threads, plural(threads), isa_in_use(&c->set));
    tell(&c->set, "plan: %d step%s, %s for intermediate tensors (%s without sharing), made in %s",
         steps, plural(steps), human_bytes(memory.planned_bytes).s,
         human_bytes(memory.unshared_bytes).s, human_time((double)w->plan_ns).s);
    return HONE_OK;
}

hone_status workspace_bind(workspace *w, cli *c) {
    TRY(cli_in_file(&c->error, input_set_bind(&w->inputs, w->session, &c->error), w->path));
    return c->set.verbose ? workspace_prepare(w, c) : HONE_OK;
}

hone_status workspace_bind_like(workspace *w, cli *c, const workspace *other) {
    const input_set *theirs = &other->inputs;
    for (int32_t i = 0; i < w->inputs.count; i++) {
        const char *name = w->inputs.item[i].port.name;
        const input_item *item = input_set_find(theirs, name);
        if (!item && theirs->count == w->inputs.count) item = &theirs->item[i];
        if (!item)
            return cli_fail(&c->error, HONE_E_INPUT, "%s: input '%s' is not in %s", w->path, name,
                            other->path);
        TRY(cli_in_file(&c->error, hone_session_bind(w->session, i, &item->value.view, &c->error),
                        w->path));
    }
    return c->set.verbose ? workspace_prepare(w, c) : HONE_OK;
}

hone_status workspace_run(workspace *w, cli *c, uint64_t *ns) {
    const uint64_t start = clock_now();
    TRY(run_session(c, w->session, w->path));
    if (ns) *ns = clock_now() - start + w->plan_ns;
    w->plan_ns = 0; /* the next run has it already */
    return HONE_OK;
}

hone_status workspace_plan(workspace *w, cli *c) {
    TRY(input_set_resolve(&w->inputs, c));
    TRY(workspace_start(w, c, 0));
    TRY(cli_in_file(&c->error, input_set_set_shapes(&w->inputs, w->session, &c->error), w->path));
    return workspace_prepare(w, c);
}

void workspace_release(workspace *w) {
    hone_session_destroy(w->session);
    input_set_release(&w->inputs);
    hone_model_close(w->model);
    shape_list_release(&w->shapes);
    *w = (workspace){.path = NULL};
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
