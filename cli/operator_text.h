/* SPDX-License-Identifier: Apache-2.0
 *
 * What hone says of its operators.
 */
#ifndef HONE_CLI_OPERATOR_TEXT_H
#define HONE_CLI_OPERATOR_TEXT_H

#include "cli_json.h"

typedef struct operator_text {
    char s[400];
} operator_text;

const char *operator_kind_text(hone_operator_kind kind);
/* "7, 13"; empty for one that never changed. */
operator_text operator_versions_text(int32_t index);
/* Element types of the first input, in groups: "floats, integers"; empty when they are not stated.
 */
operator_text operator_types_text(int32_t index);
/* Everything about the operator, into an object. */
hone_status operator_json(json_t *object, int32_t index, hone_error *err);

#endif
