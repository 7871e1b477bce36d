/* SPDX-License-Identifier: Apache-2.0 */
#include "tensor_stats.h"

#include <math.h>

#include "cli_json.h"
#include "element.h"

/* Counts, bounds and the sum, in one pass; the deviation needs the mean first. */
static double first_pass(tensor_stats *stats, const hone_view *view) {
    double sum = 0;
    for (int64_t i = 0; i < stats->count; i++) {
        const double x = element_get(view->dtype, view->data, i);
        if (isnan(x)) {
            stats->nans++;
        } else if (isinf(x)) {
            stats->infinities++;
        } else {
            stats->zeros += x == 0;
            stats->min = fmin(stats->min, x);
            stats->max = fmax(stats->max, x);
            sum += x;
        }
    }
    return sum;
}

static double squares(const tensor_stats *stats, const hone_view *view) {
    double sum = 0;
    for (int64_t i = 0; i < stats->count; i++) {
        const double x = element_get(view->dtype, view->data, i);
        if (isfinite(x)) sum += (x - stats->mean) * (x - stats->mean);
    }
    return sum;
}

tensor_stats tensor_stats_of(const hone_view *view) {
    tensor_stats stats = {.min = NAN, .max = NAN, .mean = NAN, .stddev = NAN};
    stats.known =
        element_is_readable(view->dtype) && element_count(view->rank, view->dim, &stats.count);
    if (!stats.known) return stats;
    const double sum = first_pass(&stats, view);
    const double finite = (double)(stats.count - stats.nans - stats.infinities);
    if (finite > 0) {
        stats.mean = sum / finite;
        stats.stddev = sqrt(squares(&stats, view) / finite);
    }
    return stats;
}

void tensor_stats_json(json_t *object, const tensor_stats *stats) {
    doc_real(object, "min", stats->min);
    doc_real(object, "max", stats->max);
    doc_real(object, "mean", stats->mean);
    doc_real(object, "stddev", stats->stddev);
    doc_int(object, "zero_count", stats->zeros);
    doc_int(object, "nan_count", stats->nans);
    doc_int(object, "inf_count", stats->infinities);
}
