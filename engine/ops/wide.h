/* SPDX-License-Identifier: Apache-2.0
 *
 * Scratch bookkeeping, and float32 copies of 16-bit floats for operators whose kernels compute in
 * float32 only.
 */
#ifndef HONE_WIDE_H
#define HONE_WIDE_H

#include "op.h"

/* Books `bytes` more of the step's scratch, aligned to TENSOR_ALIGN. */
hone_status scratch_book(plan_ctx *p, step *s, size_t bytes, size_t *at);
/* Books `bytes` for each worker from offset 0: the first thing to be booked. *each is the distance.
 */
hone_status scratch_book_workers(plan_ctx *p, step *s, size_t bytes, size_t *each);

/* Where the float32 form of a tensor is: in scratch, or the tensor itself. */
typedef struct wide_block {
    bool copied;
    size_t at;
} wide_block;

/* Books room for a copy if t has a 16-bit type; wide_book_always: in any case. */
hone_status wide_book(plan_ctx *p, step *s, const tensor *t, wide_block *b);
hone_status wide_book_always(plan_ctx *p, step *s, const tensor *t, wide_block *b);

/* The elements of t as float32 (t is float32, float16 or bfloat16). */
const float *wide_read(const wide_block *b, const kernels *k, const tensor *t, char *scratch);
/* Where to compute a result; wide_write then narrows it into t if it was a copy. */
float *wide_result(const wide_block *b, const tensor *t, char *scratch);
void wide_write(const wide_block *b, const kernels *k, const tensor *t, char *scratch);

#endif
