/* SPDX-License-Identifier: Apache-2.0
 *
 * WebP files through libwebp, lossy and lossless.
 */
#include <string.h>
#include <webp/decode.h>

#include "image.h"

static hone_status fail_webp(const image *img, VP8StatusCode code) {
    switch (code) {
    case VP8_STATUS_OUT_OF_MEMORY: return image_fail_nomem(img);
    case VP8_STATUS_UNSUPPORTED_FEATURE:
        return image_fail(img, HONE_E_UNSUPPORTED, "WebP: of a kind that is not read");
    case VP8_STATUS_SUSPENDED:
    case VP8_STATUS_NOT_ENOUGH_DATA:
        return image_fail(img, HONE_E_FORMAT, "WebP: the file ends early");
    default: return image_fail(img, HONE_E_FORMAT, "WebP: not a valid file");
    }
}

static hone_status decode(image *img) {
    WebPDecoderConfig config;
    if (!WebPInitDecoderConfig(&config))
        return image_fail(img, HONE_E_INTERNAL, "WebP: another version of libwebp than built for");
    VP8StatusCode code = WebPGetFeatures(img->data, img->size, &config.input);
    if (code != VP8_STATUS_OK) return fail_webp(img, code);
    if (config.input.has_animation)
        return image_fail(img, HONE_E_UNSUPPORTED, "WebP: an animation");
    TRY(image_start(img, config.input.width, config.input.height));
    config.output.colorspace = MODE_RGB;
    config.output.is_external_memory = 1;
    config.output.u.RGBA.rgba = img->rgb;
    config.output.u.RGBA.stride = (int)(3 * img->width); /* a WebP is at most 16384 wide */
    config.output.u.RGBA.size = 3 * (size_t)img->width * (size_t)img->height;
    code = WebPDecode(img->data, img->size, &config);
    WebPFreeDecBuffer(&config.output);
    return code == VP8_STATUS_OK ? HONE_OK : fail_webp(img, code);
}

/* "RIFF", a size, "WEBP": other RIFF files are sounds. */
static bool recognized(const uint8_t *magic) {
    return memcmp(magic, "RIFF", 4) == 0 && memcmp(magic + 8, "WEBP", 4) == 0;
}

const image_format image_webp = {recognized, decode};
