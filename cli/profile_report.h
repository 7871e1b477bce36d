/* SPDX-License-Identifier: Apache-2.0
 *
 * Where the time of profiled runs went.
 */
#ifndef HONE_CLI_PROFILE_REPORT_H
#define HONE_CLI_PROFILE_REPORT_H

#include <jansson.h>

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

/* Times are means over the runs. The session still has the plan that was measured. */
hone_status profile_print(const profile *p, const hone_session *session, hone_error *err);
/* Adds {"runs", "operators": [...], "steps": [...]} under `key`. */
hone_status profile_json(json_t *parent, const char *key, const profile *p,
                         const hone_session *session, hone_error *err);

#endif
