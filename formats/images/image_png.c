/* SPDX-License-Identifier: Apache-2.0
 *
 * PNG files through libspng. Transparency is dropped, 16 bits become 8.
 */
#include <spng.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli_error.h"
#include "image_tensor.h"

/* Ancillary chunks (text, profiles) are of no use here. */
enum { CHUNK_LIMIT = 1 << 20, CHUNK_CACHE_LIMIT = 4 << 20 };

static hone_status fail_png(const input_target *target, const char *path, int code) {
    const hone_status status = code == SPNG_EMEM ? HONE_E_NOMEM : HONE_E_FORMAT;
    return cli_fail_file(target->err, status, path, "not a valid PNG file: %s",
                         spng_strerror(code));
}

static hone_status decode(image *out, spng_ctx *png, FILE *file, const input_target *target,
                          const char *path) {
    struct spng_ihdr header;
    size_t size = 0;
    int code = spng_set_chunk_limits(png, CHUNK_LIMIT, CHUNK_CACHE_LIMIT);
    if (code == 0) code = spng_set_png_file(png, file);
    if (code == 0) code = spng_get_ihdr(png, &header);
    if (code == 0) code = spng_decoded_image_size(png, SPNG_FMT_RGB8, &size);
    if (code != 0) return fail_png(target, path, code);
    TRY(image_create(out, target, header.width, header.height));
    code = spng_decode_image(png, out->rgb, size, SPNG_FMT_RGB8, 0);
    if (code == 0) return HONE_OK;
    free(out->rgb);
    return fail_png(target, path, code);
}

hone_status png_load(input_value *out, const input_target *target, const char *path) {
    image img;
    FILE *file = fopen(path, "rb");
    if (!file) return cli_fail_errno(target->err, path, "open");
    spng_ctx *png = spng_ctx_new(0);
    hone_status status = png ? decode(&img, png, file, target, path) : cli_fail_nomem(target->err);
    spng_ctx_free(png);
    fclose(file);
    TRY(status);
    status = image_to_value(out, target, &img);
    free(img.rgb);
    return status;
}
