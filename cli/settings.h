/* SPDX-License-Identifier: Apache-2.0
 *
 * The values of all options. Each option table names the fields it fills; a command reads only the
 * fields of the groups it lists.
 */
#ifndef HONE_CLI_SETTINGS_H
#define HONE_CLI_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "hone/hone.h"

/* The values of an option that may be repeated, borrowed from argv. */
typedef struct text_list {
    const char **item;
    int32_t count;
} text_list;

/* Numbers for up to four channels. */
#define REAL_LIST_MAX 4
typedef struct real_list {
    double item[REAL_LIST_MAX];
    int32_t count;
} real_list;

/* --name[=text] */
typedef struct flag_text {
    bool given;
    const char *text; /* NULL: only the flag */
} flag_text;

/* An option as it was given, for another program. */
struct option_def;
typedef struct given_option {
    const struct option_def *def;
    const char *text; /* NULL when it takes no value */
} given_option;

typedef struct extent {
    int64_t width;
    int64_t height;
} extent;

/* Values of choice options: 0 is "not given", then the names in the order of the option table. */
enum { LAYOUT_AUTO, LAYOUT_NCHW, LAYOUT_NHWC };
enum { COLOR_AUTO, COLOR_RGB, COLOR_BGR, COLOR_GRAY };

typedef struct settings {
    const char *const *operand;
    int32_t operand_count;
    given_option *given; /* in the order of the command line */
    int32_t given_count;

    bool help;
    bool json;
    bool quiet;
    bool verbose;

    /* Opening a model */
    hone_limits limits;
    bool no_optimize;
    flag_text passes; /* without a text: show what each changed */
    bool no_external;
    bool verify;
    const char *data_dir;
    text_list shapes;

    /* Sessions */
    int64_t threads;
    const char *isa;
    uint64_t memory_limit;
    int64_t seed; /* of random operators */

    /* Inputs */
    text_list inputs;
    int64_t random_seed; /* -1: not given */
    extent image_size;
    real_list image_mean;
    real_list image_std;
    double image_scale; /* NaN: not given */
    int64_t image_layout;
    int64_t image_color;
    int64_t audio_rate; /* 0: any */
    double audio_scale; /* NaN: not given */
    bool audio_fit;

    /* import */
    const char *output;
    bool tune;
    double tune_seconds;

    /* run, bench */
    const char *output_dir;
    int64_t runs; /* 0: not given */
    flag_text profile;
    int64_t deadline_ms;
    double duration_s;
    int64_t warmup;

    /* bench */
    const char *against;
    const char *against_program;
    const char *baseline;
    double fail_above; /* percent; NaN: not given */
    const char *save;
    const char *csv;
    const char *markdown;
    const char *html;

    /* ops */
    bool internal;

    /* inspect */
    bool weights;
    bool dot;

    /* compare */
    bool all;
    double rtol; /* NaN: not given */
    double atol; /* NaN: not given */
} settings;

#endif
