/* SPDX-License-Identifier: Apache-2.0
 *
 * Parts of reports about a model that more than one command shows.
 */
#ifndef HONE_CLI_MODEL_REPORT_H
#define HONE_CLI_MODEL_REPORT_H

#include <jansson.h>

#include "hone/hone.h"

/* How many nodes of the main graph have one operator. Borrowed from the model. */
typedef struct operator_count {
    const char *op;
    const char *domain;
    int32_t count;
} operator_count;

/* All operators, the most frequent first; an array the caller frees, and its length. */
hone_status model_count_operators(operator_count **out, int32_t *kinds, const hone_model *model,
                                  hone_error *err);
/* How many different operators there are. */
int32_t model_operator_kinds(const hone_model *model);

hone_status model_print_passes(const hone_model *model, hone_error *err);
/* An array of {"name", "changes"}. */
void model_json_passes(json_t *parent, const char *key, const hone_model *model);

#endif
