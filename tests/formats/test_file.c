/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading files, and external files beneath a folder.
 */
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "beneath.h"
#include "file.h"
#include "fixture.h"

static void maps_a_file_and_an_empty_one(void **state) {
    (void)state;
    fixture f;
    file_map m;
    fixture_init(&f);
    const int before = open_descriptors();
    fixture_write(&f, "a", "hello", 5);
    fixture_write(&f, "empty", "", 0);
    assert_int_equal(file_map_open(&f.c, fixture_path(&f, "a"), &m), HONE_OK);
    assert_int_equal(m.size, 5);
    assert_memory_equal(m.data, "hello", 5);
    file_map_close(&m);
    assert_null(m.data);
    file_map_close(&m);
    assert_int_equal(file_map_open(&f.c, fixture_path(&f, "empty"), &m), HONE_OK);
    assert_int_equal(m.size, 0);
    assert_non_null(m.data);
    file_map_close(&m);
    assert_int_equal(open_descriptors(), before);
    fixture_fini(&f);
}

static void refuses_what_is_no_regular_file(void **state) {
    (void)state;
    fixture f;
    file_map m;
    fixture_init(&f);
    assert_int_equal(mkfifo(fixture_path(&f, "fifo"), 0600), 0);
    const char *const paths[] = {fixture_path(&f, "fifo"), f.folder, "/dev/zero", "/dev/full"};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        fixture_reset(&f);
        expect_error(&f, file_map_open(&f.c, paths[i], &m), HONE_E_IO, "not a regular file");
        assert_non_null(strstr(f.err.text, paths[i]));
        assert_string_equal(f.err.file, paths[i]);
    }
    fixture_fini(&f);
}

static void names_the_reason_of_the_system(void **state) {
    (void)state;
    fixture f;
    file_map m;
    fixture_init(&f);
    expect_error(&f, file_map_open(&f.c, fixture_path(&f, "none"), &m), HONE_E_IO,
                 "none: cannot open: No such file or directory");
    fixture_reset(&f);
    fixture_write(&f, "a", "hello", 5);
    expect_error(&f, file_map_open(&f.c, fixture_path(&f, "a/b"), &m), HONE_E_IO,
                 "Not a directory");
    fixture_fini(&f);
}

static void honours_the_size_limit(void **state) {
    (void)state;
    fixture f;
    file_map m;
    fixture_init(&f);
    fixture_write(&f, "huge", "", 0);
    assert_int_equal(truncate(fixture_path(&f, "huge"), (off_t)1 << 40), 0);
    expect_error(&f, file_map_open(&f.c, fixture_path(&f, "huge"), &m), HONE_E_LIMIT,
                 "file of 1099511627776 bytes: the limit is 17179869184 (file_bytes)");
    fixture_fini(&f);
}

/* ---- Beneath a folder ------------------------------------------------------------------------ */

/* folder/{top, link -> top, outside -> ../, sub/{data, up -> ../top}, door -> sub, fifo} */
static void plant_tree(const fixture *f) {
    fixture_write(f, "top", "top", 3);
    assert_int_equal(mkdir(fixture_path(f, "sub"), 0700), 0);
    fixture_write(f, "sub/data", "data", 4);
    assert_int_equal(symlink("top", fixture_path(f, "link")), 0);
    assert_int_equal(symlink("..", fixture_path(f, "outside")), 0);
    assert_int_equal(symlink("../top", fixture_path(f, "sub/up")), 0);
    assert_int_equal(symlink("sub", fixture_path(f, "door")), 0);
    assert_int_equal(symlink("/dev/zero", fixture_path(f, "zero")), 0);
    assert_int_equal(mkfifo(fixture_path(f, "fifo"), 0600), 0);
    assert_int_equal(link(fixture_path(f, "top"), fixture_path(f, "hard")), 0);
}

static void opens_files_beneath_a_folder(void **state) {
    (void)state;
    fixture f;
    file_dir d = FILE_DIR_CLOSED;
    file_map m;
    fixture_init(&f);
    plant_tree(&f);
    const int before = open_descriptors();
    assert_int_equal(file_dir_open(&f.c, f.folder, &d), HONE_OK);
    const char *const names[] = {"top", "sub/data", "hard"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        assert_int_equal(file_map_beneath(&f.c, &d, names[i], &m), HONE_OK);
        assert_int_equal(m.size, i == 1 ? 4 : 3);
        file_map_close(&m);
    }
    file_dir_close(&d);
    file_dir_close(&d);
    /* The folder itself is the caller's choice and may be a link. */
    assert_int_equal(file_dir_open_parent(&f.c, fixture_path(&f, "door/model"), &d), HONE_OK);
    assert_int_equal(file_map_beneath(&f.c, &d, "data", &m), HONE_OK);
    file_map_close(&m);
    file_dir_close(&d);
    assert_int_equal(open_descriptors(), before);
    fixture_fini(&f);
}

static void refuses_locations_by_their_text(void **state) {
    (void)state;
    fixture f;
    file_dir d = FILE_DIR_CLOSED;
    file_map m;
    fixture_init(&f);
    plant_tree(&f);
    assert_int_equal(file_dir_open(&f.c, f.folder, &d), HONE_OK);
    static const struct {
        const char *location, *reason;
    } rows[] = {
        {"", "it is empty"},
        {"/etc/passwd", "it is absolute"},
        {"/", "it is absolute"},
        {".", "it has the component '.'"},
        {"./top", "it has the component '.'"},
        {"..", "it has the component '..'"},
        {"../top", "it has the component '..'"},
        {"sub/../top", "it has the component '..'"},
        {"sub/..", "it has the component '..'"},
        {"sub//data", "it has an empty component"},
        {"sub/", "it has an empty component"},
        {"sub\\data", "it has a backslash"},
        {"..\\top", "it has a backslash"},
        {"C:top", "it starts with a drive letter"},
        {"c:/top", "it starts with a drive letter"},
        {"to\np", "it has a control character"},
        {"link", "it leads through a symbolic link"},
        {"zero", "it leads through a symbolic link"},
        {"outside/top", "it leads through a symbolic link"},
        {"door/data", "it leads through a symbolic link"},
        {"sub/up", "it leads through a symbolic link"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        fixture_reset(&f);
        expect_error(&f, file_map_beneath(&f.c, &d, rows[i].location, &m), HONE_E_FORMAT,
                     rows[i].reason);
    }
    fixture_reset(&f);
    expect_error(&f, file_map_beneath(&f.c, &d, "fifo", &m), HONE_E_IO, "not a regular file");
    fixture_reset(&f);
    expect_error(&f, file_map_beneath(&f.c, &d, "sub", &m), HONE_E_IO, "not a regular file");
    fixture_reset(&f);
    expect_error(&f, file_map_beneath(&f.c, &d, "sub/none", &m), HONE_E_IO, "No such file");
    fixture_reset(&f);
    expect_error(&f, file_map_beneath(&f.c, &d, "top/none", &m), HONE_E_IO, "Not a directory");
    file_dir_close(&d);
    fixture_fini(&f);
}

static void both_ways_of_opening_agree(void **state) {
    (void)state;
    fixture f;
    file_dir d = FILE_DIR_CLOSED;
    fixture_init(&f);
    plant_tree(&f);
    assert_int_equal(file_dir_open(&f.c, f.folder, &d), HONE_OK);
    const int before = open_descriptors();
    const int probe = beneath_open_kernel(d.fd, "top");
    if (probe >= 0) close(probe);
    const char *const names[] = {"top",         "sub/data",  "link",   "zero",
                                 "outside/top", "door/data", "sub/up", "missing",
                                 "top/none",    "fifo",      "sub"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const int walk = beneath_open_walk(d.fd, names[i]);
        const int kernel = beneath_open_kernel(d.fd, names[i]);
        if (probe >= 0) assert_int_equal(walk < 0 ? walk : 0, kernel < 0 ? kernel : 0);
        if (walk >= 0) close(walk);
        if (kernel >= 0) close(kernel);
    }
    char longest[400];
    memset(longest, 'x', sizeof longest);
    longest[sizeof longest - 1] = '\0';
    assert_non_null(location_problem(longest));
    assert_true(beneath_open_walk(d.fd, longest) < 0);
    assert_int_equal(open_descriptors(), before);
    file_dir_close(&d);
    fixture_fini(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(maps_a_file_and_an_empty_one),
        cmocka_unit_test(refuses_what_is_no_regular_file),
        cmocka_unit_test(names_the_reason_of_the_system),
        cmocka_unit_test(honours_the_size_limit),
        cmocka_unit_test(opens_files_beneath_a_folder),
        cmocka_unit_test(refuses_locations_by_their_text),
        cmocka_unit_test(both_ways_of_opening_agree),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
