/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "cli_options.h"

/* Columns of the help text: descriptions stand between these. */
enum { HELP_COLUMN = 28, HELP_WIDTH = 80 };

/* Prints text wrapped at words, the first line from column `at` on. */
static void print_wrapped(const char *text, int at) {
    while (*text) {
        const int word = (int)strcspn(text, " ");
        if (at > HELP_COLUMN && at + 1 + word > HELP_WIDTH) {
            putchar('\n');
            at = 0;
        }
        if (at < HELP_COLUMN)
            at += printf("%*s", HELP_COLUMN - at, "");
        else if (at > HELP_COLUMN)
            at += printf(" ");
        at += printf("%.*s", word, text);
        text += word;
        text += strspn(text, " ");
    }
    putchar('\n');
}

static void print_option(const option_def *def) {
    int at = def->letter ? printf("  -%c, ", def->letter) : printf("      ");
    at += printf("--%s", def->name);
    if (def->kind == OPTION_FLAG_TEXT)
        at += printf("[=%s]", def->arg);
    else if (def->kind != OPTION_FLAG)
        at += printf(" %s", def->arg);
    if (at + 2 > HELP_COLUMN) {
        putchar('\n');
        at = 0;
    }
    print_wrapped(def->help, at);
}

void options_print_help(const option_group *group) {
    printf("\n%s\n", group->title);
    for (const option_def *def = group->options; def->name; def++) print_option(def);
}
