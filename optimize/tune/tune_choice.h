/* SPDX-License-Identifier: Apache-2.0
 *
 * The layers of a model that have several algorithms, what each algorithm takes, and which is
 * chosen.
 */
#ifndef HONE_TUNE_CHOICE_H
#define HONE_TUNE_CHOICE_H

#include "pack_weights.h"

/* A constant operand that its node reads in several layouts; the first is the cost model's. */
typedef struct tune_layer {
    node *node;
    int32_t input;
    int32_t count, chosen;
    layout layouts[PACK_CANDIDATES];
    value *forms[PACK_CANDIDATES];
    uint64_t least_ns[PACK_CANDIDATES]; /* UINT64_MAX: not timed */
} tune_layer;

typedef struct tune_layers {
    tune_layer *item;
    int32_t count;
} tune_layers;

/* Finds the layers of the main graph and lays out their operands in every way. Memory is the
 * model's. */
hone_status tune_layers_find(const ctx *c, hone_model *m, tune_layers *out);

/* Candidates that the layer with the most of them has. */
int32_t tune_layers_candidates(const tune_layers *l);

/* Gives every layer its candidate, or the last that it has. */
void tune_layers_use(const tune_layers *l, int32_t candidate);

/* Notes what a node took when candidate number `candidate` was in use. */
void tune_layers_note(const tune_layers *l, const node *n, int32_t candidate, uint64_t ns);

/* Gives every layer the fastest candidate. */
void tune_layers_settle(const tune_layers *l);

#endif
