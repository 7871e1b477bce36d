/* SPDX-License-Identifier: Apache-2.0 */
#include "view_memory.h"

#include <string.h>

#include "dtype.h"
#include "model.h"

hone_status view_create(const ctx *c, hone_dtype dtype, const shape *s, hone_view *out) {
    int64_t count;
    size_t bytes;
    if (!shape_count(s, &count) || !dtype_bytes(dtype, count, &bytes) ||
        bytes > c->limits->tensor_bytes)
        return fail(c, HONE_E_LIMIT, "the tensor exceeds the limit of %llu bytes (tensor_bytes)",
                    (unsigned long long)c->limits->tensor_bytes);
    void *data = mem_alloc(c->alloc, bytes, TENSOR_ALIGN);
    if (!data) return fail_nomem(c, bytes);
    *out = (hone_view){.data = data, .bytes = bytes, .dtype = dtype, .rank = s->rank};
    memcpy(out->dim, s->dim, sizeof out->dim);
    return HONE_OK;
}

hone_status hone_view_create(hone_view *out, hone_dtype dtype, int32_t rank, const int64_t *dim,
                             const hone_limits *limits, hone_error *err) {
    hone_limits bounds;
    allocator alloc;
    const ctx c = {.alloc = &alloc, .limits = &bounds, .err = err};
    error_clear(err);
    TRY(limits_read(&c, limits, &bounds));
    allocator_init(&alloc, NULL, bounds.memory_bytes);
    if (!out || rank < 0 || rank > HONE_MAX_RANK || (rank && !dim) || !hone_dtype_bits(dtype))
        return fail(&c, HONE_E_ARG, "hone_view_create: no view, type or shape");
    const shape s = shape_make(rank, dim);
    if (!shape_known(&s)) return fail(&c, HONE_E_ARG, "hone_view_create: a negative dimension");
    return view_create(&c, dtype, &s, out);
}

void hone_view_free(hone_view *view) {
    if (!view) return;
    allocator alloc; /* the C library's: the budget that the memory came from is gone */
    allocator_init(&alloc, NULL, 0);
    mem_free(&alloc, view->data);
    *view = (hone_view){0};
}
