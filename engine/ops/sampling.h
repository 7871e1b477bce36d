/* SPDX-License-Identifier: Apache-2.0
 *
 * Values of an image between its elements: the elements and weights that make up one.
 */
#ifndef HONE_SAMPLING_H
#define HONE_SAMPLING_H

#include "op.h"

#define SAMPLING_MAX_RANK (HONE_MAX_RANK - 2)
#define SAMPLING_MAX_TAPS 64

typedef enum sampling_mode { SAMPLING_LINEAR, SAMPLING_NEAREST, SAMPLING_CUBIC } sampling_mode;
typedef enum sampling_padding {
    SAMPLING_ZEROS,  /* outside are zeros */
    SAMPLING_BORDER, /* the nearest element goes on */
    SAMPLING_REFLECT /* mirrored at the edge as often as needed */
} sampling_padding;

typedef struct sampling {
    int32_t rank;
    int64_t dim[SAMPLING_MAX_RANK]; /* all at least 1 */
    sampling_mode mode;
    sampling_padding padding;
    bool align_corners; /* mirrors lie at the centres of the outermost elements, not at their edges
                         */
} sampling;

typedef struct sampling_tap {
    int64_t index; /* in the row-major image */
    double weight;
} sampling_tap;

/* Can values of such an image be made of SAMPLING_MAX_TAPS elements? */
bool sampling_fits(const sampling *s);
/* The taps at position `at` (an element per axis, counted from the centre of the first); returns
 * their number. Any number is allowed, NaN too. */
int32_t sampling_taps(const sampling *s, const double *at, sampling_tap *taps);

/* Positions whose taps are found together, for all channels of an image. */
#define SAMPLING_BLOCK 16
typedef struct sampling_block {
    int32_t n;
    int32_t taps[SAMPLING_BLOCK];
    sampling_tap tap[SAMPLING_BLOCK][SAMPLING_MAX_TAPS];
} sampling_block;

/* y[p] = the value of image x at position p < n of the block. */
void sampling_blend_f32(const sampling_block *b, const float *x, float *y);
void sampling_blend_f64(const sampling_block *b, const double *x, double *y);

#endif
