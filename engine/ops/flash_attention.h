/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HONE_FLASH_ATTENTION_H
#define HONE_FLASH_ATTENTION_H

#include "op.h"

/* hone::Attention; see flash_attention.c. */
typedef struct flash_params {
    float scale;
    bool swap_q, swap_k, swap_v, swap_y; /* laid out as [B, S, H, D], not [B, H, S, D] */
    bool zero_empty; /* queries that a mask of -inf hides every key from give zeros, not NaN */
} flash_params;

enum { FLASH_Q, FLASH_K, FLASH_V, FLASH_MASK };

#endif
