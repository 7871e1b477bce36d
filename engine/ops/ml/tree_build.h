/* SPDX-License-Identifier: Apache-2.0
 *
 * Trees as files state them, on their way to hone::TreeEnsemble.
 */
#ifndef HONE_TREE_BUILD_H
#define HONE_TREE_BUILD_H

#include "tree_ensemble.h"

/* In the order of TreeEnsemble's numbers. */
typedef enum tree_mode {
    MODE_LEQ,
    MODE_LT,
    MODE_GTE,
    MODE_GT,
    MODE_EQ,
    MODE_NEQ,
    MODE_MEMBER,
    MODE_LEAF,
    MODE_COUNT
} tree_mode;

typedef struct raw_node {
    double threshold;
    int64_t feature;
    int32_t child[2]; /* numbers of the nodes when the comparison does not hold, and when it does */
    uint8_t mode;     /* no MODE_MEMBER: see raw_member */
    bool missing_true; /* NaN goes on as if the comparison held */
    bool is_root;
} raw_node;

typedef struct raw_trees {
    arena temporary; /* of all lists; given back by trees_fini */
    raw_node *node;
    int32_t n_nodes, cap_nodes;
    int32_t *root, n_roots;
    /* Votes of node i: start[i] .. start[i + 1] - 1. */
    int32_t *start, *target;
    double *weight;
} raw_trees;

/* n nodes, which are zero. HONE_E_NOMEM, HONE_E_LIMIT. */
hone_status trees_init(builder *b, raw_trees *t, int64_t n);
void trees_fini(raw_trees *t);
/* Makes node i one that holds for any of n values: a chain of comparisons. */
hone_status trees_member(builder *b, raw_trees *t, int32_t i, const tensor *values, int64_t first,
                         int64_t n);
/* Sorts votes into the nodes that they belong to: vote v is for node of[v], or for none if that is
 * negative. */
hone_status trees_votes(builder *b, raw_trees *t, const int32_t *of, const int64_t *targets,
                        const tensor *weights, int64_t n_targets);

/* The scores of x [N, F] (float32 or float64), and in *voted (unless NULL) which of them any leaf
 * voted for. */
value *emit_trees(builder *b, const raw_trees *t, value *x, int64_t n_targets,
                  tree_aggregate aggregate, value **voted);

#endif
