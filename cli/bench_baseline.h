/* SPDX-License-Identifier: Apache-2.0
 *
 * A result next to one that was stored before. Least times are compared: what disturbs a program
 * only ever makes it slower, so the least of many runs is what changes least by itself. How far it
 * changes all the same is told by the parts of both measurements (sample_blocks).
 */
#ifndef HONE_CLI_BENCH_BASELINE_H
#define HONE_CLI_BENCH_BASELINE_H

#include <jansson.h>

#include "bench_ratio.h"
#include "report.h"

typedef struct baseline {
    const char *path; /* NULL: none was asked for */
    json_t *doc;
    json_t *differences; /* see bench_doc.h */
    sample_blocks blocks;
    double min_ns, p50_ns;
    ratio times; /* now / then */
    verdict verdict;
    double bound; /* percent; NaN: none */
    bool exceeded;
} baseline;

/* Zeroed to begin with. */
hone_status baseline_load(baseline *b, const char *path, hone_error *err);
/* `doc` is the result now, `blocks` its times; `bound` is the percentage by which it may be slower,
 * or NaN. */
hone_status baseline_compare(baseline *b, const json_t *doc, const sample_blocks *blocks,
                             double bound, hone_error *err);
void baseline_report(report *r, const baseline *b, const sample_stats *stats);
void baseline_json(json_t *parent, const char *key, const baseline *b);
void baseline_release(baseline *b);

#endif
