/* SPDX-License-Identifier: Apache-2.0
 *
 * Where the time of profiled runs went: one row a step, and one for all steps of an operator and
 * kernel, with what their work comes to a second.
 */
#ifndef HONE_CLI_PROFILE_ROWS_H
#define HONE_CLI_PROFILE_ROWS_H

#include "hone/hone.h"

/* Time of each step, summed over runs of one plan. Zeroed to begin with. */
typedef struct profile {
    uint64_t *time_ns;
    int32_t count;
    int64_t runs;
} profile;

/* Adds the last run. A run with another number of steps starts anew. */
hone_status profile_add(profile *p, const hone_session *session, hone_error *err);
void profile_release(profile *p);

/* Numbers that cannot be had are NaN: rates of views and of what is too short for the clock, the
 * roofline of a machine that was not measured. */
typedef struct work_row {
    hone_step step; /* name and output only for single steps */
    int32_t index;
    int32_t calls;
    bool works;     /* false: a view, which moves none of its bytes */
    double time_ns; /* a run */
    double share;   /* of all steps, 0 to 1 */
    uint64_t flops, bytes, constant_bytes;
    double flops_per_ns, bytes_per_ns; /* that is, GFLOP/s and GB/s */
    double intensity;                  /* operations a byte */
    double roofline;                   /* share of what the machine could do, see below */
} work_row;

/* The roofline: work of f operations over b bytes takes no less than the larger of f / peak and
 * b / bandwidth. A row's share of it is that time over its own: above 1 where bytes come from a
 * cache. */
typedef struct work_list {
    work_row *steps; /* in order of execution */
    int32_t step_count;
    int32_t *by_time; /* indices of steps, slowest first */
    work_row *groups; /* slowest first */
    int32_t group_count;
    int64_t runs;
    double total_ns;
    double clock_ns;          /* the least that the clock tells apart */
    hone_machine_speed speed; /* zero: not measured */
} work_list;

/* The session still has the plan that was measured, and keeps it: names are borrowed. speed may be
 * NULL. Release it also after a failure. */
hone_status work_list_make(work_list *out, const profile *p, const hone_session *session,
                           const hone_machine_speed *speed, hone_error *err);
void work_list_release(work_list *list);

#endif
