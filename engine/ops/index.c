/* SPDX-License-Identifier: Apache-2.0 */
#include "index.h"

hone_status index_check(run_ctx *r, const tensor *t, int64_t size) {
    const int64_t n = tensor_count(t);
    for (int64_t i = 0; i < n; i++) {
        const int64_t v = index_at(t, i, 0);
        if (v < -size || v >= size)
            return run_fail(r, "index %lld is %lld: expected %lld to %lld", (long long)i,
                            (long long)v, (long long)-size, (long long)(size - 1));
    }
    return HONE_OK;
}
