/* SPDX-License-Identifier: Apache-2.0
 *
 * Named tensors that were recorded: copies made during a run, or .npy files in a directory.
 */
#ifndef HONE_CLI_TENSOR_RECORD_H
#define HONE_CLI_TENSOR_RECORD_H

#include "npy_file.h"

typedef struct recorded {
    char *name;
    hone_view view; /* data is owned */
} recorded;

typedef struct tensor_record {
    recorded *item;
    size_t count;
    size_t capacity;
} tensor_record;

/* The values of a list or map are recorded as well, under the names that their files have. Text is
 * not copied: it lives until its session runs again. */
hone_status tensor_record_add(tensor_record *r, const char *name, const hone_view *view,
                              hone_error *err);
/* The last one of that name, or NULL. */
const hone_view *tensor_record_find(const tensor_record *r, const char *name);
void tensor_record_release(tensor_record *r);

/* Loads the file of a tensor of this type, as npy_load_as does. *found is false, and nothing fails,
 * when there is no such file. Release the value with input_value_release. */
hone_status tensor_file_load(input_value *out, bool *found, const char *path, hone_dtype dtype,
                             const hone_limits *limits, hone_error *err);

#endif
