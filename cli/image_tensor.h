/* SPDX-License-Identifier: Apache-2.0
 *
 * From decoded pixels to the value of an input: size, colour, scale, layout.
 */
#ifndef HONE_CLI_IMAGE_TENSOR_H
#define HONE_CLI_IMAGE_TENSOR_H

#include "input_file.h"

/* `rgb` is uint8 [height, width, 3]. */
hone_status image_to_value(input_value *out, const input_target *target, const hone_view *rgb);

#endif
