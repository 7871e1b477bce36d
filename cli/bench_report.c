/* SPDX-License-Identifier: Apache-2.0
 *
 * The result for people.
 */
#include <math.h>

#include "bench_result.h"
#include "profile_report.h"

/* Columns of the histogram; points of the strip over time: from more samples, the least and the
 * largest of each part of the time are drawn. */
enum { COLUMNS = 48, STRIP_POINTS = 1000 };

static void latency_facts(report_part *part, const bench_result *b) {
    const sample_stats *s = &b->stats;
    report_fact(part, "latency", "min %s   p50 %s   p90 %s   p99 %s", human_time(s->min).s,
                human_time(s->p50).s, human_time(s->p90).s, human_time(s->p99).s);
    report_fact(part, "", "mean %s   deviation %s   median deviation %s", human_time(s->mean).s,
                human_time(s->stddev).s, human_time(s->mad).s);
    if (b->samples.count < 100) report_fact(part, "", "fewer than 100 runs: p99 is the slowest");
}

static void summary(report *r, const bench_result *b) {
    report_part *part = report_facts(r, "");
    latency_facts(part, b);
    report_fact(part, "throughput", "%s runs/s", human_real(bench_runs_per_second(b)).s);
    report_fact(part, "speed", "%.1f GFLOP/s (%s a run)", bench_gflops(b), human_flops(b->flops).s);
    report_fact(part, "load", "%s", human_time((double)b->work.load_ns).s);
    report_fact(part, "first run", "%s", human_time((double)b->first_run_ns).s);
    /* Pages of the plan that no run writes to are never resident. */
    report_fact(part, "memory", "%s resident at most, %s of weights", human_bytes(b->peak_bytes).s,
                human_bytes(b->info.weight_bytes).s);
    report_fact(part, "", "%s planned for intermediate tensors; the worst step needs %s",
                human_bytes(b->memory.planned_bytes).s, human_bytes(b->memory.lower_bound_bytes).s);
    report_fact(part, "machine", "%s, %d processor%s", b->processor.s, hone_cpu_count(),
                plural(hone_cpu_count()));
    if (b->steps.speed.flops_per_second > 0)
        report_fact(part, "", "at most %.1f GFLOP/s, and %.1f GB/s from memory (%s read)",
                    b->steps.speed.flops_per_second / 1e9, b->steps.speed.bytes_per_second / 1e9,
                    human_bytes(b->steps.speed.buffer_bytes).s);
}

/* From the least to the 99th percentile, so that a straggler does not press all others into one
 * column; the last takes what is slower. */
static void histogram(report *r, const bench_result *b) {
    const sample_stats *s = &b->stats;
    double count[COLUMNS] = {0};
    const double width = s->p99 > s->min ? (s->p99 - s->min) / COLUMNS : s->min / COLUMNS;
    int64_t beyond = 0;
    for (int64_t i = 0; i < b->samples.count; i++) {
        const double at = width > 0 ? floor((b->samples.ns[i] - s->min) / width) : 0;
        count[at < COLUMNS ? (int)at : COLUMNS - 1]++;
        beyond += b->samples.ns[i] > s->p99;
    }
    chart *c = &report_chart(r, "Latency", CHART_COLUMNS)->chart;
    c->x_title = "latency (ms)";
    c->y_title = "runs";
    c->width = width / 1e6;
    for (int i = 0; i < COLUMNS; i++) {
        const double left = (s->min + i * width) / 1e6;
        chart_point *column = chart_add(c, left, count[i], NULL);
        if (column)
            snprintf(column->note.s, sizeof column->note.s, "%.6g ms: %.0f", left, count[i]);
    }
    snprintf(c->summary.s, sizeof c->summary.s,
             "How many of %lld runs took how long: half of them at most %s. The %lld slowest, up "
             "to %s, are in the last column.",
             (long long)b->samples.count, human_time(s->p50).s, (long long)beyond,
             human_time(s->max).s);
}

static void add_sample(chart *c, const bench_result *b, int64_t i) {
    chart_add(c, (double)(i + 1), b->samples.ns[i] / 1e6, NULL);
}

static void strip(report *r, const bench_result *b) {
    const int64_t n = b->samples.count;
    chart *c = &report_chart(r, "Latency over time", CHART_STRIP)->chart;
    c->x_title = "run";
    c->y_title = "latency (ms)";
    const int64_t part = n > STRIP_POINTS ? (2 * n + STRIP_POINTS - 1) / STRIP_POINTS : 1;
    for (int64_t first = 0; first < n; first += part) {
        int64_t least = first, most = first;
        for (int64_t i = first; i < n && i < first + part; i++) {
            if (b->samples.ns[i] < b->samples.ns[least]) least = i;
            if (b->samples.ns[i] > b->samples.ns[most]) most = i;
        }
        add_sample(c, b, least);
        if (most != least) add_sample(c, b, most);
    }
    snprintf(c->summary.s, sizeof c->summary.s, "Latency of the runs in their order%s.",
             part > 1 ? ", the least and the largest of every few" : "");
}

void bench_report(report *r, const cli *c, const bench_result *b) {
    const int32_t threads = threads_in_use(&c->set);
    line_text subtitle;
    snprintf(subtitle.s, sizeof subtitle.s,
             "%d thread%s, %s, %lld run%s after the first and %lld to warm up", threads,
             plural(threads), isa_in_use(&c->set), (long long)b->samples.count,
             plural(b->samples.count), (long long)c->set.warmup);
    report_init(r, c->set.operand[0], subtitle.s);
    summary(r, b);
    if (b->against.name) against_report(r, &b->against);
    if (b->baseline.path) baseline_report(r, &b->baseline, &b->stats);
    histogram(r, b);
    strip(r, b);
    if (!c->set.profile.given) return;
    profile_charts(r, &b->steps);
    profile_report(r, &b->steps);
}
