/* SPDX-License-Identifier: Apache-2.0
 *
 * Opening and saving .hone files while memory or the disk gives out.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "file.h"
#include "fixture.h"
#include "hone_models.h"

/* Refuses allocation number `at`, and those after it too if `forever`. */
typedef struct failing {
    int64_t count, at, live;
    bool forever;
} failing;

static void *failing_alloc(void *user, size_t size, size_t align) {
    failing *f = user;
    const int64_t i = f->count++;
    void *p = NULL;
    if (i == f->at || (f->forever && i > f->at)) return NULL;
    if (posix_memalign(&p, align < sizeof p ? sizeof p : align, size ? size : 1)) return NULL;
    f->live++;
    return p;
}

static void failing_free(void *user, void *ptr) {
    failing *f = user;
    f->live--;
    free(ptr);
}

typedef struct attempt {
    int which;
    const char *path;
    file_bytes bytes;
} attempt;

/* Does the job with the given allocator. */
typedef hone_status job(const attempt *a, const hone_open_options *o, hone_error *err);

/* Runs the job with every single allocation refused in turn, until none is left to refuse. */
static void refuse_each(job *run, const attempt *a, bool forever) {
    for (int64_t at = 0;; at++) {
        failing f = {.at = at, .forever = forever};
        const hone_allocator refusing = {failing_alloc, failing_free, &f};
        hone_open_options o = HONE_INIT(hone_open_options);
        hone_error err;
        o.allocator = &refusing;
        o.flags = HONE_OPEN_NO_OPTIMIZE;
        const hone_status status = run(a, &o, &err);
        assert_int_equal(f.live, 0);
        if (f.count <= at) {
            assert_int_equal(status, HONE_OK);
            return;
        }
        /* Some memory only makes things faster or gives memory back. */
        if (status != HONE_OK) assert_int_equal(status, HONE_E_NOMEM);
    }
}

static hone_status open_memory(const attempt *a, const hone_open_options *o, hone_error *err) {
    hone_model *m = NULL;
    const hone_status status = hone_model_open_memory(&m, a->bytes.data, a->bytes.size, o, err);
    hone_model_close(m);
    return status;
}

static hone_status open_file(const attempt *a, const hone_open_options *o, hone_error *err) {
    hone_model *m = NULL;
    const hone_status status = hone_model_open(&m, a->path, o, err);
    hone_model_close(m);
    return status;
}

/* Only what saving allocates may be refused. */
static hone_status save(const attempt *a, const hone_open_options *o, hone_error *err) {
    failing *f = o->allocator->user;
    hone_model *m = NULL;
    const int64_t at = f->at;
    const bool forever = f->forever;
    f->at = -1;
    f->forever = false;
    hone_status status = hone_model_open_memory(&m, a->bytes.data, a->bytes.size, o, err);
    assert_int_equal(status, HONE_OK);
    f->count = 0;
    f->at = at;
    f->forever = forever;
    status = hone_model_save(m, a->path, err);
    hone_model_close(m);
    return status;
}

static void no_memory(void **state) {
    (void)state;
    job *const jobs[] = {open_memory, open_file, save};
    fixture f;
    fixture_init(&f);
    const int before = open_descriptors();
    for (int i = 0; i < TEST_MODELS; i++) {
        hone_model *m;
        attempt a = {.which = i, .path = fixture_path(&f, "a.hone")};
        assert_int_equal(test_model_build(i, NULL, &m, &f.err), HONE_OK);
        assert_int_equal(test_model_bytes(m, &a.bytes, &f.err), HONE_OK);
        assert_int_equal(hone_model_save(m, a.path, &f.err), HONE_OK);
        hone_model_close(m);
        for (size_t k = 0; k < sizeof jobs / sizeof *jobs; k++) {
            refuse_each(jobs[k], &a, false);
            refuse_each(jobs[k], &a, true);
            assert_int_equal(fixture_entries(&f), 1);
        }
        free(a.bytes.data);
    }
    assert_int_equal(open_descriptors(), before);
    fixture_fini(&f);
}

static void places_that_cannot_be_written(void **state) {
    (void)state;
    fixture f;
    hone_model *m;
    fixture_init(&f);
    assert_int_equal(test_model_build(0, NULL, &m, &f.err), HONE_OK);
    expect_error(&f, hone_model_save(m, "no/such/folder/a.hone", &f.err), HONE_E_IO, "no/such");
    expect_error(&f, hone_model_save(m, f.folder, &f.err), HONE_E_IO, f.folder);
    expect_error(&f, hone_model_save(m, NULL, &f.err), HONE_E_ARG, "NULL");
    expect_error(&f, hone_model_save(NULL, "a.hone", &f.err), HONE_E_ARG, "NULL");
    assert_int_equal(fixture_entries(&f), 0);
    hone_model_close(m);
    fixture_fini(&f);
}

/* In a child: saves with files limited to `bytes`; exits with the status. */
static void save_in_little_space(const hone_model *m, const char *path, size_t bytes) {
    const struct rlimit limit = {bytes, bytes};
    hone_error err;
    signal(SIGXFSZ, SIG_IGN);
    if (setrlimit(RLIMIT_FSIZE, &limit) != 0) _exit(HONE_OK);
    _exit((int)hone_model_save(m, path, &err));
}

static void a_full_disk_keeps_the_old_file(void **state) {
    (void)state;
    fixture f;
    hone_model *m;
    fixture_init(&f);
    const char *path = fixture_path(&f, "a.hone");
    assert_int_equal(test_model_build(3, NULL, &m, &f.err), HONE_OK);
    fixture_write(&f, "a.hone", "old", 3);
    for (size_t bytes = 0; bytes < 4096; bytes += 1000) {
        const pid_t child = fork();
        int status = 0;
        file_map map;
        assert_int_not_equal(child, -1);
        if (child == 0) save_in_little_space(m, path, bytes);
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), HONE_E_IO);
        assert_int_equal(fixture_entries(&f), 1);
        assert_int_equal(file_map_open(&f.c, path, &map), HONE_OK);
        assert_int_equal(map.size, 3);
        file_map_close(&map);
    }
    hone_model_close(m);
    fixture_fini(&f);
}

static void models_that_cannot_be_saved(void **state) {
    (void)state;
    fixture f;
    hone_model *m;
    fixture_init(&f);
    const char *path = fixture_path(&f, "a.hone");
    assert_int_equal(test_model_build(5, NULL, &m, &f.err), HONE_OK);
    m->limits.depth = 2;
    expect_error(&f, hone_model_save(m, path, &f.err), HONE_E_LIMIT, "nested deeper than 2");
    hone_model_close(m);
    assert_int_equal(fixture_entries(&f), 0);
    fixture_fini(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_memory),
        cmocka_unit_test(models_that_cannot_be_saved),
        cmocka_unit_test(places_that_cannot_be_written),
        cmocka_unit_test(a_full_disk_keeps_the_old_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
