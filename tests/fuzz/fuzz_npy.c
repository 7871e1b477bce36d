/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"
#include "hone/hone.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    hone_limits limits = HONE_INIT(hone_limits);
    limits.memory_bytes = 16 << 20;
    hone_view view = {0};
    hone_error err;
    const hone_status s = hone_npy_load_memory(&view, data, size, &limits, &err);
    PROMISE(s == HONE_OK || (err.status == s && err.text[0] && !view.data));
    PROMISE(s != HONE_OK || (view.data && view.bytes < size));
    PROMISE(s != HONE_E_INTERNAL);
    hone_view_free(&view);
    return 0;
}
