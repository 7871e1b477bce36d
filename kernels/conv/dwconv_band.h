/* SPDX-License-Identifier: Apache-2.0
 *
 * Depthwise convolutions with the usual windows, several output lines at a time.
 */
#ifndef HONE_DWCONV_BAND_H
#define HONE_DWCONV_BAND_H

#include "conv/dwconv_f32.h"

/* Is it such a window: 3 x 3 or 5 x 5 over the last two axes, without holes,
 * strides up to 2? */
bool dwconv_band_fits(const conv_window *w);
/* Lines of the image under so many output lines; lines >= 1. */
size_t dwconv_lines_under(const conv_window *w, size_t lines);

/* Some output lines, one below the other in an image. */
typedef struct dwconv_band {
    const kernels *ks;
    const conv_window *window;
    const float *const *lines; /* those under the output lines; NULL in the padding */
    const float *w;
    const epilogue_f32 *ep; /* or NULL; residual is at the first pixel */
    float *y;
    size_t count, channels, ldx, ldw, ldy;
} dwconv_band;
void dwconv_band_convolve(const dwconv_band *b);

/* Sets plan->band if the window fits. The sweep of the plan is ready, its scratch is replaced. */
void dwconv_band_plan(dwconv_f32_plan *plan);
/* As dwconv_f32_run, for a plan with a band. */
void dwconv_band_run(const dwconv_f32_plan *plan, const dwconv_f32_operands *x, size_t first,
                     size_t last, void *scratch);

#endif
