/* SPDX-License-Identifier: Apache-2.0
 *
 * What the operator Pointwise may compute, for the pass that makes it.
 */
#ifndef HONE_POINTWISE_H
#define HONE_POINTWISE_H

#include "elementwise.h"

enum { POINTWISE_MAX_IN = EW_MAX_IN, POINTWISE_MAX_STEPS = 32 };

/* Can a node be a step: an elementwise operator that turns float32 into float32, and of whose
 * inputs the first *n_args are data while the others are constants? Then also the constants of its
 * formula. */
bool pointwise_step(const node *n, int32_t *n_args, float constants[2]);

#endif
