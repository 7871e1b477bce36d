/* SPDX-License-Identifier: Apache-2.0 */
#include "bench_stats.h"

#include <math.h>
#include <stdlib.h>

#include "cli_error.h"

hone_status sample_list_add(sample_list *list, double ns, hone_error *err) {
    if (list->count == list->capacity) {
        const int64_t capacity = list->capacity ? 2 * list->capacity : 1024;
        double *grown = realloc(list->ns, (size_t)capacity * sizeof *grown);
        if (!grown) return cli_fail_nomem(err);
        list->ns = grown;
        list->capacity = capacity;
    }
    list->ns[list->count++] = ns;
    return HONE_OK;
}

void sample_list_release(sample_list *list) {
    free(list->ns);
    *list = (sample_list){NULL, 0, 0};
}

static int ascending(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void sort(sample_list *list) {
    qsort(list->ns, (size_t)list->count, sizeof *list->ns, ascending);
}

/* The smallest sample that at least `percent` of all samples do not exceed. */
static double nearest_rank(const sample_list *list, int percent) {
    const int64_t rank = (list->count * percent + 99) / 100;
    return list->ns[rank > 0 ? rank - 1 : 0];
}

/* Replaces the samples by their distances from the median. */
static double median_deviation(sample_list *list, double median) {
    for (int64_t i = 0; i < list->count; i++) list->ns[i] = fabs(list->ns[i] - median);
    sort(list);
    return nearest_rank(list, 50);
}

sample_stats sample_stats_of(sample_list *list) {
    sample_stats s;
    double sum = 0, squares = 0;
    sort(list);
    s.min = list->ns[0];
    s.p50 = nearest_rank(list, 50);
    s.p90 = nearest_rank(list, 90);
    s.p99 = nearest_rank(list, 99);
    s.max = list->ns[list->count - 1];
    for (int64_t i = 0; i < list->count; i++) sum += list->ns[i];
    s.mean = sum / (double)list->count;
    for (int64_t i = 0; i < list->count; i++)
        squares += (list->ns[i] - s.mean) * (list->ns[i] - s.mean);
    s.stddev = list->count > 1 ? sqrt(squares / (double)(list->count - 1)) : 0;
    s.mad = median_deviation(list, s.p50);
    return s;
}
