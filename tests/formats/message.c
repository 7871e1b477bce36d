/* SPDX-License-Identifier: Apache-2.0 */
#include "message.h"

#include <stdlib.h>
#include <string.h>

message *message_start(void) { return calloc(1, sizeof(message)); }

void message_free(message *m) {
    free(m->data);
    free(m);
}

void message_raw(message *m, const void *data, size_t size) {
    if (m->size + size > m->capacity) {
        m->capacity = 2 * (m->size + size);
        m->data = realloc(m->data, m->capacity);
    }
    if (size) memcpy(m->data + m->size, data, size);
    m->size += size;
}

void message_varint(message *m, uint64_t v) {
    for (; v > 0x7F; v >>= 7) message_raw(m, &(uint8_t){(uint8_t)(v | 0x80)}, 1);
    message_raw(m, &(uint8_t){(uint8_t)v}, 1);
}

void message_tag(message *m, unsigned field, unsigned wire) {
    message_varint(m, (uint64_t)field << 3 | wire);
}

void message_number(message *m, unsigned field, uint64_t v) {
    message_tag(m, field, 0);
    message_varint(m, v);
}

void message_fixed32(message *m, unsigned field, uint32_t v) {
    message_tag(m, field, 5);
    message_raw(m, &v, sizeof v);
}

void message_fixed64(message *m, unsigned field, uint64_t v) {
    message_tag(m, field, 1);
    message_raw(m, &v, sizeof v);
}

void message_bytes(message *m, unsigned field, const void *data, size_t size) {
    message_tag(m, field, 2);
    message_varint(m, size);
    message_raw(m, data, size);
}

void message_text(message *m, unsigned field, const char *text) {
    message_bytes(m, field, text, strlen(text));
}

void message_open(message *m, unsigned field) {
    message_tag(m, field, 2);
    m->open[m->depth++] = m->size;
    message_raw(m, "\0\0\0\0", 5);
}

void message_close(message *m) {
    const size_t at = m->open[--m->depth], n = m->size - at - 5;
    for (unsigned i = 0; i < 5; i++)
        m->data[at + i] = (uint8_t)((n >> 7 * i & 0x7F) | (i < 4 ? 0x80 : 0));
}
