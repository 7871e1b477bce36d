/* SPDX-License-Identifier: Apache-2.0
 *
 * fp32 convolution of channels-last images by windows of 3 x 3, 1 x 3 or 3 x 1 with stride 1, after
 * Winograd: tiles of outputs are computed from transformed inputs and weights by a product for each
 * input of a tile, with fewer multiplications than outputs times taps (Lavin and Gray, "Fast
 * Algorithms for Convolutional Neural Networks", 2016).
 *
 *   window   tile    planes   multiplications an output    packed weights
 *   3 x 3    2 x 2   4 x 4    4     instead of 9           1.78 times as large
 *   3 x 3    4 x 4   6 x 6    2.25  instead of 9           4 times as large
 *   1 x 3    1 x 2   1 x 4    2     instead of 3           1.33 times as large
 *   1 x 3    1 x 4   1 x 6    1.5   instead of 3           2 times as large
 *
 * A block of tiles goes through three steps, whose data stay in L2 where that is possible:
 *
 *   image -> V [planes][tiles][ic]   -> M [planes][tiles][columns]   -> image
 *        transform            products with U                 transform, epilogue
 */
#ifndef HONE_WINOGRAD_F32_H
#define HONE_WINOGRAD_F32_H

#include "conv/conv_f32.h"
#include "kernels.h"

/* What is known of weights: [oc][taps high][taps wide][ic]. */
typedef struct winograd_f32_filter {
    int tile;        /* 2 or 4: outputs of a tile along axes of 3 taps */
    int64_t taps[2]; /* high and wide: 1 or 3, not 1 x 1 */
    int64_t ic, oc;
} winograd_f32_filter;

typedef struct winograd_f32_shape {
    winograd_f32_filter filter;
    int64_t n;                     /* images */
    int64_t in[2], out[2], pad[2]; /* height and width; pad is what precedes */
    int64_t ldx, ldy;              /* floats between neighbouring pixels */
} winograd_f32_shape;

typedef struct winograd_f32_plan {
    winograd_f32_shape shape;
    const kernels *ks;
    int64_t tile[2]; /* outputs of a tile along each axis */
    size_t planes;
    size_t down, across, tiles; /* of an image, in a line, in all */
    size_t block, task_cols;    /* tiles and output channels of a task */
    size_t columns;             /* output channels that are multiplied at a time */
    size_t col_tasks, tasks;
    size_t plane_v, plane_m;                         /* floats of a plane of V and M */
    size_t at_rows, at_pixels, at_v, at_m, at_zeros; /* offsets in scratch */
    size_t scratch; /* bytes that one winograd_f32_run needs, aligned to 64; SIZE_MAX: too many */
} winograd_f32_plan;

/* Outputs and inputs of a tile along an axis. */
static inline int64_t winograd_f32_tile(const winograd_f32_filter *f, int axis) {
    return f->taps[axis] == 1 ? 1 : f->tile;
}
static inline size_t winograd_f32_side(const winograd_f32_filter *f, int axis) {
    return f->taps[axis] == 1 ? 1 : (size_t)f->tile + 2;
}
static inline size_t winograd_f32_planes(const winograd_f32_filter *f) {
    return winograd_f32_side(f, 0) * winograd_f32_side(f, 1);
}

/* The tile with which a convolution, of so many outputs, is likely to be enough faster than a plain
 * product to be worth its weights, 2 or 4; 0: none. f->tile does not matter. */
int winograd_f32_choose(const winograd_f32_filter *f, int64_t high, int64_t wide);

/* Transformed weights: a matrix [ic][oc] in panels (gemm_pack.h) for each plane. SIZE_MAX when that
 * does not fit in memory. */
size_t winograd_f32_packed_floats(const winograd_f32_filter *f);
void winograd_f32_pack(const kernels *ks, const winograd_f32_filter *f, const float *w,
                       float *packed);
/* The inverse, up to rounding. */
void winograd_f32_unpack(const kernels *ks, const winograd_f32_filter *f, const float *packed,
                         float *w);

/* A plan whose tasks can keep so many workers busy. */
winograd_f32_plan winograd_f32_make_plan(const kernels *ks, const winograd_f32_shape *s,
                                         size_t workers);
/* Does tasks first <= i < last; neighbours share work. The result does not depend on the split.
 * args->w was packed by winograd_f32_pack. */
void winograd_f32_run(const winograd_f32_plan *plan, const conv_f32_args *args, size_t first,
                      size_t last, void *scratch);

#endif
