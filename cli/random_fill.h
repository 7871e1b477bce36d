/* SPDX-License-Identifier: Apache-2.0
 *
 * Reproducible numbers for inputs that no file is given for; docs/command.md specifies them.
 */
#ifndef HONE_CLI_RANDOM_FILL_H
#define HONE_CLI_RANDOM_FILL_H

#include "hone/hone.h"

/* Fills every element; the numbers depend on the seed, the name and the type alone. The type must
 * be one that element_set writes. */
void random_fill(const hone_view *view, const char *name, int64_t seed, int64_t count);

#endif
