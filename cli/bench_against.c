/* SPDX-License-Identifier: Apache-2.0 */
#include "bench_against.h"

#include "bench_doc.h"
#include "cli_json.h"

static void times_fact(report_part *part, const char *label, const against *a, int kind) {
    report_fact(part, label, "least %s, median of blocks %s",
                human_time(a->result.least_ns[kind]).s, human_time(a->result.median_ns[kind]).s);
}

void against_report(report *r, const against *a) {
    const rounds_result *result = &a->result;
    char title[400];
    snprintf(title, sizeof title, "against %.340s, %lld rounds in turn", a->name,
             (long long)rounds_count(&a->rounds));
    report_part *part = report_facts(r, title);
    times_fact(part, "this one", a, BLOCK_OURS);
    times_fact(part, "the other", a, BLOCK_OTHER);
    ratio_report(part, "ratio", "the other's", &result->times);
    ratio_report(part, "noise", "its own", &result->noise);
    report_fact(part, "verdict", "%s", verdict_text(result->verdict));
    bench_doc_report(part, a->differences);
}

static void times_json(json_t *parent, const char *key, const against *a, int kind) {
    json_t *object = doc_object(parent, key);
    doc_real(object, "min", a->result.least_ns[kind] / 1e6);
    doc_real(object, "p50", a->result.median_ns[kind] / 1e6);
}

void against_json(json_t *parent, const char *key, const against *a) {
    json_t *object = doc_object(parent, key);
    doc_text(object, a->is_program ? "program" : "model", a->name);
    if (a->doc) doc_text(object, "version", json_string_value(json_object_get(a->doc, "version")));
    doc_int(object, "rounds", rounds_count(&a->rounds));
    times_json(object, "block_ms", a, BLOCK_OURS);
    times_json(object, "other_block_ms", a, BLOCK_OTHER);
    ratio_json(object, "ratio", &a->result.times);
    ratio_json(object, "noise", &a->result.noise);
    doc_text(object, "verdict", verdict_text(a->result.verdict));
    if (a->differences) doc_value(object, "differences", a->differences);
}

void against_release(against *a) {
    rounds_release(&a->rounds);
    json_decref(a->doc);
    json_decref(a->differences);
    *a = (against){.name = NULL};
}
