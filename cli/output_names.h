/* SPDX-License-Identifier: Apache-2.0
 *
 * File names of tensors.
 */
#ifndef HONE_CLI_OUTPUT_NAMES_H
#define HONE_CLI_OUTPUT_NAMES_H

#include "hone/hone.h"

typedef struct file_name {
    char s[200];
} file_name;

/* The name of a tensor without anything but A-Z a-z 0-9 - _ . in it; others become _, and very long
 * names are cut. Never empty, "." or "..". */
file_name safe_name(const char *name);

/* Safe names of all outputs of a model, all different: the second of two equal ones gets "_2".
 * An array the caller frees; NULL when memory is out. */
file_name *output_names(const hone_model *model);

/* Name of value number i of a list or a map: "NAME_0", "NAME_keys". The caller frees it; NULL when
 * memory is out. */
char *part_name(const char *name, const hone_view *list, int64_t i);

/* "DIR/NAME.npy", which the caller frees; NULL when memory is out. */
char *path_of_tensor(const char *dir, const char *name);

#endif
