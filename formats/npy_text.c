/* SPDX-License-Identifier: Apache-2.0 */
#include "npy_text.h"

#include <stdlib.h>
#include <string.h>

#include "checked.h"
#include "utf8.h"

enum { CODE_BYTES = 4, MOST_WIDTH = 1 << 28 };

bool npy_text_parse(const char *code, npy_text *out) {
    out->wide = strncmp(code, "<U", 2) == 0;
    if (!out->wide && strncmp(code, "|S", 2) != 0) return false;
    out->width = 0;
    for (const char *s = code + 2; *s; s++) {
        if (*s < '0' || *s > '9' || out->width > MOST_WIDTH) return false;
        out->width = out->width * 10 + (size_t)(*s - '0');
    }
    return code[2] != '\0';
}

bool npy_text_size(const npy_text *t, size_t *out) {
    return size_mul(t->width, t->wide ? CODE_BYTES : 1, out);
}

static uint32_t code_at(const char *element, size_t i) {
    const unsigned char *u = (const unsigned char *)element + i * CODE_BYTES;
    return (uint32_t)u[0] | (uint32_t)u[1] << 8 | (uint32_t)u[2] << 16 | (uint32_t)u[3] << 24;
}

/* Reads one element into `to`, or only counts its bytes of UTF-8 when that is NULL. HONE_E_FORMAT
 * for what is no text. */
static hone_status read_wide(const ctx *c, const npy_text *t, const char *element, char *to,
                             size_t *length) {
    size_t width = t->width;
    *length = 0;
    while (width && code_at(element, width - 1) == 0) width--;
    for (size_t i = 0; i < width; i++) {
        const uint32_t code = code_at(element, i);
        if (!utf8_is_code(code))
            return fail(c, HONE_E_FORMAT, "npy: %#x is no character of a text", code);
        char room[UTF8_MOST];
        *length += utf8_encode(code, to ? to + *length : room);
    }
    return HONE_OK;
}

static hone_status read_bytes(const ctx *c, const npy_text *t, const char *element, char *to,
                              size_t *length) {
    size_t width = t->width;
    while (width && element[width - 1] == '\0') width--;
    if (!utf8_is_text(element, width))
        return fail(c, HONE_E_FORMAT, "npy: a text is not UTF-8 or holds a NUL");
    if (to && width) memcpy(to, element, width);
    *length = width;
    return HONE_OK;
}

static hone_status read_element(const ctx *c, const npy_text *t, const char *element, char *to,
                                size_t *length) {
    return (t->wide ? read_wide : read_bytes)(c, t, element, to, length);
}

/* Bytes of all texts with their ends, behind `count` pointers. */
static hone_status measure(const ctx *c, const npy_text *t, const char *data, int64_t count,
                           size_t *out) {
    size_t size, length;
    if (!npy_text_size(t, &size) || !size_mul((size_t)count, sizeof(char *), out))
        return fail_nomem(c, SIZE_MAX);
    for (int64_t i = 0; i < count; i++) {
        TRY(read_element(c, t, data + (size_t)i * size, NULL, &length));
        if (!size_add(*out, length + 1, out)) return fail_nomem(c, SIZE_MAX);
    }
    if (*out > c->limits->tensor_bytes)
        return fail(c, HONE_E_LIMIT, "npy: %zu bytes of text: the limit is %llu (tensor_bytes)",
                    *out, (unsigned long long)c->limits->tensor_bytes);
    return HONE_OK;
}

hone_status npy_text_load(const ctx *c, const npy_text *t, const char *data, int64_t count,
                          void **out) {
    size_t bytes = 0, size = 0, length;
    TRY(measure(c, t, data, count, &bytes));
    char **list = mem_alloc(c->alloc, bytes, 64);
    if (!list) return fail_nomem(c, bytes);
    npy_text_size(t, &size);
    char *at = (char *)(list + count);
    for (int64_t i = 0; i < count; i++) {
        read_element(c, t, data + (size_t)i * size, at, &length); /* was read before */
        list[i] = at;
        at[length] = '\0';
        at += length + 1;
    }
    *out = list;
    return HONE_OK;
}

hone_status npy_text_fit(const ctx *c, const tensor *strings, npy_text *out) {
    *out = (npy_text){.wide = true, .width = 1};
    for (int64_t i = 0; i < tensor_count(strings); i++) {
        const char *text = tensor_string(strings, i);
        if (!utf8_is_text(text, strlen(text)))
            return fail(c, HONE_E_INPUT, "npy: string %lld is not UTF-8", (long long)i);
        size_t codes = 0;
        for (const char *s = text; *s; s++) codes += (*s & 0xC0) != 0x80;
        if (codes > out->width) out->width = codes;
    }
    if (out->width > MOST_WIDTH) return fail(c, HONE_E_LIMIT, "npy: a string is too long");
    return HONE_OK;
}

hone_status npy_text_save(const ctx *c, file_writer *w, const tensor *strings, const npy_text *t) {
    for (int64_t i = 0; i < tensor_count(strings); i++) {
        const unsigned char *s = (const unsigned char *)tensor_string(strings, i);
        for (size_t k = 0; k < t->width; k++) {
            const size_t n = *s ? utf8_length(s, UTF8_MOST) : 0;
            const uint32_t code = n ? utf8_decode(s, n) : 0;
            const unsigned char bytes[CODE_BYTES] = {
                (unsigned char)code, (unsigned char)(code >> 8), (unsigned char)(code >> 16), 0};
            TRY(writer_put(c, w, bytes, sizeof bytes));
            s += n;
        }
    }
    return HONE_OK;
}
