/* SPDX-License-Identifier: Apache-2.0
 *
 * Sessions from the outside: misuse, shapes, limits, deadlines, cancellation, several at once, and
 * memory that runs out at every possible place.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "clip.h"
#include "conv.h"
#include "elementwise.h"
#include "matmul.h"
#include "problem.h"
#include "unit_test.h"

static hone_model *sample(void) {
    return problem_model(&op_matmul, "f32[40,30] f32[30,20] f32[20]", 0);
}

static void misuse_is_an_argument_error(void **state) {
    (void)state;
    hone_model *m = sample();
    hone_session *s = NULL;
    hone_error err;
    hone_view v;
    hone_port port;
    assert_int_equal(hone_session_create(NULL, m, NULL, &err), HONE_E_ARG);
    assert_int_equal(hone_session_create(&s, NULL, NULL, NULL), HONE_E_ARG);
    expect_ok(hone_session_create(&s, m, NULL, &err), &err, "create");
    assert_int_equal(hone_session_input(s, 3, &v, &err), HONE_E_ARG);
    assert_int_equal(hone_session_input(s, -1, &v, &err), HONE_E_ARG);
    assert_int_equal(hone_session_input(s, 0, NULL, &err), HONE_E_ARG);
    assert_int_equal(hone_session_output(s, 0, &v, &err), HONE_E_ARG); /* has not run */
    assert_int_equal(hone_session_run(NULL, &err), HONE_E_ARG);
    assert_int_equal(hone_model_input(m, 9, &port, &err), HONE_E_ARG);
    assert_true(strlen(err.text) > 0);
    hone_session_destroy(s);
    hone_session_destroy(NULL);
    hone_model_close(m);
    hone_model_close(NULL);
}

/* Tuning itself is tested through the command. */
static void only_models_without_layouts_are_tuned(void **state) {
    (void)state;
    hone_model *m = sample();
    hone_error err;
    assert_int_equal(hone_model_tune(NULL, NULL, &err), HONE_E_ARG);
    assert_int_equal(hone_model_tune(m, NULL, &err), HONE_E_ARG);
    assert_non_null(strstr(err.text, "HONE_OPEN_TUNE"));
    hone_model_close(m);
}

static void inputs_that_do_not_fit_are_refused(void **state) {
    (void)state;
    hone_model *m = sample();
    hone_session *s;
    hone_error err;
    const int64_t wrong[] = {40, 31};
    float data[4];
    hone_view v = {
        .data = data, .bytes = sizeof data, .dtype = HONE_F64, .rank = 2, .dim = {40, 30}};
    expect_ok(hone_session_create(&s, m, NULL, &err), &err, "create");
    assert_int_equal(hone_session_set_shape(s, 0, 2, wrong, &err), HONE_E_INPUT);
    assert_int_equal(hone_session_set_shape(s, 0, 1, wrong, &err), HONE_E_INPUT);
    assert_int_equal(hone_session_bind(s, 0, &v, &err), HONE_E_INPUT); /* type */
    v.dtype = HONE_F32;
    assert_int_equal(hone_session_bind(s, 0, &v, &err), HONE_E_INPUT); /* too few bytes */
    hone_session_destroy(s);
    hone_model_close(m);
}

/* A session whose input of two numbers is bound to data; *v is the view that binds it. */
static hone_session *bound_session(hone_model *m, float data[2], hone_view *v) {
    hone_session *s;
    hone_error err;
    *v = (hone_view){
        .data = data, .bytes = 2 * sizeof *data, .dtype = HONE_F32, .rank = 1, .dim = {2}};
    expect_ok(hone_session_create(&s, m, NULL, &err), &err, "create");
    expect_ok(hone_session_bind(s, 0, v, &err), &err, "bind");
    return s;
}

static void a_refused_binding_leaves_the_old_one(void **state) {
    (void)state;
    hone_model *m = problem_model(&op_relu, "f32[2]", 0);
    hone_error err;
    float data[] = {3, 4};
    hone_view v, y;
    hone_session *s = bound_session(m, data, &v);
    v.bytes = 4;
    assert_int_equal(hone_session_bind(s, 0, &v, &err), HONE_E_INPUT);
    expect_ok(hone_session_run(s, &err), &err, "run");
    expect_ok(hone_session_output(s, 0, &y, &err), &err, "output");
    assert_true(((const float *)y.data)[1] == 4);
    hone_session_destroy(s);
    hone_model_close(m);
}

static void outputs_that_are_inputs_are_copies(void **state) {
    (void)state;
    hone_model *m = problem_model(&op_identity, "f32[2]", 0);
    hone_error err;
    float data[] = {3, 4};
    hone_view v, y;
    hone_session *s = bound_session(m, data, &v);
    expect_ok(hone_session_run(s, &err), &err, "run");
    data[0] = 0;
    expect_ok(hone_session_output(s, 0, &y, &err), &err, "output");
    assert_true(((const float *)y.data)[0] == 3);
    hone_session_destroy(s);
    hone_model_close(m);
}

static void outputs_that_are_parts_of_an_input_are_copies(void **state) {
    (void)state;
    hone_model *m = problem_model(op_find("", "Split"), "f32[2] num_outputs=2 >2", 0);
    hone_error err;
    float data[] = {3, 4};
    hone_view v, y;
    hone_session *s = bound_session(m, data, &v);
    expect_ok(hone_session_run(s, &err), &err, "run");
    data[0] = data[1] = 0;
    for (int32_t i = 0; i < 2; i++) {
        expect_ok(hone_session_output(s, i, &y, &err), &err, "output");
        assert_true(((const float *)y.data)[0] == (float)(3 + i));
    }
    hone_session_destroy(s);
    hone_model_close(m);
}

static void more_threads_than_possible_are_refused(void **state) {
    (void)state;
    hone_model *m = sample();
    hone_session *s = NULL;
    hone_session_options o = HONE_INIT(hone_session_options);
    hone_error err;
    o.threads = 1 << 20;
    assert_int_equal(hone_session_create(&s, m, &o, &err), HONE_E_LIMIT);
    assert_null(s);
    o.threads = 5;
    expect_ok(hone_session_create(&s, m, &o, &err), &err, "create");
    expect_ok(hone_session_set_deadline(s, UINT64_MAX, &err), &err, "deadline");
    expect_ok(hone_session_run(s, &err), &err, "run");
    hone_session_destroy(s);
    hone_model_close(m);
}

static void options_of_other_versions(void **state) {
    (void)state;
    struct {
        hone_session_options known;
        uint64_t later;
    } o = {.known = HONE_INIT(hone_session_options)};
    hone_model *m = sample();
    hone_session *s = NULL;
    hone_error err;
    o.known.struct_size = 0;
    assert_int_equal(hone_session_create(&s, m, &o.known, &err), HONE_E_ARG);
    o.known.struct_size = sizeof o;
    o.later = 1;
    assert_int_equal(hone_session_create(&s, m, &o.known, &err), HONE_E_UNSUPPORTED);
    assert_null(s);
    o.later = 0;
    expect_ok(hone_session_create(&s, m, &o.known, &err), &err, "a later version");
    hone_session_destroy(s);
    o.known.struct_size = offsetof(hone_session_options, memory_limit); /* an earlier version */
    o.known.memory_limit = 1;
    expect_ok(hone_session_create(&s, m, &o.known, &err), &err, "an earlier version");
    hone_session_destroy(s);
    hone_model_close(m);
}

static void options_that_make_no_sense(void **state) {
    (void)state;
    static const hone_allocator half = {NULL, NULL, NULL};
    hone_session_options wrong[4];
    for (int i = 0; i < 4; i++) wrong[i] = HONE_INIT(hone_session_options);
    wrong[0].threads = -1;
    wrong[1].plans = -1;
    wrong[2].flags = 1u << 30;
    wrong[3].allocator = &half;
    hone_model *m = sample();
    for (int i = 0; i < 4; i++) {
        hone_session *s = NULL;
        hone_error err;
        assert_int_equal(hone_session_create(&s, m, &wrong[i], &err), HONE_E_ARG);
        assert_null(s);
    }
    hone_model_close(m);
}

/* What an observer tries with its own session, which is running. */
typedef struct intruder {
    hone_session *session;
    int calls;
} intruder;

static void intrude(void *user, const char *name, const hone_view *view) {
    intruder *i = user;
    const int64_t dim[] = {2};
    hone_view v;
    (void)name;
    i->calls++;
    assert_int_equal(hone_session_set_shape(i->session, 0, 1, dim, NULL), HONE_E_BUSY);
    assert_int_equal(hone_session_bind(i->session, 0, view, NULL), HONE_E_BUSY);
    assert_int_equal(hone_session_input(i->session, 0, &v, NULL), HONE_E_BUSY);
    assert_int_equal(hone_session_output(i->session, 0, &v, NULL), HONE_E_BUSY);
    assert_int_equal(hone_session_prepare(i->session, NULL), HONE_E_BUSY);
    assert_int_equal(hone_session_run(i->session, NULL), HONE_E_BUSY);
}

static void a_running_session_is_busy(void **state) {
    (void)state;
    hone_model *m = problem_model(&op_relu, "f32[2]", 0);
    intruder i = {0};
    hone_error err;
    expect_ok(hone_session_create(&i.session, m, NULL, &err), &err, "create");
    expect_ok(hone_session_observe(i.session, intrude, &i, &err), &err, "observe");
    expect_ok(hone_session_run(i.session, &err), &err, "run");
    assert_int_equal(i.calls, 1);
    expect_ok(hone_session_observe(i.session, NULL, NULL, &err), &err, "observe no more");
    expect_ok(hone_session_run(i.session, &err), &err, "run again");
    hone_session_destroy(i.session);
    hone_model_close(m);
}

static void a_binding_lasts_until_something_else_is_asked_for(void **state) {
    (void)state;
    hone_model *m = problem_model(&op_relu, "f32[2]", 0);
    hone_error err;
    float data[] = {3, 4};
    const int64_t dim[] = {2};
    hone_view v, y;
    hone_session *s = bound_session(m, data, &v);
    expect_ok(hone_session_set_shape(s, 0, 1, dim, &err), &err, "the same shape");
    expect_ok(hone_session_run(s, &err), &err, "run");
    expect_ok(hone_session_output(s, 0, &y, &err), &err, "output");
    assert_true(((const float *)y.data)[0] == 3);
    expect_ok(hone_session_input(s, 0, &v, &err), &err, "input");
    expect_ok(hone_session_run(s, &err), &err, "run");
    expect_ok(hone_session_output(s, 0, &y, &err), &err, "output");
    assert_true(((const float *)y.data)[0] == 0);
    v.data = NULL;
    assert_int_equal(hone_session_bind(s, 0, &v, &err), HONE_E_ARG);
    hone_session_destroy(s);
    hone_model_close(m);
}

static int drop_text(void *user, const char *text, size_t size) {
    (void)user, (void)text, (void)size;
    return 0;
}

static void a_trace_needs_a_profiled_run(void **state) {
    (void)state;
    hone_model *m = sample();
    hone_session_options o = HONE_INIT(hone_session_options);
    hone_session *s;
    hone_error err;
    expect_ok(hone_session_create(&s, m, &o, &err), &err, "create");
    expect_ok(hone_session_run(s, &err), &err, "run");
    assert_int_equal(hone_session_write_trace(s, drop_text, NULL, &err), HONE_E_ARG);
    hone_session_destroy(s);
    o.flags = HONE_SESSION_PROFILE;
    expect_ok(hone_session_create(&s, m, &o, &err), &err, "create");
    assert_int_equal(hone_session_write_trace(s, drop_text, NULL, &err), HONE_E_ARG);
    expect_ok(hone_session_run(s, &err), &err, "run");
    expect_ok(hone_session_write_trace(s, drop_text, NULL, &err), &err, "trace");
    hone_session_destroy(s);
    hone_model_close(m);
}

static void the_memory_limit_is_a_limit_error(void **state) {
    (void)state;
    hone_model *m = sample();
    hone_session *s = NULL;
    hone_error err;
    hone_session_options o = HONE_INIT(hone_session_options);
    o.threads = 1;
    o.memory_limit = 12000;
    hone_status status = hone_session_create(&s, m, &o, &err);
    if (status == HONE_OK) status = hone_session_run(s, &err);
    assert_int_equal(status, HONE_E_LIMIT);
    assert_non_null(strstr(err.text, "limit"));
    hone_session_destroy(s);
    hone_model_close(m);
}

static void cancelled_and_late_runs_leave_the_session_usable(void **state) {
    (void)state;
    hone_model *m = sample();
    hone_session *s;
    hone_error err;
    expect_ok(hone_session_create(&s, m, NULL, &err), &err, "create");
    hone_session_cancel(s);
    assert_int_equal(hone_session_run(s, &err), HONE_E_CANCELLED);
    expect_ok(hone_session_run(s, &err), &err, "run after cancel");
    hone_session_set_deadline(s, 1, &err);
    assert_int_equal(hone_session_run(s, &err), HONE_E_DEADLINE);
    hone_session_set_deadline(s, 0, &err);
    expect_ok(hone_session_run(s, &err), &err, "run after deadline");
    hone_session_destroy(s);
    hone_model_close(m);
}

/* ---- One model, many threads ----------------------------------------------------------------- */

typedef struct race {
    const hone_model *m;
    const char *failed;
    float first;
} race;

static void *run_many(void *arg) {
    race *r = arg;
    hone_error err;
    for (int i = 0; i < 20; i++) {
        hone_session *s;
        hone_session_options o = HONE_INIT(hone_session_options);
        hone_view v;
        o.threads = 1 + i % 2;
        r->failed = "create";
        if (hone_session_create(&s, r->m, &o, &err)) return NULL;
        problem_fill(s, r->m, 1);
        r->failed = "run";
        if (hone_session_run(s, &err) || hone_session_output(s, 0, &v, &err)) return NULL;
        r->first = ((float *)v.data)[0];
        hone_session_destroy(s);
    }
    r->failed = NULL;
    return NULL;
}

static void sessions_share_a_model_between_threads(void **state) {
    (void)state;
    enum { THREADS = 4 };
    hone_model *m = sample();
    pthread_t threads[THREADS];
    race r[THREADS];
    for (int i = 0; i < THREADS; i++) {
        r[i] = (race){.m = m};
        assert_int_equal(pthread_create(&threads[i], NULL, run_many, &r[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        assert_null(r[i].failed);
        assert_true(r[i].first == r[0].first);
    }
    hone_model_close(m);
}

/* ---- Memory that runs out -------------------------------------------------------------------- */

static _Atomic long calls_left = -1, live;

static void *failing_alloc(void *user, size_t size, size_t align) {
    (void)user;
    void *p = NULL;
    if (atomic_load(&calls_left) >= 0 && atomic_fetch_sub(&calls_left, 1) == 0) return NULL;
    if (posix_memalign(&p, align < sizeof p ? sizeof p : align, size)) return NULL;
    atomic_fetch_add(&live, 1);
    return p;
}

static void failing_free(void *user, void *p) {
    (void)user;
    if (p) atomic_fetch_sub(&live, 1);
    free(p);
}

static hone_status scenario(const hone_model *m) {
    const hone_allocator a = {failing_alloc, failing_free, NULL};
    hone_session_options o = HONE_INIT(hone_session_options);
    hone_session *s = NULL;
    hone_error err;
    o.allocator = &a;
    o.threads = 2;
    hone_status status = hone_session_create(&s, m, &o, &err);
    if (status != HONE_OK) assert_null(s);
    if (status == HONE_OK) status = hone_session_run(s, &err);
    if (status != HONE_OK) assert_true(err.status == status && err.text[0]);
    hone_session_destroy(s);
    return status;
}

static void failing_at_every_allocation_leaks_nothing(void **state) {
    (void)state;
    static const struct {
        const op *o;
        const char *line;
    } scenarios[] = {{&op_matmul, "f32[40,30] f32[30,20] f32[20]"},
                     {&op_conv, "f32[1,9,9,8] f32[8,3,3,4] group=2 dilations=2,2"},
                     {&op_clip, "f32[2,3,4] f32{-1} f32{1}"}};
    for (size_t i = 0; i < sizeof scenarios / sizeof scenarios[0]; i++) {
        hone_model *m = problem_model(scenarios[i].o, scenarios[i].line, 0);
        long n = 0;
        for (hone_status status = HONE_E_NOMEM; status != HONE_OK; n++) {
            atomic_store(&calls_left, n);
            status = scenario(m);
            atomic_store(&calls_left, -1);
            assert_true(status == HONE_OK || status == HONE_E_NOMEM);
            assert_int_equal(atomic_load(&live), 0);
            assert_true(n < 10000);
        }
        assert_true(n > 5); /* it did fail somewhere */
        hone_model_close(m);
    }
}

static void a_machine_has_a_speed(void **state) {
    (void)state;
    hone_machine_speed speed = HONE_INIT(hone_machine_speed);
    hone_error err;
    expect_ok(hone_machine_probe(&speed, 2, NULL, &err), &err, "probe");
    assert_true(speed.flops_per_second > 0 && speed.bytes_per_second > 0);
    assert_true(speed.buffer_bytes > 0);
    const hone_machine_speed before = speed;
    assert_int_equal(hone_machine_probe(&speed, 1, "frobnicate", &err), HONE_E_ARG);
    assert_int_equal(hone_machine_probe(&speed, -1, NULL, &err), HONE_E_ARG);
    assert_int_equal(hone_machine_probe(&speed, 100000, NULL, &err), HONE_E_LIMIT);
    assert_memory_equal(&speed, &before, sizeof speed);
    assert_int_equal(hone_machine_probe(NULL, 1, NULL, &err), HONE_E_ARG);
    speed.struct_size = 0;
    assert_int_equal(hone_machine_probe(&speed, 1, NULL, &err), HONE_E_ARG);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(misuse_is_an_argument_error),
        cmocka_unit_test(only_models_without_layouts_are_tuned),
        cmocka_unit_test(inputs_that_do_not_fit_are_refused),
        cmocka_unit_test(a_refused_binding_leaves_the_old_one),
        cmocka_unit_test(outputs_that_are_inputs_are_copies),
        cmocka_unit_test(outputs_that_are_parts_of_an_input_are_copies),
        cmocka_unit_test(more_threads_than_possible_are_refused),
        cmocka_unit_test(options_of_other_versions),
        cmocka_unit_test(options_that_make_no_sense),
        cmocka_unit_test(a_running_session_is_busy),
        cmocka_unit_test(a_binding_lasts_until_something_else_is_asked_for),
        cmocka_unit_test(a_trace_needs_a_profiled_run),
        cmocka_unit_test(the_memory_limit_is_a_limit_error),
        cmocka_unit_test(cancelled_and_late_runs_leave_the_session_usable),
        cmocka_unit_test(sessions_share_a_model_between_threads),
        cmocka_unit_test(failing_at_every_allocation_leaks_nothing),
        cmocka_unit_test(a_machine_has_a_speed),
    };
    return cmocka_run_group_tests_name("session", tests, NULL, NULL);
}
