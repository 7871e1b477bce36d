/* SPDX-License-Identifier: Apache-2.0
 *
 * What stands between a file and protobuf-c: checks the Protocol Buffers wire format and rewrites
 * it into a small message that is safe to unpack.
 *
 * protobuf-c recurses without bound, merges repeated sub-messages in quadratic time, cuts strings
 * at a NUL, keeps unknown fields and copies every byte. So the file is walked first: iteratively,
 * without allocating, following protobuf-c's own descriptors of the schema. The walk refuses
 *   - nesting deeper than WIRE_MAX_DEPTH messages, files of 2^31 bytes and more
 *   - truncated or overlong values, varints above 64 bits, group wire types, wire types that do not
 *     fit the schema, 32-bit fields with larger values
 *   - singular fields that occur twice
 *   - strings with invalid UTF-8 or a NUL
 *   - more nodes or tensors than the limits allow
 *   - messages whose unpacked form would not fit into the memory budget
 * Errors carry the offset in the file and a path such as "graph.node[3].attribute[0].t".
 *
 * A second walk writes the skeleton: known fields only, in canonical form, with each bytes field's
 * content replaced by a wire_ref to where it lies in the file. Weights are therefore never copied
 * by unpacking. The reader of a skeleton sees references written here only: the ones a file might
 * try to forge are content, and content is replaced.
 *
 *     file      | tag len | tag len raw_data................. | tag len name | ...
 *     skeleton  | tag len | tag 16 {offset, length} | tag len name | ...
 */
#ifndef HONE_WIRE_SCAN_H
#define HONE_WIRE_SCAN_H

#include <protobuf-c/protobuf-c.h>

#include "status.h"

/* Messages inside each other. Other readers of the format stop here too; it keeps protobuf-c's
 * stack below 128 kB. */
#define WIRE_MAX_DEPTH 100

/* The file, or any message of a schema on its own. */
typedef struct wire_input {
    const uint8_t *data;
    size_t size;
    const ProtobufCMessageDescriptor *root;
} wire_input;

/* Where the content of a bytes field lies. */
typedef struct wire_ref {
    uint64_t offset, length;
} wire_ref;

typedef struct wire_stats {
    size_t skeleton; /* bytes that wire_skeleton will write */
    uint64_t memory; /* upper bound of what unpacking the skeleton allocates from an arena */
    int64_t nodes, tensors;
} wire_stats;

/* Checks everything above. */
hone_status wire_scan(const ctx *c, const wire_input *in, wire_stats *out);
/* Writes the skeleton of a message that wire_scan accepted; `out` has room for stats->skeleton
 * bytes. Fails only if the data changed in between. */
hone_status wire_skeleton(const ctx *c, const wire_input *in, const wire_stats *stats,
                          uint8_t *out);

/* Both steps and protobuf-c's. The message lives in the arena and is not freed on its own. */
hone_status wire_unpack(const ctx *c, arena *a, const wire_input *in, ProtobufCMessage **out,
                        wire_stats *stats);
/* Content of a bytes field of a message that wire_unpack made from `in`; false if it is no
 * reference. */
bool wire_bytes(const wire_input *in, const ProtobufCBinaryData *field, const uint8_t **data,
                size_t *size);

/* Reads a varint of at most 64 bits; returns its length, or 0 when it is malformed or cut off. */
size_t wire_varint(const uint8_t *data, size_t size, uint64_t *out);

#endif
