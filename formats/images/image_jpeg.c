/* SPDX-License-Identifier: Apache-2.0
 *
 * JPEG files through libjpeg. The orientation in EXIF data is not applied.
 */
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

#include <jerror.h>
#include <jpeglib.h>

#include "cli_error.h"
#include "image_tensor.h"

/* libjpeg reports failures through a function that must not return. */
typedef struct jpeg_failure {
    struct jpeg_error_mgr manager; /* first: libjpeg knows only this part */
    jmp_buf back;
    char text[JMSG_LENGTH_MAX];
} jpeg_failure;

static void on_error(j_common_ptr info) {
    jpeg_failure *failure = (jpeg_failure *)(void *)info->err;
    info->err->format_message(info, failure->text);
    longjmp(failure->back, 1);
}

/* Warnings are common and harmless, but a file that ends early is not the picture. */
static void on_message(j_common_ptr info, int level) {
    if (level < 0 && info->err->msg_code == JWRN_JPEG_EOF) on_error(info);
}

/* Reads the rows into img->rgb, which image_create made before. */
static void read_rows(struct jpeg_decompress_struct *jpeg, const image *img) {
    while (jpeg->output_scanline < jpeg->output_height) {
        JSAMPROW row = img->rgb + 3 * (size_t)img->width * jpeg->output_scanline;
        jpeg_read_scanlines(jpeg, &row, 1);
    }
    jpeg_finish_decompress(jpeg);
}

/* The image belongs to the caller, whatever happens. */
static hone_status decode(image *out, FILE *file, const input_target *target, const char *path) {
    struct jpeg_decompress_struct jpeg;
    jpeg_failure failure;
    jpeg.err = jpeg_std_error(&failure.manager);
    failure.manager.error_exit = on_error;
    failure.manager.emit_message = on_message;
    if (setjmp(failure.back)) {
        jpeg_destroy_decompress(&jpeg);
        return cli_fail_file(target->err, HONE_E_FORMAT, path, "not a valid JPEG file: %s",
                             failure.text);
    }
    jpeg_create_decompress(&jpeg);
    jpeg_stdio_src(&jpeg, file);
    jpeg_read_header(&jpeg, TRUE);
    jpeg.out_color_space = JCS_RGB;
    jpeg_start_decompress(&jpeg);
    const hone_status status = image_create(out, target, jpeg.output_width, jpeg.output_height);
    if (status == HONE_OK) read_rows(&jpeg, out);
    jpeg_destroy_decompress(&jpeg);
    return status;
}

hone_status jpeg_load(input_value *out, const input_target *target, const char *path) {
    image img = {0, 0, NULL};
    FILE *file = fopen(path, "rb");
    if (!file) return cli_fail_errno(target->err, path, "open");
    hone_status status = decode(&img, file, target, path);
    fclose(file);
    if (status == HONE_OK) status = image_to_value(out, target, &img);
    free(img.rgb);
    return status;
}
