/* SPDX-License-Identifier: Apache-2.0
 *
 * hone/images.h: pictures as tensors, and ONNX's operator ImageDecoder.
 *
 *     const hone_operator *const operators[] = {hone_image_decoder()};
 *     hone_open_options options = HONE_INIT(hone_open_options);
 *     options.operators = operators;
 *     options.operator_count = 1;
 *     if (hone_model_open(&model, "model.onnx", &options, &err)) ...
 *
 * A library of its own, libhone_images, because of the codecs that it needs; all that hone.h says
 * of status, threads and ownership holds here too. It reads
 *
 *     BMP         palettes of 1, 4 and 8 bits, 16, 24 and 32 bits with and without masks; not RLE
 *     JPEG        sequential and progressive; gray, YCbCr, RGB, CMYK
 *     JPEG 2000   .jp2 and bare codestreams; gray, RGB and YCC, up to four components
 *     PNG         all
 *     PNM         P1 to P6
 *     TIFF        the first picture, up to 16 bits a sample, in the compressions that libtiff has
 *     WebP        all but animations
 *
 * Every picture becomes 8 bits a channel. Transparency and colour profiles are dropped; rows stay
 * in the order of the file, whatever orientation its metadata asks for.
 */
#ifndef HONE_IMAGES_H
#define HONE_IMAGES_H

#include <hone/hone.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Channels of the result, in this order. Gray is (19595 R + 38470 G + 7471 B + 32768) >> 16. */
typedef enum hone_image_color {
    HONE_IMAGE_RGB = 0,
    HONE_IMAGE_BGR = 1,
    HONE_IMAGE_GRAY = 2
} hone_image_color;

/* Most bytes of a file that hone_image_recognized looks at. */
#define HONE_IMAGE_MAGIC_BYTES 32

/* Do the first bytes of a file say that it is a picture of one of the formats above? `size` is the
 * number of bytes at `data`, which may be the whole file. */
HONE_API bool hone_image_recognized(const void *data, size_t size);
/* Decodes a file in memory into uint8 [height, width, channels], which hone_view_free releases.
 * HONE_E_FORMAT: it is no picture, or damaged. HONE_E_UNSUPPORTED: of a kind that is not read.
 * HONE_E_LIMIT: as RGB, or while it is decoded from JPEG 2000 with four bytes a sample, it would
 * have more than limits->tensor_bytes. */
HONE_API hone_status hone_image_decode(hone_view *out, const void *data, size_t size,
                                       hone_image_color color, const hone_limits *limits,
                                       hone_error *err);

/* ImageDecoder of ONNX since operator set 20, for hone_open_options.operators; static. What cannot
 * be decoded gives an empty tensor [0, 0, channels], as ONNX says; a picture that is over a limit
 * makes the run fail. */
HONE_API const hone_operator *hone_image_decoder(void);

#ifdef __cplusplus
}
#endif

#endif
