/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz_model.h"

hone_model *fuzz_open(const void *data, size_t size, uint32_t flags) {
    hone_limits limits = HONE_INIT(hone_limits);
    hone_open_options options = HONE_INIT(hone_open_options);
    limits.memory_bytes = 64 << 20;
    limits.tensor_bytes = 4 << 20;
    limits.fold_bytes = 4 << 20;
    limits.nodes = 2000;
    limits.loop_trips = 100;
    options.limits = &limits;
    options.flags = flags;
    hone_model *m = NULL;
    hone_error err;
    const hone_status s = hone_model_open_memory(&m, data, size, &options, &err);
    PROMISE((s == HONE_OK) == (m != NULL));
    PROMISE(s == HONE_OK || (err.status == s && err.text[0]));
    PROMISE(s != HONE_E_INTERNAL);
    return m;
}

static void run_once(const hone_model *m) {
    hone_session_options options = HONE_INIT(hone_session_options);
    hone_session *session;
    hone_error err;
    options.threads = 1;
    options.memory_limit = 16 << 20;
    if (hone_session_create(&session, m, &options, &err) != HONE_OK) return;
    hone_session_set_deadline(session, 50000000, &err);
    PROMISE(hone_session_run(session, &err) != HONE_E_INTERNAL);
    hone_session_destroy(session);
}

static void describe(const hone_model *m) {
    hone_port port;
    for (int32_t i = 0; i < hone_model_input_count(m); i++)
        PROMISE(hone_model_input(m, i, &port, NULL) == HONE_OK && port.name);
    for (int32_t i = 0; i < hone_model_output_count(m); i++)
        PROMISE(hone_model_output(m, i, &port, NULL) == HONE_OK && port.name);
}

void fuzz_use(const hone_model *m) {
    describe(m);
    run_once(m);
}
