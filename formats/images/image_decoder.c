/* SPDX-License-Identifier: Apache-2.0
 *
 * ONNX's operator ImageDecoder: the bytes of a file, uint8 [n], become uint8 [height, width, C].
 */
#include <string.h>

#include "image.h"

static const struct {
    const char *name;
    hone_image_color color;
} pixel_formats[] = {
    {"RGB", HONE_IMAGE_RGB}, {"BGR", HONE_IMAGE_BGR}, {"Grayscale", HONE_IMAGE_GRAY}};

/* False for a pixel_format that ONNX does not name. */
static bool read_color(const hone_operator_call *call, hone_image_color *out) {
    hone_attribute format = {.s = "RGB"};
    hone_call_attribute(call, "pixel_format", &format);
    for (size_t i = 0; format.s && i < sizeof pixel_formats / sizeof *pixel_formats; i++) {
        if (strcmp(format.s, pixel_formats[i].name) != 0) continue;
        *out = pixel_formats[i].color;
        return true;
    }
    return false;
}

static int64_t channels_of(hone_image_color color) { return color == HONE_IMAGE_GRAY ? 1 : 3; }

static hone_status infer(void *user, hone_operator_call *call) {
    hone_view stream;
    hone_image_color color;
    (void)user;
    if (!read_color(call, &color))
        return hone_call_fail(call, HONE_E_FORMAT, "pixel_format: expected RGB, BGR or Grayscale");
    if (!hone_call_input(call, 0, &stream) || stream.kind != HONE_TENSOR ||
        (stream.dtype != HONE_U8 && stream.dtype != HONE_UNDEFINED))
        return hone_call_fail(call, HONE_E_FORMAT, "encoded_stream: expected type uint8");
    if (stream.rank >= 0 && stream.rank != 1)
        return hone_call_fail(call, HONE_E_FORMAT, "encoded_stream: expected one dimension");
    const int64_t dim[3] = {-1, -1, channels_of(color)};
    return hone_call_set_output(call, 0, HONE_U8, 3, dim);
}

static hone_status make_output(void *user, const int64_t dim[3], hone_view *out, hone_error *err) {
    (void)err; /* a failure is in the call already */
    return hone_call_make_output(user, 0, 3, dim, out);
}

static hone_status run(void *user, hone_operator_call *call) {
    /* A lower limit of the session's comes with the memory. */
    const image_target target = {make_output, call, IMAGE_DEFAULT_LIMIT};
    hone_error err = {.text = ""};
    hone_image_color color = HONE_IMAGE_RGB;
    hone_view stream = {.data = NULL};
    (void)user;
    hone_call_input(call, 0, &stream);
    read_color(call, &color);
    image img = {
        .data = stream.data, .size = stream.bytes, .color = color, .target = &target, .err = &err};
    const hone_status status = image_decode(&img);
    if (status != HONE_E_FORMAT && status != HONE_E_UNSUPPORTED)
        return status ? hone_call_fail(call, status, err.text) : HONE_OK;
    const int64_t empty[3] = {0, 0, channels_of(color)};
    return hone_call_make_output(call, 0, 3, empty, NULL);
}

const hone_operator *hone_image_decoder(void) {
    static const hone_operator decoder = {.struct_size = sizeof decoder,
                                          .domain = "",
                                          .name = "ImageDecoder",
                                          .since = 20,
                                          .min_inputs = 1,
                                          .max_inputs = 1,
                                          .flags = HONE_OPERATOR_DYNAMIC,
                                          .infer = infer,
                                          .run = run};
    return &decoder;
}
