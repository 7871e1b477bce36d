/* SPDX-License-Identifier: Apache-2.0 */
#include "profile_report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli_error.h"
#include "cli_json.h"
#include "cli_table.h"
#include "cli_text.h"
#include "open_model.h"

/* Steps in the table of the slowest. */
enum { SLOWEST = 10 };

/* One step, or all steps of one operator and kernel. */
typedef struct row {
    hone_step step; /* name and output only for single steps */
    int32_t index;
    int32_t calls;
    bool works;     /* false: a view, which moves none of its bytes */
    double time_ns; /* a run */
    uint64_t flops;
    uint64_t bytes;
} row;

typedef struct report {
    row *steps; /* in order of execution */
    int32_t step_count;
    row *groups; /* slowest first */
    int32_t group_count;
    double total_ns;
    double clock_ns; /* the least that the clock tells apart */
} report;

/* Rates of steps that are shorter than this many steps of the clock say nothing. */
enum { LEAST_TICKS = 16 };

static double clock_resolution(void) {
    uint64_t least = UINT64_MAX;
    for (int i = 0; i < 100; i++) {
        const uint64_t start = clock_now();
        uint64_t end = start;
        while (end == start) end = clock_now();
        if (end - start < least) least = end - start;
    }
    return (double)least;
}

hone_status profile_add(profile *p, const hone_session *session, hone_error *err) {
    const int32_t count = hone_session_step_count(session);
    if (count != p->count || !p->time_ns) {
        profile_release(p);
        p->time_ns = cli_alloc(err, (size_t)count, sizeof *p->time_ns);
        if (!p->time_ns) return HONE_E_NOMEM;
        p->count = count;
    }
    for (int32_t i = 0; i < count; i++) {
        hone_step step = HONE_INIT(hone_step);
        TRY(hone_session_step(session, i, &step, err));
        p->time_ns[i] += step.time_ns;
    }
    p->runs++;
    return HONE_OK;
}

void profile_release(profile *p) {
    free(p->time_ns);
    *p = (profile){NULL, 0, 0};
}

static int slower_first(const void *a, const void *b) {
    const row *x = a, *y = b;
    if (x->time_ns != y->time_ns) return x->time_ns < y->time_ns ? 1 : -1;
    return x->index - y->index;
}

static void add_to_group(report *r, const row *step) {
    row *group = r->groups;
    row *const end = group + r->group_count;
    while (group < end && (strcmp(group->step.op, step->step.op) != 0 ||
                           strcmp(group->step.kernel, step->step.kernel) != 0))
        group++;
    if (group == end) {
        *group = (row){.step = step->step, .index = r->group_count++};
    }
    group->calls++;
    group->works |= step->works;
    group->time_ns += step->time_ns;
    group->flops += step->flops;
    group->bytes += step->bytes;
}

static void report_release(report *r) {
    free(r->steps);
    free(r->groups);
}

static hone_status report_make(report *r, const profile *p, const hone_session *session,
                               hone_error *err) {
    *r = (report){.steps = cli_alloc(err, (size_t)p->count, sizeof *r->steps),
                  .groups = cli_alloc(err, (size_t)p->count, sizeof *r->groups),
                  .clock_ns = clock_resolution()};
    if (!r->steps || !r->groups) return HONE_E_NOMEM;
    for (int32_t i = 0; i < p->count; i++) {
        row *step = &r->steps[r->step_count++];
        step->step = HONE_INIT(hone_step);
        TRY(hone_session_step(session, i, &step->step, err));
        step->index = i;
        step->calls = 1;
        step->works = strcmp(step->step.note, "view") != 0;
        step->time_ns = (double)p->time_ns[i] / (double)p->runs;
        step->flops = step->step.flops;
        step->bytes = step->step.bytes;
        r->total_ns += step->time_ns;
        add_to_group(r, step);
    }
    qsort(r->groups, (size_t)r->group_count, sizeof *r->groups, slower_first);
    return HONE_OK;
}

/* Time, share, and what the work comes to a second; operations per nanosecond are GFLOP/s.
 * Steps that end before the clock has moved have none. */
static void rate_cells(table *t, const row *r, const report *all) {
    table_cell(t, "%s", human_time(r->time_ns).s);
    table_cell(t, "%.1f %%", all->total_ns > 0 ? 100 * r->time_ns / all->total_ns : 0);
    const bool timed = r->works && r->time_ns / r->calls >= LEAST_TICKS * all->clock_ns;
    if (timed && r->flops > 0)
        table_cell(t, "%.1f", (double)r->flops / r->time_ns);
    else
        table_cell(t, "-");
    if (timed && r->bytes > 0)
        table_cell(t, "%.1f", (double)r->bytes / r->time_ns);
    else
        table_cell(t, "-");
}

static hone_status print_groups(const report *r, hone_error *err) {
    table t;
    table_init(&t, "operator<|kernel<|calls>|time>|share>|GFLOP/s>|GB/s>");
    for (int32_t i = 0; i < r->group_count; i++) {
        table_cell(&t, "%s", r->groups[i].step.op);
        table_cell(&t, "%s", r->groups[i].step.kernel);
        table_cell(&t, "%d", r->groups[i].calls);
        rate_cells(&t, &r->groups[i], r);
    }
    return table_print(&t, err);
}

/* Reorders the steps. */
static hone_status print_slowest(report *r, hone_error *err) {
    table t;
    table_init(&t, "slowest steps<|operator<|output<|time>|share>|GFLOP/s>|GB/s>");
    qsort(r->steps, (size_t)r->step_count, sizeof *r->steps, slower_first);
    for (int32_t i = 0; i < r->step_count && i < SLOWEST; i++) {
        table_cell(&t, "%s", r->steps[i].step.name);
        table_cell(&t, "%s", r->steps[i].step.op);
        table_cell(&t, "%s", port_text(&r->steps[i].step.output).s);
        rate_cells(&t, &r->steps[i], r);
    }
    return table_print(&t, err);
}

hone_status profile_print(const profile *p, const hone_session *session, hone_error *err) {
    report r;
    hone_status status = report_make(&r, p, session, err);
    if (status == HONE_OK) {
        printf("\nprofile, mean of %lld run%s, %s in steps\n", (long long)p->runs, plural(p->runs),
               human_time(r.total_ns).s);
        status = print_groups(&r, err);
    }
    if (status == HONE_OK) {
        putchar('\n');
        status = print_slowest(&r, err);
    }
    report_release(&r);
    return status;
}

static void row_json(json_t *object, const row *r) {
    doc_text(object, "operator", r->step.op);
    doc_text(object, "kernel", r->step.kernel);
    doc_real(object, "time_us", r->time_ns / 1e3);
    doc_uint(object, "flops", r->flops);
    doc_uint(object, "bytes", r->bytes);
}

hone_status profile_json(json_t *parent, const char *key, const profile *p,
                         const hone_session *session, hone_error *err) {
    report r;
    const hone_status status = report_make(&r, p, session, err);
    json_t *object = doc_object(parent, key);
    doc_int(object, "runs", p->runs);
    json_t *groups = doc_array(object, "operators");
    for (int32_t i = 0; i < r.group_count; i++) {
        json_t *item = doc_object(groups, NULL);
        row_json(item, &r.groups[i]);
        doc_int(item, "calls", r.groups[i].calls);
    }
    json_t *steps = doc_array(object, "steps");
    for (int32_t i = 0; i < r.step_count; i++) {
        json_t *item = doc_object(steps, NULL);
        doc_text(item, "name", r.steps[i].step.name);
        row_json(item, &r.steps[i]);
    }
    report_release(&r);
    return status;
}
