/* SPDX-License-Identifier: Apache-2.0
 *
 * Results of bench as JSON documents that come from elsewhere: stored, or of another program.
 */
#ifndef HONE_CLI_BENCH_DOC_H
#define HONE_CLI_BENCH_DOC_H

#include <jansson.h>

#include "report.h"

/* Each gives a document that has positive numbers latency_ms.min and .p50; HONE_E_FORMAT when it is
 * none. `name` is for errors. */
hone_status bench_doc_load(json_t **out, const char *path, hone_error *err);
hone_status bench_doc_parse(json_t **out, const char *text, size_t size, const char *name,
                            hone_error *err);
/* latency_ms.KEY in nanoseconds. */
double bench_doc_latency(const json_t *doc, const char *key);
/* What latency_ms.block_min is, or NULL. */
const json_t *bench_doc_block_min(const json_t *doc);

/* What keeps two results from being comparable: an array of {"what", "here", "there"}, of machine,
 * threads, instruction set, model and inputs, as far as `there` tells them; `here` has all. NULL
 * when memory is out. */
json_t *bench_doc_differences(const json_t *here, const json_t *there);
/* A fact for each. */
void bench_doc_report(report_part *part, const json_t *differences);

#endif
