/* SPDX-License-Identifier: Apache-2.0
 *
 * Upper and lower case of UTF-8 text: Unicode's simple mapping, one code point at a time, as the C
 * library's locale C.UTF-8 has it, whatever the process's locale is. Where the machine lacks that
 * locale, text beyond ASCII is HONE_E_UNSUPPORTED. Bytes that are not UTF-8 stay as they are.
 */
#ifndef HONE_CASE_TEXT_H
#define HONE_CASE_TEXT_H

#include <locale.h>

#include "step.h"

typedef enum text_case { CASE_KEEP, CASE_LOWER, CASE_UPPER } text_case;

/* Changes the case of the texts of a run; all zero but for r in the beginning. */
typedef struct case_changer {
    run_ctx *r;
    locale_t unicode; /* opened for the first text that needs it */
} case_changer;

/* *out is the text itself where nothing changes, or a copy in the run's pool. */
hone_status text_change_case(case_changer *w, const char *text, text_case to, const char **out);
void case_changer_close(case_changer *w);

#endif
