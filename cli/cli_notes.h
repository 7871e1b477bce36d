/* SPDX-License-Identifier: Apache-2.0
 *
 * Everything on stderr that is not an error: notes, the library's log, progress on a terminal.
 */
#ifndef HONE_CLI_NOTES_H
#define HONE_CLI_NOTES_H

#include "hone/hone.h"
#include "settings.h"

/* "hone: note: ..." unless --quiet. */
__attribute__((format(printf, 2, 3))) void note(const settings *set, const char *format, ...);

/* "hone: warning: ..." unless --quiet. */
__attribute__((format(printf, 2, 3))) void warn(const settings *set, const char *format, ...);
/* "hone: ..." with --verbose only. */
__attribute__((format(printf, 2, 3))) void tell(const settings *set, const char *format, ...);

/* Callbacks for the library; `user` is the settings. Warnings unless --quiet, the rest only with
 * --verbose; progress only on a terminal and without --quiet. */
void notes_log(void *user, hone_log_level level, const char *line);
/* How many operators the log called unsupported; only --verbose shows those lines, because an error
 * that sums them up follows. */
int notes_unsupported(void);
int notes_progress(void *user, const char *stage, int64_t done, int64_t total);
/* Shows progress and replaces what was shown before. Empty text clears the line. */
__attribute__((format(printf, 2, 3))) void show_progress(const settings *set, const char *format,
                                                         ...);

#endif
