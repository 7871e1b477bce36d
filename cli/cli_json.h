/* SPDX-License-Identifier: Apache-2.0
 *
 * Building the one JSON document of a command. `key` is NULL when the parent is an array. A value
 * that memory does not suffice for is remembered, and doc_print reports it.
 */
#ifndef HONE_CLI_JSON_H
#define HONE_CLI_JSON_H

#include <jansson.h>
#include <stdio.h>

#include "hone/hone.h"

json_t *doc_new(void);
json_t *doc_object(json_t *parent, const char *key);
json_t *doc_array(json_t *parent, const char *key);
/* A value that was made elsewhere, and stays the caller's. */
void doc_value(json_t *parent, const char *key, json_t *value);
/* Text that is not valid UTF-8 is written with its bad bytes escaped; NULL is null. */
void doc_text(json_t *parent, const char *key, const char *text);
void doc_int(json_t *parent, const char *key, int64_t value);
/* Also beyond 2^63. */
void doc_uint(json_t *parent, const char *key, uint64_t value);
/* Numbers that JSON has no form for (NaN, infinity) become null. */
void doc_real(json_t *parent, const char *key, double value);
void doc_bool(json_t *parent, const char *key, bool value);
void doc_null(json_t *parent, const char *key);
/* {"name", "dtype", "shape"}; unknown dimensions are their name or null, an unknown rank is null.
 */
void doc_port(json_t *object, const hone_port *port);
void doc_shape(json_t *object, const char *key, int32_t rank, const int64_t *dim);

/* Writes the document to stdout with a newline and releases it. */
hone_status doc_print(json_t *root, hone_error *err);
/* The same for a file, whose name is for errors; the document stays. */
hone_status doc_write(const json_t *root, FILE *file, const char *name, hone_error *err);

#endif
