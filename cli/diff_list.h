/* SPDX-License-Identifier: Apache-2.0
 *
 * Tensors that were compared, and how they are shown.
 */
#ifndef HONE_CLI_DIFF_LIST_H
#define HONE_CLI_DIFF_LIST_H

#include <jansson.h>

#include "tensor_diff.h"

/* One tensor against the reference of that name. */
typedef struct diff_item {
    char *name;
    hone_view ours; /* data is not valid any more */
    hone_view theirs;
    tensor_diff diff;
} diff_item;

typedef struct diff_list {
    diff_item *item;
    size_t count;
    size_t capacity;
} diff_list;

/* Two tensors to compare. */
typedef struct diff_pair {
    const char *name;
    const hone_view *ours;
    const hone_view *theirs;
} diff_pair;

hone_status diff_list_add(diff_list *list, const diff_pair *pair, tolerance tol, hone_error *err);
/* The first that is not within the tolerance, or NULL. */
const diff_item *diff_list_first_divergent(const diff_list *list);
void diff_list_release(diff_list *list);

/* `what` is the heading of the names. */
hone_status diff_list_print(const diff_list *list, const char *what, hone_error *err);
void diff_list_json(json_t *parent, const char *key, const diff_list *list);

#endif
