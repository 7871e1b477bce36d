/* SPDX-License-Identifier: Apache-2.0
 *
 * All inputs of a model: their shapes and values, from the options.
 */
#ifndef HONE_CLI_INPUT_SET_H
#define HONE_CLI_INPUT_SET_H

#include <jansson.h>

#include "input_file.h"
#include "open_model.h"

typedef struct input_item {
    hone_port port; /* borrowed from the model, with the dimensions that are known by now */
    input_value value;
    bool filled;
    const char *source; /* what filled it: a file, "@..." or "random" */
    char *owned_source;
} input_item;

typedef struct input_set {
    input_item *item;
    int32_t count;
} input_set;

/* The inputs of the model with the --shape options applied. Start from a zeroed set; release it
 * also after a failure. */
hone_status input_set_open(input_set *out, cli *c, const hone_model *model,
                           const shape_list *shapes);
void input_set_release(input_set *set);

/* Loads the --input options. */
hone_status input_set_load(input_set *set, cli *c);
/* Loads DIR/NAME.npy for every input that has no value yet and such a file. */
hone_status input_set_load_dir(input_set *set, cli *c, const char *dir);
/* Gives unknown dimensions the size that one of the same name has in another input. */
void input_set_adopt_names(input_set *set);
/* The same, and takes an open batch as 1, with a note. HONE_E_INPUT when a dimension is left. */
hone_status input_set_resolve(input_set *set, cli *c);
/* Fills the rest with random numbers; a seed of -1 makes that an error naming them. Resolves. */
hone_status input_set_fill(input_set *set, cli *c, int64_t seed);
/* Loads the --input options and fills the rest, from seed 0 unless --random says another. */
hone_status input_set_complete(input_set *set, cli *c);
/* NULL when the model has no such input. */
input_item *input_set_find(const input_set *set, const char *name);

/* Gives the values, or only the shapes, to a session. The set must outlive the runs. */
hone_status input_set_bind(const input_set *set, hone_session *session, hone_error *err);
hone_status input_set_set_shapes(const input_set *set, hone_session *session, hone_error *err);

/* An array of {"name", "dtype", "shape", "source"}. */
void input_set_json(json_t *parent, const char *key, const input_set *set);

#endif
