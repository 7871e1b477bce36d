/* SPDX-License-Identifier: Apache-2.0 */
#include "bench_rounds.h"

#include "cli_error.h"

/* Every order of the three. */
enum { ORDERS = 6 };
static const unsigned char orders[ORDERS][BLOCK_KINDS] = {{0, 1, 2}, {2, 0, 1}, {1, 0, 2},
                                                          {2, 1, 0}, {0, 2, 1}, {1, 2, 0}};

hone_status rounds_measure(rounds *r, block_fn *measure, enough_fn *enough, void *user,
                           hone_error *err) {
    do {
        for (int i = 0; i < ORDERS * BLOCK_KINDS; i++) {
            const int kind = orders[i / BLOCK_KINDS][i % BLOCK_KINDS];
            double ns;
            TRY(measure(user, kind, &ns));
            TRY(sample_list_add(&r->least[kind], ns, err));
        }
    } while (!enough(user, rounds_count(r)));
    return HONE_OK;
}

void rounds_release(rounds *r) {
    for (int kind = 0; kind < BLOCK_KINDS; kind++) sample_list_release(&r->least[kind]);
}

hone_status rounds_evaluate(rounds_result *out, const rounds *r, hone_error *err) {
    const double *ours = r->least[BLOCK_OURS].ns;
    TRY(ratio_of(&out->times, ours, r->least[BLOCK_OTHER].ns, rounds_count(r), err));
    TRY(ratio_of(&out->noise, r->least[BLOCK_AGAIN].ns, ours, rounds_count(r), err));
    out->verdict = ratio_verdict(&out->times, &out->noise);
    for (int kind = 0; kind < BLOCK_KINDS; kind++) {
        sample_stats stats;
        TRY(sample_stats_of(&stats, &r->least[kind], err));
        out->least_ns[kind] = stats.min;
        out->median_ns[kind] = stats.p50;
    }
    return HONE_OK;
}
