/* SPDX-License-Identifier: Apache-2.0
 *
 * Upper and lower case of UTF-8 text: Unicode's simple mapping, one code point at a time. Bytes
 * that are not UTF-8 stay as they are.
 */
#ifndef HONE_CASE_TEXT_H
#define HONE_CASE_TEXT_H

#include "step.h"

typedef enum text_case { CASE_KEEP, CASE_LOWER, CASE_UPPER } text_case;

/* *out is the text itself where nothing changes, or a copy in the run's pool. */
hone_status text_change_case(run_ctx *r, const char *text, text_case to, const char **out);

#endif
