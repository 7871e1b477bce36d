/* SPDX-License-Identifier: Apache-2.0 */
#include "bench_rounds.h"

#include <stdlib.h>
#include <string.h>

#include "bench_stats.h"
#include "cli_error.h"

/* Every order of the three. */
enum { ORDERS = 6 };
static const unsigned char orders[ORDERS][BLOCK_KINDS] = {{0, 1, 2}, {2, 0, 1}, {1, 0, 2},
                                                          {2, 1, 0}, {0, 2, 1}, {1, 2, 0}};

static hone_status make_room(rounds *r, hone_error *err) {
    const size_t count = (size_t)r->count + ORDERS;
    for (int kind = 0; kind < BLOCK_KINDS; kind++) {
        double *grown = realloc(r->least[kind], count * sizeof *grown);
        if (!grown) return cli_fail_nomem(err);
        r->least[kind] = grown;
    }
    return HONE_OK;
}

hone_status rounds_measure(rounds *r, block_fn *measure, enough_fn *enough, void *user,
                           hone_error *err) {
    do {
        TRY(make_room(r, err));
        for (int order = 0; order < ORDERS; order++) {
            for (int i = 0; i < BLOCK_KINDS; i++) {
                const int kind = orders[order][i];
                TRY(measure(user, kind, &r->least[kind][r->count]));
            }
            r->count++;
        }
    } while (!enough(user, r->count));
    return HONE_OK;
}

void rounds_release(rounds *r) {
    for (int kind = 0; kind < BLOCK_KINDS; kind++) free(r->least[kind]);
    *r = (rounds){.count = 0};
}

hone_status rounds_evaluate(rounds_result *out, const rounds *r, hone_error *err) {
    const double *const *least = (const double *const *)r->least;
    TRY(ratio_of(&out->times, least[BLOCK_OURS], least[BLOCK_OTHER], r->count, err));
    TRY(ratio_of(&out->noise, least[BLOCK_AGAIN], least[BLOCK_OURS], r->count, err));
    out->verdict = ratio_verdict(&out->times, &out->noise);
    for (int kind = 0; kind < BLOCK_KINDS; kind++) {
        const sample_list list = {r->least[kind], r->count, r->count};
        sample_stats stats;
        TRY(sample_stats_of(&stats, &list, err));
        out->least_ns[kind] = stats.min;
        out->median_ns[kind] = stats.p50;
    }
    return HONE_OK;
}
