/* SPDX-License-Identifier: Apache-2.0 */
#include "open_model.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli_error.h"
#include "cli_notes.h"
#include "cli_parse.h"
#include "cli_stop.h"
#include "hone/images.h"

/* "NAME=dims". Dimensions hold no '=', so the last one ends the name. */
static hone_status read_shape(hone_input_shape *out, const char *text, hone_error *err) {
    const char *const equals = strrchr(text, '=');
    if (!equals || equals == text || !parse_dims(equals + 1, &out->rank, out->dim))
        return cli_fail(err, HONE_E_ARG, "--shape: expected NAME=1,3,224,224, got '%s'", text);
    out->name = strndup(text, (size_t)(equals - text));
    return out->name ? HONE_OK : cli_fail_nomem(err);
}

hone_status shape_list_read(shape_list *out, const text_list *texts, hone_error *err) {
    *out = (shape_list){.item = cli_alloc(err, (size_t)texts->count, sizeof *out->item)};
    if (!out->item) return HONE_E_NOMEM;
    for (int32_t i = 0; i < texts->count; i++) {
        TRY(read_shape(&out->item[i], texts->item[i], err));
        const char *name = out->item[i].name;
        const bool twice = shape_list_find(out, name) != NULL;
        out->count++;
        if (twice) return cli_fail(err, HONE_E_ARG, "--shape: '%s' is given twice", name);
    }
    return HONE_OK;
}

void shape_list_release(shape_list *list) {
    for (int32_t i = 0; i < list->count; i++) free((char *)list->item[i].name);
    free(list->item);
    *list = (shape_list){NULL, 0};
}

const hone_input_shape *shape_list_find(const shape_list *list, const char *name) {
    for (int32_t i = 0; i < list->count; i++)
        if (strcmp(list->item[i].name, name) == 0) return &list->item[i];
    return NULL;
}

hone_status shape_list_add(shape_list *list, const hone_port *port, hone_error *err) {
    const size_t count = (size_t)list->count + 1;
    hone_input_shape *item = realloc(list->item, count * sizeof *item);
    if (!item) return cli_fail_nomem(err);
    list->item = item;
    item += list->count;
    *item = (hone_input_shape){.name = strdup(port->name), .rank = port->rank};
    if (!item->name) return cli_fail_nomem(err);
    memcpy(item->dim, port->dim, sizeof item->dim);
    list->count++;
    return HONE_OK;
}

static hone_open_options open_options(const cli *c) {
    static const hone_operator *operators[1];
    hone_open_options options = HONE_INIT(hone_open_options);
    operators[0] = hone_image_decoder();
    options.operators = operators;
    options.operator_count = 1;
    if (c->set.no_optimize) options.flags |= HONE_OPEN_NO_OPTIMIZE;
    if (c->set.no_external) options.flags |= HONE_OPEN_NO_EXTERNAL;
    if (c->set.verify) options.flags |= HONE_OPEN_VERIFY;
    if (c->set.tune) options.flags |= HONE_OPEN_TUNE;
    options.passes = c->set.passes.text;
    options.limits = &c->set.limits;
    options.data_dir = c->set.data_dir;
    return options;
}

hone_status open_to_look(hone_model **out, cli *c, const char *path) {
    hone_open_options options = open_options(c);
    options.flags |= HONE_OPEN_NO_OPTIMIZE;
    return hone_model_open(out, path, &options, &c->error);
}

hone_status survey_model(cli *c, const char *path, hone_need_fn take, void *user) {
    const hone_open_options options = open_options(c);
    return hone_model_survey(path, &options, take, user, &c->error);
}

/* An invalid graph is the file's fault, unless the graph is valid without the shapes. */
static hone_status blame_shapes(cli *c, const char *path) {
    hone_model *model = NULL;
    hone_error ignored;
    const hone_open_options options = open_options(c);
    if (hone_model_open(&model, path, &options, &ignored) != HONE_OK) return c->error.status;
    hone_model_close(model);
    c->error.status = HONE_E_INPUT;
    return cli_fail_before(&c->error, "--shape: the given shapes do not fit the model: ");
}

/* The error names as many operators as it has room for. */
static hone_status count_unsupported(hone_error *err) {
    const int count = notes_unsupported();
    char *const text = err->text;
    char *end = strstr(text, "; and ");
    if (!end && strlen(text) + 1 < sizeof err->text) return err->status;
    /* Cut at an operator's end, with room for the rest. */
    while (!end || end - text > (ptrdiff_t)(sizeof err->text - 80)) {
        if (end) *end = '\0';
        end = strrchr(text, ';');
        if (!end) return err->status;
    }
    *end = '\0';
    int told = 1;
    for (const char *s = text; (s = strstr(s, "; ")); s++) told++;
    if (told >= count) return err->status;
    return cli_fail_after(err, "; and %d more, --verbose lists all %d", count - told, count);
}

hone_status open_model(hone_model **out, cli *c, const char *path, const shape_list *shapes) {
    hone_open_options options = open_options(c);
    options.log = notes_log;
    options.progress = notes_progress;
    options.user = &c->set;
    options.shapes = shapes->item;
    options.shape_count = shapes->count;
    const hone_status status = hone_model_open(out, path, &options, &c->error);
    show_progress(&c->set, "%s", "");
    if (status == HONE_E_UNSUPPORTED) return count_unsupported(&c->error);
    if (status == HONE_E_FORMAT && shapes->count > 0) return blame_shapes(c, path);
    TRY(status);
    return stop_check(&c->error);
}

hone_session_options session_options(cli *c, uint32_t flags) {
    hone_session_options options = HONE_INIT(hone_session_options);
    options.flags = flags;
    options.threads = (int32_t)c->set.threads;
    options.memory_limit = c->set.memory_limit;
    options.isa = c->set.isa;
    options.seed = (uint64_t)c->set.seed;
    options.log = notes_log;
    options.user = &c->set;
    return options;
}

hone_status open_session(hone_session **out, cli *c, const hone_model *model, uint32_t flags) {
    const hone_session_options options = session_options(c, flags);
    TRY(hone_session_create(out, model, &options, &c->error));
    if (c->set.deadline_ms > 0)
        TRY(hone_session_set_deadline(*out, (uint64_t)c->set.deadline_ms * 1000000, &c->error));
    return HONE_OK;
}

hone_status run_session(cli *c, hone_session *session, const char *path) {
    TRY(stop_check(&c->error));
    stop_watch(session);
    const hone_status status = hone_session_run(session, &c->error);
    stop_watch(NULL);
    if (status == HONE_E_DEADLINE)
        cli_fail_after(&c->error, " (%lld ms)", (long long)c->set.deadline_ms);
    return cli_in_file(&c->error, status, path);
}

int32_t threads_in_use(const settings *set) {
    return set->threads > 0 ? (int32_t)set->threads : hone_cpu_count();
}

const char *isa_in_use(const settings *set) { return set->isa ? set->isa : hone_isa_default(); }

uint64_t clock_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}
