/* SPDX-License-Identifier: Apache-2.0
 *
 * fp32 depthwise convolution of channels-last images: each channel has a window of its own.
 */
#ifndef HONE_DWCONV_F32_H
#define HONE_DWCONV_F32_H

#include "conv/line_sweep.h"
#include "kernels.h"

typedef struct dwconv_f32_shape {
    conv_window window;
    int64_t n, channels;
    int64_t ldx, ldy; /* floats between neighbouring pixels, at least channels */
} dwconv_f32_shape;

typedef struct dwconv_f32_plan {
    const kernels *ks;
    line_sweep sweep;
    size_t band; /* most output lines of a band; 0: windows of any shape, pixel by pixel */
    size_t tasks;
    size_t scratch; /* bytes that one dwconv_f32_run needs, aligned to 64; SIZE_MAX: too many */
} dwconv_f32_plan;

typedef struct dwconv_f32_operands {
    const float *x, *w;     /* w: packed by dwconv_f32_pack */
    float *y;               /* overlaps no operand */
    const epilogue_f32 *ep; /* or NULL */
} dwconv_f32_operands;

/* Packed weights are [width][depth][height][channels], as many floats as w. w is
 * [channels][kernel depth][height][width]. */
void dwconv_f32_pack(const kernels *ks, const int64_t kernel[3], int64_t channels, const float *w,
                     float *packed);
/* The exact inverse. */
void dwconv_f32_unpack(const kernels *ks, const int64_t kernel[3], int64_t channels,
                       const float *packed, float *w);

dwconv_f32_plan dwconv_f32_make_plan(const kernels *ks, const dwconv_f32_shape *s);
/* Does tasks first <= i < last; neighbours share work. The result does not depend on the split. */
void dwconv_f32_run(const dwconv_f32_plan *plan, const dwconv_f32_operands *x, size_t first,
                    size_t last, void *scratch);

#endif
