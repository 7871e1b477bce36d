/* SPDX-License-Identifier: Apache-2.0
 *
 * PNG files through libspng.
 */
#include <spng.h>
#include <string.h>

#include "image.h"

/* Ancillary chunks (text, profiles) are of no use here. */
enum { CHUNK_LIMIT = 16 << 20, CHUNK_CACHE_LIMIT = 64 << 20 };

static hone_status status_of(int code) {
    switch (code) {
    case SPNG_EMEM: return HONE_E_NOMEM;
    case SPNG_ECHUNK_LIMITS: return HONE_E_LIMIT;
    default: return HONE_E_FORMAT;
    }
}

static hone_status fail_png(const image *img, int code) {
    return image_fail(img, status_of(code), "PNG: %s", spng_strerror(code));
}

static hone_status decode_with(image *img, spng_ctx *png) {
    struct spng_ihdr header;
    size_t size = 0;
    int code = spng_set_chunk_limits(png, CHUNK_LIMIT, CHUNK_CACHE_LIMIT);
    if (code == 0) code = spng_set_png_buffer(png, img->data, img->size);
    if (code == 0) code = spng_get_ihdr(png, &header);
    if (code != 0) return fail_png(img, code);
    TRY(image_start(img, header.width, header.height));
    code = spng_decoded_image_size(png, SPNG_FMT_RGB8, &size);
    if (code == 0) code = spng_decode_image(png, img->rgb, size, SPNG_FMT_RGB8, 0);
    return code == 0 ? HONE_OK : fail_png(img, code);
}

static hone_status decode(image *img) {
    spng_ctx *png = spng_ctx_new(0);
    if (!png) return image_fail_nomem(img);
    const hone_status status = decode_with(img, png);
    spng_ctx_free(png);
    return status;
}

static bool recognized(const uint8_t *magic) { return memcmp(magic, "\x89PNG", 4) == 0; }

const image_format image_png = {recognized, decode};
