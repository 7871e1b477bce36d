/* SPDX-License-Identifier: Apache-2.0
 *
 * Other programs and what they write.
 */
#ifndef HONE_CLI_CHILD_PROCESS_H
#define HONE_CLI_CHILD_PROCESS_H

#include "hone/hone.h"

typedef struct child_output {
    char *text; /* of stdout, owned, ends with a NUL */
    size_t size;
    int exit_code; /* 128 + the signal that ended it */
} child_output;

/* Runs the program at the path argv[0] to its end; its stderr is dropped. A signal that asks hone
 * to stop is passed on to it. HONE_E_IO when it cannot be run; what its exit code means is the
 * caller's to say. Release the output also after a failure. */
hone_status child_run(child_output *out, char *const argv[], hone_error *err);
void child_output_release(child_output *out);

#endif
