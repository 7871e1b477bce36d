/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HONE_SEPARABLE_CONV_H
#define HONE_SEPARABLE_CONV_H

#include "fused.h"
#include "window.h"

/* hone::SeparableConv; see separable_conv.c. */
typedef struct separable_params {
    window_params window;
    fused_params fused, depthwise, expand;
} separable_params;

/* The first four are those of all products (fused.h). */
enum {
    SEPARABLE_X,
    SEPARABLE_W,
    SEPARABLE_BIAS,
    SEPARABLE_RESIDUAL,
    SEPARABLE_DEPTHWISE,
    SEPARABLE_DEPTHWISE_BIAS,
    SEPARABLE_EXPAND,
    SEPARABLE_EXPAND_BIAS,
    SEPARABLE_INPUTS
};

#endif
