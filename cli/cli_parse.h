/* SPDX-License-Identifier: Apache-2.0
 *
 * Values from the command line. Every function is false when the text is not exactly such a value,
 * and leaves *out untouched.
 */
#ifndef HONE_CLI_PARSE_H
#define HONE_CLI_PARSE_H

#include "hone/hone.h"
#include "settings.h"

bool parse_int(const char *text, int64_t *out);
/* "1048576", "512M", "1.5G", "64KiB" */
bool parse_size(const char *text, uint64_t *out);
/* Finite. */
bool parse_real(const char *text, double *out);
/* "5%" or "5" */
bool parse_percent(const char *text, double *out);
/* "0.485,0.456,0.406" */
bool parse_reals(const char *text, real_list *out);
/* "224x224" */
bool parse_extent(const char *text, extent *out);
/* Position of text, from 1, among names separated by '|'. */
bool parse_choice(const char *text, const char *names, int64_t *out);

/* "1,3,224,224", "1x3x224x224", or "" for a scalar; "?" and "-1" are unknown dimensions. */
bool parse_dims(const char *text, int32_t *rank, int64_t dim[HONE_MAX_RANK]);

#endif
