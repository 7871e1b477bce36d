/* SPDX-License-Identifier: Apache-2.0
 *
 * From decoded pixels to the value of an input: size, colour, scale, layout.
 */
#ifndef HONE_CLI_IMAGE_TENSOR_H
#define HONE_CLI_IMAGE_TENSOR_H

#include "input_file.h"

/* Eight bits a channel, rows from the top, red first. */
typedef struct image {
    int64_t width;
    int64_t height;
    uint8_t *rgb;
} image;

/* Allocates the pixels of an image of this size, within the limit of a tensor's size. */
hone_status image_create(image *out, const input_target *target, int64_t width, int64_t height);
hone_status image_to_value(input_value *out, const input_target *target, const image *img);

#endif
