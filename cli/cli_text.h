/* SPDX-License-Identifier: Apache-2.0
 *
 * Text for people: numbers with units, shapes, and names made safe for a terminal. Results are
 * small structs, so that they can be used in the middle of a printf: human_bytes(n).s
 */
#ifndef HONE_CLI_TEXT_H
#define HONE_CLI_TEXT_H

#include "hone/hone.h"

typedef struct number_text {
    char s[32];
} number_text;
typedef struct line_text {
    char s[640];
} line_text;

/* "512 B", "1.50 MiB" */
number_text human_bytes(uint64_t bytes);
/* "9876", then "25.6 M" in powers of 1000. */
number_text human_count(double count);
/* "8.21 GFLOP" */
number_text human_flops(uint64_t flops);
/* "813 ns", "4.21 ms", "1.50 s" */
number_text human_time(double nanoseconds);
/* "s" unless there is one. */
const char *plural(int64_t count);
/* About six significant digits, without an exponent where that is short. */
number_text human_real(double value);

/* "float32[N,3,224,224]", unknown dimensions by name or as "?"; "sequence of float32[..]". */
line_text port_text(const hone_port *port);
line_text view_text(const hone_view *view);

/* The text with control characters and bytes that are not UTF-8 as \xNN; cut when very long. */
line_text clean_text(const char *text);
/* Characters a terminal needs for valid UTF-8 (code points; wide ones count as one). */
int text_width(const char *text);
/* Where character number n of the text begins, or its end. */
const char *text_character(const char *text, int n);

#endif
