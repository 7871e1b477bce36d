/* SPDX-License-Identifier: Apache-2.0
 *
 * Results of a run, shown and saved: tensors, and the lists and maps that hold them.
 */
#ifndef HONE_CLI_VALUE_REPORT_H
#define HONE_CLI_VALUE_REPORT_H

#include "cli_json.h"

/* Name, type, statistics and first elements; of lists and maps the first values. */
void value_print(const char *name, const hone_view *view);
/* The same into an object. */
void value_json(json_t *object, const hone_view *view);
/* DIR/NAME.npy; the values of a list are NAME_0, NAME_1 .., those of a map NAME_keys and
 * NAME_values. */
hone_status value_save(const char *dir, const char *name, const hone_view *view, hone_error *err);

#endif
