/* SPDX-License-Identifier: Apache-2.0
 *
 * Reports for a terminal, and for Markdown.
 */
#include <string.h>

#include "report.h"

static void write_facts(const report_part *part, FILE *file) {
    for (size_t i = 0; i < part->fact_count; i++)
        fprintf(file, "  %-12s%s\n", part->facts[i].label, part->facts[i].text.s);
}

hone_status report_write_text(const report *r, FILE *file, hone_error *err) {
    hone_status status = report_check(r, err);
    if (r->title.s[0]) fprintf(file, "%s  %s\n", r->title.s, r->subtitle.s);
    for (int32_t i = 0; i < r->count && status == HONE_OK; i++) {
        const report_part *part = &r->part[i];
        if (part->kind == PART_CHART || part->is_long) continue;
        fputc('\n', file);
        if (part->title.s[0]) fprintf(file, "%s\n", part->title.s);
        if (part->kind == PART_FACTS)
            write_facts(part, file);
        else
            status = table_write(&part->table, file, err);
    }
    return status;
}

/* What would begin markup gets a backslash. */
static void put_markdown(FILE *file, const char *text) {
    for (; *text; text++) {
        if (strchr("\\`*_[]<>|&~", *text)) fputc('\\', file);
        fputc(*text, file);
    }
}

static void markdown_facts(const report_part *part, FILE *file) {
    fputs("| | |\n|---|---|\n", file);
    for (size_t i = 0; i < part->fact_count; i++) {
        fprintf(file, "| %s | ", part->facts[i].label);
        put_markdown(file, part->facts[i].text.s);
        fputs(" |\n", file);
    }
}

static void markdown_table(const table *t, FILE *file) {
    for (int32_t c = 0; c < t->columns; c++) fprintf(file, "| %s ", table_column(t, c).name);
    fputs("|\n", file);
    for (int32_t c = 0; c < t->columns; c++)
        fputs(table_column(t, c).right ? "|---:" : "|---", file);
    fputs("|\n", file);
    for (int32_t row = 0; row < table_rows(t); row++) {
        for (int32_t c = 0; c < t->columns; c++) {
            fputs("| ", file);
            put_markdown(file, table_text(t, row, c));
            fputc(' ', file);
        }
        fputs("|\n", file);
    }
}

hone_status report_write_markdown(const report *r, FILE *file, hone_error *err) {
    fputs("# ", file);
    put_markdown(file, r->title.s);
    fputs("\n\n", file);
    put_markdown(file, r->subtitle.s);
    fputc('\n', file);
    for (int32_t i = 0; i < r->count; i++) {
        const report_part *part = &r->part[i];
        if (part->kind == PART_CHART || part->is_long) continue;
        fputc('\n', file);
        if (part->title.s[0]) {
            fputs("## ", file);
            put_markdown(file, part->title.s);
            fputs("\n\n", file);
        }
        if (part->kind == PART_FACTS)
            markdown_facts(part, file);
        else
            markdown_table(&part->table, file);
    }
    return report_check(r, err);
}
