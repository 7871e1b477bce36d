/* SPDX-License-Identifier: Apache-2.0 */
#include "case_text.h"

#include <locale.h>
#include <string.h>
#include <wctype.h>

#include "items.h"
#include "utf8.h"

static bool is_ascii(const char *text) {
    while (*text > 0) text++;
    return *text == 0;
}

static char ascii_case(char c, text_case to) {
    const char first = to == CASE_LOWER ? 'A' : 'a';
    return c >= first && c < first + 26 ? (char)(c ^ 0x20) : c;
}

/* Writes the code point at s in the other case; returns the bytes read. */
static size_t change_one(const char *s, text_case to, locale_t unicode, char **out) {
    const unsigned char *u = (const unsigned char *)s;
    const size_t n = utf8_length(u, strlen(s));
    if (n <= 1) {
        *(*out)++ = ascii_case(*s, to);
        return 1;
    }
    const wint_t code = (wint_t)utf8_decode(u, n);
    const wint_t other = to == CASE_LOWER ? towlower_l(code, unicode) : towupper_l(code, unicode);
    *out += utf8_encode((uint32_t)other, *out);
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
    if (!ascii && length > SIZE_MAX / UTF8_MOST) return fail_nomem(r->c, length);
    char *room = run_text_room(r, ascii ? length : length * UTF8_MOST);
    if (!room) return HONE_E_NOMEM;
    *out = room;
    if (!ascii) return change_unicode(r, text, to, room);
    for (size_t i = 0; i < length; i++) room[i] = ascii_case(text[i], to);
    return HONE_OK;
}
