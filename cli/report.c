/* SPDX-License-Identifier: Apache-2.0 */
#include "report.h"

#include <assert.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "cli_error.h"

void report_init(report *r, const char *title, const char *subtitle) {
    r->title = clean_text(title);
    r->subtitle = clean_text(subtitle);
    r->count = 0;
}

void report_release(report *r) {
    for (int32_t i = 0; i < r->count; i++) {
        report_part *part = &r->part[i];
        free(part->facts);
        table_release(&part->table);
        chart_release(&part->chart);
    }
    r->count = 0;
}

static report_part *begin(report *r, part_kind kind, const char *title) {
    assert(r->count < REPORT_PARTS);
    report_part *part = &r->part[r->count++];
    *part = (report_part){.kind = kind, .title = clean_text(title), .table = {.heads = ""}};
    return part;
}

report_part *report_facts(report *r, const char *title) { return begin(r, PART_FACTS, title); }

report_part *report_table(report *r, const char *title, const char *heads) {
    report_part *part = begin(r, PART_TABLE, title);
    table_init(&part->table, heads);
    return part;
}

report_part *report_chart(report *r, const char *title, chart_kind kind) {
    report_part *part = begin(r, PART_CHART, title);
    part->chart.kind = kind;
    return part;
}

void report_fact(report_part *part, const char *label, const char *format, ...) {
    line_text raw;
    va_list args;
    va_start(args, format);
    vsnprintf(raw.s, sizeof raw.s, format, args);
    va_end(args);
    fact *grown = realloc(part->facts, (part->fact_count + 1) * sizeof *grown);
    if (!grown) {
        part->failed = true;
        return;
    }
    part->facts = grown;
    part->facts[part->fact_count++] = (fact){label, clean_text(raw.s)};
}

hone_status report_check(const report *r, hone_error *err) {
    for (int32_t i = 0; i < r->count; i++)
        if (r->part[i].failed || r->part[i].table.failed || r->part[i].chart.failed)
            return cli_fail_nomem(err);
    return HONE_OK;
}

chart_point *chart_add(chart *c, double x, double y, const char *label) {
    if (c->count == c->capacity) {
        const size_t capacity = c->capacity ? 2 * c->capacity : 64;
        chart_point *grown = realloc(c->point, capacity * sizeof *grown);
        if (grown) {
            c->point = grown;
            c->capacity = capacity;
        }
    }
    char *copy = label ? strdup(clean_text(label).s) : NULL;
    if (c->count == c->capacity || (label && !copy)) {
        free(copy);
        c->failed = true;
        return NULL;
    }
    c->point[c->count] = (chart_point){.x = x, .y = y, .label = copy};
    return &c->point[c->count++];
}

void chart_release(chart *c) {
    for (size_t i = 0; i < c->count; i++) free(c->point[i].label);
    free(c->point);
    *c = (chart){.count = 0};
}
