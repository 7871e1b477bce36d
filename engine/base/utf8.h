/* SPDX-License-Identifier: Apache-2.0
 *
 * UTF-8, as strict as RFC 3629: overlong forms, surrogates and codes above U+10FFFF are invalid.
 */
#ifndef HONE_UTF8_H
#define HONE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes of the valid sequence at s, of which `left` bytes (at least one) may be read; 0 if invalid.
 */
static inline size_t utf8_length(const unsigned char *s, size_t left) {
    if (s[0] < 0x80) return 1;
    size_t n;
    unsigned char low = 0x80, high = 0xBF; /* of the second byte */
    if (s[0] >= 0xC2 && s[0] <= 0xDF) {
        n = 2;
    } else if (s[0] >= 0xE0 && s[0] <= 0xEF) {
        n = 3;
        if (s[0] == 0xE0) low = 0xA0;
        if (s[0] == 0xED) high = 0x9F;
    } else if (s[0] >= 0xF0 && s[0] <= 0xF4) {
        n = 4;
        if (s[0] == 0xF0) low = 0x90;
        if (s[0] == 0xF4) high = 0x8F;
    } else {
        return 0;
    }
    if (left < n || s[1] < low || s[1] > high) return 0;
    for (size_t i = 2; i < n; i++)
        if ((s[i] & 0xC0) != 0x80) return 0;
    return n;
}

/* Valid UTF-8 without a NUL, so that the text can be a C string? */
static inline bool utf8_is_text(const void *data, size_t size) {
    const unsigned char *s = data;
    for (size_t i = 0; i < size;) {
        const size_t n = s[i] ? utf8_length(s + i, size - i) : 0;
        if (!n) return false;
        i += n;
    }
    return true;
}

/* Most bytes of a code point. */
#define UTF8_MOST 4

/* Is it a code point that UTF-8 has, other than NUL? */
static inline bool utf8_is_code(uint32_t code) {
    return code > 0 && code <= 0x10FFFF && (code < 0xD800 || code > 0xDFFF);
}

/* The code point of the valid sequence of n bytes at s. */
static inline uint32_t utf8_decode(const unsigned char *s, size_t n) {
    static const unsigned char bits[] = {0, 0x7F, 0x1F, 0x0F, 0x07};
    uint32_t code = s[0] & bits[n];
    for (size_t i = 1; i < n; i++) code = code << 6 | (s[i] & 0x3F);
    return code;
}

/* Writes a code point; returns its bytes. */
static inline size_t utf8_encode(uint32_t code, char *out) {
    static const unsigned char mark[] = {0, 0, 0xC0, 0xE0, 0xF0};
    const size_t n = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    for (size_t i = n; i-- > 1; code >>= 6) out[i] = (char)(0x80 | (code & 0x3F));
    out[0] = (char)(mark[n] | code);
    return n;
}

#endif
