/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <dirent.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "model.h"

void fixture_init(fixture *f) {
    memset(f, 0, sizeof *f);
    strcpy(f->folder, "hone-test-XXXXXX");
    assert_non_null(mkdtemp(f->folder));
    f->limits = limits_complete(NULL);
    allocator_init(&f->alloc, NULL, f->limits.memory_bytes);
    f->c = (ctx){.alloc = &f->alloc, .limits = &f->limits, .err = &f->err};
    fixture_reset(f);
}

static int remove_entry(const char *path, const struct stat *st, int kind, struct FTW *at) {
    (void)st;
    (void)kind;
    (void)at;
    return remove(path);
}

void fixture_fini(fixture *f) {
    nftw(f->folder, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
    assert_int_equal(atomic_load(&f->alloc.used), 0);
}

void fixture_reset(fixture *f) { error_clear(&f->err); }

const char *fixture_path(const fixture *f, const char *name) {
    static char ring[5][256];
    static unsigned next;
    char *path = ring[next++ % 5];
    snprintf(path, sizeof ring[0], "%s/%s", f->folder, name);
    return path;
}

void fixture_write(const fixture *f, const char *name, const void *data, size_t size) {
    FILE *file = fopen(fixture_path(f, name), "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(data, 1, size, file), size);
    fclose(file);
}

static int count_entries(const char *folder) {
    int n = -2; /* . and .. */
    DIR *dir = opendir(folder);
    assert_non_null(dir);
    while (readdir(dir)) n++;
    closedir(dir);
    return n;
}

int fixture_entries(const fixture *f) { return count_entries(f->folder); }

int open_descriptors(void) { return count_entries("/proc/self/fd"); }

void expect_error(const fixture *f, hone_status got, hone_status want, const char *piece) {
    if (got != want || !strstr(f->err.text, piece))
        fail_msg("got %s \"%s\", expected %s with \"%s\"", hone_status_name(got), f->err.text,
                 hone_status_name(want), piece);
    assert_int_equal(f->err.status, want);
}
