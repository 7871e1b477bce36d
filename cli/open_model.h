/* SPDX-License-Identifier: Apache-2.0
 *
 * Opening models and sessions the way the options ask for.
 */
#ifndef HONE_CLI_OPEN_MODEL_H
#define HONE_CLI_OPEN_MODEL_H

#include <jansson.h>

#include "command.h"

/* The --shape options. */
typedef struct shape_list {
    hone_input_shape *item; /* names are owned */
    int32_t count;
} shape_list;
hone_status shape_list_read(shape_list *out, const text_list *texts, hone_error *err);
void shape_list_release(shape_list *list);
/* Adds what is known of the shape of an input. */
hone_status shape_list_add(shape_list *list, const hone_port *port, hone_error *err);
/* NULL when no shape was given for that input. */
const hone_input_shape *shape_list_find(const shape_list *list, const char *name);

/* Opens `path` as it is, without a word, for a look at its inputs. */
hone_status open_to_look(hone_model **out, cli *c, const char *path);
/* Opens `path` with the limits of the options and these shapes. HONE_E_INPUT when it is the shapes
 * that do not fit. */
hone_status open_model(hone_model **out, cli *c, const char *path, const shape_list *shapes);
/* Tells every operator that the model in `path` needs. */
hone_status survey_model(cli *c, const char *path, hone_need_fn take, void *user);
/* What the options say about sessions; `flags` as in hone_session_options. */
hone_session_options session_options(cli *c, uint32_t flags);
hone_status open_session(hone_session **out, cli *c, const hone_model *model, uint32_t flags);
/* Runs a session of the model in `path` once; can be stopped by a signal. */
hone_status run_session(cli *c, hone_session *session, const char *path);

/* What the options come to: threads and instruction set in use. */
int32_t threads_in_use(const settings *set);
const char *isa_in_use(const settings *set);

/* Nanoseconds of a clock that only goes forward. */
uint64_t clock_now(void);

#endif
