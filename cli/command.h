/* SPDX-License-Identifier: Apache-2.0
 *
 * What a command is: one value of type `command` in its own file, listed in commands.def.
 */
#ifndef HONE_CLI_COMMAND_H
#define HONE_CLI_COMMAND_H

#include "cli_options.h"
#include "hone/hone.h"
#include "settings.h"

typedef struct command command;

/* One invocation. */
typedef struct cli {
    const command *command;
    settings set;
    hone_error error; /* filled by whatever fails first */
    bool differ;      /* compare: the results are not within the tolerance */
    bool slower;      /* bench: slower than --fail-above allows */
} cli;

struct command {
    const char *name;
    const char *summary;  /* half a line, no full stop */
    const char *operands; /* as in the usage line, "MODEL" */
    const char *text;     /* what it does; paragraphs end with a newline */
    const char *examples; /* one a line */
    int32_t operand_min;
    int32_t operand_max;
    const option_group *const *groups; /* ends with NULL */
    /* Fills c->error when it fails. Results go to stdout, everything else to stderr. */
    hone_status (*run)(cli *c);
};

/* Every command, ending with NULL. */
const command *const *command_all(void);
/* Writes its usage, options and examples to stdout. */
void command_print_help(const command *c);
/* NULL if there is none of that name. */
const command *command_find(const char *name);

#endif
