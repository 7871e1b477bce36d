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

extern const op op_conv, op_depthwise_conv, op_conv_transpose, op_conv_f64, op_conv_transpose_f64;

/* Everything that shapes and attributes say. */
typedef struct conv_geometry {
    window w;
    int64_t n, ic, oc; /* channels of one group */
    shape result;
} conv_geometry;
bool conv_is_transposed(const node *n);
hone_status conv_geometry_of(const infer *f, const shape *x, const shape *w, conv_geometry *g);
void conv_axes(const node *n, axis_map *m);
uint64_t conv_flops(const step *s);

enum { CONV_X, CONV_W, CONV_BIAS, CONV_RESIDUAL };

#endif
