/* SPDX-License-Identifier: Apache-2.0
 *
 * The check in front of protobuf-c: what it accepts, protobuf-c accepts, within the memory that was
 * announced.
 */
#include "fuzz.h"
#include "model.h"
#include "onnx.pb-c.h"
#include "wire_scan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const hone_limits limits = limits_complete(NULL);
    const wire_input in = {data, size, &onnx__model_proto__descriptor};
    allocator alloc;
    arena a;
    hone_error err;
    wire_stats stats;
    ProtobufCMessage *message;
    error_clear(&err);
    allocator_init(&alloc, NULL, 64 << 20);
    arena_init(&a, &alloc);
    const ctx c = {.alloc = &alloc, .limits = &limits, .err = &err};
    if (wire_scan(&c, &in, &stats) == HONE_OK) {
        PROMISE(wire_unpack(&c, &a, &in, &message, &stats) == HONE_OK);
        PROMISE(atomic_load(&alloc.peak) <= stats.memory + stats.skeleton);
    } else {
        PROMISE(err.status != HONE_OK && err.text[0]);
    }
    arena_fini(&a);
    PROMISE(atomic_load(&alloc.used) == 0);
    return 0;
}
