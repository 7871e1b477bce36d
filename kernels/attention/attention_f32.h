/* SPDX-License-Identifier: Apache-2.0
 *
 * y = softmax(q * k^T * scale + mask) * v for many heads, without ever holding all scores.
 *
 * Heads of queries come in groups: the heads of a group share one head of keys and values. The rows
 * of a head are cut into row blocks, one task each, and the keys into key blocks; a task keeps the
 * scores of one row block against one key block in its scratch, and for each row the running
 * maximum and sum:
 *
 *                    keys: | block 0 | block 1 | block 2 |
 *                 +-----+  +---------+ - - - - + - - - - +
 *    row block    |  q  |  | scores  |                        -> exp -> * v, added to y
 *                 +-----+  +---------+ - - - - + - - - - +
 *
 * When a later key block raises the maximum of a row, what y holds of it shrinks accordingly
 * (Milakov and Gimelshein 2018; Dao et al. 2022). Products go through the micro-kernels of matrix
 * products, which take rows from anywhere: heads are strides, and nothing is transposed but the
 * keys and values into panels. Those are shared by all tasks if a head has more than one, otherwise
 * the task packs them key block by key block.
 *
 * Keys at the end of a block that a mask hides from all rows are left out if it is certain that
 * their powers are 0, because no score is larger than the lengths of its query and key allow.
 *
 * Cuts depend on the sizes only, so the bits do not depend on how tasks are spread.
 */
#ifndef HONE_ATTENTION_F32_H
#define HONE_ATTENTION_F32_H

#include "kernels.h"

/* Sizes, and how the work is cut. A row is a query of one head. */
typedef struct attention_f32 {
    size_t batches, kv_heads, groups, rows; /* heads of queries: kv_heads * groups */
    size_t keys, depth, width;              /* elements of a row of q and k, and of v and y */

    /* Filled in by attention_f32_plan. */
    const kernels *ks;
    const gemm_f32_kernel *kernel;
    size_t block_rows, row_blocks, block_keys, key_blocks;
    bool shared;              /* panels are packed before the tasks run */
    size_t tasks, pack_tasks; /* pack_tasks is 0 unless shared */
    size_t panels;            /* floats of the shared panels */
    size_t at_q, at_scores, at_panels, at_mask, at_state, at_reach; /* offsets in scratch */
    size_t scratch; /* bytes that one worker needs, aligned to 64 */
} attention_f32;

/* Where an operand is: row r of head (h, g) of batch b begins at
 * data + b * step[0] + h * step[1] + g * step[2] + r * step[3], in floats; k and v have no groups,
 * and their rows are keys. */
typedef struct attention_place {
    float *data;
    size_t step[4];
} attention_place;

typedef struct attention_operands {
    attention_place q, k, v, y; /* k, v and q are only read */
    attention_place mask;       /* data is NULL if there is none */
    size_t mask_step;           /* from key to key: 1, or 0 if all keys have the same */
    float scale;
    bool zero_empty; /* rows whose keys are all hidden by a mask of -inf give zeros, not NaN */
    float *panels;
} attention_operands;

/* Fills in the second half of *a; sizes that do not fit in memory become SIZE_MAX. */
void attention_f32_plan(const kernels *ks, attention_f32 *a);
/* Packs the shared panels: tasks first <= i < last of pack_tasks. */
void attention_f32_pack(const attention_f32 *a, const attention_operands *x, size_t first,
                        size_t last);
/* Does tasks first <= i < last. */
void attention_f32_run(const attention_f32 *a, const attention_operands *x, size_t first,
                       size_t last, void *scratch);

#endif
