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

/* A cell as it is printed. */
static line_text cut_text(const char *text) {
    line_text out;
    const int width = text_width(text);
    if (width <= CELL_WIDTH) {
        snprintf(out.s, sizeof out.s, "%s", text);
        return out;
    }
    const int head = (int)(text_character(text, CELL_PART) - text);
    snprintf(out.s, sizeof out.s, "%.*s...%s", head, text, text_character(text, width - CELL_PART));
    return out;
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
    char *text = t->count < t->capacity ? strdup(clean_text(raw.s).s) : NULL;
    if (text)
        t->cell[t->count++] = text;
    else
        t->failed = true;
}

/* A column of what is printed. */
typedef struct column {
    table_head head;
    int width;
} column;

table_head table_column(const table *t, int32_t c) {
    table_head head = {.right = false};
    const char *s = t->heads;
    for (; c > 0; c--) s += strcspn(s, "|") + 1;
    const size_t n = strcspn(s, "|");
    snprintf(head.name, sizeof head.name, "%.*s", (int)n - 1, s);
    head.right = s[n - 1] == '>';
    return head;
}

int32_t table_rows(const table *t) { return (int32_t)(t->count / (size_t)t->columns); }

const char *table_text(const table *t, int32_t row, int32_t c) {
    return t->cell[(size_t)row * (size_t)t->columns + (size_t)c];
}

static void measure_columns(const table *t, column *columns) {
    for (int32_t c = 0; c < t->columns; c++) {
        columns[c].head = table_column(t, c);
        columns[c].width = text_width(columns[c].head.name);
        for (int32_t r = 0; r < table_rows(t); r++) {
            const int width = text_width(cut_text(table_text(t, r, c)).s);
            if (width > columns[c].width) columns[c].width = width;
        }
    }
}

/* Nothing stands behind the last column, so nothing is put there. */
static void write_cell(FILE *file, const column *c, const char *text, bool last) {
    const int pad = c->width - text_width(text);
    if (c->head.right)
        fprintf(file, "  %*s%s", pad, "", text);
    else if (!last || *text)
        fprintf(file, "  %s%*s", text, last ? 0 : pad, "");
}

hone_status table_write(const table *t, FILE *file, hone_error *err) {
    column columns[TABLE_COLUMNS];
    measure_columns(t, columns);
    for (int32_t c = 0; c < t->columns; c++)
        write_cell(file, &columns[c], columns[c].head.name, c + 1 == t->columns);
    fputc('\n', file);
    for (int32_t r = 0; r < table_rows(t); r++) {
        for (int32_t c = 0; c < t->columns; c++)
            write_cell(file, &columns[c], cut_text(table_text(t, r, c)).s, c + 1 == t->columns);
        fputc('\n', file);
    }
    return t->failed ? cli_fail_nomem(err) : HONE_OK;
}

hone_status table_print(table *t, hone_error *err) {
    const hone_status status = table_write(t, stdout, err);
    table_release(t);
    return status;
}

void table_release(table *t) {
    for (size_t i = 0; i < t->count; i++) free(t->cell[i]);
    free(t->cell);
    *t = (table){.heads = ""};
}
