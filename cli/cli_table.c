/* SPDX-License-Identifier: Apache-2.0 */
#include "cli_table.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli_error.h"
#include "cli_text.h"

/* Longest cell, in characters; longer ones keep their first and last parts. */
enum { CELL_WIDTH = 56, CELL_PART = 26 };

void table_init(table *t, const char *heads) {
    *t = (table){.heads = heads, .columns = 1};
    for (const char *s = heads; *s; s++) t->columns += *s == '|';
}

/* The start of character number `n` of `text`. */
static const char *character_at(const char *text, int n) {
    for (; *text; text++) {
        const bool starts = ((unsigned char)*text & 0xC0) != 0x80;
        if (starts && n-- == 0) break;
    }
    return text;
}

static char *cell_text(const char *raw) {
    const line_text clean = clean_text(raw);
    const int width = text_width(clean.s);
    char *text = NULL;
    if (width <= CELL_WIDTH) return strdup(clean.s);
    const int head = (int)(character_at(clean.s, CELL_PART) - clean.s);
    const char *tail = character_at(clean.s, width - CELL_PART);
    return asprintf(&text, "%.*s...%s", head, clean.s, tail) < 0 ? NULL : text;
}

void table_cell(table *t, const char *format, ...) {
    line_text raw;
    va_list args;
    va_start(args, format);
    vsnprintf(raw.s, sizeof raw.s, format, args);
    va_end(args);
    if (t->count == t->capacity) {
        const size_t capacity = t->capacity ? 2 * t->capacity : 64;
        char **cell = realloc(t->cell, capacity * sizeof *cell);
        if (cell) {
            t->cell = cell;
            t->capacity = capacity;
        }
    }
    char *text = t->count < t->capacity ? cell_text(raw.s) : NULL;
    if (text)
        t->cell[t->count++] = text;
    else
        t->failed = true;
}

/* Splits the heads; names stay in t->heads, each with a length and an alignment. */
typedef struct head {
    const char *name;
    int length;
    bool right;
    int width;
} head;

static void split_heads(const table *t, head *heads) {
    const char *s = t->heads;
    for (int32_t c = 0; c < t->columns; c++) {
        const size_t n = strcspn(s, "|");
        heads[c] = (head){s, (int)n - 1, s[n - 1] == '>', (int)n - 1};
        s += n + (s[n] == '|');
    }
    for (size_t i = 0; i < t->count; i++) {
        head *h = &heads[i % (size_t)t->columns];
        const int width = text_width(t->cell[i]);
        if (width > h->width) h->width = width;
    }
}

/* Nothing stands behind the last column, so nothing is put there. */
static void print_cell(const head *h, const char *text, bool last) {
    const int pad = h->width - text_width(text);
    if (h->right)
        printf("  %*s%s", pad, "", text);
    else if (!last || *text)
        printf("  %s%*s", text, last ? 0 : pad, "");
}

hone_status table_print(table *t, hone_error *err) {
    head heads[TABLE_COLUMNS];
    split_heads(t, heads);
    for (int32_t c = 0; c < t->columns; c++) {
        char name[32];
        snprintf(name, sizeof name, "%.*s", heads[c].length, heads[c].name);
        print_cell(&heads[c], name, c + 1 == t->columns);
    }
    putchar('\n');
    for (size_t i = 0; i < t->count; i++) {
        const size_t c = i % (size_t)t->columns;
        const bool last = c + 1 == (size_t)t->columns;
        print_cell(&heads[c], t->cell[i], last);
        if (last) putchar('\n');
    }
    const bool failed = t->failed;
    table_release(t);
    return failed ? cli_fail_nomem(err) : HONE_OK;
}

void table_release(table *t) {
    for (size_t i = 0; i < t->count; i++) free(t->cell[i]);
    free(t->cell);
    *t = (table){.heads = ""};
}
