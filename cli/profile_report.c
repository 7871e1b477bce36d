/* SPDX-License-Identifier: Apache-2.0 */
#include "profile_report.h"

#include <math.h>

#include "cli_json.h"

/* Steps in the table of the slowest; bars in the chart of operators, the rest is one more. */
enum { SLOWEST = 10, MOST_BARS = 14 };

/* Heads of the columns that rate_cells fills. */
#define RATE_HEADS     "time>|share>|GFLOP/s>|GB/s>|FLOP/B>"
#define ROOFLINE_HEADS RATE_HEADS "|of roofline>"
/* The heads of a table whose first columns have these. */
#define HEADS(list, first) (is_measured(list) ? first ROOFLINE_HEADS : first RATE_HEADS)

static bool is_measured(const work_list *list) { return list->speed.flops_per_second > 0; }

static void number_cell(table *t, double value, int decimals, const char *unit) {
    if (isfinite(value))
        table_cell(t, "%.*f%s", decimals, value, unit);
    else
        table_cell(t, "-");
}

static void rate_cells(table *t, const work_row *row, const work_list *list) {
    table_cell(t, "%s", human_time(row->time_ns).s);
    table_cell(t, "%.1f %%", 100 * row->share);
    number_cell(t, row->flops_per_ns, 1, "");
    number_cell(t, row->bytes_per_ns, 1, "");
    number_cell(t, row->intensity, 2, "");
    if (is_measured(list)) number_cell(t, 100 * row->roofline, 1, " %");
}

static void add_groups(report *r, const work_list *list) {
    char title[128];
    snprintf(title, sizeof title, "profile, mean of %lld run%s, %s in steps", (long long)list->runs,
             plural(list->runs), human_time(list->total_ns).s);
    table *t = &report_table(r, title, HEADS(list, "operator<|kernel<|calls>|"))->table;
    for (int32_t i = 0; i < list->group_count; i++) {
        table_cell(t, "%s", list->groups[i].step.op);
        table_cell(t, "%s", list->groups[i].step.kernel);
        table_cell(t, "%d", list->groups[i].calls);
        rate_cells(t, &list->groups[i], list);
    }
}

static void step_cells(table *t, const work_row *row, const work_list *list) {
    table_cell(t, "%s", row->step.name);
    table_cell(t, "%s", row->step.op);
    table_cell(t, "%s", port_text(&row->step.output).s);
    rate_cells(t, row, list);
}

static void add_slowest(report *r, const work_list *list) {
    table *t = &report_table(r, "", HEADS(list, "slowest steps<|operator<|output<|"))->table;
    for (int32_t i = 0; i < list->step_count && i < SLOWEST; i++)
        step_cells(t, &list->steps[list->by_time[i]], list);
}

static void add_all_steps(report *r, const work_list *list) {
    report_part *part =
        report_table(r, "All steps, in order", HEADS(list, "step<|operator<|output<|"));
    part->is_long = true;
    for (int32_t i = 0; i < list->step_count; i++) step_cells(&part->table, &list->steps[i], list);
}

void profile_report(report *r, const work_list *list) {
    add_groups(r, list);
    add_slowest(r, list);
    add_all_steps(r, list);
}

static number_text time_and_share(double ns, double share) {
    number_text out;
    snprintf(out.s, sizeof out.s, "%.12s, %.1f %%", human_time(ns).s, 100 * share);
    return out;
}

static void add_bar(chart *c, double ns, double share, const char *label) {
    chart_point *bar = chart_add(c, ns, 0, label);
    if (bar) bar->note = time_and_share(ns, share);
}

static line_text group_text(const work_row *row) {
    line_text out;
    snprintf(out.s, sizeof out.s, "%.200s %.200s", row->step.op, row->step.kernel);
    return out;
}

static void add_bars(report *r, const work_list *list) {
    chart *c = &report_chart(r, "Time by operator", CHART_BARS)->chart;
    double rest_ns = 0, rest = 0;
    for (int32_t i = 0; i < list->group_count; i++) {
        const work_row *row = &list->groups[i];
        line_text label;
        if (i >= MOST_BARS) {
            rest_ns += row->time_ns;
            rest += row->share;
            continue;
        }
        snprintf(label.s, sizeof label.s, "%d. %.410s", i + 1, group_text(row).s);
        add_bar(c, row->time_ns, row->share, label.s);
    }
    if (list->group_count > MOST_BARS) add_bar(c, rest_ns, rest, "all others");
    snprintf(c->summary.s, sizeof c->summary.s,
             "Time of one run by operator and kernel, the slowest first; %s in all.",
             human_time(list->total_ns).s);
}

static bool is_on_roofline(const work_row *row) {
    return row->flops_per_ns > 0 && row->intensity > 0;
}

static void add_roofline(report *r, const work_list *list) {
    const double peak = list->speed.flops_per_second / 1e9;
    const double slope = list->speed.bytes_per_second / 1e9;
    chart *c = &report_chart(r, "Roofline", CHART_ROOFLINE)->chart;
    c->x_title = "operations a byte (FLOP/B)";
    c->y_title = "GFLOP/s";
    c->peak = peak;
    c->slope = slope;
    for (int32_t i = 0; i < list->group_count; i++) {
        const work_row *row = &list->groups[i];
        if (!is_on_roofline(row)) continue;
        chart_point *point = chart_add(c, row->intensity, row->flops_per_ns, group_text(row).s);
        if (!point) continue;
        point->weight = row->share;
        point->number = i < MOST_BARS ? i + 1 : 0;
        snprintf(point->note.s, sizeof point->note.s, "%.1f GFLOP/s, %.1f %%", row->flops_per_ns,
                 100 * row->roofline);
    }
    snprintf(c->summary.s, sizeof c->summary.s,
             "Speed of each operator and kernel over its operations a byte; the line is what this "
             "machine can do: %.1f GFLOP/s, or %.1f GB/s of memory. Numbers are those of the bars, "
             "the area of a point is its share of the time. Above the slope, bytes come from "
             "caches; above the level, a kernel needs fewer operations than are counted.",
             peak, slope);
}

void profile_charts(report *r, const work_list *list) {
    bool on_roofline = false;
    for (int32_t i = 0; i < list->group_count; i++) on_roofline |= is_on_roofline(&list->groups[i]);
    if (list->group_count > 0) add_bars(r, list);
    if (on_roofline && is_measured(list)) add_roofline(r, list);
}

static void row_json(json_t *object, const work_row *row) {
    doc_text(object, "operator", row->step.op);
    doc_text(object, "kernel", row->step.kernel);
    doc_real(object, "time_us", row->time_ns / 1e3);
    doc_real(object, "share_percent", 100 * row->share);
    doc_uint(object, "flops", row->flops);
    doc_uint(object, "bytes", row->bytes);
    doc_uint(object, "constant_bytes", row->constant_bytes);
    doc_real(object, "gflops", row->flops_per_ns);
    doc_real(object, "gbytes_per_s", row->bytes_per_ns);
    doc_real(object, "flops_per_byte", row->intensity);
    doc_real(object, "roofline_percent", 100 * row->roofline);
}

void profile_json(json_t *parent, const char *key, const work_list *list) {
    json_t *object = doc_object(parent, key);
    doc_int(object, "runs", list->runs);
    json_t *groups = doc_array(object, "operators");
    for (int32_t i = 0; i < list->group_count; i++) {
        json_t *item = doc_object(groups, NULL);
        row_json(item, &list->groups[i]);
        doc_int(item, "calls", list->groups[i].calls);
    }
    json_t *steps = doc_array(object, "steps");
    for (int32_t i = 0; i < list->step_count; i++) {
        json_t *item = doc_object(steps, NULL);
        doc_text(item, "name", list->steps[i].step.name);
        row_json(item, &list->steps[i]);
    }
}
