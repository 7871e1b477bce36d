/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"
#include "hone/images.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    hone_limits limits = HONE_INIT(hone_limits);
    limits.tensor_bytes = 1 << 20;
    for (int color = HONE_IMAGE_RGB; color <= HONE_IMAGE_GRAY; color += 2) {
        hone_view view = {0};
        hone_error err;
        const hone_status s =
            hone_image_decode(&view, data, size, (hone_image_color)color, &limits, &err);
        PROMISE(s == HONE_OK || (err.status == s && err.text[0] && !view.data));
        PROMISE(s != HONE_OK || (view.data && view.bytes && view.bytes <= limits.tensor_bytes));
        PROMISE(s != HONE_OK || hone_image_recognized(data, size));
        PROMISE(s != HONE_E_INTERNAL);
        hone_view_free(&view);
    }
    return 0;
}
