/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "cli_error.h"
#include "command.h"

static void print_overview(void) {
    printf("hone imports, optimises and runs neural networks.\n\n"
           "Usage: hone COMMAND [OPTION]... [OPERAND]...\n\nCommands\n");
    for (const command *const *c = command_all(); *c; c++)
        printf("  %-10s %s\n", (*c)->name, (*c)->summary);
    printf("\n'hone help COMMAND' shows the options of a command, with examples.\n\n"
           "Exit codes: 0 done, 1 results differ, 2 usage, 3 file cannot be read or written,\n"
           "4 malformed file, 5 unsupported, 6 limit or deadline, 7 out of memory,\n"
           "8 input does not match the model, 9 slower than bench may be, 11 internal error,\n"
           "130 or 143 stopped by a signal.\n");
}

/* Indents every line of `text` by two. */
static void print_indented(const char *text) {
    while (*text) {
        const int n = (int)strcspn(text, "\n");
        printf("  %.*s\n", n, text);
        text += n + (text[n] == '\n');
    }
}

void command_print_help(const command *c) {
    printf("Usage: hone %s [OPTION]... %s\n\n%s", c->name, c->operands, c->text);
    for (const option_group *const *group = c->groups; *group; group++) options_print_help(*group);
    printf("\nExamples\n");
    print_indented(c->examples);
}

static hone_status run(cli *c) {
    if (c->set.operand_count == 0) {
        print_overview();
        return HONE_OK;
    }
    const command *about = command_find(c->set.operand[0]);
    if (!about)
        return cli_fail(&c->error, HONE_E_ARG, "unknown command '%s'; see 'hone help'",
                        c->set.operand[0]);
    command_print_help(about);
    return HONE_OK;
}

static const option_group *const groups[] = {&options_common, NULL};

const command command_help = {
    .name = "help",
    .summary = "explain a command",
    .operands = "[COMMAND]",
    .text = "Lists the commands, or shows the options of one.\n",
    .examples = "hone help\nhone help run\n",
    .operand_max = 1,
    .groups = groups,
    .run = run,
};
