/* SPDX-License-Identifier: Apache-2.0
 *
 * A depthwise convolution and the 1 x 1 convolutions around it (the first may be missing), a band
 * of lines at a time, so that what is between them never leaves L2:
 *
 *   image            expanded              depthwise        result
 *   [W][IC]  1 x 1   ring of lines         band of lines    [OW][OC]
 *   ------> ------>  [W][C]        ----->  [OW][C]  1 x 1   ------
 *   ------           ------                ------   ----->  ------
 */
#ifndef HONE_SEPARABLE_F32_H
#define HONE_SEPARABLE_F32_H

#include "conv/conv_window.h"
#include "kernels.h"

typedef struct separable_f32_shape {
    conv_window window; /* one that dwconv_band_fits */
    int64_t n;
    int64_t ic; /* channels of the image */
    int64_t channels, oc;
    bool expand; /* otherwise ic == channels */
} separable_f32_shape;

typedef struct separable_f32_plan {
    separable_f32_shape shape;
    const kernels *ks;
    size_t band;        /* most output lines at once */
    size_t ring;        /* expanded lines that are kept */
    size_t task_lines;  /* output lines of a task, in one image */
    size_t image_tasks; /* tasks of an image */
    size_t tasks;
    size_t at_ring, at_band, at_work;
    size_t scratch; /* bytes that one separable_f32_run needs, aligned to 64; SIZE_MAX: too many */
} separable_f32_plan;

/* A convolution: its weights, packed by conv_f32_pack or dwconv_f32_pack, and its epilogue. */
typedef struct separable_f32_part {
    const float *w;
    const epilogue_f32 *ep; /* the last one alone may have a residual */
} separable_f32_part;

typedef struct separable_f32_args {
    const float *x;
    separable_f32_part expand, depthwise, project;
    float *y; /* overlaps no operand */
} separable_f32_args;

separable_f32_plan separable_f32_make_plan(const kernels *ks, const separable_f32_shape *s);
/* Does tasks first <= i < last; neighbours share work. The result does not depend on the split. */
void separable_f32_run(const separable_f32_plan *plan, const separable_f32_args *args, size_t first,
                       size_t last, void *scratch);

#endif
