/* SPDX-License-Identifier: Apache-2.0 */
#include "cli_error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli_json.h"
#include "cli_text.h"

static const struct {
    hone_status status;
    int exit_code;
} EXIT_CODES[] = {
    {HONE_OK, 0},         {HONE_E_ARG, 2},         {HONE_E_IO, 3},
    {HONE_E_FORMAT, 4},   {HONE_E_UNSUPPORTED, 5}, {HONE_E_LIMIT, 6},
    {HONE_E_DEADLINE, 6}, {HONE_E_NOMEM, 7},       {HONE_E_INPUT, 8},
    {HONE_E_BUSY, 11},    {HONE_E_INTERNAL, 11},   {HONE_E_CANCELLED, 130},
};
enum { EXIT_INTERNAL = 11 };

static void error_start(hone_error *err, hone_status status) {
    memset(err, 0, sizeof *err);
    err->status = status;
    err->offset = -1;
}

hone_status cli_fail(hone_error *err, hone_status status, const char *format, ...) {
    va_list args;
    error_start(err, status);
    va_start(args, format);
    vsnprintf(err->text, sizeof err->text, format, args);
    va_end(args);
    return status;
}

hone_status cli_fail_file(hone_error *err, hone_status status, const char *path, const char *format,
                          ...) {
    va_list args;
    error_start(err, status);
    snprintf(err->file, sizeof err->file, "%s", path);
    const int used = snprintf(err->text, sizeof err->text, "%.300s: ", path);
    va_start(args, format);
    vsnprintf(err->text + used, sizeof err->text - (size_t)used, format, args);
    va_end(args);
    return status;
}

hone_status cli_fail_errno(hone_error *err, const char *path, const char *what) {
    const int number = errno;
    const hone_status status = number == ENOMEM ? HONE_E_NOMEM : HONE_E_IO;
    return cli_fail_file(err, status, path, "cannot %s: %s", what, strerror(number));
}

hone_status cli_fail_before(hone_error *err, const char *format, ...) {
    char old[sizeof err->text];
    va_list args;
    memcpy(old, err->text, sizeof old);
    va_start(args, format);
    vsnprintf(err->text, sizeof err->text, format, args);
    va_end(args);
    const size_t used = strlen(err->text);
    snprintf(err->text + used, sizeof err->text - used, "%s", old);
    return err->status;
}

hone_status cli_fail_after(hone_error *err, const char *format, ...) {
    char more[128];
    va_list args;
    va_start(args, format);
    vsnprintf(more, sizeof more, format, args);
    va_end(args);
    size_t used = strlen(err->text);
    const size_t most = sizeof err->text - 1 - strlen(more);
    if (used > most) used = most;
    snprintf(err->text + used, sizeof err->text - used, "%s", more);
    return err->status;
}

hone_status cli_in_file(hone_error *err, hone_status status, const char *path) {
    if (status == HONE_OK || status == HONE_E_ARG || err->file[0]) return status;
    snprintf(err->file, sizeof err->file, "%.120s", path);
    return cli_fail_before(err, "%.300s: ", path);
}

hone_status cli_fail_nomem(hone_error *err) { return cli_fail(err, HONE_E_NOMEM, "out of memory"); }

void *cli_alloc(hone_error *err, size_t count, size_t size) {
    void *memory = calloc(count ? count : 1, size);
    if (!memory) cli_fail_nomem(err);
    return memory;
}

int cli_exit_code(hone_status status, int signal) {
    if (signal != 0 && status != HONE_OK) return EXIT_SIGNAL + signal;
    for (size_t i = 0; i < sizeof EXIT_CODES / sizeof EXIT_CODES[0]; i++)
        if (EXIT_CODES[i].status == status) return EXIT_CODES[i].exit_code;
    return EXIT_INTERNAL;
}

hone_status cli_status_named(const char *name) {
    for (size_t i = 0; i < sizeof EXIT_CODES / sizeof EXIT_CODES[0]; i++)
        if (strcmp(hone_status_name(EXIT_CODES[i].status), name) == 0) return EXIT_CODES[i].status;
    return HONE_E_INTERNAL;
}

static void put_text_or_null(json_t *parent, const char *key, const char *text) {
    if (text[0])
        doc_text(parent, key, text);
    else
        doc_null(parent, key);
}

void cli_report_error(const hone_error *err, bool json, int exit_code) {
    fprintf(stderr, "hone: error: %s\n", clean_text(err->text).s);
    if (!json) return;
    json_t *root = doc_new();
    json_t *error = doc_object(root, "error");
    doc_text(error, "status", hone_status_name(err->status));
    doc_int(error, "exit_code", exit_code);
    doc_text(error, "text", err->text);
    put_text_or_null(error, "file", err->file);
    put_text_or_null(error, "node", err->node);
    put_text_or_null(error, "operator", err->op);
    if (err->offset >= 0)
        doc_int(error, "offset_bytes", err->offset);
    else
        doc_null(error, "offset_bytes");
    hone_error ignored;
    doc_print(root, &ignored);
}
