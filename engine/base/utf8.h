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

#endif
