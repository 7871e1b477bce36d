/* SPDX-License-Identifier: Apache-2.0
 *
 * Options as tables: one entry an option drives getopt_long, the checks of its value and the help
 * text. Groups of options are shared between commands.
 */
#ifndef HONE_CLI_OPTIONS_H
#define HONE_CLI_OPTIONS_H

#include <stddef.h>

#include "settings.h"

/* How the value is read, and the type of the field in `settings` that receives it. */
typedef enum option_kind {
    OPTION_FLAG,      /* bool; takes no value */
    OPTION_TEXT,      /* const char * */
    OPTION_LIST,      /* text_list; may be repeated */
    OPTION_INT,       /* int64_t in [low, high] */
    OPTION_SIZE,      /* uint64_t; with a suffix K, M, G or T: powers of 1024 */
    OPTION_REAL,      /* double in [low, high] */
    OPTION_PERCENT,   /* double in [low, high]; a '%' may follow */
    OPTION_REALS,     /* real_list, separated by commas */
    OPTION_EXTENT,    /* extent, WxH */
    OPTION_CHOICE,    /* int64_t: position, from 1, among the names in `arg` separated by '|' */
    OPTION_FLAG_TEXT, /* flag_text; the value is optional: --name[=value], or the next argument
                         when that ends in .json */
} option_kind;

typedef struct option_def {
    const char *name;
    char letter; /* 0: none */
    option_kind kind;
    size_t field; /* offset in settings */
    const char *arg;
    const char *help;
    double low, high;
} option_def;

typedef struct option_group {
    const char *title;
    const option_def *options; /* ends with a NULL name */
} option_group;

/* Entries of a table; a number in [low, high] for OPTION_IN. */
#define OPTION(name, letter, kind, field, arg, help)                                               \
    { name, letter, kind, offsetof(settings, field), arg, help, 0, 0 }
#define OPTION_IN(name, letter, kind, field, arg, help, low, high)                                 \
    { name, letter, kind, offsetof(settings, field), arg, help, low, high }
#define OPTION_END                                                                                 \
    { NULL, 0, OPTION_FLAG, 0, NULL, NULL, 0, 0 }

/* --help, --json, --quiet, --verbose */
extern const option_group options_common;
/* Opening a model: limits, shapes, external data */
extern const option_group options_model;
/* The same where --passes shows what they did */
extern const option_group options_model_shown;
/* --threads, --isa, --memory-limit */
extern const option_group options_session;
/* --input, --random, images and audio */
extern const option_group options_input;

/* Reads the options of `groups` and the operands into *set, which is set to the defaults first.
 * Operands and lists stay borrowed from argv; options_release gives the lists back. */
hone_status options_read(settings *set, const option_group *const *groups, int argc, char **argv,
                         hone_error *err);
void options_release(settings *set);

/* Writes the table of one group to stdout. */
void options_print_help(const option_group *group);

#endif
