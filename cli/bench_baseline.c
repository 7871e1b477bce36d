/* SPDX-License-Identifier: Apache-2.0 */
#include "bench_baseline.h"

#include <math.h>

#include "bench_doc.h"
#include "cli_error.h"
#include "cli_json.h"

hone_status baseline_load(baseline *b, const char *path, hone_error *err) {
    TRY(bench_doc_load(&b->doc, path, err));
    b->path = path;
    b->min_ns = bench_doc_latency(b->doc, "min");
    b->p50_ns = bench_doc_latency(b->doc, "p50");
    return HONE_OK;
}

hone_status baseline_compare(baseline *b, const json_t *doc, const sample_stats *stats,
                             double bound, hone_error *err) {
    b->min_ratio = stats->min / b->min_ns;
    b->p50_ratio = stats->p50 / b->p50_ns;
    b->bound = bound;
    b->exceeded = !isnan(bound) && b->min_ratio > 1 + bound / 100;
    b->differences = bench_doc_differences(doc, b->doc);
    return b->differences ? HONE_OK : cli_fail_nomem(err);
}

void baseline_report(report *r, const baseline *b, const sample_stats *stats) {
    char title[400];
    snprintf(title, sizeof title, "baseline %.380s", b->path);
    report_part *part = report_facts(r, title);
    report_fact(part, "least", "%s, %s there: %.3f times the time", human_time(stats->min).s,
                human_time(b->min_ns).s, b->min_ratio);
    report_fact(part, "p50", "%s, %s there: %.3f times the time", human_time(stats->p50).s,
                human_time(b->p50_ns).s, b->p50_ratio);
    if (!isnan(b->bound))
        report_fact(part, "verdict", "the least time is %s %s %% above the baseline's",
                    b->exceeded ? "more than" : "no more than", human_real(b->bound).s);
    bench_doc_report(part, b->differences);
}

void baseline_json(json_t *parent, const char *key, const baseline *b) {
    json_t *object = doc_object(parent, key);
    doc_text(object, "file", b->path);
    doc_text(object, "version", json_string_value(json_object_get(b->doc, "version")));
    doc_real(object, "min_ms", b->min_ns / 1e6);
    doc_real(object, "p50_ms", b->p50_ns / 1e6);
    doc_real(object, "min_ratio", b->min_ratio);
    doc_real(object, "p50_ratio", b->p50_ratio);
    doc_real(object, "fail_above_percent", b->bound);
    doc_bool(object, "exceeded", b->exceeded);
    json_object_set(object, "differences", b->differences);
}

void baseline_release(baseline *b) {
    json_decref(b->doc);
    json_decref(b->differences);
    *b = (baseline){.path = NULL};
}
