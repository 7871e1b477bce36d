/* SPDX-License-Identifier: Apache-2.0
 *
 * A result next to one that was stored before. The least times are compared: what disturbs a
 * program only ever makes it slower, so the least of many runs is what changes least by itself.
 */
#ifndef HONE_CLI_BENCH_BASELINE_H
#define HONE_CLI_BENCH_BASELINE_H

#include <jansson.h>

#include "bench_stats.h"
#include "report.h"

typedef struct baseline {
    const char *path; /* NULL: none was asked for */
    json_t *doc;
    json_t *differences; /* see bench_doc.h */
    double min_ns, p50_ns;
    double min_ratio, p50_ratio; /* now / then */
    double bound;                /* percent; NaN: none */
    bool exceeded;
} baseline;

/* Zeroed to begin with. */
hone_status baseline_load(baseline *b, const char *path, hone_error *err);
/* `doc` is the result now, `stats` its times; `bound` is the percentage by which the least may be
 * larger, or NaN. */
hone_status baseline_compare(baseline *b, const json_t *doc, const sample_stats *stats,
                             double bound, hone_error *err);
void baseline_report(report *r, const baseline *b, const sample_stats *stats);
void baseline_json(json_t *parent, const char *key, const baseline *b);
void baseline_release(baseline *b);

#endif
