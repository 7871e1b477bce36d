/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HONE_CONV_H
#define HONE_CONV_H

#include "fused.h"
#include "window.h"

/* hone::Conv and hone::ConvTranspose; see conv.c. */
typedef struct conv_params {
    window_params window;
    int64_t group;
    int_list output_padding, output_shape; /* ConvTranspose */
    fused_params fused;
} conv_params;

extern const op op_conv, op_conv_transpose;

enum { CONV_X, CONV_W, CONV_BIAS, CONV_RESIDUAL };

#endif
