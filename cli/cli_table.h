/* SPDX-License-Identifier: Apache-2.0
 *
 * Aligned tables. Fill the cells row by row, then print, which also releases the table.
 *
 *     table t;
 *     table_init(&t, "operator<|calls>|time>");
 *     table_cell(&t, "%s", op); table_cell(&t, "%d", n); table_cell(&t, "%s", time);
 *     table_print(&t, &err);
 */
#ifndef HONE_CLI_TABLE_H
#define HONE_CLI_TABLE_H

#include <stdio.h>

#include "hone/hone.h"

#define TABLE_COLUMNS 12

typedef struct table {
    const char *heads; /* names ending with '<' (align left) or '>' (right), separated by '|' */
    int32_t columns;
    char **cell;
    size_t count;
    size_t capacity;
    bool failed;
} table;

void table_init(table *t, const char *heads);
/* Text is made safe for a terminal. */
__attribute__((format(printf, 2, 3))) void table_cell(table *t, const char *format, ...);
/* Writes to stdout, two spaces in; the middle of long cells is cut. */
hone_status table_print(table *t, hone_error *err);
/* The same for any file; the table stays. */
hone_status table_write(const table *t, FILE *file, hone_error *err);
/* Releases a table that is not printed. */
void table_release(table *t);

/* What is in a table, for other forms. */
typedef struct table_head {
    char name[32];
    bool right; /* numbers stand below it */
} table_head;
table_head table_column(const table *t, int32_t column);
int32_t table_rows(const table *t);
/* Uncut. */
const char *table_text(const table *t, int32_t row, int32_t column);

#endif
