/* SPDX-License-Identifier: Apache-2.0 */
#include "cli_json.h"

#include <math.h>
#include <stdio.h>

#include "cli_error.h"
#include "cli_text.h"

/* Nine digits tell any two float32 values apart. */
#define DUMP_FLAGS (JSON_INDENT(2) | JSON_REAL_PRECISION(9))

static bool value_lost;

static json_t *put(json_t *parent, const char *key, json_t *value) {
    const int failed =
        key ? json_object_set_new(parent, key, value) : json_array_append_new(parent, value);
    if (failed) value_lost = true;
    return failed ? NULL : value;
}

json_t *doc_new(void) {
    json_t *root = json_object();
    if (!root) value_lost = true;
    return root;
}

json_t *doc_object(json_t *parent, const char *key) { return put(parent, key, json_object()); }

json_t *doc_array(json_t *parent, const char *key) { return put(parent, key, json_array()); }

void doc_text(json_t *parent, const char *key, const char *text) {
    json_t *value = text ? json_string(text) : json_null();
    put(parent, key, value ? value : json_string(clean_text(text).s));
}

void doc_int(json_t *parent, const char *key, int64_t value) {
    put(parent, key, json_integer(value));
}

void doc_real(json_t *parent, const char *key, double value) {
    put(parent, key, isfinite(value) ? json_real(value) : json_null());
}

void doc_bool(json_t *parent, const char *key, bool value) {
    put(parent, key, json_boolean(value));
}

void doc_null(json_t *parent, const char *key) { put(parent, key, json_null()); }

void doc_port(json_t *object, const hone_port *port) {
    doc_text(object, "name", port->name);
    doc_text(object, "dtype", hone_dtype_name(port->dtype));
    if (port->rank < 0) {
        doc_null(object, "shape");
        return;
    }
    json_t *shape = doc_array(object, "shape");
    for (int32_t i = 0; i < port->rank; i++) {
        if (port->dim[i] >= 0)
            doc_int(shape, NULL, port->dim[i]);
        else if (port->dim_name[i])
            doc_text(shape, NULL, port->dim_name[i]);
        else
            doc_null(shape, NULL);
    }
}

void doc_shape(json_t *object, const char *key, int32_t rank, const int64_t *dim) {
    json_t *shape = doc_array(object, key);
    for (int32_t i = 0; i < rank; i++) doc_int(shape, NULL, dim[i]);
}

hone_status doc_print(json_t *root, hone_error *err) {
    const bool written = !value_lost && json_dumpf(root, stdout, DUMP_FLAGS) == 0;
    json_decref(root);
    if (value_lost) return cli_fail_nomem(err);
    if (!written || putchar('\n') == EOF) return cli_fail_errno(err, "stdout", "write");
    return HONE_OK;
}
