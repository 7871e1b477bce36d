/* SPDX-License-Identifier: Apache-2.0 */
#include "index.h"

/* Is every one of n numbers in [-size, size)? Without leaving early: they mostly are. */
#define INSIDE(name, type)                                                                         \
    static bool name(const void *index, int64_t n, int64_t size) {                                 \
        const type *v = index;                                                                     \
        bool outside = false;                                                                      \
        for (int64_t i = 0; i < n; i++)                                                            \
            outside |= (uint64_t)(int64_t)v[i] + (uint64_t)size >= 2 * (uint64_t)size;             \
        return !outside;                                                                           \
    }
INSIDE(inside_i32, int32_t)
INSIDE(inside_i64, int64_t)

hone_status index_check(run_ctx *r, const tensor *t, int64_t size) {
    const int64_t n = tensor_count(t);
    if ((t->dtype == HONE_I32 ? inside_i32 : inside_i64)(t->data, n, size)) return HONE_OK;
    for (int64_t i = 0; i < n; i++) {
        const int64_t v = index_at(t, i, 0);
        if (v < -size || v >= size)
            return run_fail(r, "index %lld is %lld: expected %lld to %lld", (long long)i,
                            (long long)v, (long long)-size, (long long)(size - 1));
    }
    return HONE_OK;
}

#define PLACES(name, type)                                                                         \
    static void name(const void *index, int64_t n, int64_t size, int64_t stride, int64_t *out) {   \
        const type *v = index;                                                                     \
        for (int64_t i = 0; i < n; i++) out[i] = (v[i] < 0 ? v[i] + size : v[i]) * stride;         \
    }
PLACES(places_i32, int32_t)
PLACES(places_i64, int64_t)

void index_places(const tensor *t, int64_t first, int64_t n, int64_t size, int64_t stride,
                  int64_t *out) {
    if (t->dtype == HONE_I32)
        places_i32((const int32_t *)t->data + first, n, size, stride, out);
    else
        places_i64((const int64_t *)t->data + first, n, size, stride, out);
}
