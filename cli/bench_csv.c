/* SPDX-License-Identifier: Apache-2.0
 *
 * The result as comma-separated values (RFC 4180): one record a line, which is the model, an
 * operator with a kernel, a step, or a figure of the latency; what does not apply is empty.
 */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "bench_result.h"

/* Programs for tables take text that begins like this for a formula, and names are hostile. */
static bool is_like_formula(const char *text) { return *text && strchr("=+-@", *text); }

static void put_field(FILE *file, const char *text) {
    const line_text clean = clean_text(text);
    fprintf(file, ",\"%s", is_like_formula(clean.s) ? "'" : "");
    for (const char *s = clean.s; *s; s++) {
        if (*s == '"') fputc('"', file);
        fputc(*s, file);
    }
    fputc('"', file);
}

static void put_number(FILE *file, double value) {
    if (isfinite(value))
        fprintf(file, ",%.9g", value);
    else
        fputc(',', file);
}

static void put_work(FILE *file, const char *record, const char *name, const work_row *row) {
    fputs(record, file);
    put_field(file, name);
    put_field(file, row->step.op);
    put_field(file, row->step.kernel);
    fprintf(file, ",%d", row->calls);
    put_number(file, row->time_ns / 1e6);
    put_number(file, 100 * row->share);
    fprintf(file, ",%" PRIu64 ",%" PRIu64, row->flops, row->bytes);
    put_number(file, row->flops_per_ns);
    put_number(file, row->bytes_per_ns);
    put_number(file, row->intensity);
    put_number(file, 100 * row->roofline);
    fputs("\r\n", file);
}

static void put_time(FILE *file, const char *record, const char *name, double ns) {
    fprintf(file, "%s,\"%s\",,,", record, name);
    put_number(file, ns / 1e6);
    fputs(",,,,,,,\r\n", file);
}

void bench_write_csv(const bench_result *b, FILE *file) {
    const sample_stats *s = &b->stats;
    fputs("record,name,operator,kernel,calls,time_ms,share_percent,flops,bytes,gflops,"
          "gbytes_per_s,flops_per_byte,roofline_percent\r\nmodel",
          file);
    put_field(file, b->work.path);
    fprintf(file, ",,,%lld", (long long)b->samples.count);
    put_number(file, s->p50 / 1e6);
    fprintf(file, ",,%" PRIu64 ",", b->flops);
    put_number(file, bench_gflops(b));
    fputs(",,,\r\n", file);
    put_time(file, "latency", "min", s->min);
    put_time(file, "latency", "p50", s->p50);
    put_time(file, "latency", "p90", s->p90);
    put_time(file, "latency", "p99", s->p99);
    put_time(file, "latency", "max", s->max);
    put_time(file, "latency", "mean", s->mean);
    put_time(file, "latency", "stddev", s->stddev);
    put_time(file, "latency", "mad", s->mad);
    put_time(file, "once", "load", (double)b->work.load_ns);
    put_time(file, "once", "first run", (double)b->first_run_ns);
    for (int32_t i = 0; i < b->steps.group_count; i++)
        put_work(file, "operator", "", &b->steps.groups[i]);
    for (int32_t i = 0; i < b->steps.step_count; i++)
        put_work(file, "step", b->steps.steps[i].step.name, &b->steps.steps[i]);
}
