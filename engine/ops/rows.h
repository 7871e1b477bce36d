/* SPDX-License-Identifier: Apache-2.0
 *
 * What operators along one axis share: softmax and the like see contiguous rows of float32 or
 * float64. Rows along an axis that is not the last one are columns of matrices: an operator may
 * have a function for many of them side by side; otherwise each is gathered into scratch and
 * scattered back. 16-bit floats are widened into scratch.
 */
#ifndef HONE_ROWS_H
#define HONE_ROWS_H

#include "op.h"

/* y = f(x) for one row of n elements, in both types. y may equal x. Or for each of `cols` columns,
 * whose elements are ld apart in x and y: NULL if the operator has no such function; the bits of a
 * column do not depend on the others. */
typedef struct row_fns {
    void (*f32)(const step *s, int64_t n, const float *x, float *y);
    void (*f64)(const step *s, int64_t n, const double *x, double *y);
    void (*columns)(const step *s, int64_t n, int64_t cols, int64_t ld, const float *x, float *y);
} row_fns;

/* Splits the shape of input 0 at `axis` and books scratch where rows are not contiguous. fns stays
 * in use until the plan ends. */
hone_status rows_plan(plan_ctx *p, step *s, int64_t axis, const row_fns *fns);
/* Applies the function to every row of input 0, into output 0: the `run` of an op whose `plan`
 * called rows_plan. */
hone_status rows_run(run_ctx *r, const step *s);

#endif
