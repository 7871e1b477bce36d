/* SPDX-License-Identifier: Apache-2.0
 *
 * A user of libhone_images: decodes a picture, and runs a model that decodes it.
 */
#include <hone/images.h>
#include <stdio.h>

static int fail(const char *what) {
    fprintf(stderr, "picture: %s\n", what);
    return 1;
}

int main(int argc, char **argv) {
    static unsigned char file[] = "P3 2 1 255 255 255 255 10 10 10";
    const hone_operator *const operators[] = {hone_image_decoder()};
    hone_open_options options = HONE_INIT(hone_open_options);
    hone_view in = {.data = file, .bytes = sizeof file - 1, .dtype = HONE_U8, .rank = 1};
    hone_view pixels, out;
    hone_error err;
    hone_model *model;
    hone_session *session;
    if (argc != 2) return fail("usage: picture MODEL");
    options.operators = operators;
    options.operator_count = 1;
    in.dim[0] = (int64_t)in.bytes;
    if (hone_image_decode(&pixels, file, in.bytes, HONE_IMAGE_GRAY, NULL, &err) ||
        hone_model_open(&model, argv[1], &options, &err) ||
        hone_session_create(&session, model, NULL, &err) ||
        hone_session_bind(session, 0, &in, &err) || hone_session_run(session, &err) ||
        hone_session_output(session, 0, &out, &err))
        return fail(err.text);
    const unsigned char *a = pixels.data, *b = out.data;
    const int right = pixels.bytes == 2 && out.bytes == 2 && a[0] == 255 && b[0] == 255 &&
                      a[1] == 10 && b[1] == 10;
    hone_session_destroy(session);
    hone_model_close(model);
    hone_view_free(&pixels);
    return right ? 0 : fail("the result is wrong");
}
