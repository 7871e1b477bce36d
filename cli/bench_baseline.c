/* SPDX-License-Identifier: Apache-2.0 */
#include "bench_baseline.h"

#include <math.h>

#include "bench_doc.h"
#include "cli_error.h"
#include "cli_json.h"

/* Nanoseconds of an array of milliseconds. */
static bool read_blocks(sample_blocks *out, const json_t *array) {
    const size_t count = json_array_size(array);
    if (count < 1 || count > SAMPLE_BLOCKS) return false;
    for (size_t i = 0; i < count; i++) {
        out->least[i] = 1e6 * json_number_value(json_array_get(array, i));
        if (!isfinite(out->least[i]) || out->least[i] <= 0) return false;
    }
    out->count = (int32_t)count;
    return true;
}

hone_status baseline_load(baseline *b, const char *path, hone_error *err) {
    TRY(bench_doc_load(&b->doc, path, err));
    b->path = path;
    b->min_ns = bench_doc_latency(b->doc, "min");
    b->p50_ns = bench_doc_latency(b->doc, "p50");
    if (!read_blocks(&b->blocks, bench_doc_block_min(b->doc)))
        return cli_fail_file(err, HONE_E_FORMAT, path,
                             "not a result of 'hone bench --json': expected 1 to %d numbers above "
                             "0 as latency_ms.block_min",
                             SAMPLE_BLOCKS);
    return HONE_OK;
}

hone_status baseline_compare(baseline *b, const json_t *doc, const sample_blocks *blocks,
                             double bound, hone_error *err) {
    ratio_of_medians(&b->times, blocks, &b->blocks);
    b->verdict = ratio_verdict(&b->times, NULL);
    b->bound = bound;
    b->exceeded = ratio_is_above(&b->times, b->verdict, bound);
    b->differences = bench_doc_differences(doc, b->doc);
    return b->differences ? HONE_OK : cli_fail_nomem(err);
}

void baseline_report(report *r, const baseline *b, const sample_stats *stats) {
    char title[400];
    snprintf(title, sizeof title, "baseline %.380s", b->path);
    report_part *part = report_facts(r, title);
    report_fact(part, "this one", "min %s   p50 %s", human_time(stats->min).s,
                human_time(stats->p50).s);
    report_fact(part, "baseline", "min %s   p50 %s", human_time(b->min_ns).s,
                human_time(b->p50_ns).s);
    ratio_report(part, "ratio", "the baseline's", &b->times);
    report_fact(part, "verdict", "%s%s", verdict_text(b->verdict),
                b->exceeded ? ", by more than --fail-above allows" : "");
    bench_doc_report(part, b->differences);
}

void baseline_json(json_t *parent, const char *key, const baseline *b) {
    json_t *object = doc_object(parent, key);
    doc_text(object, "file", b->path);
    doc_text(object, "version", json_string_value(json_object_get(b->doc, "version")));
    doc_real(object, "min_ms", b->min_ns / 1e6);
    doc_real(object, "p50_ms", b->p50_ns / 1e6);
    ratio_json(object, "ratio", &b->times);
    doc_text(object, "verdict", verdict_text(b->verdict));
    doc_real(object, "fail_above_percent", b->bound);
    doc_bool(object, "exceeded", b->exceeded);
    doc_value(object, "differences", b->differences);
}

void baseline_release(baseline *b) {
    json_decref(b->doc);
    json_decref(b->differences);
    *b = (baseline){.path = NULL};
}
