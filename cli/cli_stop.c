/* SPDX-License-Identifier: Apache-2.0 */
#include "cli_stop.h"

#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <unistd.h>

#include "cli_error.h"

static volatile sig_atomic_t received;
/* Written by the main thread only, which is also the thread that Linux prefers for signals sent to
 * the process: the handler cannot overtake stop_watch(NULL) and meet a destroyed session. */
static _Atomic(hone_session *) watched;

static void on_signal(int number) {
    if (received) _exit(EXIT_SIGNAL + number);
    received = number;
    hone_session *session = atomic_load(&watched);
    if (session) hone_session_cancel(session);
}

void stop_install(void) {
    struct sigaction action = {.sa_handler = on_signal};
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    /* Writing beyond a limit, or to a reader who is gone, is an error like any other. */
    action.sa_handler = SIG_IGN;
    sigaction(SIGXFSZ, &action, NULL);
    sigaction(SIGPIPE, &action, NULL);
}

int stop_signal(void) { return received; }

hone_status stop_check(hone_error *err) {
    if (!received) return HONE_OK;
    return cli_fail(err, HONE_E_CANCELLED, "stopped by a signal");
}

void stop_watch(hone_session *session) {
    atomic_store(&watched, session);
    if (session && received) hone_session_cancel(session);
}
