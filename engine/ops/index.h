/* SPDX-License-Identifier: Apache-2.0
 *
 * Tensors of indices, which count from the end when negative. They are checked as a whole before
 * anything is read through them.
 */
#ifndef HONE_INDEX_H
#define HONE_INDEX_H

#include "op.h"

/* HONE_E_INPUT unless every element of t (int32 or int64) is in [-size, size). */
hone_status index_check(run_ctx *r, const tensor *t, int64_t size);

/* Element i of a checked tensor, as 0..size-1. */
static inline int64_t index_at(const tensor *t, int64_t i, int64_t size) {
    const int64_t v =
        t->dtype == HONE_I32 ? ((const int32_t *)t->data)[i] : ((const int64_t *)t->data)[i];
    return v < 0 ? v + size : v;
}

/* out[i] = what element first + i of a checked tensor stands for, times stride; i < n. */
void index_places(const tensor *t, int64_t first, int64_t n, int64_t size, int64_t stride,
                  int64_t *out);

#endif
