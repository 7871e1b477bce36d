/* SPDX-License-Identifier: Apache-2.0
 *
 * hone import --tune: what was measured, for people and as JSON.
 */
#ifndef HONE_CLI_IMPORT_TUNE_H
#define HONE_CLI_IMPORT_TUNE_H

#include <jansson.h>

#include "cli_table.h"
#include "workspace.h"

typedef struct import_tune {
    table layers;
    json_t *document; /* array */
    int32_t count, changed;
    uint64_t chosen_ns, expected_ns;
} import_tune;

/* Tunes the model of a workspace that was opened for it. Release also after a failure. */
hone_status import_tune_run(import_tune *out, cli *c, workspace *w);
void import_tune_release(import_tune *t);

/* One line of the summary; with --verbose a table of the layers follows. */
hone_status import_tune_print(const import_tune *t, const cli *c, hone_error *err);
void import_tune_json(json_t *root, const import_tune *t);

#endif
