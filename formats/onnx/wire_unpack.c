/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "checked.h"
#include "wire_scan.h"

static void *arena_give(void *user, size_t size) { return arena_alloc(user, size); }

/* Everything goes with the arena. */
static void arena_keep(void *user, void *ptr) {
    (void)user;
    (void)ptr;
}

hone_status wire_unpack(const ctx *c, arena *a, const wire_input *in, ProtobufCMessage **out,
                        wire_stats *stats) {
    TRY(wire_scan(c, in, stats));
    uint8_t *skeleton = mem_alloc(c->alloc, stats->skeleton, 1);
    if (!skeleton) return fail_nomem(c, stats->skeleton);
    hone_status s = wire_skeleton(c, in, stats, skeleton);
    if (s == HONE_OK) {
        ProtobufCAllocator from_arena = {arena_give, arena_keep, a};
        *out = protobuf_c_message_unpack(in->root, &from_arena, stats->skeleton, skeleton);
        if (!*out) s = fail_nomem(c, stats->memory); /* the skeleton is well-formed */
    }
    mem_free(c->alloc, skeleton);
    return s;
}

bool wire_bytes(const wire_input *in, const ProtobufCBinaryData *field, const uint8_t **data,
                size_t *size) {
    wire_ref ref;
    if (field->len != sizeof ref) return false;
    memcpy(&ref, field->data, sizeof ref);
    if (!in_range(ref.offset, ref.length, in->size)) return false;
    *data = in->data + ref.offset;
    *size = (size_t)ref.length;
    return true;
}
