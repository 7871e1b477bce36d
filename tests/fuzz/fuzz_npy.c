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
    /* Empty text takes no bytes of the file; only the limits bound it. */
    const bool text = view.dtype == HONE_STRING;
    PROMISE(s != HONE_OK || (view.data && (text || view.bytes < size)));
    PROMISE(!text || view.bytes <= limits.memory_bytes);
    PROMISE(s != HONE_E_INTERNAL);
    hone_view_free(&view);
    return 0;
}
