/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "bench_result.h"
#include "cli_error.h"
#include "cli_json.h"
#include "new_file.h"

enum { OUTPUT_SAVE, OUTPUT_CSV, OUTPUT_MARKDOWN, OUTPUT_HTML, OUTPUT_COUNT };

/* The file for a form, or NULL. */
static const char *output_path(const settings *set, int output) {
    const char *const paths[] = {set->save, set->csv, set->markdown, set->html};
    return paths[output];
}

hone_status bench_check_outputs(cli *c) {
    for (int i = 0; i < OUTPUT_COUNT; i++) {
        const char *path = output_path(&c->set, i);
        if (!path) continue;
        TRY(new_file_distinct(c->set.operand[0], path, &c->error));
        if (c->set.against) TRY(new_file_distinct(c->set.against, path, &c->error));
        for (int j = 0; j < i; j++) {
            const char *other = output_path(&c->set, j);
            if (other && strcmp(other, path) == 0)
                return cli_fail_file(&c->error, HONE_E_ARG, path, "two results go to one file");
        }
    }
    return HONE_OK;
}

typedef struct forms {
    const bench_result *b;
    const report *r;
    const json_t *doc;
} forms;

static hone_status write_form(const forms *f, int output, const new_file *file, hone_error *err) {
    switch (output) {
    case OUTPUT_SAVE: return doc_write(f->doc, file->stream, file->path, err);
    case OUTPUT_MARKDOWN: return report_write_markdown(f->r, file->stream, err);
    case OUTPUT_HTML: return report_write_html(f->r, file->stream, err);
    default: bench_write_csv(f->b, file->stream); return HONE_OK;
    }
}

static hone_status write_files(cli *c, const forms *f) {
    for (int i = 0; i < OUTPUT_COUNT; i++) {
        new_file file;
        const char *path = output_path(&c->set, i);
        if (!path) continue;
        TRY(new_file_open(&file, path, &c->error));
        const hone_status status = write_form(f, i, &file, &c->error);
        if (status != HONE_OK) {
            new_file_abort(&file);
            return status;
        }
        TRY(new_file_commit(&file, &c->error));
    }
    return HONE_OK;
}

hone_status bench_write_all(cli *c, const bench_result *b, const json_t *doc) {
    report r;
    bench_report(&r, c, b);
    const forms f = {b, &r, doc};
    hone_status status = write_files(c, &f);
    if (status == HONE_OK)
        status = c->set.json ? doc_write(doc, stdout, "stdout", &c->error)
                             : report_write_text(&r, stdout, &c->error);
    report_release(&r);
    return status;
}
