/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "bench_result.h"
#include "cli_json.h"
#include "profile_report.h"

static void latency_json(json_t *root, const bench_result *b) {
    const sample_stats *s = &b->stats;
    json_t *latency = doc_object(root, "latency_ms");
    doc_real(latency, "min", s->min / 1e6);
    doc_real(latency, "p50", s->p50 / 1e6);
    doc_real(latency, "p90", s->p90 / 1e6);
    doc_real(latency, "p99", s->p99 / 1e6);
    doc_real(latency, "max", s->max / 1e6);
    doc_real(latency, "mean", s->mean / 1e6);
    doc_real(latency, "stddev", s->stddev / 1e6);
    doc_real(latency, "mad", s->mad / 1e6);
    json_t *blocks = doc_array(latency, "block_min");
    for (int32_t i = 0; i < b->blocks.count; i++) doc_real(blocks, NULL, b->blocks.least[i] / 1e6);
}

/* Null where the machine was not measured. */
static void machine_json(json_t *root, const bench_result *b) {
    const bool measured = b->steps.speed.flops_per_second > 0;
    json_t *machine = doc_object(root, "machine");
    doc_text(machine, "cpu", b->processor.s);
    doc_int(machine, "processors", hone_cpu_count());
    doc_real(machine, "peak_gflops", measured ? b->steps.speed.flops_per_second / 1e9 : NAN);
    doc_real(machine, "memory_gbytes_per_s",
             measured ? b->steps.speed.bytes_per_second / 1e9 : NAN);
    if (measured)
        doc_uint(machine, "memory_buffer_bytes", b->steps.speed.buffer_bytes);
    else
        doc_null(machine, "memory_buffer_bytes");
}

static void memory_json(json_t *root, const bench_result *b) {
    doc_uint(root, "peak_memory_bytes", b->peak_bytes);
    doc_uint(root, "planned_bytes", b->memory.planned_bytes);
    doc_uint(root, "lower_bound_bytes", b->memory.lower_bound_bytes);
    doc_uint(root, "weight_bytes", b->info.weight_bytes);
}

json_t *bench_json(const cli *c, const bench_result *b) {
    json_t *root = doc_new();
    doc_text(root, "model", c->set.operand[0]);
    doc_uint(root, "model_bytes", b->info.file_bytes);
    doc_text(root, "version", hone_version());
    doc_int(root, "threads", threads_in_use(&c->set));
    doc_text(root, "isa", isa_in_use(&c->set));
    machine_json(root, b);
    doc_int(root, "runs", b->samples.count);
    doc_int(root, "warmup_runs", c->set.warmup);
    latency_json(root, b);
    doc_real(root, "throughput_per_s", bench_runs_per_second(b));
    doc_real(root, "gflops", bench_gflops(b));
    doc_uint(root, "flops", b->flops);
    doc_real(root, "load_ms", (double)b->work.load_ns / 1e6);
    doc_real(root, "first_run_ms", (double)b->first_run_ns / 1e6);
    memory_json(root, b);
    input_set_json(root, "inputs", &b->work.inputs);
    if (b->against.name) against_json(root, "against", &b->against);
    if (c->set.profile.given) profile_json(root, "profile", &b->steps);
    return root;
}
