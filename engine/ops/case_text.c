/* SPDX-License-Identifier: Apache-2.0 */
#include "case_text.h"

#include <string.h>
#include <wctype.h>

#include "items.h"
#include "utf8.h"

static bool is_ascii(const char *text) {
    while (*text && (unsigned char)*text < 0x80) text++;
    return !*text;
}

static char ascii_case(char c, text_case to) {
    const char first = to == CASE_LOWER ? 'A' : 'a';
    return c >= first && c < first + 26 ? (char)(c ^ 0x20) : c;
}

/* Writes the code point at s in the other case; returns the bytes read. */
static size_t change_one(const char *s, text_case to, locale_t unicode, char **out) {
    const unsigned char *u = (const unsigned char *)s;
    const size_t n = utf8_length(u, UTF8_MOST); /* which reads nothing behind the NUL */
    if (n <= 1) {
        *(*out)++ = ascii_case(*s, to);
        return 1;
    }
    const wint_t code = (wint_t)utf8_decode(u, n);
    const wint_t other = to == CASE_LOWER ? towlower_l(code, unicode) : towupper_l(code, unicode);
    *out += utf8_encode((uint32_t)other, *out);
    return n;
}

/* A locale object of our own: the process and its threads keep theirs. */
static hone_status open_locale(case_changer *w) {
    if (w->unicode) return HONE_OK;
    w->unicode = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
    if (w->unicode) return HONE_OK;
    return fail(w->r->c, HONE_E_UNSUPPORTED,
                "this system lacks the locale C.UTF-8, which tells "
                "the case of letters beyond ASCII");
}

void case_changer_close(case_changer *w) {
    if (w->unicode) freelocale(w->unicode);
}

hone_status text_change_case(case_changer *w, const char *text, text_case to, const char **out) {
    const size_t length = strlen(text);
    *out = text;
    if (to == CASE_KEEP) return HONE_OK;
    const bool ascii = is_ascii(text);
    if (!ascii) TRY(open_locale(w));
    if (!ascii && length > SIZE_MAX / UTF8_MOST) return fail_nomem(w->r->c, length);
    char *room = run_text_room(w->r, ascii ? length : length * UTF8_MOST);
    if (!room) return HONE_E_NOMEM;
    *out = room;
    if (ascii)
        for (size_t i = 0; i < length; i++) room[i] = ascii_case(text[i], to);
    else {
        while (*text) text += change_one(text, to, w->unicode, &room);
        *room = '\0';
    }
    return HONE_OK;
}
