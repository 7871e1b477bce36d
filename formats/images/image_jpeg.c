/* SPDX-License-Identifier: Apache-2.0
 *
 * JPEG files through libjpeg.
 */
#include <setjmp.h>
#include <stdio.h>

#include <jerror.h>
#include <jpeglib.h>

#include "image.h"

/* Every scan of a progressive file may cost as much as the whole picture; real files have about
 * ten. */
enum { MAX_SCANS = 100 };

/* libjpeg reports failures through a function that must not return. */
typedef struct jpeg_failure {
    struct jpeg_error_mgr manager; /* first: libjpeg knows only this part */
    struct jpeg_progress_mgr progress;
    jmp_buf back;
    hone_status status;
    char text[JMSG_LENGTH_MAX];
} jpeg_failure;

static hone_status status_of(int code) {
    switch (code) {
    case JERR_OUT_OF_MEMORY: return HONE_E_NOMEM;
    case JERR_ARITH_NOTIMPL:
    case JERR_BAD_PRECISION:
    case JERR_CCIR601_NOTIMPL:
    case JERR_COMPONENT_COUNT:
    case JERR_CONVERSION_NOTIMPL:
    case JERR_FRACT_SAMPLE_NOTIMPL:
    case JERR_IMAGE_TOO_BIG:
    case JERR_NOTIMPL:
    case JERR_SOF_UNSUPPORTED: return HONE_E_UNSUPPORTED;
    default: return HONE_E_FORMAT;
    }
}

static void on_error(j_common_ptr info) {
    jpeg_failure *failure = (jpeg_failure *)(void *)info->err;
    failure->status = status_of(info->err->msg_code);
    info->err->format_message(info, failure->text);
    longjmp(failure->back, 1);
}

/* Warnings are common and harmless, but a file that ends early is not the picture. */
static void on_message(j_common_ptr info, int level) {
    if (level < 0 && info->err->msg_code == JWRN_JPEG_EOF) on_error(info);
}

static void on_progress(j_common_ptr info) {
    jpeg_failure *failure = (jpeg_failure *)(void *)info->err;
    if (((j_decompress_ptr)info)->input_scan_number <= MAX_SCANS) return;
    failure->status = HONE_E_UNSUPPORTED;
    snprintf(failure->text, sizeof failure->text, "more than %d scans", (int)MAX_SCANS);
    longjmp(failure->back, 1);
}

static bool has_ink(const struct jpeg_decompress_struct *jpeg) {
    return jpeg->jpeg_color_space == JCS_CMYK || jpeg->jpeg_color_space == JCS_YCCK;
}

/* Adobe's programs write the four inks inverted: 255 is none. */
static void read_ink_row(struct jpeg_decompress_struct *jpeg, JSAMPROW row, uint8_t *rgb) {
    jpeg_read_scanlines(jpeg, &row, 1);
    const uint8_t invert = jpeg->saw_Adobe_marker ? 0 : 255;
    for (JDIMENSION x = 0; x < jpeg->output_width; x++, row += 4, rgb += 3)
        for (int c = 0; c < 3; c++)
            rgb[c] = image_scale((uint64_t)(row[c] ^ invert) * (row[3] ^ invert), 255 * 255);
}

static void read_rows(struct jpeg_decompress_struct *jpeg, const image *img) {
    JSAMPARRAY inks = NULL; /* freed with *jpeg */
    if (has_ink(jpeg))
        inks = jpeg->mem->alloc_sarray((j_common_ptr)jpeg, JPOOL_IMAGE, 4 * jpeg->output_width, 1);
    while (jpeg->output_scanline < jpeg->output_height) {
        JSAMPROW row = img->rgb + 3 * (size_t)img->width * jpeg->output_scanline;
        if (inks)
            read_ink_row(jpeg, inks[0], row);
        else
            jpeg_read_scanlines(jpeg, &row, 1);
    }
    jpeg_finish_decompress(jpeg);
}

static hone_status decode(image *img) {
    struct jpeg_decompress_struct jpeg;
    jpeg_failure failure;
    jpeg.err = jpeg_std_error(&failure.manager);
    failure.manager.error_exit = on_error;
    failure.manager.emit_message = on_message;
    failure.progress.progress_monitor = on_progress;
    if (setjmp(failure.back)) {
        jpeg_destroy_decompress(&jpeg);
        return image_fail(img, failure.status, "JPEG: %s", failure.text);
    }
    jpeg_create_decompress(&jpeg);
    jpeg.progress = &failure.progress;
    jpeg_mem_src(&jpeg, img->data, img->size);
    jpeg_read_header(&jpeg, TRUE);
    jpeg.out_color_space = has_ink(&jpeg) ? JCS_CMYK : JCS_RGB;
    const hone_status status = image_start(img, jpeg.image_width, jpeg.image_height);
    if (status == HONE_OK) {
        jpeg_start_decompress(&jpeg);
        read_rows(&jpeg, img);
    }
    jpeg_destroy_decompress(&jpeg);
    return status;
}

static bool recognized(const uint8_t *magic) {
    return magic[0] == 0xFF && magic[1] == 0xD8 && magic[2] == 0xFF;
}

const image_format image_jpeg = {recognized, decode};
