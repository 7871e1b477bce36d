/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HONE_PAD_H
#define HONE_PAD_H

#include "op.h"

extern const op op_pad;
/* Does n, a Pad, put known numbers of zeros before and after each axis? Then how many; negative
 * ones take away. */
bool pad_zeros(const node *n, int64_t before[HONE_MAX_RANK], int64_t after[HONE_MAX_RANK]);

#endif
