/* SPDX-License-Identifier: Apache-2.0
 *
 * TIFF files through libtiff, which turns every kind of pixel into red, green, blue and alpha.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tiffio.h>

#include "image.h"

/* libtiff's handle is given one of these: the file in memory, and the first complaint. */
typedef struct tiff_source {
    const uint8_t *data;
    uint64_t size;
    uint64_t at;
    char text[200];
} tiff_source;

static tmsize_t on_read(thandle_t handle, void *to, tmsize_t wanted) {
    tiff_source *s = handle;
    const uint64_t left = s->at < s->size ? s->size - s->at : 0;
    const size_t count = (uint64_t)wanted < left ? (size_t)wanted : (size_t)left;
    if (wanted <= 0 || count == 0) return 0;
    memcpy(to, s->data + s->at, count);
    s->at += count;
    return (tmsize_t)count;
}

static tmsize_t on_write(thandle_t handle, void *from, tmsize_t size) {
    (void)handle, (void)from, (void)size;
    return -1;
}

static toff_t on_seek(thandle_t handle, toff_t offset, int whence) {
    tiff_source *s = handle;
    s->at = whence == SEEK_SET ? offset : (whence == SEEK_CUR ? s->at : s->size) + offset;
    return s->at;
}

static int on_close(thandle_t handle) {
    (void)handle;
    return 0;
}

static toff_t on_size(thandle_t handle) { return ((tiff_source *)handle)->size; }

__attribute__((format(printf, 4, 0))) static int
on_error(TIFF *tiff, void *user, const char *module, const char *format, va_list args) {
    tiff_source *s = user;
    (void)tiff, (void)module;
    if (!s->text[0]) vsnprintf(s->text, sizeof s->text, format, args);
    return 1; /* the process-wide handler would print */
}

__attribute__((format(printf, 4, 0))) static int
on_warning(TIFF *tiff, void *user, const char *module, const char *format, va_list args) {
    (void)tiff, (void)user, (void)module, (void)format, (void)args;
    return 1;
}

static TIFF *open_source(tiff_source *s, uint64_t limit) {
    TIFFOpenOptions *options = TIFFOpenOptionsAlloc();
    if (!options) return NULL;
    const uint64_t room = 64 << 20, most = INT64_MAX / 4; /* tables, samples of 16 bits */
    TIFFOpenOptionsSetMaxSingleMemAlloc(options,
                                        (tmsize_t)(3 * (limit < most ? limit : most) + room));
    TIFFOpenOptionsSetErrorHandlerExtR(options, on_error, s);
    TIFFOpenOptionsSetWarningHandlerExtR(options, on_warning, s);
    TIFF *tiff = TIFFClientOpenExt("picture", "rm", s, on_read, on_write, on_seek, on_close,
                                   on_size, NULL, NULL, options);
    TIFFOpenOptionsFree(options);
    return tiff;
}

/* libtiff multiplies colours by a transparency that it knows of; here it is only dropped. */
static hone_status forget_alpha(const image *img, TIFF *tiff) {
    uint16_t count = 0, *kinds = NULL;
    if (!TIFFGetField(tiff, TIFFTAG_EXTRASAMPLES, &count, &kinds) || count == 0) return HONE_OK;
    uint16_t *unspecified = calloc(count, sizeof *unspecified);
    if (!unspecified) return image_fail_nomem(img);
    TIFFSetField(tiff, TIFFTAG_EXTRASAMPLES, (int)count, unspecified);
    free(unspecified);
    return HONE_OK;
}

/* A tile is held as a whole, and nothing but this bounds one that is larger than the picture. */
static bool has_huge_tiles(TIFF *tiff, uint64_t pixels) {
    const uint64_t bytes_a_pixel = 8, room = 64 << 20;
    return TIFFIsTiled(tiff) && TIFFTileSize64(tiff) > bytes_a_pixel * pixels + room;
}

/* Into the raster, one pixel a word. */
static bool read_raster(TIFF *tiff, uint32_t *raster, char text[1024]) {
    TIFFRGBAImage rgba;
    if (!TIFFRGBAImageBegin(&rgba, tiff, 1, text)) return false;
    rgba.req_orientation = rgba.orientation; /* rows stay as they are */
    const int read = TIFFRGBAImageGet(&rgba, raster, rgba.width, rgba.height);
    TIFFRGBAImageEnd(&rgba);
    return read != 0;
}

static hone_status decode_with(image *img, TIFF *tiff, const tiff_source *s) {
    uint32_t width = 0, height = 0;
    char text[1024] = "";
    TIFFGetField(tiff, TIFFTAG_IMAGEWIDTH, &width);
    TIFFGetField(tiff, TIFFTAG_IMAGELENGTH, &height);
    TRY(forget_alpha(img, tiff));
    if (!TIFFRGBAImageOK(tiff, text)) return image_fail(img, HONE_E_UNSUPPORTED, "TIFF: %s", text);
    TRY(image_start(img, width, height));
    const size_t pixels = (size_t)width * height;
    if (has_huge_tiles(tiff, pixels))
        return image_fail(img, HONE_E_UNSUPPORTED, "TIFF: tiles far larger than the picture");
    uint32_t *raster = calloc(pixels, sizeof *raster);
    if (!raster) return image_fail_nomem(img);
    const bool read = read_raster(tiff, raster, text);
    for (size_t i = 0; read && i < pixels; i++) {
        img->rgb[3 * i] = (uint8_t)TIFFGetR(raster[i]);
        img->rgb[3 * i + 1] = (uint8_t)TIFFGetG(raster[i]);
        img->rgb[3 * i + 2] = (uint8_t)TIFFGetB(raster[i]);
    }
    free(raster);
    if (read) return HONE_OK;
    return image_fail(img, HONE_E_FORMAT, "TIFF: %s", s->text[0] ? s->text : text);
}

static hone_status decode(image *img) {
    tiff_source s = {.data = img->data, .size = img->size};
    TIFF *tiff = open_source(&s, img->target->limit);
    if (!tiff) return image_fail(img, HONE_E_FORMAT, "TIFF: %s", s.text);
    const hone_status status = decode_with(img, tiff, &s);
    TIFFClose(tiff);
    return status;
}

/* Little-endian and big-endian, each in a small and in a big form. */
static bool recognized(const uint8_t *magic) {
    return memcmp(magic, "II*\0", 4) == 0 || memcmp(magic, "MM\0*", 4) == 0 ||
           memcmp(magic, "II+\0", 4) == 0 || memcmp(magic, "MM\0+", 4) == 0;
}

const image_format image_tiff = {recognized, decode};
