/* SPDX-License-Identifier: Apache-2.0
 *
 * What operators along one axis share: softmax, normalisations and the like see contiguous rows of
 * float32 or float64; other axes and 16-bit floats are gathered into scratch and scattered back.
 */
#ifndef HONE_ROWS_H
#define HONE_ROWS_H

#include "op.h"

/* y = f(x) for one row of n elements, in both types. y may equal x. */
typedef struct row_fns {
    void (*f32)(const step *s, int64_t n, const float *x, float *y);
    void (*f64)(const step *s, int64_t n, const double *x, double *y);
} row_fns;

/* Splits the shape of input 0 at `axis` and books scratch where rows are not contiguous. */
hone_status rows_plan(plan_ctx *p, step *s, int64_t axis);
/* Applies the function to every row of input 0, into output 0. */
void rows_run(run_ctx *r, const step *s, const row_fns *fns);

#endif
