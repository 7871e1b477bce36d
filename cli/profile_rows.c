/* SPDX-License-Identifier: Apache-2.0 */
#include "profile_rows.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli_error.h"
#include "open_model.h"

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
    const work_row *x = a, *y = b;
    if (x->time_ns != y->time_ns) return x->time_ns < y->time_ns ? 1 : -1;
    return x->index - y->index;
}

static int slower_index_first(const void *a, const void *b, void *steps) {
    const work_row *rows = steps;
    return slower_first(&rows[*(const int32_t *)a], &rows[*(const int32_t *)b]);
}

static void add_to_group(work_list *list, const work_row *step) {
    work_row *group = list->groups;
    work_row *const end = group + list->group_count;
    while (group < end && (strcmp(group->step.op, step->step.op) != 0 ||
                           strcmp(group->step.kernel, step->step.kernel) != 0))
        group++;
    if (group == end) {
        *group = (work_row){.step = step->step, .index = list->group_count++};
    }
    group->calls++;
    group->works |= step->works;
    group->time_ns += step->time_ns;
    group->flops += step->flops;
    group->bytes += step->bytes;
    group->constant_bytes += step->constant_bytes;
}

static hone_status read_steps(work_list *list, const profile *p, const hone_session *session,
                              hone_error *err) {
    for (int32_t i = 0; i < p->count; i++) {
        work_row *row = &list->steps[list->step_count++];
        row->step = HONE_INIT(hone_step);
        TRY(hone_session_step(session, i, &row->step, err));
        row->index = i;
        row->calls = 1;
        row->works = strcmp(row->step.note, "view") != 0;
        row->time_ns = (double)p->time_ns[i] / (double)p->runs;
        row->flops = row->step.flops;
        row->bytes = row->step.bytes;
        row->constant_bytes = row->step.constant_bytes;
        list->total_ns += row->time_ns;
        list->by_time[i] = i;
        add_to_group(list, row);
    }
    return HONE_OK;
}

/* Where the speed is zero, the bound is infinite, and so no number. */
static double roofline_of(const work_row *row, const hone_machine_speed *speed) {
    const double compute_ns = 1e9 * (double)row->flops / speed->flops_per_second;
    const double memory_ns = 1e9 * (double)row->bytes / speed->bytes_per_second;
    const double least_ns = fmax(compute_ns, memory_ns);
    return isfinite(least_ns) && least_ns > 0 ? least_ns / row->time_ns : NAN;
}

static void find_rates(work_row *row, const work_list *all) {
    const bool timed =
        row->works && row->time_ns > 0 && row->time_ns / row->calls >= LEAST_TICKS * all->clock_ns;
    row->share = all->total_ns > 0 ? row->time_ns / all->total_ns : 0;
    row->flops_per_ns = timed && row->flops > 0 ? (double)row->flops / row->time_ns : NAN;
    row->bytes_per_ns = timed && row->bytes > 0 ? (double)row->bytes / row->time_ns : NAN;
    row->intensity = row->works && row->bytes > 0 ? (double)row->flops / (double)row->bytes : NAN;
    row->roofline = timed ? roofline_of(row, &all->speed) : NAN;
}

hone_status work_list_make(work_list *out, const profile *p, const hone_session *session,
                           const hone_machine_speed *speed, hone_error *err) {
    const size_t count = (size_t)p->count;
    *out = (work_list){.steps = cli_alloc(err, count, sizeof *out->steps),
                       .by_time = cli_alloc(err, count, sizeof *out->by_time),
                       .groups = cli_alloc(err, count, sizeof *out->groups),
                       .runs = p->runs,
                       .clock_ns = clock_resolution()};
    if (!out->steps || !out->by_time || !out->groups) return HONE_E_NOMEM;
    if (speed) out->speed = *speed;
    TRY(read_steps(out, p, session, err));
    qsort(out->groups, (size_t)out->group_count, sizeof *out->groups, slower_first);
    qsort_r(out->by_time, (size_t)out->step_count, sizeof *out->by_time, slower_index_first,
            out->steps);
    for (int32_t i = 0; i < out->step_count; i++) find_rates(&out->steps[i], out);
    for (int32_t i = 0; i < out->group_count; i++) find_rates(&out->groups[i], out);
    return HONE_OK;
}

void work_list_release(work_list *list) {
    free(list->steps);
    free(list->by_time);
    free(list->groups);
    *list = (work_list){.steps = NULL};
}
