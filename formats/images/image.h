/* SPDX-License-Identifier: Apache-2.0
 *
 * What the decoders share: each fills the pixels of an image from the bytes of a file.
 */
#ifndef HONE_IMAGE_H
#define HONE_IMAGE_H

#include "hone/images.h"

#define TRY(expr)                                                                                  \
    do {                                                                                           \
        hone_status status_ = (expr);                                                              \
        if (status_ != HONE_OK) return status_;                                                    \
    } while (0)

/* Of a picture as RGB, when the caller sets none: that of hone_limits. */
#define IMAGE_DEFAULT_LIMIT (UINT64_C(4) << 30)

/* Where the result goes: memory for uint8 [height, width, channels]. */
typedef struct image_target {
    hone_status (*make)(void *user, const int64_t dim[3], hone_view *out, hone_error *err);
    void *user;
    uint64_t limit; /* bytes of the picture as RGB */
} image_target;

typedef struct image {
    const uint8_t *data; /* the file */
    size_t size;
    hone_image_color color;
    const image_target *target;
    hone_error *err; /* may be NULL */
    /* From image_start: */
    int64_t width;
    int64_t height;
    uint8_t *rgb;     /* three bytes a pixel, rows from the top: for the decoder to fill */
    uint8_t *result;  /* memory of the target */
    uint8_t *scratch; /* rgb, where that is not the result */
} image;

/* Fails with HONE_E_FORMAT for a picture without pixels, HONE_E_LIMIT for one that is too large;
 * only then takes memory. Called once, before a decoder takes memory of that size itself. */
hone_status image_start(image *img, int64_t width, int64_t height);
/* Fills *img->err and returns `status`. */
__attribute__((format(printf, 3, 4), cold)) hone_status
image_fail(const image *img, hone_status status, const char *format, ...);
hone_status image_fail_nomem(const image *img);

/* Decodes img->data, whose format is told by its first bytes, into memory of the target. */
hone_status image_decode(image *img);

/* 0..max as 0..255, to the nearest; more than max is 255. */
static inline uint8_t image_scale(uint64_t value, uint64_t max) {
    return value >= max ? 255 : (uint8_t)((value * 255 + max / 2) / max);
}
static inline uint8_t image_clamp(int64_t value) {
    return value < 0 ? 0 : value > 255 ? 255 : (uint8_t)value;
}

/* The formats, each in its own source file. The first bytes, HONE_IMAGE_MAGIC_BYTES at most, are
 * zero where the file has ended. */
typedef struct image_format {
    bool (*recognized)(const uint8_t *magic);
    hone_status (*decode)(image *img);
} image_format;
extern const image_format image_bmp, image_jpeg, image_jpeg2000, image_png, image_pnm, image_tiff,
    image_webp;

#endif
