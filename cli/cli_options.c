/* SPDX-License-Identifier: Apache-2.0 */
#include "cli_options.h"

#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cli_error.h"
#include "cli_parse.h"

/* Most options of one command. */
enum { OPTION_MAX = 64 };
/* Values that getopt_long returns for an option: above every letter. */
enum { OPTION_BASE = 256 };

/* The options of all groups in the form that getopt_long reads. */
typedef struct option_index {
    const option_def *def[OPTION_MAX];
    struct option longs[OPTION_MAX + 1];
    char shorts[2 * OPTION_MAX + 2];
    int count;
} option_index;

static void index_build(option_index *index, const option_group *const *groups) {
    *index = (option_index){.count = 0};
    char *letter = index->shorts;
    *letter++ = ':'; /* tell a missing value from an unknown option */
    for (; *groups; groups++) {
        for (const option_def *def = (*groups)->options; def->name; def++) {
            const int i = index->count++;
            const int value = def->kind == OPTION_FLAG        ? no_argument
                              : def->kind == OPTION_FLAG_TEXT ? optional_argument
                                                              : required_argument;
            index->def[i] = def;
            index->longs[i] = (struct option){def->name, value, NULL, OPTION_BASE + i};
            if (!def->letter) continue;
            *letter++ = def->letter;
            if (value == required_argument) *letter++ = ':';
        }
    }
}

static const option_def *index_find(const option_index *index, int value) {
    if (value >= OPTION_BASE) return index->def[value - OPTION_BASE];
    for (int i = 0; i < index->count; i++)
        if (value != 0 && index->def[i]->letter == value) return index->def[i];
    return NULL;
}

static hone_status list_append(text_list *list, const char *text, int capacity, hone_error *err) {
    if (!list->item) {
        list->item = cli_alloc(err, (size_t)capacity, sizeof *list->item);
        if (!list->item) return HONE_E_NOMEM;
    }
    list->item[list->count++] = text;
    return HONE_OK;
}

static bool in_bounds(const option_def *def, double value) {
    return def->low == def->high || (value >= def->low && value <= def->high);
}

/* Puts the value into its field; false when it does not parse or is out of bounds. */
static bool store_value(settings *set, const option_def *def, const char *text) {
    char *field = (char *)set + def->field;
    int64_t integer;
    double real;
    switch (def->kind) {
    case OPTION_FLAG: *(bool *)field = true; return true;
    case OPTION_FLAG_TEXT: *(flag_text *)(void *)field = (flag_text){true, text}; return true;
    case OPTION_TEXT: *(const char **)(void *)field = text; return true;
    case OPTION_INT:
        if (!parse_int(text, &integer) || !in_bounds(def, (double)integer)) return false;
        *(int64_t *)(void *)field = integer;
        return true;
    case OPTION_REAL:
        if (!parse_real(text, &real) || !in_bounds(def, real)) return false;
        *(double *)(void *)field = real;
        return true;
    case OPTION_PERCENT:
        if (!parse_percent(text, &real) || !in_bounds(def, real)) return false;
        *(double *)(void *)field = real;
        return true;
    case OPTION_SIZE: return parse_size(text, (void *)field);
    case OPTION_REALS: return parse_reals(text, (void *)field);
    case OPTION_EXTENT: return parse_extent(text, (void *)field);
    case OPTION_CHOICE: return parse_choice(text, def->arg, (void *)field);
    default: return false;
    }
}

/* Every option that takes a text takes a path, but for --isa, and no level has these names. */
static hone_status check_text(const option_def *def, const char *text, hone_error *err) {
    if (!text || (def->kind != OPTION_TEXT && def->kind != OPTION_FLAG_TEXT)) return HONE_OK;
    if (!*text)
        return cli_fail(err, HONE_E_ARG, "--%s: expected %s, got nothing", def->name, def->arg);
    if (strcmp(text, "-") != 0) return HONE_OK;
    return cli_fail(err, HONE_E_ARG,
                    "--%s: expected %s, got '-': stdin and stdout are not supported", def->name,
                    def->arg);
}

static hone_status bad_value(const option_def *def, const char *text, hone_error *err) {
    if (def->low != def->high)
        return cli_fail(err, HONE_E_ARG, "--%s: expected %s from %g to %g, got '%s'", def->name,
                        def->kind == OPTION_INT ? "an integer" : "a number", def->low, def->high,
                        text);
    return cli_fail(err, HONE_E_ARG, "--%s: expected %s, got '%s'", def->name, def->arg, text);
}

static hone_status keep_given(settings *set, const option_def *def, hone_error *err) {
    given_option *grown = realloc(set->given, ((size_t)set->given_count + 1) * sizeof *grown);
    if (!grown) return cli_fail_nomem(err);
    set->given = grown;
    set->given[set->given_count++] = (given_option){def, optarg};
    return HONE_OK;
}

static hone_status read_option(settings *set, const option_def *def, int argc, hone_error *err) {
    TRY(keep_given(set, def, err));
    if (def->kind == OPTION_LIST)
        return list_append((void *)((char *)set + def->field), optarg, argc, err);
    TRY(check_text(def, optarg, err));
    return store_value(set, def, optarg) ? HONE_OK : bad_value(def, optarg, err);
}

/* A long option that is none, or the beginning of several. */
static hone_status unknown_long(const option_index *index, const char *text, hone_error *err) {
    char names[256] = "";
    size_t used = 0;
    int count = 0;
    const size_t n = strcspn(text, "=");
    for (int i = 0; i < index->count && n > 2; i++) {
        if (strncmp(index->def[i]->name, text + 2, n - 2) != 0) continue;
        if (used < sizeof names)
            used += (size_t)snprintf(names + used, sizeof names - used, "%s--%s", count ? ", " : "",
                                     index->def[i]->name);
        count++;
    }
    if (count > 1)
        return cli_fail(err, HONE_E_ARG, "ambiguous option '%.*s': it may be %s", (int)n, text,
                        names);
    return cli_fail(err, HONE_E_ARG, "unknown option '%.*s'", (int)n, text);
}

/* What getopt_long did not understand, from its globals. */
static hone_status bad_option(const option_index *index, int result, char **argv, hone_error *err) {
    const option_def *def = index_find(index, optopt);
    if (result == ':')
        return cli_fail(err, HONE_E_ARG, "--%s needs a value: %s", def->name, def->arg);
    if (def && optopt >= OPTION_BASE)
        return cli_fail(err, HONE_E_ARG, "--%s takes no value", def->name);
    if (optopt != 0) return cli_fail(err, HONE_E_ARG, "unknown option '-%c'", optopt);
    return unknown_long(index, argv[optind - 1], err);
}

/* A name that may follow an optional value without '='. No model is called that. */
static bool is_json_name(const char *text) {
    const size_t n = text ? strlen(text) : 0;
    return n > 5 && text[0] != '-' && strcasecmp(text + n - 5, ".json") == 0;
}

static void set_defaults(settings *set) {
    *set = (settings){
        .limits = HONE_INIT(hone_limits),
        .random_seed = -1,
        .image_scale = NAN,
        .audio_scale = NAN,
        .warmup = 3,
        .rtol = NAN,
        .atol = NAN,
        .fail_above = NAN,
    };
}

hone_status options_read(settings *set, const option_group *const *groups, int argc, char **argv,
                         hone_error *err) {
    option_index index;
    int result;
    set_defaults(set);
    index_build(&index, groups);
    optind = 0; /* starts glibc's getopt afresh */
    opterr = 0;
    while ((result = getopt_long(argc, argv, index.shorts, index.longs, NULL)) != -1) {
        const option_def *def = result == '?' || result == ':' ? NULL : index_find(&index, result);
        if (!def) return bad_option(&index, result, argv, err);
        if (def->kind == OPTION_FLAG_TEXT && !optarg && is_json_name(argv[optind]))
            optarg = argv[optind++];
        TRY(read_option(set, def, argc, err));
    }
    set->operand = (const char *const *)argv + optind;
    set->operand_count = argc - optind;
    return HONE_OK;
}

void options_release(settings *set) {
    free(set->shapes.item);
    free(set->inputs.item);
    free(set->given);
}
