/* SPDX-License-Identifier: Apache-2.0
 *
 * fp32 convolution of channels-last images by 3 x 3 windows with stride 1, after Winograd: tiles of
 * outputs are computed from transformed inputs and weights by side * side products, side = tile +
 * 2, with fewer multiplications than outputs times taps (Lavin and Gray, "Fast Algorithms for
 * Convolutional Neural Networks", 2016).
 *
 *   tile   products   multiplications an output    packed weights
 *   2      16         4     instead of 9           1.78 times as large
 *   4      36         2.25  instead of 9           4 times as large
 *
 * A block of tiles goes through three steps, whose data stay in L2 where that is possible:
 *
 *   image -> V [side * side][tiles][ic]   -> M [side * side][tiles][columns]   -> image
 *        transform                  products with U                    transform, epilogue
 */
#ifndef HONE_WINOGRAD_F32_H
#define HONE_WINOGRAD_F32_H

#include "conv/conv_window.h"
#include "kernels.h"

typedef struct winograd_f32_shape {
    int tile;                      /* 2 or 4 */
    int64_t n;                     /* images */
    int64_t in[2], out[2], pad[2]; /* height and width; pad is what precedes */
    int64_t ic, oc;
    int64_t ldx, ldy; /* floats between neighbouring pixels */
} winograd_f32_shape;

typedef struct winograd_f32_plan {
    winograd_f32_shape shape;
    const kernels *ks;
    size_t across, tiles;    /* in a line of tiles, in all */
    size_t block, task_cols; /* tiles and output channels of a task */
    size_t columns;          /* output channels that are multiplied at a time */
    size_t col_tasks, tasks;
    size_t plane_v, plane_m;                         /* floats of a plane of V and M */
    size_t at_rows, at_pixels, at_v, at_m, at_zeros; /* offsets in scratch */
    size_t scratch; /* bytes that one winograd_f32_run needs, aligned to 64; SIZE_MAX: too many */
} winograd_f32_plan;

typedef struct winograd_f32_args {
    const float *x, *w;     /* w: packed by winograd_f32_pack */
    float *y;               /* overlaps no operand */
    const epilogue_f32 *ep; /* or NULL */
} winograd_f32_args;

/* The tile with which a convolution is likely to be enough faster than a plain product to be worth
 * its weights, 2 or 4; 0: none. */
int winograd_f32_choose(int64_t pixels_high, int64_t pixels_wide, int64_t ic, int64_t oc);

/* Transformed weights: a matrix [ic][oc] in panels (gemm_pack.h) for each of the side * side
 * products. SIZE_MAX when that does not fit in memory. */
size_t winograd_f32_packed_floats(int tile, size_t ic, size_t oc);
/* w is [oc][3][3][ic]. */
void winograd_f32_pack(const kernels *ks, int tile, size_t ic, size_t oc, const float *w,
                       float *packed);
/* The inverse, up to rounding. */
void winograd_f32_unpack(const kernels *ks, int tile, size_t ic, size_t oc, const float *packed,
                         float *w);

/* A plan whose tasks can keep so many workers busy. */
winograd_f32_plan winograd_f32_make_plan(const kernels *ks, const winograd_f32_shape *s,
                                         size_t workers);
/* Does tasks first <= i < last; neighbours share work. The result does not depend on the split. */
void winograd_f32_run(const winograd_f32_plan *plan, const winograd_f32_args *args, size_t first,
                      size_t last, void *scratch);

#endif
