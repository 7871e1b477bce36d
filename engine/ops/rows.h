/* SPDX-License-Identifier: Apache-2.0
 *
 * What operators along one axis share: softmax, normalisations and the like see contiguous float32
 * rows; other axes and 16-bit floats are gathered into scratch and scattered back.
 */
#ifndef HONE_ROWS_H
#define HONE_ROWS_H

#include "op.h"

/* y = f(x) for one row of n elements. y may equal x. */
typedef void row_fn(const step *s, int64_t n, const float *x, float *y);

/* Splits the shape of input 0 at `axis` and books scratch where rows are not contiguous float32. */
hone_status rows_plan(plan_ctx *p, step *s, int64_t axis);
/* Applies fn to every row of input 0, into output 0. */
void rows_run(run_ctx *r, const step *s, row_fn *fn);

#endif
