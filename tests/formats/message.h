/* SPDX-License-Identifier: Apache-2.0
 *
 * Writes Protocol Buffers messages field by field, right or wrong, for tests.
 *
 *     message *m = message_start();
 *     message_open(m, 7);            graph {
 *     message_text(m, 2, "g");         name: "g"
 *     message_close(m);              }
 */
#ifndef HONE_MESSAGE_H
#define HONE_MESSAGE_H

#include <stddef.h>
#include <stdint.h>

typedef struct message {
    uint8_t *data;
    size_t size, capacity;
    size_t open[4096]; /* where the lengths of open sub-messages are */
    size_t depth;
} message;

/* To be given back with message_free. */
message *message_start(void);
void message_free(message *m);

void message_raw(message *m, const void *data, size_t size);
void message_varint(message *m, uint64_t v);
void message_tag(message *m, unsigned field, unsigned wire);

void message_number(message *m, unsigned field, uint64_t v);
void message_fixed32(message *m, unsigned field, uint32_t v);
void message_fixed64(message *m, unsigned field, uint64_t v);
void message_bytes(message *m, unsigned field, const void *data, size_t size);
void message_text(message *m, unsigned field, const char *text);

/* Lengths of sub-messages take five bytes, so that they can be filled in afterwards. */
void message_open(message *m, unsigned field);
void message_close(message *m);

#endif
