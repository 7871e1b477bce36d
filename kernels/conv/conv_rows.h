/* SPDX-License-Identifier: Apache-2.0
 *
 * The row sources of convolutions: where the channels of each tap of each output pixel are.
 */
#ifndef HONE_CONV_ROWS_H
#define HONE_CONV_ROWS_H

#include "conv/conv_window.h"
#include "gemm/gemm_sweep.h"

typedef struct conv_source {
    conv_grid grid;
    const float *x; /* first channel of the group in the first pixel */
    int64_t ldx;
    int64_t line; /* floats of a line of the window, for conv_line_rows */
} conv_source;

/* The line of the image that line `tap` of the window of output p meets, from width 0 on; NULL in
 * the padding. */
const float *conv_image_line(const conv_source *s, const conv_pixel *p, size_t tap);

/* Each is a gemm_operands.rows; `source` is a conv_source. */

/* A window of one element that visits all pixels in order: row = pixel. */
void conv_dense_rows(const void *source, const gemm_span *span);
/* A pointer for each tap; needs `channels` zeros. */
void conv_tap_rows(const void *source, const gemm_span *span);
/* A pointer for each line of the window, whose elements are neighbours in memory (tap_step 1, ldx
 * equal to the number of channels). Lines that reach into the padding are put together in spare;
 * needs `line` zeros and spare floats. */
void conv_line_rows(const void *source, const gemm_span *span);

/* gemm_operands.place. */
size_t conv_place(const void *source, size_t row);

#endif
