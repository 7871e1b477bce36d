/* SPDX-License-Identifier: Apache-2.0
 *
 * Named tensors that were recorded: copies made during a run, or .npy files in a directory.
 */
#ifndef HONE_CLI_TENSOR_RECORD_H
#define HONE_CLI_TENSOR_RECORD_H

#include "hone/hone.h"

typedef struct recorded {
    char *name;
    hone_view view; /* data is owned */
} recorded;

typedef struct tensor_record {
    recorded *item;
    size_t count;
    size_t capacity;
} tensor_record;

hone_status tensor_record_add(tensor_record *r, const char *name, const hone_view *view,
                              hone_error *err);
/* The last one of that name, or NULL. */
const hone_view *tensor_record_find(const tensor_record *r, const char *name);
void tensor_record_release(tensor_record *r);

/* Loads DIR/NAME.npy, NAME being safe already. *found is false, and nothing fails, when there is no
 * such file. Release the view with hone_view_free. */
hone_status tensor_file_load(hone_view *out, bool *found, const char *dir, const char *name,
                             const hone_limits *limits, hone_error *err);

#endif
