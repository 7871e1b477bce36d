/* SPDX-License-Identifier: Apache-2.0
 *
 * Regular expressions through PCRE2, whose syntax holds RE2's but for a few rare forms. The work of
 * all searches of a run together is bounded (HONE_E_LIMIT), and ends where the run is ended.
 */
#ifndef HONE_REGEX_H
#define HONE_REGEX_H

#include "step.h"

typedef struct regex regex;

/* Compiles a pattern; HONE_E_FORMAT tells where it is wrong. `whole`: only a match of a text as a
 * whole counts. Matching is not thread-safe. */
hone_status regex_open(regex **out, const ctx *c, const char *pattern, bool whole);
void regex_close(regex *x);

/* What the searches of a run share. */
typedef struct regex_run {
    run_ctx *r;
    size_t steps; /* that are left; each text brings more */
    size_t next_look;
    hone_status status; /* why a search was ended */
} regex_run;
regex_run regex_begin(run_ctx *r);

/* The text that is searched from now on: `length` bytes, checked to be UTF-8 without NUL. */
hone_status regex_text(regex *x, regex_run *run, const char *text, size_t length);
/* Bytes [begin, end) of a text; end is -1 where there is none. */
typedef struct text_span {
    int64_t begin, end;
} text_span;
/* Looks for the first match of the text, at or behind byte `from`, where a character begins. */
hone_status regex_find(regex *x, size_t from, text_span *out);
/* The same for the longest of all matches that begin there, as POSIX has it. */
hone_status regex_find_longest(regex *x, size_t from, text_span *out);

#endif
