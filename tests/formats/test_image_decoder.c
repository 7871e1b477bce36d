/* SPDX-License-Identifier: Apache-2.0
 *
 * The operator ImageDecoder as hone_image_decoder() registers it: colours, streams that are no
 * picture, limits, files. Models and pictures are in the folder IMAGE_CASES, written by
 * image_cases.py.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "hone/images.h"
#include "unit_test.h"

enum { FILE_BYTES = 4096 };

#define EXPECT_OK(call, err)                                                                       \
    do {                                                                                           \
        if ((call) != HONE_OK) fail_msg("%s", (err)->text);                                        \
    } while (0)

static hone_status open_model(hone_model **m, const char *path, const hone_limits *limits,
                              hone_error *err) {
    const hone_operator *const operators[] = {hone_image_decoder()};
    hone_open_options options = HONE_INIT(hone_open_options);
    options.operators = operators;
    options.operator_count = 1;
    options.limits = limits;
    return hone_model_open(m, path, &options, err);
}

static size_t read_case(const char *path, uint8_t data[FILE_BYTES]) {
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    const size_t size = fread(data, 1, FILE_BYTES, file);
    fclose(file);
    assert_true(size < FILE_BYTES);
    return size;
}

/* Runs a session over the first `size` bytes. */
static hone_status run_bytes(hone_session *s, uint8_t *data, size_t size, hone_view *out,
                             hone_error *err) {
    const hone_view in = {
        .data = data, .bytes = size, .dtype = HONE_U8, .rank = 1, .dim = {(int64_t)size}};
    EXPECT_OK(hone_session_bind(s, 0, &in, err), err);
    const hone_status status = hone_session_run(s, err);
    if (status == HONE_OK) EXPECT_OK(hone_session_output(s, 0, out, err), err);
    return status;
}

static void expect_shape(const hone_view *v, int64_t height, int64_t width, int64_t channels) {
    assert_int_equal(v->rank, 3);
    assert_int_equal(v->dim[0], height);
    assert_int_equal(v->dim[1], width);
    assert_int_equal(v->dim[2], channels);
}

static void colors_follow_the_attribute(void **state) {
    (void)state;
    static const struct {
        const char *model;
        hone_image_color color;
    } rows[] = {{IMAGE_CASES "/rgb.onnx", HONE_IMAGE_RGB},
                {IMAGE_CASES "/default.onnx", HONE_IMAGE_RGB},
                {IMAGE_CASES "/bgr.onnx", HONE_IMAGE_BGR},
                {IMAGE_CASES "/gray.onnx", HONE_IMAGE_GRAY}};
    uint8_t data[FILE_BYTES];
    const size_t size = read_case(IMAGE_CASES "/baseline.jpg", data);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        hone_error err;
        hone_model *m;
        hone_session *s;
        hone_view want, got;
        EXPECT_OK(open_model(&m, rows[i].model, NULL, &err), &err);
        EXPECT_OK(hone_session_create(&s, m, NULL, &err), &err);
        EXPECT_OK(hone_image_decode(&want, data, size, rows[i].color, NULL, &err), &err);
        EXPECT_OK(run_bytes(s, data, size, &got, &err), &err);
        expect_shape(&got, want.dim[0], want.dim[1], want.dim[2]);
        assert_memory_equal(got.data, want.data, want.bytes);
        hone_view_free(&want);
        hone_session_destroy(s);
        hone_model_close(m);
    }
}

/* Cut anywhere: before the header, and behind it, when memory for the pixels is taken already. */
static void what_is_no_picture_is_empty(void **state) {
    (void)state;
    uint8_t data[FILE_BYTES], text[] = "no picture";
    const size_t size = read_case(IMAGE_CASES "/color.png", data);
    hone_error err;
    hone_model *m;
    hone_session *s;
    hone_view got;
    EXPECT_OK(open_model(&m, IMAGE_CASES "/gray.onnx", NULL, &err), &err);
    EXPECT_OK(hone_session_create(&s, m, NULL, &err), &err);
    for (size_t n = 0; n < size / 2; n++) {
        EXPECT_OK(run_bytes(s, data, n, &got, &err), &err);
        expect_shape(&got, 0, 0, 1);
        assert_int_equal(got.bytes, 0);
    }
    EXPECT_OK(run_bytes(s, data, size, &got, &err), &err);
    expect_shape(&got, 5, 7, 1);
    EXPECT_OK(run_bytes(s, text, sizeof text, &got, &err), &err);
    expect_shape(&got, 0, 0, 1);
    hone_session_destroy(s);
    hone_model_close(m);
}

static void too_large_is_an_error(void **state) {
    (void)state;
    uint8_t data[FILE_BYTES];
    const size_t size = read_case(IMAGE_CASES "/24_40.bmp", data);
    hone_limits limits = HONE_INIT(hone_limits);
    hone_error err;
    hone_model *m;
    hone_session *s;
    hone_view got;
    limits.tensor_bytes = 7 * 5 * 3 + 100; /* enough for the file */
    EXPECT_OK(open_model(&m, IMAGE_CASES "/rgb.onnx", &limits, &err), &err);
    EXPECT_OK(hone_session_create(&s, m, NULL, &err), &err);
    EXPECT_OK(run_bytes(s, data, size, &got, &err), &err);
    uint8_t wide[] =
        "P4 80 9 ...........................................................................";
    assert_int_equal(run_bytes(s, wide, sizeof wide, &got, &err), HONE_OK);
    expect_shape(&got, 0, 0, 3);
    memcpy(wide, "P4 80 7", 7);
    assert_int_equal(run_bytes(s, wide, sizeof wide, &got, &err), HONE_E_LIMIT);
    assert_string_equal(err.node, "decoder");
    EXPECT_OK(run_bytes(s, data, size, &got, &err), &err);
    hone_session_destroy(s);
    hone_model_close(m);
}

static void models_are_checked(void **state) {
    (void)state;
    hone_error err;
    hone_model *m;
    assert_int_equal(open_model(&m, IMAGE_CASES "/other.onnx", NULL, &err), HONE_E_FORMAT);
    assert_non_null(strstr(err.text, "pixel_format: expected RGB, BGR or Grayscale"));
    assert_int_equal(hone_model_open(&m, IMAGE_CASES "/rgb.onnx", NULL, &err), HONE_E_UNSUPPORTED);
}

static void a_model_may_hold_the_stream(void **state) {
    (void)state;
    static const char path[] = IMAGE_CASES "/held.hone";
    uint8_t one[] = {1};
    hone_error err;
    hone_model *m;
    hone_session *s;
    hone_view got;
    EXPECT_OK(open_model(&m, IMAGE_CASES "/held.onnx", NULL, &err), &err);
    EXPECT_OK(hone_model_save(m, path, &err), &err);
    hone_model_close(m);
    EXPECT_OK(open_model(&m, path, NULL, &err), &err);
    EXPECT_OK(hone_session_create(&s, m, NULL, &err), &err);
    for (int i = 0; i < 2; i++) {
        EXPECT_OK(run_bytes(s, one, 1, &got, &err), &err);
        expect_shape(&got, 5, 7, 3);
        assert_int_equal(((const uint8_t *)got.data)[3], 42);
    }
    hone_session_destroy(s);
    hone_model_close(m);
    unlink(path);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(colors_follow_the_attribute),
        cmocka_unit_test(what_is_no_picture_is_empty),
        cmocka_unit_test(too_large_is_an_error),
        cmocka_unit_test(models_are_checked),
        cmocka_unit_test(a_model_may_hold_the_stream),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
