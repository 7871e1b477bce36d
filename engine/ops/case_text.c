/* SPDX-License-Identifier: Apache-2.0 */
#include "case_text.h"

#include <locale.h>
#include <string.h>
#include <wctype.h>

#include "items.h"
#include "utf8.h"

enum { MOST_BYTES = 4 }; /* of a code point */

static bool is_ascii(const char *text) {
    while (*text > 0) text++;
    return *text == 0;
}

static char ascii_case(char c, text_case to) {
    const char first = to == CASE_LOWER ? 'A' : 'a';
    return c >= first && c < first + 26 ? (char)(c ^ 0x20) : c;
}

static uint32_t decode(const unsigned char *s, size_t n) {
    static const unsigned char bits[] = {0, 0x7F, 0x1F, 0x0F, 0x07};
    uint32_t code = s[0] & bits[n];
    for (size_t i = 1; i < n; i++) code = code << 6 | (s[i] & 0x3F);
    return code;
}

static size_t encode(uint32_t code, char *out) {
    static const unsigned char mark[] = {0, 0, 0xC0, 0xE0, 0xF0};
    const size_t n = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    for (size_t i = n; i-- > 1; code >>= 6) out[i] = (char)(0x80 | (code & 0x3F));
    out[0] = (char)(mark[n] | code);
    return n;
}

/* Writes the code point at s in the other case; returns the bytes read. */
static size_t change_one(const char *s, text_case to, locale_t unicode, char **out) {
    const unsigned char *u = (const unsigned char *)s;
    const size_t n = utf8_length(u, strlen(s));
    if (n <= 1) {
        *(*out)++ = ascii_case(*s, to);
        return 1;
    }
    const wint_t code = (wint_t)decode(u, n);
    const wint_t other = to == CASE_LOWER ? towlower_l(code, unicode) : towupper_l(code, unicode);
    *out += encode((uint32_t)other, *out);
    return n;
}

static hone_status change_unicode(run_ctx *r, const char *text, text_case to, char *out) {
    /* A locale object of our own: the process and its threads keep theirs. */
    const locale_t unicode = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
    if (!unicode)
        return fail(r->c, HONE_E_UNSUPPORTED,
                    "this system lacks the locale C.UTF-8, which tells "
                    "the case of letters beyond ASCII");
    while (*text) text += change_one(text, to, unicode, &out);
    *out = '\0';
    freelocale(unicode);
    return HONE_OK;
}

hone_status text_change_case(run_ctx *r, const char *text, text_case to, const char **out) {
    const size_t length = strlen(text);
    *out = text;
    if (to == CASE_KEEP) return HONE_OK;
    const bool ascii = is_ascii(text);
    if (!ascii && length > SIZE_MAX / MOST_BYTES) return fail_nomem(r->c, length);
    char *room = run_text_room(r, ascii ? length : length * MOST_BYTES);
    if (!room) return HONE_E_NOMEM;
    *out = room;
    if (!ascii) return change_unicode(r, text, to, room);
    for (size_t i = 0; i < length; i++) room[i] = ascii_case(text[i], to);
    return HONE_OK;
}
