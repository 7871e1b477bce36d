/* SPDX-License-Identifier: Apache-2.0
 *
 * What scattering does where an update meets a value: it takes its place, or one of four formulas.
 */
#ifndef HONE_COMBINE_H
#define HONE_COMBINE_H

#include "op.h"

enum { COMBINE_NONE, COMBINE_ADD, COMBINE_MUL, COMBINE_MAX, COMBINE_MIN };
/* Their names, for an attribute of kind ATTR_CHOICE. */
extern const char *const combine_names[];

typedef struct combine {
    size_t size;   /* of an element */
    binary_fn *fn; /* NULL: the update takes the place */
    widen_fn *widen;
    narrow_fn *narrow; /* both for 16-bit floats only */
} combine;

/* False when elements of this type cannot be combined that way. */
bool combine_init(combine *c, const kernels *k, hone_dtype t, int32_t how);
/* y[i] = y[i] combined with update[i] for i < n. */
void combine_run(const combine *c, int64_t n, const void *update, void *y);

#endif
