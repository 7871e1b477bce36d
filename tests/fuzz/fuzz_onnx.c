/* SPDX-License-Identifier: Apache-2.0
 *
 * Opens a model with everything that opening does: import, optimisation, packing.
 */
#include "fuzz_model.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    hone_model *m = fuzz_open(data, size, 0);
    if (m) fuzz_use(m);
    hone_model_close(m);
    return 0;
}
