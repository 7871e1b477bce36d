/* SPDX-License-Identifier: Apache-2.0 */
#include "image.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const image_format *const formats[] = {
    &image_jpeg, &image_png, &image_webp, &image_tiff, &image_jpeg2000, &image_bmp, &image_pnm,
};

hone_status image_fail(const image *img, hone_status status, const char *format, ...) {
    if (!img->err) return status;
    *img->err = (hone_error){.status = status, .offset = -1};
    va_list args;
    va_start(args, format);
    vsnprintf(img->err->text, sizeof img->err->text, format, args);
    va_end(args);
    return status;
}

hone_status image_fail_nomem(const image *img) {
    return image_fail(img, HONE_E_NOMEM, "no memory for a picture of %lldx%lld",
                      (long long)img->width, (long long)img->height);
}

hone_status image_start(image *img, int64_t width, int64_t height) {
    if (width < 1 || height < 1)
        return image_fail(img, HONE_E_FORMAT, "a picture of %lldx%lld: expected at least 1x1",
                          (long long)width, (long long)height);
    if ((uint64_t)height > img->target->limit / 3 / (uint64_t)width)
        return image_fail(img, HONE_E_LIMIT,
                          "a picture of %lldx%lld is over the limit of %llu bytes (tensor_bytes)",
                          (long long)width, (long long)height,
                          (unsigned long long)img->target->limit);
    const bool gray = img->color == HONE_IMAGE_GRAY;
    const int64_t dim[3] = {height, width, gray ? 1 : 3};
    hone_view view = {.data = NULL};
    TRY(img->target->make(img->target->user, dim, &view, img->err));
    img->width = width;
    img->height = height;
    img->result = view.data;
    img->rgb = view.data;
    if (!gray && view.data) return HONE_OK;
    img->rgb = img->scratch = malloc(3 * (size_t)width * (size_t)height);
    return img->rgb ? HONE_OK : image_fail_nomem(img);
}

static void swap_red_and_blue(uint8_t *rgb, size_t pixels) {
    for (size_t i = 0; i < pixels; i++, rgb += 3) {
        const uint8_t red = rgb[0];
        rgb[0] = rgb[2];
        rgb[2] = red;
    }
}

static void write_gray(uint8_t *gray, const uint8_t *rgb, size_t pixels) {
    for (size_t i = 0; i < pixels; i++, rgb += 3)
        gray[i] = (uint8_t)((19595u * rgb[0] + 38470u * rgb[1] + 7471u * rgb[2] + 32768u) >> 16);
}

static const image_format *format_of(const uint8_t *data, size_t size) {
    uint8_t magic[HONE_IMAGE_MAGIC_BYTES] = {0};
    if (size) memcpy(magic, data, size < sizeof magic ? size : sizeof magic);
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
        if (formats[i]->recognized(magic)) return formats[i];
    return NULL;
}

hone_status image_decode(image *img) {
    const image_format *format = format_of(img->data, img->size);
    if (!format)
        return image_fail(img, HONE_E_FORMAT,
                          "expected a BMP, JPEG, JPEG 2000, PNG, PNM, TIFF or WebP file");
    const hone_status status = format->decode(img);
    const size_t pixels = (size_t)img->width * (size_t)img->height;
    if (status == HONE_OK && img->result) {
        if (img->color == HONE_IMAGE_GRAY) write_gray(img->result, img->rgb, pixels);
        if (img->color == HONE_IMAGE_BGR) swap_red_and_blue(img->rgb, pixels);
    }
    free(img->scratch);
    return status;
}

bool hone_image_recognized(const void *data, size_t size) {
    return data && format_of(data, size) != NULL;
}

/* ---- Into a view ------------------------------------------------------------------------------
 */

typedef struct view_target {
    hone_view view;
    const hone_limits *limits;
} view_target;

static hone_status make_view(void *user, const int64_t dim[3], hone_view *out, hone_error *err) {
    view_target *to = user;
    TRY(hone_view_create(&to->view, HONE_U8, 3, dim, to->limits, err));
    *out = to->view;
    return HONE_OK;
}

/* A caller of an older version has a shorter struct. */
static uint64_t tensor_limit(const hone_limits *limits) {
    const size_t end = offsetof(hone_limits, tensor_bytes) + sizeof limits->tensor_bytes;
    if (!limits || limits->struct_size < end || !limits->tensor_bytes) return IMAGE_DEFAULT_LIMIT;
    return limits->tensor_bytes;
}

hone_status hone_image_decode(hone_view *out, const void *data, size_t size, hone_image_color color,
                              const hone_limits *limits, hone_error *err) {
    view_target to = {.limits = limits};
    const image_target target = {make_view, &to, tensor_limit(limits)};
    image img = {.data = data, .size = size, .color = color, .target = &target, .err = err};
    if (!out || (!data && size) || (unsigned)color > HONE_IMAGE_GRAY)
        return image_fail(&img, HONE_E_ARG, "hone_image_decode: a bad argument");
    const hone_status status = image_decode(&img);
    if (status == HONE_OK)
        *out = to.view;
    else
        hone_view_free(&to.view);
    return status;
}
