/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HONE_SOFTMAX_H
#define HONE_SOFTMAX_H

#include "op.h"

extern const op op_softmax;
/* Is n, of known rank, a Softmax along its last axis? */
bool softmax_is_last(const node *n);

#endif
