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

static void integer_bounds(tensor_stats *stats, const hone_view *view) {
    for (int64_t i = 0; i < stats->count; i++) {
        const uint64_t x = element_integer_get(view->dtype, view->data, i);
        if (i == 0 || element_integer_less(view->dtype, x, stats->least)) stats->least = x;
        if (i == 0 || element_integer_less(view->dtype, stats->most, x)) stats->most = x;
    }
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
    tensor_stats stats = {.dtype = view->dtype, .min = NAN, .max = NAN, .mean = NAN, .stddev = NAN};
    stats.known =
        element_is_readable(view->dtype) && element_count(view->rank, view->dim, &stats.count);
    if (!stats.known) return stats;
    if (element_is_integer(view->dtype)) integer_bounds(&stats, view);
    const double sum = first_pass(&stats, view);
    const double finite = (double)(stats.count - stats.nans - stats.infinities);
    if (finite > 0) {
        stats.mean = sum / finite;
        stats.stddev = sqrt(squares(&stats, view) / finite);
    }
    return stats;
}

static bool has_exact_bounds(const tensor_stats *stats) {
    return stats->known && stats->count > 0 && element_is_integer(stats->dtype);
}

number_text tensor_stats_min(const tensor_stats *stats) {
    return has_exact_bounds(stats) ? element_integer_text(stats->dtype, stats->least)
                                   : human_real(stats->min);
}

number_text tensor_stats_max(const tensor_stats *stats) {
    return has_exact_bounds(stats) ? element_integer_text(stats->dtype, stats->most)
                                   : human_real(stats->max);
}

static void integer_json(json_t *parent, const char *key, hone_dtype dtype, uint64_t value) {
    if (element_is_signed(dtype))
        doc_int(parent, key, (int64_t)value);
    else
        doc_uint(parent, key, value);
}

void element_json(json_t *parent, const char *key, const hone_view *view, int64_t index) {
    if (element_is_integer(view->dtype))
        integer_json(parent, key, view->dtype, element_integer_get(view->dtype, view->data, index));
    else
        doc_real(parent, key, element_get(view->dtype, view->data, index));
}

void tensor_stats_json(json_t *object, const tensor_stats *stats) {
    static const char *const keys[] = {"min",        "max",       "mean",     "stddev",
                                       "zero_count", "nan_count", "inf_count"};
    if (!stats->known) {
        for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) doc_null(object, keys[i]);
        return;
    }
    if (has_exact_bounds(stats)) {
        integer_json(object, "min", stats->dtype, stats->least);
        integer_json(object, "max", stats->dtype, stats->most);
    } else {
        doc_real(object, "min", stats->min);
        doc_real(object, "max", stats->max);
    }
    doc_real(object, "mean", stats->mean);
    doc_real(object, "stddev", stats->stddev);
    doc_int(object, "zero_count", stats->zeros);
    doc_int(object, "nan_count", stats->nans);
    doc_int(object, "inf_count", stats->infinities);
}
