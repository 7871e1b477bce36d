/* SPDX-License-Identifier: Apache-2.0
 *
 * Errors of the command: the library's hone_status and hone_error, for its own failures as well.
 */
#ifndef HONE_CLI_ERROR_H
#define HONE_CLI_ERROR_H

#include "hone/hone.h"

#define TRY(expr)                                                                                  \
    do {                                                                                           \
        hone_status status_ = (expr);                                                              \
        if (status_ != HONE_OK) return status_;                                                    \
    } while (0)

/* Exit codes that no hone_status stands for. */
enum { EXIT_DIFFER = 1, EXIT_SLOWER = 9, EXIT_SIGNAL = 128 };

/* Fills *err and returns `status`. */
__attribute__((format(printf, 3, 4), cold)) hone_status
cli_fail(hone_error *err, hone_status status, const char *format, ...);
/* The same for a file, whose name comes before the text. */
__attribute__((format(printf, 4, 5), cold)) hone_status
cli_fail_file(hone_error *err, hone_status status, const char *path, const char *format, ...);
/* "PATH: cannot WHAT: reason in errno". */
__attribute__((cold)) hone_status cli_fail_errno(hone_error *err, const char *path,
                                                 const char *what);
/* Puts text before, or after, what *err says; the old text is cut where both do not fit. Returns
 * the status in *err. */
__attribute__((format(printf, 2, 3), cold)) hone_status cli_fail_before(hone_error *err,
                                                                        const char *format, ...);
__attribute__((format(printf, 2, 3), cold)) hone_status cli_fail_after(hone_error *err,
                                                                       const char *format, ...);
/* Names the file in a failure that names none yet. Wrong calls are nobody's file. */
hone_status cli_in_file(hone_error *err, hone_status status, const char *path);
__attribute__((cold)) hone_status cli_fail_nomem(hone_error *err);

/* Zeroed memory for count objects of size bytes; NULL and *err filled when there is none. */
void *cli_alloc(hone_error *err, size_t count, size_t size);

/* The status of that name, or HONE_E_INTERNAL. */
hone_status cli_status_named(const char *name);
/* The exit code of a failure; `signal` is the signal that asked to stop, or 0. */
int cli_exit_code(hone_status status, int signal);
/* "hone: error: ..." on stderr, and with json an {"error": ...} document on stdout. */
void cli_report_error(const hone_error *err, bool json, int exit_code);

#endif
