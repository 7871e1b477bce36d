/* SPDX-License-Identifier: Apache-2.0
 *
 * fp32 max and average pools of channels-last images, windows of any shape.
 */
#ifndef HONE_POOL_F32_H
#define HONE_POOL_F32_H

#include "conv/line_sweep.h"
#include "kernels.h"

typedef enum pool_kind {
    POOL_MAX,     /* padding does not take part; -infinity if there is nothing else; NaN wins */
    POOL_AVERAGE, /* of the pixels inside the image; 0 if there are none */
    POOL_AVERAGE_PADDED, /* of those and of the padding before and after it, which is zero */
    POOL_SUM
} pool_kind;

typedef struct pool_f32_shape {
    conv_window window;
    int64_t pad_end[3]; /* for POOL_AVERAGE_PADDED: windows may reach further, but not count it */
    pool_kind kind;
    int64_t n, channels;
    int64_t ldx, ldy; /* floats between neighbouring pixels, at least channels */
} pool_f32_shape;

typedef struct pool_f32_plan {
    pool_f32_shape shape;
    const kernels *ks;
    line_sweep sweep;
    /* Large windows that overlap: the maximum of each column first, then of the columns, for so
     * many pixels at a time. 0: all taps at once. */
    size_t split;
    size_t at_rows, at_columns; /* in scratch */
    size_t tasks;
    size_t scratch; /* bytes that one pool_f32_run needs, aligned to 64; SIZE_MAX: too many */
} pool_f32_plan;

pool_f32_plan pool_f32_make_plan(const kernels *ks, const pool_f32_shape *s);
/* Does tasks first <= i < last; neighbours share work. The result does not depend on the split. */
void pool_f32_run(const pool_f32_plan *plan, const float *x, float *y, size_t first, size_t last,
                  void *scratch);

#endif
