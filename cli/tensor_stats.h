/* SPDX-License-Identifier: Apache-2.0
 *
 * Statistics of one tensor.
 */
#ifndef HONE_CLI_TENSOR_STATS_H
#define HONE_CLI_TENSOR_STATS_H

#include <jansson.h>

#include "hone/hone.h"

/* Of the finite elements, except for the counts; NaN where there are none. */
typedef struct tensor_stats {
    bool known; /* false: the type has no numbers to look at */
    int64_t count;
    int64_t nans;
    int64_t infinities;
    int64_t zeros;
    double min, max, mean, stddev;
} tensor_stats;

tensor_stats tensor_stats_of(const hone_view *view);
/* Adds "min", "max", "mean", "stddev", "zero_count", "nan_count", "inf_count". */
void tensor_stats_json(json_t *object, const tensor_stats *stats);

#endif
