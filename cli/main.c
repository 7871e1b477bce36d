/* SPDX-License-Identifier: Apache-2.0
 *
 * hone: finds the command, reads its options, runs it, and turns the outcome into an exit code.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli_error.h"
#include "cli_notes.h"
#include "cli_stop.h"
#include "command.h"

#define COMMAND(name) extern const command command_##name;
#include "commands.def"
#undef COMMAND

static const command *const commands[] = {
#define COMMAND(name) &command_##name,
#include "commands.def"
#undef COMMAND
    NULL,
};

const command *const *command_all(void) { return commands; }

const command *command_find(const char *name) {
    for (const command *const *c = commands; *c; c++)
        if (strcmp((*c)->name, name) == 0) return *c;
    return NULL;
}

/* The command a first argument stands for: its name, or one of the usual options. */
static const command *command_of(const char *word) {
    if (strcmp(word, "--version") == 0 || strcmp(word, "-V") == 0) return command_find("version");
    if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0) return command_find("help");
    return command_find(word);
}

/* Errors in the options themselves must already be reported as asked. */
static bool wants_json(int argc, char **argv) {
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], "--json") == 0) return true;
    return false;
}

static hone_status check_operand_texts(cli *c) {
    for (int32_t i = 0; i < c->set.operand_count; i++) {
        const char *text = c->set.operand[i];
        if (!*text)
            return cli_fail(&c->error, HONE_E_ARG, "operand %d of 'hone %s %s' is empty", i + 1,
                            c->command->name, c->command->operands);
        if (strcmp(text, "-") == 0)
            return cli_fail(&c->error, HONE_E_ARG,
                            "operand '-': expected a file, stdin and stdout are not supported");
    }
    return HONE_OK;
}

static hone_status check_operands(cli *c) {
    const int32_t given = c->set.operand_count;
    if (given >= c->command->operand_min && given <= c->command->operand_max)
        return check_operand_texts(c);
    return cli_fail(&c->error, HONE_E_ARG,
                    "expected 'hone %s%s%s', got %d operands; see 'hone help %s'", c->command->name,
                    *c->command->operands ? " " : "", c->command->operands, given,
                    c->command->name);
}

/* The library takes the best instruction set when the variable names none that it has. */
static void check_environment(const settings *set) {
    const char *asked = getenv("HONE_ISA"), *used = hone_isa_default();
    if (asked && *asked && strcmp(asked, used) != 0)
        warn(set, "HONE_ISA is '%s', which this machine does not have: using %s", asked, used);
}

static hone_status run_command(cli *c, int argc, char **argv) {
    TRY(options_read(&c->set, c->command->groups, argc, argv, &c->error));
    if (c->set.quiet && c->set.verbose)
        return cli_fail(&c->error, HONE_E_ARG, "--quiet and --verbose exclude each other");
    if (c->set.json && (c->set.help || c->command == command_find("help")))
        return cli_fail(&c->error, HONE_E_ARG, "--json: help is only text");
    if (c->set.help) {
        command_print_help(c->command);
        return HONE_OK;
    }
    TRY(check_operands(c));
    if (!c->set.isa) check_environment(&c->set);
    return c->command->run(c);
}

/* Results that do not reach stdout must not look like success. */
static hone_status flush_results(hone_error *err) {
    if (fflush(stdout) == 0 && !ferror(stdout)) return HONE_OK;
    return cli_fail_errno(err, "stdout", "write");
}

int main(int argc, char **argv) {
    cli c = {.command = argc > 1 ? command_of(argv[1]) : NULL};
    const bool json = wants_json(argc, argv);
    hone_status status;
    stop_install();
    if (argc < 2)
        status = cli_fail(&c.error, HONE_E_ARG, "no command given; see 'hone help'");
    else if (!c.command)
        status = cli_fail(&c.error, HONE_E_ARG, "unknown command '%s'; see 'hone help'", argv[1]);
    else
        status = run_command(&c, argc - 1, argv + 1);
    options_release(&c.set);
    show_progress(&c.set, "%s", "");
    if (status == HONE_OK) status = flush_results(&c.error);
    const int code = cli_exit_code(status, stop_signal());
    if (status != HONE_OK) cli_report_error(&c.error, json, code);
    if (status == HONE_OK && c.differ) return EXIT_DIFFER;
    return status == HONE_OK && c.slower ? EXIT_SLOWER : code;
}
