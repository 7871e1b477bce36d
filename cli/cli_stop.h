/* SPDX-License-Identifier: Apache-2.0
 *
 * SIGINT and SIGTERM: the first asks for a clean stop, a second one ends the process at once.
 */
#ifndef HONE_CLI_STOP_H
#define HONE_CLI_STOP_H

#include "hone/hone.h"

void stop_install(void);
/* The signal that asked to stop, or 0. */
int stop_signal(void);
/* HONE_E_CANCELLED once a signal came. For loops and between long stages. */
hone_status stop_check(hone_error *err);
/* Cancel this session when a signal comes; NULL before it is destroyed. One at a time. */
void stop_watch(hone_session *session);

#endif
