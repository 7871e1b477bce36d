/* SPDX-License-Identifier: Apache-2.0
 *
 * Errors inside the library: every fallible function returns hone_status and records the first
 * failure in the hone_error of its context.
 */
#ifndef HONE_STATUS_H
#define HONE_STATUS_H

#include "alloc.h"
#include "hone/hone.h"

/* What one call into the library works with. Passed down, never stored beyond the call. */
typedef struct ctx {
    allocator *alloc;
    const hone_limits *limits; /* never NULL, every field filled in */
    hone_error *err;           /* may be NULL */
    hone_log_fn log;           /* may be NULL */
    hone_progress_fn progress; /* may be NULL */
    void *user;
    const struct custom_ops *custom; /* operators of the caller's; may be NULL */
} ctx;

#define TRY(expr)                                                                                  \
    do {                                                                                           \
        hone_status status_ = (expr);                                                              \
        if (status_ != HONE_OK) return status_;                                                    \
    } while (0)

/* Records `code` and the text unless an error is recorded already; returns `code`. */
__attribute__((format(printf, 3, 4), cold)) hone_status fail(const ctx *c, hone_status code,
                                                             const char *format, ...);
/* The same, with a byte offset in the file. */
__attribute__((format(printf, 4, 5), cold)) hone_status
fail_at(const ctx *c, hone_status code, int64_t offset, const char *format, ...);
hone_status fail_nomem(const ctx *c, size_t size);

/* Callers that know the place fill it in, once, on the way up: each sets its field if it is empty
 * and puts it before the text. They pass `code` through. */
hone_status fail_in_node(const ctx *c, hone_status code, const char *node, const char *op);
hone_status fail_in_file(const ctx *c, hone_status code, const char *file);

/* Puts "kind 'name': " before the text, for parts that are neither node nor file; any number of
 * times. Does nothing if name is NULL or empty. */
hone_status fail_in_part(const ctx *c, hone_status code, const char *kind, const char *name);

void error_clear(hone_error *err);

/* Tells the caller how far a stage is; HONE_E_CANCELLED when he wants no more. */
hone_status report_progress(const ctx *c, const char *stage, int64_t done, int64_t total);

__attribute__((format(printf, 3, 4))) void log_line(const ctx *c, hone_log_level level,
                                                    const char *format, ...);

/* Copies a name that came from a file: control characters and invalid UTF-8 become \xNN, long ones
 * are cut with "...". Always terminated. Returns out. */
const char *escape_name(char *out, size_t size, const char *name);

#endif
