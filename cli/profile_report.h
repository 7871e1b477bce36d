/* SPDX-License-Identifier: Apache-2.0
 *
 * Profiles as parts of reports, and as JSON.
 */
#ifndef HONE_CLI_PROFILE_REPORT_H
#define HONE_CLI_PROFILE_REPORT_H

#include <jansson.h>

#include "profile_rows.h"
#include "report.h"

/* The operators, the slowest steps, and, in full, all steps. */
void profile_report(report *r, const work_list *list);
/* Time by operator, and the roofline where the machine was measured. */
void profile_charts(report *r, const work_list *list);
/* Adds {"runs", "operators": [...], "steps": [...]} under `key`. */
void profile_json(json_t *parent, const char *key, const work_list *list);

#endif
