/* SPDX-License-Identifier: Apache-2.0
 *
 * Statistics of one tensor.
 */
#ifndef HONE_CLI_TENSOR_STATS_H
#define HONE_CLI_TENSOR_STATS_H

#include <jansson.h>

#include "cli_text.h"
#include "hone/hone.h"

/* Of the finite elements, except for the counts; NaN where there are none. */
typedef struct tensor_stats {
    bool known; /* false: the type has no numbers to look at */
    hone_dtype dtype;
    int64_t count;
    int64_t nans;
    int64_t infinities;
    int64_t zeros;
    double min, max, mean, stddev;
    uint64_t least, most; /* of integers: min and max as element_integer_get gives them */
} tensor_stats;

tensor_stats tensor_stats_of(const hone_view *view);
/* Integers exactly. */
number_text tensor_stats_min(const tensor_stats *stats);
number_text tensor_stats_max(const tensor_stats *stats);
/* Element `index`; integers exactly. `key` is NULL in an array. */
void element_json(json_t *parent, const char *key, const hone_view *view, int64_t index);
/* Adds "min", "max", "mean", "stddev", "zero_count", "nan_count", "inf_count"; all are null
 * when they are not known. */
void tensor_stats_json(json_t *object, const tensor_stats *stats);

#endif
