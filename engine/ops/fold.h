/* SPDX-License-Identifier: Apache-2.0
 *
 * Folding a tensor over some of its axes with the reduce_* and binary kernels: what reductions and
 * whatever else sums over axes share.
 */
#ifndef HONE_FOLD_H
#define HONE_FOLD_H

#include "op.h"

/* What happens to an element before it is folded. */
typedef enum fold_map { FOLD_PLAIN, FOLD_ABS, FOLD_SQUARE } fold_map;

/* A way to fold: table offsets of kernels, all of one element type. */
typedef struct fold_rule {
    size_t run;  /* reduce_fn: a contiguous run, `map` included */
    size_t join; /* reduce_fn: partial results of runs */
    size_t rows; /* binary_fn: two rows of mapped elements */
    size_t rows_bool;
    fold_map map;
    bool mean; /* the result is divided by the number of elements folded */
} fold_rule;

/* Chooses how output 0 of the step is computed from input 0 by folding the axes whose bit is set in
 * `axes`, and books scratch. The output has those axes left out or of size 1. */
hone_status fold_plan(plan_ctx *p, step *s, const fold_rule *rule, uint32_t axes);
hone_status fold_run(run_ctx *r, const step *s);

/* Bits of the axes in a vector of axis numbers; HONE_E_FORMAT when one is out of range or given
 * twice. A scalar has no axes: any number is accepted and means nothing. */
hone_status fold_axes(const ctx *c, const tensor *axes, int32_t rank, uint32_t *out);

extern const op op_reduce_mean;
/* Is n a ReduceMean, or another reduction, of the last axes, which are known and stay with size 1?
 * Then the first of them, counted from the end: -1 is the last one only. */
bool reduces_last_axes(const node *n, int32_t *first);

#endif
