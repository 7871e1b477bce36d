/* SPDX-License-Identifier: Apache-2.0 */
#include "wire_scan.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "checked.h"
#include "onnx.pb-c.h"
#include "utf8.h"

enum {
    MAX_FIELDS = 20,      /* of any message of the schema */
    MAX_STRING = 1 << 24, /* names and metadata */
    LENGTH_BYTES = 5,     /* lengths of skeleton messages: patched later, so of fixed width */
    SCANNED_FIELD = 64    /* protobuf-c's record of a field, 32 bytes in slabs that double */
};

typedef enum wire_type {
    WIRE_VARINT = 0,
    WIRE_FIXED64 = 1,
    WIRE_BLOCK = 2,
    WIRE_FIXED32 = 5
} wire_type;

/* An open message. */
typedef struct frame {
    const ProtobufCMessageDescriptor *desc;
    const uint8_t *end;
    size_t length_at;          /* where its length goes in the skeleton */
    uint32_t via;              /* field of the parent that holds it */
    uint32_t seen[MAX_FIELDS]; /* occurrences of each field so far */
} frame;

typedef struct scanner {
    const ctx *c;
    const uint8_t *base, *at;
    uint8_t *out; /* NULL while checking */
    size_t room;  /* of out: the file may change between the walks */
    wire_stats sum;
    int depth;
    frame stack[WIRE_MAX_DEPTH];
} scanner;

/* ---- Errors ---------------------------------------------------------------------------------- */

/* "graph.node[3].name" for field `field` (or none if < 0) of the innermost message. */
static void describe_path(const scanner *s, int field, char *buf, size_t size) {
    size_t n = 0;
    buf[0] = '\0';
    for (int d = 0; d < s->depth && n < size; d++) {
        const frame *f = &s->stack[d];
        const int via = d + 1 < s->depth ? (int)s->stack[d + 1].via : field;
        if (via < 0) break;
        const ProtobufCFieldDescriptor *fd = &f->desc->fields[via];
        n += (size_t)snprintf(buf + n, size - n, "%s%s", d ? "." : "", fd->name);
        if (fd->label == PROTOBUF_C_LABEL_REPEATED && n < size)
            n += (size_t)snprintf(buf + n, size - n, "[%u]", f->seen[via] - 1);
    }
    if (n >= size && size > 4) memcpy(buf + size - 4, "...", 4);
    if (n == 0) snprintf(buf, size, "%s", s->stack[0].desc->short_name);
}

__attribute__((format(printf, 4, 5), cold)) static hone_status
reject(const scanner *s, int field, hone_status code, const char *format, ...) {
    char path[256], text[128];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    describe_path(s, field, path, sizeof path);
    return fail_at(s->c, code, s->at - s->base, "%s: %s", path, text);
}

/* ---- Reading --------------------------------------------------------------------------------- */

size_t wire_varint(const uint8_t *data, size_t size, uint64_t *out) {
    uint64_t v = 0;
    for (size_t i = 0; i < size && i < 10; i++) {
        if (i == 9 && data[i] > 1) return 0;
        v |= (uint64_t)(data[i] & 0x7F) << 7 * i;
        if (data[i] < 0x80) {
            *out = v;
            return i + 1;
        }
    }
    return 0;
}

static size_t left(const scanner *s) { return (size_t)(s->stack[s->depth - 1].end - s->at); }

static hone_status read_varint(scanner *s, int field, uint64_t *out) {
    const size_t n = wire_varint(s->at, left(s), out);
    if (!n) return reject(s, field, HONE_E_FORMAT, "malformed or truncated varint");
    s->at += n;
    return HONE_OK;
}

/* The length of a block that lies inside the innermost message. */
static hone_status read_length(scanner *s, int field, size_t *out) {
    const uint8_t *start = s->at;
    uint64_t n;
    TRY(read_varint(s, field, &n));
    if (n > left(s)) {
        const size_t rest = left(s);
        s->at = start;
        return reject(s, field, HONE_E_FORMAT, "truncated: %llu bytes are announced, %zu are left",
                      (unsigned long long)n, rest);
    }
    *out = (size_t)n;
    return HONE_OK;
}

/* Bytes of the value at the reading position, after the tag; blocks without their length. */
static hone_status value_size(scanner *s, int field, wire_type wire, size_t *out) {
    uint64_t ignored;
    if (wire == WIRE_BLOCK) return read_length(s, field, out);
    if (wire == WIRE_VARINT)
        *out = wire_varint(s->at, left(s), &ignored);
    else
        *out = wire == WIRE_FIXED32 ? 4 : 8;
    if (*out == 0 || *out > left(s))
        return reject(s, field, HONE_E_FORMAT, "malformed or truncated value");
    return HONE_OK;
}

/* ---- Writing the skeleton -------------------------------------------------------------------- */

static void put(scanner *s, const void *data, size_t n) {
    if (s->out && n && in_range(s->sum.skeleton, n, s->room))
        memcpy(s->out + s->sum.skeleton, data, n);
    s->sum.skeleton += n;
}

static void put_varint(scanner *s, uint64_t v) {
    uint8_t buf[10];
    size_t n = 0;
    for (; v > 0x7F; v >>= 7) buf[n++] = (uint8_t)(v | 0x80);
    buf[n++] = (uint8_t)v;
    put(s, buf, n);
}

static void put_tag(scanner *s, const ProtobufCFieldDescriptor *fd, wire_type wire) {
    put_varint(s, (uint64_t)fd->id << 3 | wire);
    s->sum.memory += SCANNED_FIELD;
}

static void put_block(scanner *s, const ProtobufCFieldDescriptor *fd, const void *data, size_t n) {
    put_tag(s, fd, WIRE_BLOCK);
    put_varint(s, n);
    put(s, data, n);
}

static void put_ref(scanner *s, const ProtobufCFieldDescriptor *fd, const uint8_t *data, size_t n) {
    const wire_ref ref = {(uint64_t)(data - s->base), n};
    put_block(s, fd, &ref, sizeof ref);
    s->sum.memory += sizeof(ProtobufCBinaryData) + sizeof ref;
}

/* Fills in the length of the innermost message, which has just been written. */
static void patch_length(scanner *s) {
    const size_t at = s->stack[s->depth - 1].length_at;
    const size_t n = s->sum.skeleton - at - LENGTH_BYTES;
    if (!s->out || !in_range(at, LENGTH_BYTES, s->room)) return;
    for (size_t i = 0; i < LENGTH_BYTES; i++)
        s->out[at + i] = (uint8_t)((n >> 7 * i & 0x7F) | (i + 1 < LENGTH_BYTES ? 0x80 : 0));
}

/* ---- Fields ---------------------------------------------------------------------------------- */

static hone_status open_message(scanner *s, const ProtobufCMessageDescriptor *desc, size_t size,
                                int via) {
    if (desc->n_fields > MAX_FIELDS) return fail(s->c, HONE_E_INTERNAL, "wire_scan: MAX_FIELDS");
    if (s->depth == WIRE_MAX_DEPTH)
        return reject(s, via, HONE_E_LIMIT, "nested deeper than %d messages", WIRE_MAX_DEPTH);
    if (desc == &onnx__node_proto__descriptor && ++s->sum.nodes > s->c->limits->nodes)
        return reject(s, via, HONE_E_LIMIT, "more than %lld nodes", (long long)s->c->limits->nodes);
    if (desc == &onnx__tensor_proto__descriptor && ++s->sum.tensors > s->c->limits->tensors)
        return reject(s, via, HONE_E_LIMIT, "more than %lld tensors",
                      (long long)s->c->limits->tensors);
    frame *f = &s->stack[s->depth++];
    memset(f, 0, sizeof *f);
    f->desc = desc;
    f->end = s->at + size;
    f->via = (uint32_t)via;
    f->length_at = s->sum.skeleton;
    s->sum.memory += desc->sizeof_message + sizeof(void *) + 16;
    if (s->depth > 1) put(s, "\0\0\0\0", LENGTH_BYTES);
    return HONE_OK;
}

/* Wire type of the numbers in a field, or -1 if it holds none. Tells a varint field from a bytes
 * field with packed numbers. */
static int number_type(const ProtobufCMessageDescriptor *desc, const ProtobufCFieldDescriptor *fd) {
    if (fd->type == PROTOBUF_C_TYPE_INT64 || fd->type == PROTOBUF_C_TYPE_INT32) return WIRE_VARINT;
    if (fd->type == PROTOBUF_C_TYPE_FLOAT) return WIRE_FIXED32;
    if (desc != &onnx__tensor_proto__descriptor) return -1;
    switch (fd->id) {
    case 4: return WIRE_FIXED32;
    case 5:
    case 7:
    case 11: return WIRE_VARINT;
    case 10: return WIRE_FIXED64;
    default: return -1;
    }
}

/* Counts the numbers in a packed run and checks their form. */
static hone_status check_packed(scanner *s, int field, size_t size, int type, size_t *count) {
    if (type != WIRE_VARINT) {
        const size_t element = type == WIRE_FIXED32 ? 4 : 8;
        *count = size / element;
        if (size % element == 0) return HONE_OK;
        return reject(s, field, HONE_E_FORMAT, "%zu packed bytes are no multiple of %zu", size,
                      element);
    }
    const uint8_t *data = s->at, *end = data + size;
    for (*count = 0; data < end; ++*count) {
        uint64_t ignored;
        const size_t n = wire_varint(data, (size_t)(end - data), &ignored);
        if (!n) return reject(s, field, HONE_E_FORMAT, "malformed varint in packed numbers");
        data += n;
    }
    return HONE_OK;
}

/* A number, a packed run of numbers, or one of either that is declared as bytes. */
static hone_status scan_number(scanner *s, const ProtobufCFieldDescriptor *fd, int field,
                               wire_type wire) {
    const int type = number_type(s->stack[s->depth - 1].desc, fd);
    size_t size, count = 1;
    TRY(value_size(s, field, wire, &size));
    if (wire == WIRE_BLOCK) {
        TRY(check_packed(s, field, size, type, &count));
    } else if (fd->type == PROTOBUF_C_TYPE_INT32) {
        uint64_t v;
        wire_varint(s->at, size, &v);
        if ((int64_t)v != (int32_t)v) return reject(s, field, HONE_E_FORMAT, "exceeds 32 bits");
    }
    if (fd->type == PROTOBUF_C_TYPE_BYTES) {
        put_ref(s, fd, s->at, size);
    } else if (wire == WIRE_BLOCK) {
        put_block(s, fd, s->at, size);
        s->sum.memory += count * 8;
    } else {
        put_tag(s, fd, wire);
        put(s, s->at, size);
        s->sum.memory += 8;
    }
    s->at += size;
    return HONE_OK;
}

static hone_status scan_text(scanner *s, const ProtobufCFieldDescriptor *fd, int field) {
    size_t size;
    TRY(read_length(s, field, &size));
    if (size > MAX_STRING)
        return reject(s, field, HONE_E_LIMIT, "string of %zu bytes: the limit is %d", size,
                      MAX_STRING);
    if (!utf8_is_text(s->at, size))
        return reject(s, field, HONE_E_FORMAT, "string is not UTF-8 or holds a NUL");
    put_block(s, fd, s->at, size);
    s->sum.memory += size + 1 + sizeof(char *) + 16;
    s->at += size;
    return HONE_OK;
}

static hone_status scan_message(scanner *s, const ProtobufCFieldDescriptor *fd, int field) {
    size_t size;
    TRY(read_length(s, field, &size));
    put_tag(s, fd, WIRE_BLOCK);
    return open_message(s, fd->descriptor, size, field);
}

/* Does the schema allow this wire type for the field? */
static bool wire_fits(const ProtobufCMessageDescriptor *desc, const ProtobufCFieldDescriptor *fd,
                      wire_type wire) {
    const int number = number_type(desc, fd);
    if (number < 0) return wire == WIRE_BLOCK;
    return (int)wire == number || (wire == WIRE_BLOCK && fd->label == PROTOBUF_C_LABEL_REPEATED);
}

static hone_status scan_known(scanner *s, const ProtobufCFieldDescriptor *fd, wire_type wire) {
    frame *f = &s->stack[s->depth - 1];
    const int field = (int)(fd - f->desc->fields);
    f->seen[field]++;
    if (fd->label != PROTOBUF_C_LABEL_REPEATED && f->seen[field] > 1)
        return reject(s, field, HONE_E_FORMAT, "field occurs twice");
    if (!wire_fits(f->desc, fd, wire))
        return reject(s, field, HONE_E_FORMAT, "wire type %d does not fit", (int)wire);
    if (number_type(f->desc, fd) >= 0) return scan_number(s, fd, field, wire);
    if (fd->type == PROTOBUF_C_TYPE_MESSAGE) return scan_message(s, fd, field);
    if (fd->type == PROTOBUF_C_TYPE_STRING) return scan_text(s, fd, field);
    size_t size;
    TRY(read_length(s, field, &size));
    put_ref(s, fd, s->at, size);
    s->at += size;
    return HONE_OK;
}

/* One field of the innermost message, or the head of a message inside it. */
static hone_status scan_field(scanner *s) {
    uint64_t tag;
    TRY(read_varint(s, -1, &tag));
    const wire_type wire = (wire_type)(tag & 7);
    const uint64_t id = tag >> 3;
    if (id == 0 || id > (1u << 29) - 1)
        return reject(s, -1, HONE_E_FORMAT, "field number %llu is out of range",
                      (unsigned long long)id);
    if (wire != WIRE_VARINT && wire != WIRE_FIXED64 && wire != WIRE_BLOCK && wire != WIRE_FIXED32)
        return reject(s, -1, HONE_E_FORMAT, "field %u has wire type %d", (unsigned)id, (int)wire);
    const ProtobufCFieldDescriptor *fd =
        protobuf_c_message_descriptor_get_field(s->stack[s->depth - 1].desc, (unsigned)id);
    if (fd) return scan_known(s, fd, wire);
    size_t size;
    TRY(value_size(s, -1, wire, &size));
    s->at += size;
    return HONE_OK;
}

static hone_status walk(scanner *s, const wire_input *in) {
    TRY(open_message(s, in->root, in->size, 0));
    while (s->depth > 0) {
        if (s->at == s->stack[s->depth - 1].end) {
            if (s->depth > 1) patch_length(s);
            s->depth--;
        } else {
            TRY(scan_field(s));
        }
    }
    return HONE_OK;
}

hone_status wire_scan(const ctx *c, const wire_input *in, wire_stats *out) {
    enum { ARENA_SLACK = 128 * 1024 };
    if (in->size > INT32_MAX)
        return fail(c, HONE_E_LIMIT, "message of %zu bytes: Protocol Buffers end at 2^31-1",
                    in->size);
    scanner s = {.c = c, .base = in->data, .at = in->data};
    TRY(walk(&s, in));
    /* An arena leaves up to a quarter of each block unused. */
    s.sum.memory += s.sum.memory / 2 + ARENA_SLACK;
    if (s.sum.skeleton > INT32_MAX || mem_over_limit(c->alloc, s.sum.skeleton + s.sum.memory))
        return fail(c, HONE_E_LIMIT,
                    "unpacking the message needs %llu bytes: over the memory limit",
                    (unsigned long long)(s.sum.skeleton + s.sum.memory));
    *out = s.sum;
    return HONE_OK;
}

hone_status wire_skeleton(const ctx *c, const wire_input *in, const wire_stats *stats,
                          uint8_t *out) {
    scanner s = {.c = c, .base = in->data, .at = in->data, .out = out, .room = stats->skeleton};
    TRY(walk(&s, in));
    return s.sum.skeleton == stats->skeleton
               ? HONE_OK
               : fail(c, HONE_E_IO, "the file changed while it was read");
}
