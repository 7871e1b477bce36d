/* SPDX-License-Identifier: Apache-2.0
 *
 * A report: facts, tables and charts in parts, made once from results and written in several forms.
 *
 *     report r;
 *     report_init(&r, "model.hone", "2 threads");
 *     report_part *part = report_facts(&r, "");
 *     report_fact(part, "load", "%s", human_time(ns).s);
 *     report_write_text(&r, stdout, &err);
 *     report_release(&r);
 */
#ifndef HONE_CLI_REPORT_H
#define HONE_CLI_REPORT_H

#include <stdio.h>

#include "chart.h"
#include "cli_table.h"
#include "cli_text.h"

typedef struct fact {
    const char *label; /* static; "" goes on with the fact before */
    line_text text;
} fact;

typedef enum part_kind { PART_FACTS, PART_TABLE, PART_CHART } part_kind;

typedef struct report_part {
    part_kind kind;
    line_text title; /* may be empty */
    bool is_long;    /* a table for readers who can fold it away: HTML only */
    bool failed;     /* memory was out */
    fact *facts;
    size_t fact_count;
    table table;
    chart chart;
} report_part;

enum { REPORT_PARTS = 16 };

typedef struct report {
    line_text title, subtitle;
    report_part part[REPORT_PARTS];
    int32_t count;
} report;

void report_init(report *r, const char *title, const char *subtitle);
void report_release(report *r);
/* Each begins a part. */
report_part *report_facts(report *r, const char *title);
/* `heads` as in table_init. */
report_part *report_table(report *r, const char *title, const char *heads);
/* Drawn in HTML only. */
report_part *report_chart(report *r, const char *title, chart_kind kind);

__attribute__((format(printf, 3, 4))) void report_fact(report_part *part, const char *label,
                                                       const char *format, ...);

/* HONE_E_NOMEM if memory was out while the report was made. */
hone_status report_check(const report *r, hone_error *err);

hone_status report_write_text(const report *r, FILE *file, hone_error *err);
hone_status report_write_markdown(const report *r, FILE *file, hone_error *err);
/* One page that needs no other file. */
hone_status report_write_html(const report *r, FILE *file, hone_error *err);

#endif
