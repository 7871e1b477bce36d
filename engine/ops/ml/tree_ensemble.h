/* SPDX-License-Identifier: Apache-2.0
 *
 * hone::TreeEnsemble: decision trees as one array of nodes.
 *
 * A node compares one feature and goes on to one of two neighbours:
 *
 *     next = child + (x[feature] <= threshold)
 *
 * Children lie behind their parents, so there are no cycles. A node whose comparison never holds
 * (its threshold is NaN) forwards to `child`; a leaf forwards to itself, so that a fixed number of
 * steps needs no test whether the end is reached. Comparisons other than <= are rewritten into it
 * when a model is imported; the flags in the upper bits of `feature` say what is left.
 *
 *     slot      0     1      2      3     4    5    6
 *             [root][false][true][false][true][..
 *                |     |    leaf    leaf  leaf
 *                |     +-------------^
 *                +-----^
 */
#ifndef HONE_TREE_ENSEMBLE_H
#define HONE_TREE_ENSEMBLE_H

#include "op.h"

typedef struct tree_node_f32 {
    float threshold;
    uint32_t feature;
    int32_t child;
} tree_node_f32;
typedef struct tree_node_f64 {
    double threshold;
    uint32_t feature;
    int32_t child;
} tree_node_f64;

#define TREE_EQUAL       (1u << 31) /* the comparison is == */
#define TREE_NAN_HOLDS   (1u << 30) /* the comparison holds for NaN */
#define TREE_FEATURE     (TREE_NAN_HOLDS - 1)
#define TREE_MAX_FEATURE TREE_FEATURE

/* Inputs. Trees are walked from their roots; the slot where a walk ends has a row of votes, each a
 * weight for one target: votes starts[row] .. starts[row + 1] - 1. */
enum {
    TREE_X,       /* [N, F], float32 or float64 */
    TREE_NODES,   /* [slots, 3] or [slots, 4]: the structs above as int32 */
    TREE_ROOTS,   /* [trees, 2]: slot, and steps to the deepest leaf */
    TREE_ROWS,    /* [slots]: row of votes */
    TREE_STARTS,  /* [rows + 1] */
    TREE_TARGETS, /* [votes] */
    TREE_WEIGHTS, /* [votes], the type of X */
    TREE_INPUTS
};

typedef enum tree_aggregate { TREE_AVERAGE, TREE_SUM, TREE_MIN, TREE_MAX } tree_aggregate;

/* Which comparisons there are: the walk that can do with less is faster. */
typedef enum tree_kind { TREE_PLAIN, TREE_MISSING, TREE_ANY, TREE_KINDS } tree_kind;

/* Walks that are done side by side: their loads do not wait for each other. Walk i begins in slot
 * at[i] and looks at the features x[i]; at[i] becomes the slot where it ends. `steps` are enough
 * for the longest. */
#define TREE_LANES 8
typedef void tree_walk_fn(const void *nodes, int32_t steps, const void *const *x, int32_t *at);
tree_walk_fn *tree_walk(hone_dtype t, tree_kind kind);

#endif
