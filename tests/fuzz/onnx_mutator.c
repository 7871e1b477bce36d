/* SPDX-License-Identifier: Apache-2.0
 *
 * Changes ONNX files as what they are. Plain byte mutation breaks the length of every message
 * around the change, so that little gets past the first check; this one walks to a random field,
 * changes it and writes the lengths on the way anew. A fifth of the mutations stay plain.
 */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "onnx.pb-c.h"
#include "wire_scan.h"

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);

enum { MAX_FIELDS = 4096, BLOCK = 2, SPARE = 32 };

/* A field inside a message: where it starts and ends, and where its value starts after tag and
 * length. */
typedef struct field {
    size_t start, value, end;
    unsigned wire;
    const ProtobufCFieldDescriptor *desc; /* NULL: unknown */
} field;

typedef struct bytes {
    uint8_t *data;
    size_t size, capacity;
} bytes;

static void put(bytes *b, const void *data, size_t n) {
    if (n > b->capacity - b->size) n = b->capacity - b->size;
    if (n) memcpy(b->data + b->size, data, n);
    b->size += n;
}

static void put_varint(bytes *b, uint64_t v) {
    for (; v > 0x7F; v >>= 7) put(b, &(uint8_t){(uint8_t)(v | 0x80)}, 1);
    put(b, &(uint8_t){(uint8_t)v}, 1);
}

/* Reads the field at `at`; false at the end and where the message is malformed. */
static bool next_field(const uint8_t *data, size_t size, size_t at, field *f) {
    uint64_t tag, length;
    const size_t tag_size = wire_varint(data + at, size - at, &tag);
    if (!tag_size) return false;
    f->start = at;
    f->value = at + tag_size;
    f->wire = tag & 7;
    if (f->wire == 0 || f->wire == BLOCK) {
        const size_t n = wire_varint(data + f->value, size - f->value, &length);
        if (!n) return false;
        if (f->wire == BLOCK) f->value += n;
        f->end = f->wire == BLOCK ? f->value : f->value + n;
        if (f->wire == BLOCK && length > size - f->end) return false;
        f->end += f->wire == BLOCK ? (size_t)length : 0;
    } else {
        f->end = f->value + (f->wire == 5 ? 4 : 8);
    }
    return f->end <= size;
}

static size_t split(const ProtobufCMessageDescriptor *desc, const uint8_t *data, size_t size,
                    field *list) {
    size_t n = 0;
    for (size_t at = 0; at < size && n < MAX_FIELDS; at = list[n++].end) {
        uint64_t tag;
        if (!next_field(data, size, at, &list[n])) break;
        wire_varint(data + at, size - at, &tag);
        list[n].desc = protobuf_c_message_descriptor_get_field(desc, (unsigned)(tag >> 3));
    }
    return n;
}

/* A number that is likely to be on the edge of something. */
static uint64_t interesting(uint64_t old) {
    static const uint64_t edges[] = {
        0, 1, 2, 3, 8, 13, 16, 26, 64, 1 << 16, 1ull << 31, 1ull << 32, INT64_MAX, UINT64_MAX};
    const int choice = rand() % 4;
    if (choice == 0) return old + 1;
    if (choice == 1) return old - 1;
    return edges[(size_t)rand() % (sizeof edges / sizeof *edges)];
}

static void mutate_message(const ProtobufCMessageDescriptor *desc, const uint8_t *data, size_t size,
                           bytes *out, int depth);

/* The field's tag with a changed value. */
static void mutate_value(const uint8_t *data, const field *f, bytes *out, int depth) {
    uint64_t tag, number;
    const size_t length = f->end - f->value;
    wire_varint(data + f->start, f->end - f->start, &tag);
    put_varint(out, tag);
    if (f->wire == 0) {
        wire_varint(data + f->value, length, &number);
        put_varint(out, interesting(number));
        return;
    }
    const bool message =
        f->wire == BLOCK && f->desc && f->desc->type == PROTOBUF_C_TYPE_MESSAGE && depth < 100;
    bytes inner = {.capacity = length + length / 2 + SPARE};
    inner.data = malloc(inner.capacity);
    if (message) {
        mutate_message(f->desc->descriptor, data + f->value, length, &inner, depth + 1);
    } else {
        put(&inner, data + f->value, length);
        const size_t limit = f->wire == BLOCK ? inner.capacity : length;
        inner.size = LLVMFuzzerMutate(inner.data, inner.size, limit);
    }
    if (f->wire == BLOCK) put_varint(out, inner.size);
    put(out, inner.data, f->wire == BLOCK ? inner.size : length);
    free(inner.data);
}

/* Copies a message with one field dropped, doubled, exchanged with another, or changed. */
static void mutate_message(const ProtobufCMessageDescriptor *desc, const uint8_t *data, size_t size,
                           bytes *out, int depth) {
    field *list = malloc(MAX_FIELDS * sizeof *list);
    const size_t n = split(desc, data, size, list);
    const size_t pick = n ? (size_t)rand() % n : 0, other = n ? (size_t)rand() % n : 0;
    const int how = rand() % 16;
    for (size_t i = 0; i < n; i++) {
        const field *f = &list[how == 2 && i == pick ? other : how == 2 && i == other ? pick : i];
        if (how == 0 && i == pick) continue;
        if (how == 1 && i == pick) put(out, data + f->start, f->end - f->start);
        if (how > 2 && i == pick)
            mutate_value(data, f, out, depth);
        else
            put(out, data + f->start, f->end - f->start);
    }
    free(list);
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed) {
    srand(seed);
    if (size == 0 || rand() % 5 == 0) return LLVMFuzzerMutate(data, size, max_size);
    bytes out = {.capacity = max_size};
    out.data = malloc(max_size);
    mutate_message(&onnx__model_proto__descriptor, data, size, &out, 0);
    memcpy(data, out.data, out.size);
    free(out.data);
    return out.size;
}
