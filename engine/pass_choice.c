/* SPDX-License-Identifier: Apache-2.0
 *
 * Which passes run: the caller's list of names.
 */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "model.h"

/* One name of a list that is separated by commas. */
typedef struct word {
    const char *text;
    size_t n;
} word;

/* The next word at *at, which moves behind it; false at the end. */
static bool next_word(const char **at, word *w) {
    if (!*at) return false;
    w->text = *at;
    w->n = strcspn(*at, ",");
    *at = w->text[w->n] ? w->text + w->n + 1 : NULL;
    return true;
}

static bool is_word(word w, const char *text) {
    return strlen(text) == w.n && memcmp(w.text, text, w.n) == 0;
}

/* Every place of a pass in the order of running. */
static uint64_t find_pass(word w) {
    uint64_t found = 0;
    for (int32_t i = 0; i < pass_count; i++)
        if (is_word(w, pass_list[i]->name)) found |= (uint64_t)1 << i;
    return found;
}

uint64_t pass_bits(const char *name) { return find_pass((word){name, strlen(name)}); }

static bool is_repeated(int32_t i) {
    for (int32_t k = 0; k < i; k++)
        if (pass_list[k] == pass_list[i]) return true;
    return false;
}

static hone_status unknown_pass(const ctx *c, word w) {
    char names[400] = "";
    size_t used = 0;
    for (int32_t i = 0; i < pass_count && used < sizeof names; i++)
        if (!is_repeated(i))
            used += (size_t)snprintf(names + used, sizeof names - used, "%s%s", i ? ", " : "",
                                     pass_list[i]->name);
    return fail(c, HONE_E_ARG, "passes: '%.*s' is none of %s", (int)(w.n < 40 ? w.n : 40), w.text,
                names);
}

/* Adds what the chosen passes need, and what that needs in turn. */
static uint64_t with_needs(uint64_t chosen) {
    for (uint64_t before = 0; before != chosen;) {
        before = chosen;
        for (int32_t i = 0; i < pass_count; i++) {
            const char *at = chosen >> i & 1 ? pass_list[i]->needs : NULL;
            for (word w; next_word(&at, &w);) chosen |= find_pass(w);
        }
    }
    return chosen;
}

hone_status pass_choose(const ctx *c, const char *text, uint64_t *chosen) {
    assert(pass_count < 64);
    const uint64_t all = ((uint64_t)1 << pass_count) - 1;
    *chosen = all;
    if (!text || strcmp(text, "all") == 0) return HONE_OK;
    *chosen = 0;
    if (strcmp(text, "none") == 0) return HONE_OK;
    const bool leaves_out = *text == '-';
    uint64_t named = 0;
    for (word w; next_word(&text, &w);) {
        if ((w.n > 0 && *w.text == '-') != leaves_out)
            return fail(c, HONE_E_ARG, "passes: expected names all with or all without '-'");
        if (leaves_out) w = (word){w.text + 1, w.n - 1};
        const uint64_t found = find_pass(w);
        if (!found) return unknown_pass(c, w);
        named |= found;
    }
    *chosen = leaves_out ? all & ~named : with_needs(named);
    return HONE_OK;
}
