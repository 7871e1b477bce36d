/* SPDX-License-Identifier: Apache-2.0
 *
 * A text file that appears complete or not at all: written beside its name, then renamed.
 */
#ifndef HONE_CLI_NEW_FILE_H
#define HONE_CLI_NEW_FILE_H

#include <stdio.h>

#include "hone/hone.h"

/* HONE_E_ARG if the output would replace the model that it is made from. */
hone_status new_file_distinct(const char *source, const char *output, hone_error *err);

typedef struct new_file {
    FILE *stream;
    const char *path; /* borrowed */
    char *temporary;
} new_file;

hone_status new_file_open(new_file *f, const char *path, hone_error *err);
/* Ends it, whether it succeeds or not. */
hone_status new_file_commit(new_file *f, hone_error *err);
void new_file_abort(new_file *f);

#endif
