/* SPDX-License-Identifier: Apache-2.0
 *
 * Recurrent layers as models state them: one direction or two, weights with a first axis for it.
 */
#ifndef HONE_RECURRENT_LAYER_H
#define HONE_RECURRENT_LAYER_H

#include "op.h"

enum {
    LAYER_X,
    LAYER_W,
    LAYER_R,
    LAYER_BIAS,
    LAYER_LENS,
    LAYER_H0,
    LAYER_C0,
    LAYER_PEEPHOLES,
    LAYER_INPUTS
};
enum { LAYER_MAX_ACTIVATIONS = 3 };

typedef struct layer_params {
    string_list activations; /* absent: those of the form */
    float_list activation_alpha, activation_beta;
    float clip;          /* 0: none */
    int64_t hidden_size; /* 0: R says it */
    int32_t direction;
    bool layout; /* the batch before the steps */
    bool input_forget, linear_before_reset;
} layer_params;

extern const char *const layer_directions[];
/* What all layers have; those of ONNX have a layout as well. */
#define LAYER_COMMON_ATTRS                                                                         \
    ATTR_ROW(STRINGS, layer_params, activations),                                                  \
        ATTR_ROW(FLOATS, layer_params, activation_alpha),                                          \
        ATTR_ROW(FLOATS, layer_params, activation_beta), ATTR_ROW(FLOAT, layer_params, clip),      \
        ATTR_ROW(INT, layer_params, hidden_size, .min = 1, .max = INT32_MAX),                      \
        ATTR_ROW(CHOICE, layer_params, direction, .choices = layer_directions)

typedef struct layer_form {
    const char *core;
    int32_t gates, activations, outputs;
    const char *defaults[LAYER_MAX_ACTIVATIONS];
    bool round_states; /* see recurrent.h */
} layer_form;
extern const layer_form layer_lstm;

/* Expands a draft whose inputs are those above and whose params are layer_params. */
hone_status layer_expand(builder *b, draft *d, const layer_form *form);

#endif
