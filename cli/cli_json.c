/* SPDX-License-Identifier: Apache-2.0 */
#include "cli_json.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli_error.h"
#include "cli_text.h"

/* Nine digits tell any two float32 values apart. */
#define DUMP_FLAGS (JSON_INDENT(2) | JSON_REAL_PRECISION(9))

/* jansson holds no integer of 2^63 and above: such a number is a string that begins like this,
 * until it is printed. No other string does. */
#define BIG_NUMBER         "\x01"
#define BIG_NUMBER_PRINTED "\"\\u0001"

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

void doc_value(json_t *parent, const char *key, json_t *value) {
    put(parent, key, json_incref(value));
}

void doc_text(json_t *parent, const char *key, const char *text) {
    const bool plain = text && text[0] != BIG_NUMBER[0];
    json_t *value = plain ? json_string(text) : text ? NULL : json_null();
    put(parent, key, value ? value : json_string(clean_text(text).s));
}

void doc_int(json_t *parent, const char *key, int64_t value) {
    put(parent, key, json_integer(value));
}

void doc_uint(json_t *parent, const char *key, uint64_t value) {
    char text[32];
    if (value <= INT64_MAX) {
        doc_int(parent, key, (int64_t)value);
        return;
    }
    snprintf(text, sizeof text, BIG_NUMBER "%" PRIu64, value);
    put(parent, key, json_string(text));
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

/* Writes the text with big numbers as numbers. */
static bool write_text(const char *text, FILE *file) {
    for (;;) {
        const char *big = strstr(text, BIG_NUMBER_PRINTED);
        const size_t n = big ? (size_t)(big - text) : strlen(text);
        if (fwrite(text, 1, n, file) != n) return false;
        if (!big) return fputc('\n', file) != EOF;
        big += strlen(BIG_NUMBER_PRINTED);
        const size_t digits = strspn(big, "0123456789");
        if (fwrite(big, 1, digits, file) != digits) return false;
        text = big + digits + 1;
    }
}

hone_status doc_write(const json_t *root, FILE *file, const char *name, hone_error *err) {
    char *text = value_lost ? NULL : json_dumps(root, DUMP_FLAGS);
    if (!text) return cli_fail_nomem(err);
    const bool written = write_text(text, file);
    free(text);
    return written ? HONE_OK : cli_fail_errno(err, name, "write");
}

hone_status doc_print(json_t *root, hone_error *err) {
    const hone_status status = doc_write(root, stdout, "stdout", err);
    json_decref(root);
    return status;
}
