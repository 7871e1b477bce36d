/* SPDX-License-Identifier: Apache-2.0
 *
 * Atomic writing: the target shows the old content or all of the new one.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "file.h"
#include "fixture.h"
#include "writer.h"

static void expect_content(fixture *f, const char *name, const void *data, size_t size) {
    file_map m;
    assert_int_equal(file_map_open(&f->c, fixture_path(f, name), &m), HONE_OK);
    assert_int_equal(m.size, size);
    if (size) assert_memory_equal(m.data, data, size);
    file_map_close(&m);
}

static void writes_small_and_large_pieces(void **state) {
    (void)state;
    enum { BIG = 700000 };
    fixture f;
    file_writer w;
    fixture_init(&f);
    char *data = malloc(BIG);
    for (size_t i = 0; i < BIG; i++) data[i] = (char)(i * 7 + i / 1000);
    const int before = open_descriptors();
    const size_t pieces[] = {1, 0, 300, 262143, 262144, 1, 100000};
    assert_int_equal(writer_open(&f.c, &w, fixture_path(&f, "out")), HONE_OK);
    size_t at = 0;
    for (size_t i = 0; i < sizeof pieces / sizeof *pieces; at += pieces[i++])
        assert_int_equal(writer_put(&f.c, &w, data + at, pieces[i]), HONE_OK);
    assert_int_equal(w.written, at);
    assert_int_equal(writer_commit(&f.c, &w), HONE_OK);
    writer_abort(&w);
    expect_content(&f, "out", data, at);
    assert_int_equal(fixture_entries(&f), 1);
    assert_int_equal(open_descriptors(), before);
    free(data);
    fixture_fini(&f);
}

static void abort_keeps_the_old_file(void **state) {
    (void)state;
    fixture f;
    file_writer w;
    fixture_init(&f);
    fixture_write(&f, "out", "old", 3);
    assert_int_equal(writer_open(&f.c, &w, fixture_path(&f, "out")), HONE_OK);
    assert_int_equal(writer_put(&f.c, &w, "new!", 4), HONE_OK);
    assert_int_equal(fixture_entries(&f), 2);
    writer_abort(&w);
    assert_int_equal(fixture_entries(&f), 1);
    expect_content(&f, "out", "old", 3);
    fixture_fini(&f);
}

static void a_link_is_replaced_and_never_followed(void **state) {
    (void)state;
    fixture f;
    file_writer w;
    struct stat st;
    fixture_init(&f);
    fixture_write(&f, "precious", "old", 3);
    assert_int_equal(symlink("precious", fixture_path(&f, "out")), 0);
    assert_int_equal(writer_open(&f.c, &w, fixture_path(&f, "out")), HONE_OK);
    assert_int_equal(writer_put(&f.c, &w, "new!", 4), HONE_OK);
    assert_int_equal(writer_commit(&f.c, &w), HONE_OK);
    expect_content(&f, "precious", "old", 3);
    expect_content(&f, "out", "new!", 4);
    assert_int_equal(lstat(fixture_path(&f, "out"), &st), 0);
    assert_true(S_ISREG(st.st_mode));
    fixture_fini(&f);
}

static void refuses_targets_that_cannot_be_replaced(void **state) {
    (void)state;
    fixture f;
    file_writer w;
    fixture_init(&f);
    assert_int_equal(mkfifo(fixture_path(&f, "fifo"), 0600), 0);
    const char *const bad[] = {"/dev/full", f.folder, "hone-no-such-folder/out"};
    const char *const why[] = {"not a regular file", "not a regular file", "No such file"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        fixture_reset(&f);
        expect_error(&f, writer_open(&f.c, &w, bad[i]), HONE_E_IO, why[i]);
    }
    fixture_reset(&f);
    expect_error(&f, writer_open(&f.c, &w, fixture_path(&f, "")), HONE_E_IO, "not a regular file");
    fixture_reset(&f);
    expect_error(&f, writer_open(&f.c, &w, fixture_path(&f, "fifo")), HONE_E_IO,
                 "not a regular file");
    assert_int_equal(fixture_entries(&f), 1);
    fixture_fini(&f);
}

/* In a child, because the limit cannot be raised again. Returns its exit code. */
static int write_with_file_limit(fixture *f, size_t limit, size_t size) {
    const pid_t pid = fork();
    if (pid == 0) {
        const struct rlimit bound = {limit, limit};
        file_writer w;
        static char zeros[4096];
        signal(SIGXFSZ, SIG_IGN);
        setrlimit(RLIMIT_FSIZE, &bound);
        hone_status s = writer_open(&f->c, &w, fixture_path(f, "out"));
        if (s != HONE_OK) _exit(90);
        for (size_t i = 0; s == HONE_OK && i < size; i += sizeof zeros)
            s = writer_put(&f->c, &w, zeros, sizeof zeros);
        s = s == HONE_OK ? writer_commit(&f->c, &w) : s;
        writer_abort(&w);
        _exit(s == HONE_E_IO && strstr(f->err.text, "cannot write: File too large") ? 1 : (int)s);
    }
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void a_full_disk_keeps_the_old_file(void **state) {
    (void)state;
    fixture f;
    fixture_init(&f);
    fixture_write(&f, "out", "old", 3);
    assert_int_equal(write_with_file_limit(&f, 10000, 8192), 0);
    fixture_write(&f, "out", "old", 3);
    const size_t sizes[] = {12288, 300000,
                            1000000}; /* fails in commit, in the buffer, in the middle */
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        assert_int_equal(write_with_file_limit(&f, 10000, sizes[i]), 1);
        expect_content(&f, "out", "old", 3);
        assert_int_equal(fixture_entries(&f), 1);
    }
    fixture_fini(&f);
}

static void a_folder_that_cannot_be_written_gives_an_error(void **state) {
    (void)state;
    fixture f;
    file_writer w;
    fixture_init(&f);
    /* /proc refuses new files even to root. */
    expect_error(&f, writer_open(&f.c, &w, "/proc/hone-out"), HONE_E_IO, "cannot create");
    assert_non_null(strstr(f.err.text, "/proc/hone-out"));
    fixture_fini(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_small_and_large_pieces),
        cmocka_unit_test(abort_keeps_the_old_file),
        cmocka_unit_test(a_link_is_replaced_and_never_followed),
        cmocka_unit_test(refuses_targets_that_cannot_be_replaced),
        cmocka_unit_test(a_full_disk_keeps_the_old_file),
        cmocka_unit_test(a_folder_that_cannot_be_written_gives_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
