/* SPDX-License-Identifier: Apache-2.0
 *
 * The constants of a model, with statistics of those that are not held in a kernel's layout only.
 */
#ifndef HONE_CLI_WEIGHT_REPORT_H
#define HONE_CLI_WEIGHT_REPORT_H

#include <jansson.h>

#include "hone/hone.h"

hone_status weight_report_print(const hone_model *model, hone_error *err);
/* An array of {"name", "dtype", "shape", "bytes", "packed"} with statistics, null where packed. */
void weight_report_json(json_t *parent, const char *key, const hone_model *model);

#endif
