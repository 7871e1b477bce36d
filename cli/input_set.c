/* SPDX-License-Identifier: Apache-2.0 */
#include "input_set.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "cli_error.h"
#include "cli_json.h"
#include "cli_notes.h"
#include "cli_text.h"
#include "element.h"
#include "output_names.h"
#include "random_fill.h"

input_item *input_set_find(const input_set *set, const char *name) {
    for (int32_t i = 0; i < set->count; i++)
        if (strcmp(set->item[i].port.name, name) == 0) return &set->item[i];
    return NULL;
}

/* "a, b, c" of all inputs, or of those without a value. */
static line_text names_of(const input_set *set, bool only_missing) {
    line_text out = {""};
    for (int32_t i = 0; i < set->count; i++) {
        if (only_missing && set->item[i].filled) continue;
        const size_t used = strlen(out.s);
        snprintf(out.s + used, sizeof out.s - used, "%s'%.60s'", used ? ", " : "",
                 set->item[i].port.name);
    }
    return out;
}

static hone_status unknown_input(const input_set *set, const char *option, const char *name,
                                 int length, hone_error *err) {
    return cli_fail(err, HONE_E_INPUT, "%s: the model has no input '%.*s'; it has %.300s", option,
                    length, name, set->count ? names_of(set, false).s : "none");
}

/* A shape from the options must not contradict the model. */
static hone_status apply_shape(hone_port *port, const hone_input_shape *shape, hone_error *err) {
    const line_text before = port_text(port);
    bool fits = port->rank < 0 || port->rank == shape->rank;
    port->rank = shape->rank;
    for (int32_t i = 0; fits && i < shape->rank; i++) {
        if (shape->dim[i] < 0) continue;
        fits = port->dim[i] < 0 || port->dim[i] == shape->dim[i];
        port->dim[i] = shape->dim[i];
    }
    if (fits) return HONE_OK;
    hone_port given = *port;
    memcpy(given.dim, shape->dim, sizeof given.dim);
    memset(given.dim_name, 0, sizeof given.dim_name);
    return cli_fail(err, HONE_E_INPUT, "--shape: input '%s': expected %s, got %s", port->name,
                    before.s, port_text(&given).s);
}

/* When the model leaves the rank open, so does the port until a shape is given. */
static void clear_open_dims(hone_port *port) {
    for (int32_t i = port->rank < 0 ? 0 : port->rank; i < HONE_MAX_RANK; i++) {
        port->dim[i] = -1;
        port->dim_name[i] = NULL;
    }
}

hone_status input_set_open(input_set *out, cli *c, const hone_model *model,
                           const shape_list *shapes) {
    const int32_t count = hone_model_input_count(model);
    out->item = cli_alloc(&c->error, (size_t)count, sizeof *out->item);
    if (!out->item) return HONE_E_NOMEM;
    out->count = count;
    for (int32_t i = 0; i < count; i++) {
        hone_port *port = &out->item[i].port;
        TRY(hone_model_input(model, i, port, &c->error));
        clear_open_dims(port);
        const hone_input_shape *shape = shape_list_find(shapes, port->name);
        if (shape) TRY(apply_shape(port, shape, &c->error));
    }
    for (int32_t i = 0; i < shapes->count; i++) {
        const char *name = shapes->item[i].name;
        if (!input_set_find(out, name))
            return unknown_input(out, "--shape", name, (int)strlen(name), &c->error);
    }
    return HONE_OK;
}

void input_set_release(input_set *set) {
    for (int32_t i = 0; i < set->count; i++) {
        input_value_release(&set->item[i].value);
        free(set->item[i].owned_source);
    }
    free(set->item);
    *set = (input_set){NULL, 0};
}

/* Dimensions are known once there is a value. */
static void take_shape(input_item *item) {
    const hone_view *view = &item->value.view;
    item->filled = true;
    item->port.rank = view->rank;
    memcpy(item->port.dim, view->dim, sizeof item->port.dim);
}

static hone_status load_item(input_item *item, cli *c, const char *source) {
    const input_target target = {&c->set, &item->port, &c->error};
    TRY(input_value_load(&item->value, &target, source));
    take_shape(item);
    item->source = source;
    return HONE_OK;
}

/* Options of images and sound mean nothing without one. */
static hone_status check_file_options(const input_set *set, cli *c) {
    const settings *s = &c->set;
    bool image = false, sound = false;
    for (int32_t i = 0; i < set->count; i++) {
        image |= set->item[i].value.kind == VALUE_IMAGE;
        sound |= set->item[i].value.kind == VALUE_SOUND;
    }
    const bool for_images = s->image_size.width > 0 || s->image_mean.count > 0 ||
                            s->image_std.count > 0 || !isnan(s->image_scale) ||
                            s->image_layout != LAYOUT_AUTO || s->image_color != COLOR_AUTO;
    const bool for_sound = s->audio_rate > 0 || !isnan(s->audio_scale) || s->audio_fit;
    if (for_images && !image)
        return cli_fail(&c->error, HONE_E_ARG, "--image-... is given, but no input is an image");
    if (for_sound && !sound)
        return cli_fail(&c->error, HONE_E_ARG, "--audio-... is given, but no input is a sound");
    return HONE_OK;
}

/* "NAME=FILE": the input whose name is the longest that stands before an '=', for names may hold
 * one as well. *file is NULL when there is no '=' at all. */
static input_item *item_of_option(const input_set *set, const char *text, const char **file) {
    input_item *best = NULL;
    size_t longest = 0;
    *file = strchr(text, '=');
    for (int32_t i = 0; i < set->count; i++) {
        const size_t n = strlen(set->item[i].port.name);
        if (strncmp(text, set->item[i].port.name, n) != 0 || text[n] != '=') continue;
        if (best && n <= longest) continue;
        best = &set->item[i];
        longest = n;
        *file = text + n;
    }
    if (*file) ++*file;
    return best;
}

static hone_status check_file_name(const char *file, const input_item *item, hone_error *err) {
    if (!*file)
        return cli_fail(err, HONE_E_ARG, "--input: expected a file for '%s', got nothing",
                        item->port.name);
    if (strcmp(file, "-") != 0) return HONE_OK;
    return cli_fail(err, HONE_E_ARG,
                    "--input: expected a file for '%s', got '-': stdin is not supported",
                    item->port.name);
}

hone_status input_set_load(input_set *set, cli *c) {
    for (int32_t i = 0; i < c->set.inputs.count; i++) {
        const char *text = c->set.inputs.item[i];
        const char *file;
        input_item *item = item_of_option(set, text, &file);
        if (!file && set->count != 1)
            return cli_fail(&c->error, HONE_E_ARG,
                            "--input: expected NAME=FILE, got '%s'; the model has %d inputs", text,
                            set->count);
        if (!file) item = &set->item[0];
        if (!item) return unknown_input(set, "--input", text, (int)strcspn(text, "="), &c->error);
        if (item->filled)
            return cli_fail(&c->error, HONE_E_ARG, "--input: '%s' is given twice", item->port.name);
        if (!file) file = text;
        TRY(check_file_name(file, item, &c->error));
        TRY(load_item(item, c, file));
    }
    return check_file_options(set, c);
}

hone_status input_set_load_dir(input_set *set, cli *c, const char *dir) {
    for (int32_t i = 0; i < set->count; i++) {
        input_item *item = &set->item[i];
        if (item->filled) continue;
        item->owned_source = path_of_tensor(dir, safe_name(item->port.name).s);
        if (!item->owned_source) return cli_fail_nomem(&c->error);
        if (access(item->owned_source, F_OK) == 0) TRY(load_item(item, c, item->owned_source));
    }
    return HONE_OK;
}

/* The size of the dimension of that name in any input, or -1. */
static int64_t size_of_name(const input_set *set, const char *name) {
    for (int32_t i = 0; i < set->count; i++) {
        const hone_port *port = &set->item[i].port;
        for (int32_t d = 0; d < port->rank; d++)
            if (port->dim[d] >= 0 && port->dim_name[d] && strcmp(port->dim_name[d], name) == 0)
                return port->dim[d];
    }
    return -1;
}

static int32_t count_unknown(const hone_port *port) {
    int32_t unknown = 0;
    for (int32_t d = 0; d < port->rank; d++) unknown += port->dim[d] < 0;
    return unknown;
}

/* Is the first dimension a batch: by its name, or because it alone is unknown? */
static bool is_open_batch(const hone_port *port) {
    if (port->rank < 1 || port->dim[0] >= 0) return false;
    const char *name = port->dim_name[0];
    const bool named = name && (strcmp(name, "N") == 0 || strncasecmp(name, "batch", 5) == 0);
    return named || count_unknown(port) == 1;
}

void input_set_adopt_names(input_set *set) {
    for (int32_t i = 0; i < set->count; i++) {
        hone_port *port = &set->item[i].port;
        for (int32_t d = 0; d < port->rank; d++)
            if (port->dim[d] < 0 && port->dim_name[d])
                port->dim[d] = size_of_name(set, port->dim_name[d]);
    }
}

static void close_batches(input_set *set, const cli *c) {
    for (int32_t i = 0; i < set->count; i++) {
        hone_port *port = &set->item[i].port;
        if (!is_open_batch(port)) continue;
        note(&c->set, "input '%s': dimension 0 of %s taken as 1", port->name, port_text(port).s);
        port->dim[0] = 1;
        input_set_adopt_names(set);
    }
}

hone_status input_set_resolve(input_set *set, cli *c) {
    input_set_adopt_names(set);
    close_batches(set, c);
    for (int32_t i = 0; i < set->count; i++) {
        const hone_port *port = &set->item[i].port;
        if (port->rank < 0 || count_unknown(port) > 0)
            return cli_fail(&c->error, HONE_E_INPUT,
                            "input '%s' is %s: give the unknown dimensions with --shape '%s=...'",
                            port->name, port_text(port).s, port->name);
    }
    return HONE_OK;
}

static hone_status fill_item(input_item *item, cli *c, int64_t seed) {
    const input_target target = {&c->set, &item->port, &c->error};
    int64_t count = 0;
    if (item->port.dtype == HONE_STRING || item->port.kind != HONE_TENSOR)
        return cli_fail(&c->error, HONE_E_INPUT,
                        "input '%.100s': only tensors of numbers can be random", item->port.name);
    TRY(input_value_create(&item->value, &target, item->port.rank, item->port.dim));
    element_count(item->port.rank, item->port.dim, &count);
    random_fill(&item->value.view, item->port.name, seed, count);
    take_shape(item);
    item->source = "random";
    return HONE_OK;
}

hone_status input_set_fill(input_set *set, cli *c, int64_t seed) {
    const line_text missing = names_of(set, true);
    if (missing.s[0] && seed < 0)
        return cli_fail(&c->error, HONE_E_INPUT,
                        "no value for input %.300s: give --input NAME=FILE, or --random SEED",
                        missing.s);
    TRY(input_set_resolve(set, c));
    for (int32_t i = 0; i < set->count; i++)
        if (!set->item[i].filled) TRY(fill_item(&set->item[i], c, seed));
    return HONE_OK;
}

hone_status input_set_complete(input_set *set, cli *c) {
    TRY(input_set_load(set, c));
    return input_set_fill(set, c, c->set.random_seed < 0 ? 0 : c->set.random_seed);
}

hone_status input_set_bind(const input_set *set, hone_session *session, hone_error *err) {
    for (int32_t i = 0; i < set->count; i++)
        TRY(hone_session_bind(session, i, &set->item[i].value.view, err));
    return HONE_OK;
}

hone_status input_set_set_shapes(const input_set *set, hone_session *session, hone_error *err) {
    for (int32_t i = 0; i < set->count; i++) {
        const hone_port *port = &set->item[i].port;
        TRY(hone_session_set_shape(session, i, port->rank, port->dim, err));
    }
    return HONE_OK;
}

void input_set_json(json_t *parent, const char *key, const input_set *set) {
    json_t *list = doc_array(parent, key);
    for (int32_t i = 0; i < set->count; i++) {
        json_t *item = doc_object(list, NULL);
        doc_port(item, &set->item[i].port);
        doc_text(item, "source", set->item[i].source);
    }
}
