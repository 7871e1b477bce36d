/* SPDX-License-Identifier: Apache-2.0 */
#include "options.h"

#include <string.h>

static size_t stated_size(const void *options) {
    size_t size;
    memcpy(&size, options, sizeof size);
    return size;
}

hone_status options_read(const ctx *c, void *out, size_t size, const void *given,
                         const char *name) {
    memset(out, 0, size);
    if (!given) return HONE_OK;
    const size_t stated = stated_size(given);
    const unsigned char *bytes = given;
    if (stated < sizeof stated)
        return fail(c, HONE_E_ARG, "%s: struct_size is %zu; HONE_INIT sets it", name, stated);
    for (size_t i = size; i < stated; i++)
        if (bytes[i])
            return fail(c, HONE_E_UNSUPPORTED,
                        "%s: asks for something that this version of hone "
                        "does not have",
                        name);
    memcpy(out, given, stated < size ? stated : size);
    return HONE_OK;
}

size_t options_room(const void *out, size_t size) {
    const size_t stated = stated_size(out);
    return stated < sizeof stated ? 0 : stated < size ? stated : size;
}

hone_status options_check_allocator(const ctx *c, const hone_allocator *a) {
    if (!a || (a->alloc && a->free)) return HONE_OK;
    return fail(c, HONE_E_ARG, "an allocator without a function to %s memory",
                a->alloc ? "free" : "allocate");
}
