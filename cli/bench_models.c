/* SPDX-License-Identifier: Apache-2.0
 *
 * Two models in turn, in one process.
 */
#include "bench_against.h"
#include "bench_result.h"
#include "cli_error.h"
#include "cli_notes.h"

/* A block lasts this long, so that it begins with a few runs on caches that another left. */
enum { BLOCK_NS = 20000000, BLOCK_RUNS = 2 };
/* With --runs, the runs of each are dealt out over this many rounds at most. */
enum { MOST_ROUNDS = 60 };

typedef struct turns {
    cli *c;
    workspace opened[BLOCK_KINDS]; /* ours is opened again, so that the noise has all that comes
                                      with places in memory; the first of them is not here */
    const workspace *work[BLOCK_KINDS];
    int64_t block_runs; /* 0: by time */
    int64_t rounds;
    uint64_t start;
} turns;

static bool is_block_done(const turns *t, int64_t runs, uint64_t ns) {
    return t->block_runs > 0 ? runs >= t->block_runs : runs >= BLOCK_RUNS && ns >= BLOCK_NS;
}

static hone_status measure_block(void *user, int kind, double *least_ns) {
    const turns *t = user;
    const uint64_t block = clock_now();
    uint64_t least = UINT64_MAX, end = block;
    for (int64_t runs = 0; !is_block_done(t, runs, end - block); runs++) {
        const uint64_t start = clock_now();
        TRY(run_session(t->c, t->work[kind]->session, t->work[kind]->path));
        end = clock_now();
        if (end - start < least) least = end - start;
    }
    *least_ns = (double)(least > 0 ? least : 1);
    return HONE_OK;
}

static bool is_enough(const void *user, int64_t round_count) {
    const turns *t = user;
    const double seconds = (double)(clock_now() - t->start) / 1e9;
    show_progress(&t->c->set, "%lld rounds in turn", (long long)round_count);
    if (t->block_runs > 0) return round_count >= t->rounds;
    return seconds >= BLOCK_KINDS * bench_duration(&t->c->set);
}

/* With the shapes of the options, unless they name inputs that this model does not have. */
static hone_status open_next(turns *t, int kind, const char *path) {
    workspace *w = &t->opened[kind];
    hone_status status = workspace_open(w, t->c, path);
    if (status == HONE_E_INPUT) {
        workspace_release(w);
        status = workspace_open_reference(w, t->c, path);
    }
    TRY(status);
    TRY(workspace_start(w, t->c, 0));
    t->work[kind] = w;
    return workspace_bind_like(w, t->c, t->work[BLOCK_OURS]);
}

static hone_status warm_up(const turns *t, int kind) {
    for (int64_t i = 0; i <= t->c->set.warmup; i++)
        TRY(run_session(t->c, t->work[kind]->session, t->work[kind]->path));
    return HONE_OK;
}

static hone_status measure_turns(turns *t, against *out, const workspace *ours) {
    cli *c = t->c;
    t->work[BLOCK_OURS] = ours;
    TRY(open_next(t, BLOCK_OTHER, out->name));
    TRY(open_next(t, BLOCK_AGAIN, ours->path));
    for (int kind = 0; kind < BLOCK_KINDS; kind++) TRY(warm_up(t, kind));
    t->start = clock_now();
    TRY(rounds_measure(&out->rounds, measure_block, is_enough, t, &c->error));
    return rounds_evaluate(&out->result, &out->rounds, &c->error);
}

hone_status against_model(against *out, cli *c, const workspace *ours) {
    turns t = {.c = c};
    out->name = c->set.against;
    if (c->set.runs > 0) {
        t.rounds = c->set.runs / 2 < MOST_ROUNDS ? c->set.runs / 2 : MOST_ROUNDS;
        if (t.rounds < RATIO_PAIRS) t.rounds = RATIO_PAIRS;
        t.block_runs = (c->set.runs + t.rounds - 1) / t.rounds;
    }
    const hone_status status = measure_turns(&t, out, ours);
    show_progress(&c->set, "%s", "");
    for (int kind = 0; kind < BLOCK_KINDS; kind++) workspace_release(&t.opened[kind]);
    return status;
}
