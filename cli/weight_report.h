/* SPDX-License-Identifier: Apache-2.0
 *
 * Statistics of the constants of a model. Those held in a kernel's layout only are left out.
 */
#ifndef HONE_CLI_WEIGHT_REPORT_H
#define HONE_CLI_WEIGHT_REPORT_H

#include <jansson.h>

#include "hone/hone.h"

hone_status weight_report_print(const hone_model *model, hone_error *err);
/* An array of {"name", "dtype", "shape", "bytes"} with statistics. */
void weight_report_json(json_t *parent, const char *key, const hone_model *model);

#endif
