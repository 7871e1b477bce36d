/* SPDX-License-Identifier: Apache-2.0
 *
 * Regular expressions through PCRE2, whose syntax holds RE2's but for a few rare forms. The work of
 * a match is bounded: an expression that would go back over a text for ever is HONE_E_LIMIT.
 */
#ifndef HONE_REGEX_H
#define HONE_REGEX_H

#include "step.h"

typedef struct regex regex;

/* Compiles a pattern; HONE_E_FORMAT tells where it is wrong. `whole`: only a match of a text as a
 * whole counts. Matching is not thread-safe. */
hone_status regex_open(regex **out, const ctx *c, const char *pattern, bool whole);
void regex_close(regex *x);
/* Bytes [begin, end) of a text; end is -1 where there is none. */
typedef struct text_span {
    int64_t begin, end;
} text_span;
/* Looks for the first match of a text that ends in NUL, at or behind byte `from`. */
hone_status regex_find(regex *x, const ctx *c, const char *text, size_t from, text_span *out);
/* The same for the longest of all matches that begin there, as POSIX has it. */
hone_status regex_find_longest(regex *x, const ctx *c, const char *text, size_t from,
                               text_span *out);

#endif
