/* SPDX-License-Identifier: Apache-2.0 */
#include "team.h"

#include <omp.h>
#include <pthread.h>
#include <sched.h>

#if defined(__x86_64__)
#define cpu_relax() __builtin_ia32_pause()
#else
#define cpu_relax() ((void)0)
#endif

/* How long an idle worker spins for the next job of a run before it sleeps: about 50 us. */
enum { SPINS = 2000, CHUNKS_PER_THREAD = 4 };

/* The items of a job that a worker does first. Neighbouring items touch neighbouring data, and so
 * do the same shares of the next job, so what a worker wrote is still in its own cache. */
typedef struct team_share {
    _Alignas(64) atomic_int_fast64_t next;
    int64_t end;
} team_share;

/* A job is open while its items may be taken. A worker counts itself in before it looks whether the
 * job is open, and the caller closes the job before it waits for the count to drop to zero; so a
 * worker either is waited for or sees a closed job, and a late one never touches the next job's
 * fields. */
struct team {
    allocator *alloc;
    int32_t threads;
    pthread_t host; /* opens the OpenMP region whose threads are the workers */
    bool hosted;

    _Alignas(64) atomic_bool open;
    _Alignas(64) atomic_int entered;
    team_share *shares; /* one a worker */
    atomic_uint serial; /* of the last job, so that a worker waits for a new one */

    team_fn *fn;
    void *arg;
    int64_t chunk;
    team_due *due; /* or NULL */
    const void *due_user;

    atomic_bool active, stop;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    atomic_int sleepers;
};

static bool is_due(const team *t) { return t->due && t->due(t->due_user); }

/* The worker's own share, then what others have not got to. */
static void take_items(team *t, int32_t worker) {
    for (int32_t i = 0; i < t->threads; i++) {
        team_share *s = &t->shares[(worker + i) % t->threads];
        while (!is_due(t)) {
            const int64_t first =
                atomic_fetch_add_explicit(&s->next, t->chunk, memory_order_relaxed);
            if (first >= s->end) break;
            const int64_t last = first + t->chunk < s->end ? first + t->chunk : s->end;
            t->fn(t->arg, first, last, worker);
        }
    }
}

static void deal_items(team *t, int64_t count, int64_t grain) {
    const int64_t each = count / t->threads, rest = count % t->threads;
    const int64_t part = each / CHUNKS_PER_THREAD;
    t->chunk = part > grain ? part : grain < 1 ? 1 : grain;
    for (int32_t i = 0; i < t->threads; i++) {
        const int64_t begin = i * each + (i < rest ? i : rest);
        atomic_store_explicit(&t->shares[i].next, begin, memory_order_relaxed);
        t->shares[i].end = begin + each + (i < rest);
    }
}

/* Is there anything for a worker that has seen jobs up to `seen`? */
static bool has_news(team *t, unsigned seen) {
    return atomic_load(&t->stop) || (atomic_load(&t->open) && atomic_load(&t->serial) != seen);
}

static void worker_wait(team *t, unsigned seen) {
    for (int i = 0; i < SPINS && atomic_load_explicit(&t->active, memory_order_relaxed); i++) {
        if (has_news(t, seen)) return;
        cpu_relax();
    }
    pthread_mutex_lock(&t->lock);
    atomic_fetch_add(&t->sleepers, 1);
    while (!has_news(t, seen)) pthread_cond_wait(&t->wake, &t->lock);
    atomic_fetch_sub(&t->sleepers, 1);
    pthread_mutex_unlock(&t->lock);
}

static void worker_loop(team *t, int32_t worker) {
    unsigned seen = 0;
    while (!atomic_load(&t->stop)) {
        worker_wait(t, seen);
        atomic_fetch_add(&t->entered, 1);
        if (atomic_load(&t->open)) {
            seen = atomic_load(&t->serial);
            take_items(t, worker);
        }
        atomic_fetch_sub(&t->entered, 1);
    }
}

static void *wait_for_lock(void *arg) {
    pthread_mutex_lock(arg);
    pthread_mutex_unlock(arg);
    return NULL;
}

/* Can n threads live at once? OpenMP ends the process when it cannot start one, so this is found
 * out beforehand. */
static bool threads_fit(team *t, int32_t n) {
    pthread_t *ids = mem_zalloc(t->alloc, (size_t)n, sizeof *ids);
    int32_t started = 0;
    pthread_mutex_lock(&t->lock);
    while (ids && started < n && pthread_create(&ids[started], NULL, wait_for_lock, &t->lock) == 0)
        started++;
    pthread_mutex_unlock(&t->lock);
    for (int32_t i = 0; i < started; i++) pthread_join(ids[i], NULL);
    mem_free(t->alloc, ids);
    return started == n;
}

static void *host_main(void *arg) {
    team *t = arg;
#pragma omp parallel num_threads(t->threads - 1)
    worker_loop(t, omp_get_thread_num() + 1);
    return NULL;
}

hone_status team_create(const ctx *c, team **out, int32_t threads) {
    if (threads > TEAM_MAX_THREADS)
        return fail(c, HONE_E_LIMIT, "%d threads: at most %d are possible", threads,
                    TEAM_MAX_THREADS);
    team *t = mem_alloc(c->alloc, sizeof *t, 64);
    if (!t) return fail_nomem(c, sizeof *t);
    *t = (team){.alloc = c->alloc, .threads = threads < 1 ? 1 : threads};
    pthread_mutex_init(&t->lock, NULL);
    pthread_cond_init(&t->wake, NULL);
    if (t->threads > 1) {
        t->shares = mem_alloc(c->alloc, (size_t)t->threads * sizeof *t->shares, 64);
        if (!t->shares) {
            team_destroy(t);
            return fail_nomem(c, (size_t)threads * sizeof *t->shares);
        }
        /* The host is the first worker; OpenMP starts the others. */
        if ((t->threads > 2 && !threads_fit(t, t->threads - 1)) ||
            pthread_create(&t->host, NULL, host_main, t) != 0) {
            team_destroy(t);
            return fail(c, HONE_E_NOMEM, "%d threads cannot be started", threads);
        }
        t->hosted = true;
    }
    *out = t;
    return HONE_OK;
}

static void wake_all(team *t) {
    pthread_mutex_lock(&t->lock);
    pthread_cond_broadcast(&t->wake);
    pthread_mutex_unlock(&t->lock);
}

void team_destroy(team *t) {
    if (!t) return;
    if (t->hosted) {
        atomic_store(&t->stop, true);
        wake_all(t);
        pthread_join(t->host, NULL);
    }
    pthread_cond_destroy(&t->wake);
    pthread_mutex_destroy(&t->lock);
    mem_free(t->alloc, t->shares);
    mem_free(t->alloc, t);
}

void team_begin(team *t, team_due *due, const void *user) {
    t->due = due;
    t->due_user = user;
    if (t->hosted) atomic_store(&t->active, true);
}

void team_end(team *t) {
    t->due = NULL;
    if (t->hosted) atomic_store(&t->active, false);
}

/* Alone, and asked to end early if need be. */
static void run_pieces(const team *t, int64_t count, int64_t grain, team_fn *fn, void *arg) {
    enum { PIECES = 64 };
    const int64_t share = count / PIECES, piece = share > grain ? share : grain < 1 ? 1 : grain;
    for (int64_t first = 0; first < count && !is_due(t); first += piece)
        fn(arg, first, count - first < piece ? count : first + piece, 0);
}

void team_run(team *t, int64_t count, int64_t grain, team_fn *fn, void *arg) {
    if (count <= 0) return;
    if (!t || (!t->hosted && !t->due) || count <= grain) {
        fn(arg, 0, count, 0);
        return;
    }
    if (!t->hosted) {
        run_pieces(t, count, grain, fn, arg);
        return;
    }
    t->fn = fn;
    t->arg = arg;
    deal_items(t, count, grain);
    atomic_fetch_add(&t->serial, 1);
    atomic_store(&t->open, true);
    if (atomic_load(&t->sleepers) > 0) wake_all(t);
    take_items(t, 0);
    atomic_store(&t->open, false);
    for (unsigned spins = 0; atomic_load(&t->entered) != 0; spins++) {
        if (spins < SPINS)
            cpu_relax();
        else
            sched_yield(); /* the worker has lost its processor */
    }
}
