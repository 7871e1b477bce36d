/* SPDX-License-Identifier: Apache-2.0
 *
 * Speed of fp32 matrix products on one thread, next to the machine's peak.
 *
 *   bench-gemm [level [rounds]]
 */
#include "gemm/gemm_f32.h"

#include <stdio.h>
#include <stdlib.h>

#include "bench_clock.h"

typedef struct product {
    gemm_f32_args args;
    gemm_sweep plan;
    void *scratch;
} product;

static void run_product(void *user) {
    product *p = user;
    gemm_f32_run(&p->plan, &p->args, 0, gemm_sweep_tasks(&p->plan), p->scratch);
}

static void bench_product(const kernels *ks, size_t m, size_t n, size_t k, gemm_b_form form,
                          int rounds) {
    static const char *const form_name[] = {"packed", "rows", "columns"};
    const size_t b_floats = gemm_f32_packed_floats(k, n);
    float *a = bench_floats(m * k), *b = bench_floats(b_floats), *c = bench_floats(m * n);
    product p = {.args = {m, n, k, a, k, b, form == GEMM_B_ROWS ? n : k, form, c, n, NULL}};
    p.plan = gemm_f32_plan(ks, &p.args);
    p.scratch = bench_floats(p.plan.scratch / sizeof(float));
    const double flops = 2.0 * (double)m * (double)n * (double)k;
    const bench_result r = bench_run(ks, run_product, &p, flops, rounds);
    const double bytes = 4.0 * (double)(m * k + n * k + m * n);
    printf("%6zu %6zu %6zu %-8s %10.1f %8.1f %6.1f%% %6.1f%% %7.1f\n", m, n, k, form_name[form],
           1e6 * r.seconds, 1e-9 * flops / r.seconds, 100 * flops / r.seconds / r.peak,
           100 * r.share, 1e-9 * bytes / r.seconds);
    free(a), free(b), free(c), free(p.scratch);
}

int main(int argc, char **argv) {
    static const size_t shapes[][3] = {
        {256, 256, 256},  {512, 512, 512},  {768, 768, 768},  {1024, 1024, 1024}, {128, 384, 384},
        {128, 1536, 384}, {128, 384, 1536}, {128, 3072, 768}, {1500, 384, 384},   {3136, 64, 64},
        {3136, 256, 64},  {784, 128, 512},  {784, 512, 128},  {196, 256, 1024},   {196, 1024, 256},
        {49, 512, 2048},  {49, 2048, 512},  {12544, 16, 32},  {12544, 96, 16},    {3136, 24, 144},
        {196, 64, 384},   {49, 320, 960},   {1, 1000, 1280},  {1, 32000, 576},    {2, 32000, 576},
        {4, 32000, 576},  {8, 4096, 1024},  {1, 576, 576},
    };
    static const size_t raw[][3] = {
        {128, 128, 64}, {128, 64, 128}, {1500, 1500, 64}, {1500, 64, 1500}};
    int rounds;
    const kernels ks = bench_arguments(argc, argv, &rounds);
    printf("%s, %s\n%6s %6s %6s %-8s %10s %8s %7s %7s %7s\n", ks.gemm_f32.name, ks.gemv_f32.name,
           "m", "n", "k", "b", "us", "GFLOP/s", "of peak", "median", "GB/s");
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
        bench_product(&ks, shapes[i][0], shapes[i][1], shapes[i][2], GEMM_B_PACKED, rounds);
    for (size_t i = 0; i < sizeof raw / sizeof *raw; i++)
        bench_product(&ks, raw[i][0], raw[i][1], raw[i][2],
                      raw[i][1] < raw[i][2] ? GEMM_B_ROWS : GEMM_B_COLUMNS, rounds);
    return 0;
}
