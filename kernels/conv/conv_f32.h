/* SPDX-License-Identifier: Apache-2.0
 *
 * fp32 convolution and transposed convolution of channels-last images: matrix products whose rows
 * are output pixels. No image is copied; the micro-kernel follows pointers to the input channels of
 * each tap, and taps in the padding point at zeros:
 *
 *            tap 0       tap 1            depth = taps * channels
 *   pixel 0  -> x(0,0)   -> x(0,1) ...    columns = output channels
 *   pixel 1  -> zeros    -> x(0,2) ...
 */
#ifndef HONE_CONV_F32_H
#define HONE_CONV_F32_H

#include "conv/conv_window.h"
#include "gemm/gemm_sweep.h"
#include "kernels.h"

typedef struct conv_f32_shape {
    conv_window window;
    bool transposed; /* window.in are the positions that are spread */
    int64_t n;       /* images */
    int64_t ic, oc;  /* channels of one group */
    int64_t groups;
    int64_t ldx, ldy; /* floats between neighbouring pixels, at least groups * ic and groups * oc */
} conv_f32_shape;

/* How rows are found. */
typedef enum conv_rows {
    CONV_DENSE, /* 1 x 1, or windows of a transposed one side by side: the pixels themselves */
    CONV_TAPS,  /* a pointer for each tap */
    CONV_LINES  /* a pointer for each line of the window: its taps are neighbours in memory */
} conv_rows;

typedef struct conv_f32_plan {
    conv_f32_shape shape;
    const kernels *ks;
    conv_rows rows;
    const gemm_f32_kernel *kernel; /* of its products; where there are several, of the last */
    size_t tasks;
    size_t scratch; /* bytes that one conv_f32_run needs, aligned to 64; SIZE_MAX: too many */
} conv_f32_plan;

typedef struct conv_f32_args {
    const float *x, *w;     /* w: packed by conv_f32_pack */
    float *y;               /* overlaps no operand */
    const epilogue_f32 *ep; /* or NULL; bias and residual span the channels of all groups */
} conv_f32_args;

/* Packed weights: for each group, for each phase (one unless transposed), panels of 16 output
 * channels. The size and the layout do not depend on the extents of images. */
size_t conv_f32_packed_floats(const conv_f32_shape *s);
/* w is [groups * oc][kernel depth][height][width][ic]. */
void conv_f32_pack(const kernels *ks, const conv_f32_shape *s, const float *w, float *packed);
/* The exact inverse. */
void conv_f32_unpack(const kernels *ks, const conv_f32_shape *s, const float *packed, float *w);

conv_f32_plan conv_f32_make_plan(const kernels *ks, const conv_f32_shape *s);
/* Does tasks first <= i < last; neighbours share work. The result does not depend on the split. */
void conv_f32_run(const conv_f32_plan *plan, const conv_f32_args *args, size_t first, size_t last,
                  void *scratch);

#endif
