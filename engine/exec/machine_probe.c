/* SPDX-License-Identifier: Apache-2.0
 *
 * What the machine does at best: multiply-adds in registers, and memory read in order. The machine
 * may be shared with others, so both are measured many times and the best counts.
 */
#include <string.h>
#include <unistd.h>

#include "machine.h"
#include "options.h"
#include "session.h"

/* Turns of the kernel an item takes, about 20 us; items a thread takes a round. */
enum { PROBE_STEPS = 4000, ITEMS_PER_THREAD = 16 };
/* How long each of the two is measured, and at least how often. */
enum { MEASURE_NS = 180000000, MIN_ROUNDS = 3 };
/* An item of the buffer. */
enum { PIECE_BYTES = 1 << 20 };
/* Bounds of the buffer. One that is twice the last-level cache would be sure, but processors of
 * servers report caches of hundreds of MiB, of which a program gets its share. */
#define LEAST_BUFFER ((size_t)64 << 20)
#define MOST_BUFFER  ((size_t)256 << 20)

typedef struct probe {
    const kernels *k;
    reduce_fn *read; /* of the best level: memory is as fast whatever a session may use */
    team *team;
    int32_t threads;
    unsigned char *buffer;
    size_t bytes;
} probe;

static void multiply_add(void *arg, int64_t first, int64_t last, int32_t worker) {
    const probe *p = arg;
    float state[PROBE_FLOATS] = {0};
    (void)worker;
    for (int64_t i = first; i < last; i++) p->k->probe_f32(PROBE_STEPS, state);
}

/* Pages that were never written to are all one page of zeros, which fits into a cache. */
static void fill_pieces(void *arg, int64_t first, int64_t last, int32_t worker) {
    const probe *p = arg;
    (void)worker;
    memset(p->buffer + first * PIECE_BYTES, 0x3C, (size_t)(last - first) * PIECE_BYTES);
}

static void read_pieces(void *arg, int64_t first, int64_t last, int32_t worker) {
    const probe *p = arg;
    float most;
    (void)worker;
    for (int64_t i = first; i < last; i++)
        p->read(PIECE_BYTES / sizeof(float), p->buffer + i * PIECE_BYTES, &most);
}

/* Items a second of the best round. */
static double best_rate(probe *p, int64_t items, team_fn *fn) {
    double best = 0;
    const uint64_t begin = clock_ns();
    team_begin(p->team, NULL, NULL);
    for (int round = 0; round < MIN_ROUNDS || clock_ns() - begin < MEASURE_NS; round++) {
        const uint64_t start = clock_ns();
        team_run(p->team, items, 1, fn, p);
        const double seconds = (double)(clock_ns() - start) / 1e9;
        if (seconds > 0 && (double)items / seconds > best) best = (double)items / seconds;
    }
    team_end(p->team);
    return best;
}

/* Whole pieces: what the last level holds, if the system tells, within the bounds and an eighth of
 * the memory. */
static size_t buffer_size(void) {
    size_t bytes = MOST_BUFFER;
#ifdef _SC_LEVEL3_CACHE_SIZE
    const long cache = sysconf(_SC_LEVEL3_CACHE_SIZE);
    if (cache > 0 && (size_t)cache < MOST_BUFFER / 2) bytes = 2 * (size_t)cache;
#endif
    if (bytes < LEAST_BUFFER) bytes = LEAST_BUFFER;
    if (bytes > machine_memory() / 8) bytes = (size_t)(machine_memory() / 8);
    return bytes < PIECE_BYTES ? PIECE_BYTES : bytes / PIECE_BYTES * PIECE_BYTES;
}

static hone_status probe_run(const ctx *c, probe *p, hone_machine_speed *out) {
    float state[PROBE_FLOATS] = {0};
    TRY(team_create(c, &p->team, p->threads));
    p->bytes = buffer_size();
    p->buffer = mem_alloc(c->alloc, p->bytes, 4096);
    if (!p->buffer) return fail_nomem(c, p->bytes);
    const double flops = (double)p->k->probe_f32(PROBE_STEPS, state);
    const int64_t pieces = (int64_t)(p->bytes / PIECE_BYTES);
    out->flops_per_second =
        flops * best_rate(p, (int64_t)p->threads * ITEMS_PER_THREAD, multiply_add);
    team_run(p->team, pieces, 1, fill_pieces, p);
    out->bytes_per_second = PIECE_BYTES * best_rate(p, pieces, read_pieces);
    out->buffer_bytes = p->bytes;
    return HONE_OK;
}

hone_status hone_machine_probe(hone_machine_speed *out, int32_t threads, const char *isa,
                               hone_error *err) {
    static const hone_limits no_limits = {.struct_size = sizeof no_limits};
    allocator alloc;
    kernels table, best;
    probe p = {.threads = threads > 0 ? threads : machine_cpus()};
    const ctx c = {.alloc = &alloc, .limits = &no_limits, .err = err};
    const size_t size = out ? options_room(out, sizeof *out) : 0;
    error_clear(err);
    if (!size) return fail(&c, HONE_E_ARG, "hone_machine_speed: NULL, or struct_size is not set");
    if (threads < 0) return fail(&c, HONE_E_ARG, "%d threads", threads);
    hone_machine_speed speed = {.struct_size = size};
    allocator_init(&alloc, NULL, 0);
    TRY(session_kernels(&c, isa, &table, &p.k));
    kernels_fill(isa_detect(), &best);
    p.read = best.reduce_max[KT_F32];
    const hone_status status = probe_run(&c, &p, &speed);
    mem_free(&alloc, p.buffer);
    team_destroy(p.team);
    if (status == HONE_OK) memcpy(out, &speed, size);
    return status;
}
