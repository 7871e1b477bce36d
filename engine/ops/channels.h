/* SPDX-License-Identifier: Apache-2.0
 *
 * Channels first and last: N, C, spatial.. (ONNX) against N, spatial.., C (hone's own operators and
 * TensorFlow Lite). Expansions put a Transpose on each side; sink_transposes removes them.
 */
#ifndef HONE_CHANNELS_H
#define HONE_CHANNELS_H

#include "window.h"

/* N, C, spatial.. -> N, spatial.., C and back. v may be NULL (an omitted input). A rank below 3 or
 * an unknown one is recorded as an error. */
value *emit_channels_last(builder *b, value *v);
value *emit_channels_first(builder *b, value *v);

/* The attributes that ONNX's convolutions share. */
typedef struct channels_conv_params {
    window_params window;
    int_list kernel_shape;
    int64_t group;
    int_list output_padding, output_shape; /* ConvTranspose */
} channels_conv_params;
#define CHANNELS_CONV_ATTRS                                                                        \
    WINDOW_ATTRS(channels_conv_params),                                                            \
        ATTR_ROW(INTS, channels_conv_params, kernel_shape, .min = 1, .max = INT32_MAX),            \
        ATTR_ROW(INT, channels_conv_params, group, .i = 1, .min = 1, .max = INT32_MAX)

/* Takes kernel_shape out of the draft's attributes. It only repeats what the weight [.., .., k..]
 * says; a contradiction is an error. */
hone_status drop_kernel_shape(builder *b, draft *d, const int_list *kernel, const value *weight);

#endif
