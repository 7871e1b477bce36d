/* SPDX-License-Identifier: Apache-2.0
 *
 * Teams of threads: every item once, whatever the split; workers that sleep when no run is on.
 */
#include <string.h>
#include <time.h>

#include "team.h"
#include "unit_test.h"

enum { ITEMS = 1000 };

typedef struct counter {
    atomic_int seen[ITEMS];
    int32_t threads;
} counter;

static void count_items(void *arg, int64_t first, int64_t last, int32_t worker) {
    counter *c = arg;
    assert_true(worker >= 0 && worker < c->threads);
    for (int64_t i = first; i < last; i++) atomic_fetch_add(&c->seen[i], 1);
}

static team *make_team(int32_t threads) {
    static allocator a;
    static hone_error err;
    allocator_init(&a, NULL, 0);
    const ctx c = {.alloc = &a, .err = &err};
    team *t;
    assert_int_equal(team_create(&c, &t, threads), HONE_OK);
    return t;
}

static void every_item_is_done_once(void **state) {
    (void)state;
    static counter c;
    for (int32_t threads = 1; threads <= 5; threads++) {
        team *t = make_team(threads);
        c.threads = threads;
        for (int64_t count = 0; count <= ITEMS; count = count * 3 + 1) {
            for (int64_t grain = 0; grain < 50; grain = grain * 4 + 1) {
                memset(&c.seen, 0, sizeof c.seen);
                team_begin(t, NULL, NULL);
                team_run(t, count, grain, count_items, &c);
                team_end(t);
                for (int64_t i = 0; i < ITEMS; i++)
                    assert_int_equal(atomic_load(&c.seen[i]), i < count);
            }
        }
        team_destroy(t);
    }
}

static void many_jobs_in_a_row_do_not_mix(void **state) {
    (void)state;
    static counter c;
    team *t = make_team(3);
    c.threads = 3;
    memset(&c.seen, 0, sizeof c.seen);
    team_begin(t, NULL, NULL);
    for (int i = 0; i < 20000; i++) team_run(t, 1 + i % 7, 1, count_items, &c);
    team_end(t);
    int total = 0, expected = 0;
    for (int i = 0; i < 7; i++) total += atomic_load(&c.seen[i]);
    for (int i = 0; i < 20000; i++) expected += 1 + i % 7;
    assert_int_equal(total, expected);
    team_destroy(t);
}

static double cpu_seconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void idle_workers_use_no_processor_time(void **state) {
    (void)state;
    static counter c;
    team *t = make_team(4);
    c.threads = 4;
    team_begin(t, NULL, NULL);
    team_run(t, ITEMS, 1, count_items, &c);
    team_end(t);
    const struct timespec pause = {0, 20 * 1000 * 1000};
    nanosleep(&pause, NULL); /* let them fall asleep */
    const double before = cpu_seconds();
    const struct timespec nap = {0, 200 * 1000 * 1000};
    nanosleep(&nap, NULL);
    assert_true(cpu_seconds() - before < 0.02);
    team_destroy(t);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_item_is_done_once),
        cmocka_unit_test(many_jobs_in_a_row_do_not_mix),
        cmocka_unit_test(idle_workers_use_no_processor_time),
    };
    return cmocka_run_group_tests_name("team", tests, NULL, NULL);
}
