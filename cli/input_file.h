/* SPDX-License-Identifier: Apache-2.0
 *
 * Turning files and numbers from the command line into the value of one input.
 */
#ifndef HONE_CLI_INPUT_FILE_H
#define HONE_CLI_INPUT_FILE_H

#include "hone/hone.h"
#include "settings.h"

/* Where a value goes: the options, and the input with the dimensions that are known by now. */
typedef struct input_target {
    const settings *set;
    const hone_port *port;
    hone_error *err;
} input_target;

typedef enum value_kind { VALUE_TENSOR, VALUE_IMAGE, VALUE_SOUND } value_kind;

/* A tensor of one input and who allocated it. */
typedef struct input_value {
    hone_view view;
    bool from_library; /* hone_view_free, not free */
    char *text;        /* what elements of type string point into, or NULL */
    value_kind kind;   /* what the file was */
} input_value;
void input_value_release(input_value *value);

/* Zeroed elements for `dim` (all known), within the limit of a tensor's size. */
hone_status input_value_create(input_value *out, const input_target *target, int32_t rank,
                               const int64_t *dim);
/* The same for `count` elements in one line: they fill the unknown dimensions, the last one first.
 */
hone_status input_value_fit(input_value *out, const input_target *target, int64_t count);
/* HONE_E_INPUT with expected and actual unless type and known dimensions agree. */
hone_status input_value_check(const input_value *value, const input_target *target,
                              const char *source);

/* `source` is a file, or "@1,2,3". Checked against the input. */
hone_status input_value_load(input_value *out, const input_target *target, const char *source);

/* For inputs of type string: words separated by commas, or the lines of a file. */
hone_status words_load(input_value *out, const input_target *target, const char *text);
hone_status lines_load(input_value *out, const input_target *target, const char *path);

/* Numbers separated by commas. Integers are taken exactly or refused; floats are rounded to the
 * nearest. */
hone_status numbers_load(input_value *out, const input_target *target, const char *text);

/* The kinds of files, each in its own source file. */
hone_status npy_load(input_value *out, const input_target *target, const char *path);
hone_status image_load(input_value *out, const input_target *target, const char *path);
hone_status sound_load(input_value *out, const input_target *target, const char *path);

/* Largest tensor in bytes. */
uint64_t tensor_limit(const settings *set);

#endif
