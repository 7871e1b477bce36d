/* SPDX-License-Identifier: Apache-2.0
 *
 * A model next to another one, or this program next to another, measured in turn (bench_rounds.h).
 */
#ifndef HONE_CLI_BENCH_AGAINST_H
#define HONE_CLI_BENCH_AGAINST_H

#include <jansson.h>

#include "bench_rounds.h"
#include "report.h"
#include "workspace.h"

typedef struct against {
    const char *name; /* of the other model or program; NULL: none was asked for */
    bool is_program;
    rounds rounds;
    rounds_result result;
    json_t *doc;         /* the first result of the other program, or NULL */
    json_t *differences; /* of the two programs' results, see bench_doc.h */
} against;

/* Zeroed to begin with. Each block runs the model for a while, in a session of its own. */
hone_status against_model(against *out, cli *c, const workspace *ours);
/* Each block is a process of its own that runs 'bench --json'. */
hone_status against_program(against *out, cli *c);

void against_report(report *r, const against *a);
void against_json(json_t *parent, const char *key, const against *a);
void against_release(against *a);

#endif
