/* SPDX-License-Identifier: Apache-2.0
 *
 * libhone_images: what each format decodes to, what is refused and how, damage, limits. The
 * pictures are in the folder IMAGE_CASES, written by image_cases.py.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hone/images.h"
#include "unit_test.h"

enum { FILE_BYTES = 4096, NAME_BYTES = 300 };

typedef struct picture {
    char name[NAME_BYTES];
    uint8_t data[FILE_BYTES];
    size_t size;
    hone_view want; /* red, green, blue */
} picture;

static FILE *open_case(const char *name) {
    char path[sizeof IMAGE_CASES + NAME_BYTES];
    snprintf(path, sizeof path, IMAGE_CASES "/%s", name);
    FILE *file = fopen(path, "rb");
    if (!file) fail_msg("%s: cannot be opened", path);
    return file;
}

static void read_file(picture *p) {
    FILE *file = open_case(p->name);
    p->size = fread(p->data, 1, sizeof p->data, file);
    fclose(file);
    assert_true(p->size < sizeof p->data);
}

/* The next picture of decoded.tsv. */
static bool next_picture(FILE *list, picture *p) {
    char path[sizeof IMAGE_CASES + NAME_BYTES + 8];
    hone_error err;
    if (!fgets(p->name, sizeof p->name, list)) return false;
    p->name[strcspn(p->name, "\n")] = '\0';
    read_file(p);
    snprintf(path, sizeof path, IMAGE_CASES "/%s.npy", p->name);
    if (hone_npy_load(&p->want, path, NULL, &err)) fail_msg("%s: %s", path, err.text);
    return true;
}

static void for_each_picture(void (*check)(picture *p)) {
    FILE *list = open_case("decoded.tsv");
    int count = 0;
    for (picture p; next_picture(list, &p); count++) {
        check(&p);
        hone_view_free(&p.want);
    }
    fclose(list);
    assert_true(count > 50);
}

/* In memory of exactly this size, so that tools see every access outside. */
static hone_status decode(hone_view *out, const uint8_t *data, size_t size, hone_image_color color,
                          hone_error *err) {
    hone_limits limits = HONE_INIT(hone_limits);
    limits.tensor_bytes = 1 << 20;
    uint8_t *exact = malloc(size ? size : 1);
    if (size) memcpy(exact, data, size);
    const hone_status status = hone_image_decode(out, exact, size, color, &limits, err);
    free(exact);
    return status;
}

static uint8_t expected(const picture *p, hone_image_color color, int64_t pixel, int64_t channel) {
    const uint8_t *rgb = (const uint8_t *)p->want.data + 3 * pixel;
    if (color == HONE_IMAGE_GRAY)
        return (uint8_t)((19595 * rgb[0] + 38470 * rgb[1] + 7471 * rgb[2] + 32768) >> 16);
    return rgb[color == HONE_IMAGE_BGR ? 2 - channel : channel];
}

static void check_colors(picture *p) {
    for (int color = HONE_IMAGE_RGB; color <= HONE_IMAGE_GRAY; color++) {
        const int64_t channels = color == HONE_IMAGE_GRAY ? 1 : 3;
        const int64_t pixels = p->want.dim[0] * p->want.dim[1];
        hone_view v;
        hone_error err;
        if (decode(&v, p->data, p->size, (hone_image_color)color, &err))
            fail_msg("%s: %s", p->name, err.text);
        assert_int_equal(v.dtype, HONE_U8);
        assert_int_equal(v.rank, 3);
        assert_int_equal(v.dim[0], p->want.dim[0]);
        assert_int_equal(v.dim[1], p->want.dim[1]);
        assert_int_equal(v.dim[2], channels);
        assert_int_equal(v.bytes, pixels * channels);
        for (int64_t i = 0; i < pixels * channels; i++) {
            const int got = ((const uint8_t *)v.data)[i];
            const int want = expected(p, (hone_image_color)color, i / channels, i % channels);
            if (got != want)
                fail_msg("%s, colour %d, byte %d: got %d, expected %d", p->name, color, (int)i, got,
                         want);
        }
        hone_view_free(&v);
    }
}

static void pictures_are_what_they_should_be(void **state) {
    (void)state;
    for_each_picture(check_colors);
}

static void check_recognized(picture *p) {
    assert_true(hone_image_recognized(p->data, p->size));
    assert_true(hone_image_recognized(p->data, HONE_IMAGE_MAGIC_BYTES));
    assert_false(hone_image_recognized(p->data, 1));
}

static void first_bytes_tell(void **state) {
    (void)state;
    for_each_picture(check_recognized);
    assert_false(hone_image_recognized(NULL, 0));
    assert_false(hone_image_recognized("", 0));
}

static void refusals_say_what_is_wrong(void **state) {
    (void)state;
    FILE *list = open_case("refused.tsv");
    char line[1000];
    int count = 0;
    for (; fgets(line, sizeof line, list); count++) {
        picture p;
        hone_error err;
        hone_view v = {.data = NULL};
        char *status = strchr(line, '\t'), *text = strrchr(line, '\t');
        assert_true(status && text > status);
        *status++ = *text++ = '\0';
        text[strcspn(text, "\n")] = '\0';
        snprintf(p.name, sizeof p.name, "%.*s", NAME_BYTES - 1, line);
        read_file(&p);
        const hone_status s = decode(&v, p.data, p.size, HONE_IMAGE_RGB, &err);
        if (strcmp(hone_status_name(s), status) != 0 || !strstr(err.text, text))
            fail_msg("%s: got %s: %s", line, hone_status_name(s), err.text);
        assert_int_equal(err.status, s);
        assert_null(v.data);
    }
    fclose(list);
    assert_true(count > 20);
}

/* What is left of a picture is none, unless only filling was cut off. */
static void check_truncations(picture *p) {
    for (size_t n = 0; n < p->size; n++) {
        hone_view v = {.data = NULL};
        hone_error err = {.text = ""};
        const hone_status s = decode(&v, p->data, n, HONE_IMAGE_RGB, &err);
        if (s && (v.data || err.status != s || !err.text[0]))
            fail_msg("%s cut at %d: %s without a reason", p->name, (int)n, hone_status_name(s));
        if (!s && (v.bytes != p->want.bytes || memcmp(v.data, p->want.data, v.bytes) != 0))
            fail_msg("%s cut at %d gives another picture", p->name, (int)n);
        hone_view_free(&v);
    }
}

static void cut_files_are_refused(void **state) {
    (void)state;
    for_each_picture(check_truncations);
}

static void check_changes(picture *p) {
    static const uint8_t flips[] = {0x01, 0x80, 0xFF};
    for (size_t i = 0; i < p->size; i++)
        for (size_t k = 0; k < sizeof flips; k++) {
            hone_view v = {.data = NULL};
            hone_error err;
            p->data[i] ^= flips[k];
            const hone_status s = decode(&v, p->data, p->size, HONE_IMAGE_GRAY, &err);
            p->data[i] ^= flips[k];
            if (s == HONE_E_INTERNAL || s == HONE_E_NOMEM)
                fail_msg("%s with byte %d changed: %s", p->name, (int)i, err.text);
            hone_view_free(&v);
        }
}

static void changed_bytes_are_survived(void **state) {
    (void)state;
    for_each_picture(check_changes);
}

static void check_limit(picture *p) {
    hone_limits limits = HONE_INIT(hone_limits);
    hone_view v = {.data = NULL};
    hone_error err;
    const size_t dot = strcspn(p->name, ".");
    const bool wide = strcmp(p->name + dot, ".jp2") == 0 || strcmp(p->name + dot, ".j2k") == 0;
    for (int color = HONE_IMAGE_RGB; color <= HONE_IMAGE_GRAY; color++) {
        limits.tensor_bytes = p->want.bytes - 1;
        const hone_status s =
            hone_image_decode(&v, p->data, p->size, (hone_image_color)color, &limits, &err);
        if (s != HONE_E_LIMIT) fail_msg("%s: %s, not a limit", p->name, hone_status_name(s));
        assert_non_null(strstr(err.text, "limit"));
        assert_null(v.data);
        limits.tensor_bytes = wide ? 16 * p->want.bytes / 3 : p->want.bytes;
        assert_int_equal(
            hone_image_decode(&v, p->data, p->size, (hone_image_color)color, &limits, &err),
            HONE_OK);
        hone_view_free(&v);
    }
}

static void limits_hold(void **state) {
    (void)state;
    for_each_picture(check_limit);
}

static void wrong_calls_are_refused(void **state) {
    (void)state;
    const hone_limits small = {.struct_size = 3};
    hone_view v;
    assert_int_equal(hone_image_decode(NULL, "P1", 2, HONE_IMAGE_RGB, NULL, NULL), HONE_E_ARG);
    assert_int_equal(hone_image_decode(&v, NULL, 2, HONE_IMAGE_RGB, NULL, NULL), HONE_E_ARG);
    assert_int_equal(hone_image_decode(&v, "P1", 2, (hone_image_color)3, NULL, NULL), HONE_E_ARG);
    assert_int_equal(hone_image_decode(&v, "P1 1 1 0", 8, HONE_IMAGE_RGB, &small, NULL),
                     HONE_E_ARG);
    assert_int_equal(hone_image_decode(&v, NULL, 0, HONE_IMAGE_RGB, NULL, NULL), HONE_E_FORMAT);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pictures_are_what_they_should_be), cmocka_unit_test(first_bytes_tell),
        cmocka_unit_test(refusals_say_what_is_wrong),       cmocka_unit_test(cut_files_are_refused),
        cmocka_unit_test(changed_bytes_are_survived),       cmocka_unit_test(limits_hold),
        cmocka_unit_test(wrong_calls_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
