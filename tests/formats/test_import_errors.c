/* SPDX-License-Identifier: Apache-2.0
 *
 * test_import_errors DIR: opens every model that DIR/expected.tsv lists (import_errors.py writes
 * it) and compares status and text.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "hone/hone.h"

typedef struct expectation {
    char line[2048];
    const char *file, *status, *text;
} expectation;

static bool next_line(FILE *list, expectation *e) {
    if (!fgets(e->line, sizeof e->line, list)) return false;
    e->line[strcspn(e->line, "\n")] = '\0';
    char *status = strchr(e->line, '\t'), *text = status ? strchr(status + 1, '\t') : NULL;
    if (!text) return false;
    *status++ = *text++ = '\0';
    e->file = e->line;
    e->status = status;
    e->text = text;
    return true;
}

static bool check(const expectation *e) {
    hone_model *m = NULL;
    hone_error err;
    const hone_status s = hone_model_open(&m, e->file, NULL, &err);
    const bool ok =
        m == NULL && strcmp(hone_status_name(s), e->status) == 0 && strcmp(err.text, e->text) == 0;
    if (!ok)
        fprintf(stderr, "%s\n    got      %s %s\n    expected %s %s\n", e->file,
                hone_status_name(s), m ? "a model" : err.text, e->status, e->text);
    hone_model_close(m);
    return ok && err.status == s && err.file[0];
}

int main(int argc, char **argv) {
    FILE *list = argc == 2 && chdir(argv[1]) == 0 ? fopen("expected.tsv", "r") : NULL;
    expectation e;
    int count = 0, failed = 0;
    if (!list) {
        fprintf(stderr, "usage: test_import_errors DIR\n");
        return 2;
    }
    for (; next_line(list, &e); count++) failed += !check(&e);
    fclose(list);
    printf("%d passed, %d failed\n", count - failed, failed);
    return failed != 0 || count == 0;
}
