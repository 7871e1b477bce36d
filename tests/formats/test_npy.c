/* SPDX-License-Identifier: Apache-2.0
 *
 * .npy files: every form that is read, every malformed header, round trips, damage.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fixture.h"

typedef struct npy_file {
    unsigned char data[1024];
    size_t size;
} npy_file;

/* A file of version `major` with this header text and `bytes` bytes 0, 1, 2, ... of elements. */
static npy_file npy_make(int major, const char *header, size_t bytes) {
    npy_file f = {.size = 0};
    const size_t n = strlen(header), field = major == 1 ? 2 : 4;
    memcpy(f.data, "\x93NUMPY", 6);
    f.data[6] = (unsigned char)major;
    for (size_t i = 0; i < field; i++) f.data[8 + i] = (unsigned char)(n >> 8 * i);
    memcpy(f.data + 8 + field, header, n);
    f.size = 8 + field + n;
    for (size_t i = 0; i < bytes; i++) f.data[f.size++] = (unsigned char)i;
    return f;
}

static void reads_every_version_and_type(void **state) {
    (void)state;
    static const struct {
        int major;
        const char *header;
        size_t bytes;
        hone_dtype dtype;
        int32_t rank;
        int64_t dim[3];
    } rows[] = {
        {1,
         "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }\n",
         24,
         HONE_F32,
         2,
         {2, 3}},
        {2, "{'descr': '<f8', 'fortran_order': False, 'shape': (3,), }  \n", 24, HONE_F64, 1, {3}},
        {3, "{'descr': '<f2', 'fortran_order': False, 'shape': (), }\n", 2, HONE_F16, 0, {0}},
        {1,
         "{\"shape\":(1,2,3,),\"descr\":\"<i2\",\"fortran_order\":False}",
         12,
         HONE_I16,
         3,
         {1, 2, 3}},
        {1, "{'descr': '|b1', 'fortran_order': False, 'shape': (3,), }", 3, HONE_BOOL, 1, {3}},
        {1, "{'descr': '|u1', 'fortran_order': False, 'shape': (3,), }", 3, HONE_U8, 1, {3}},
        {1, "{'descr': '|i1', 'fortran_order': False, 'shape': (3,), }", 3, HONE_I8, 1, {3}},
        {1, "{'descr': '<u2', 'fortran_order': False, 'shape': (2,), }", 4, HONE_U16, 1, {2}},
        {1, "{'descr': '<i4', 'fortran_order': False, 'shape': (2,), }", 8, HONE_I32, 1, {2}},
        {1, "{'descr': '<u4', 'fortran_order': False, 'shape': (2,), }", 8, HONE_U32, 1, {2}},
        {1, "{'descr': '<i8', 'fortran_order': False, 'shape': (0, 7), }", 0, HONE_I64, 2, {0, 7}},
        {1, "{'descr': '<u8', 'fortran_order': True, 'shape': (1,), }", 8, HONE_U64, 1, {1}},
        {1, "{'descr': '<c8', 'fortran_order': False, 'shape': (1,), }", 8, HONE_C64, 1, {1}},
        {1, "{'descr': '<c16', 'fortran_order': False, 'shape': (1,), }", 16, HONE_C128, 1, {1}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const npy_file f = npy_make(rows[i].major, rows[i].header, rows[i].bytes);
        hone_view v;
        hone_error err;
        if (hone_npy_load_memory(&v, f.data, f.size, NULL, &err) != HONE_OK)
            fail_msg("%s: %s", rows[i].header, err.text);
        assert_int_equal(v.dtype, rows[i].dtype);
        assert_int_equal(v.rank, rows[i].rank);
        assert_int_equal(v.bytes, rows[i].bytes);
        for (int32_t d = 0; d < v.rank; d++) assert_int_equal(v.dim[d], rows[i].dim[d]);
        const char expect_bool[] = {0, 1, 1};
        if (v.dtype == HONE_BOOL)
            assert_memory_equal(v.data, expect_bool, 3);
        else if (v.bytes)
            assert_memory_equal(v.data, f.data + f.size - v.bytes, v.bytes);
        hone_view_free(&v);
        assert_null(v.data);
        hone_view_free(&v);
    }
}

static void column_major_becomes_row_major(void **state) {
    (void)state;
    const npy_file f =
        npy_make(1, "{'descr': '<u2', 'fortran_order': True, 'shape': (2, 3, 2), }", 24);
    hone_view v;
    assert_int_equal(hone_npy_load_memory(&v, f.data, f.size, NULL, NULL), HONE_OK);
    /* Element (i, j, k) lies at i + 2 j + 6 k; its bytes are 2 n and 2 n + 1. */
    const uint16_t *got = v.data;
    for (unsigned i = 0; i < 2; i++)
        for (unsigned j = 0; j < 3; j++)
            for (unsigned k = 0; k < 2; k++) {
                const unsigned n = i + 2 * j + 6 * k;
                assert_int_equal(*got++, 2 * n | (2 * n + 1) << 8);
            }
    hone_view_free(&v);
    const npy_file huge = npy_make(
        1, "{'descr': '<u2', 'fortran_order': True, 'shape': (4611686018427387904, 0), }", 0);
    assert_int_equal(hone_npy_load_memory(&v, huge.data, huge.size, NULL, NULL), HONE_OK);
    hone_view_free(&v);
}

static void refuses_malformed_headers(void **state) {
    (void)state;
#define REST ", 'fortran_order': False, 'shape': (2,), }"
    static const struct {
        const char *header;
        size_t bytes;
        hone_status status;
        const char *text;
    } rows[] = {
        {"", 0, HONE_E_FORMAT, "expected '{' (byte 10)"},
        {"[]", 0, HONE_E_FORMAT, "expected '{'"},
        {"{", 0, HONE_E_FORMAT, "expected a string"},
        {"{}", 0, HONE_E_FORMAT, "expected descr, fortran_order and shape"},
        {"{'descr': '<f4'}", 0, HONE_E_FORMAT, "expected descr, fortran_order and shape"},
        {"{'descr' '<f4'" REST, 8, HONE_E_FORMAT, "expected ':'"},
        {"{'descr': '<f4' 'shape': (2,)}", 8, HONE_E_FORMAT, "expected ',' or '}'"},
        {"{'descr': '<f4', 'descr': '<f4'" REST, 8, HONE_E_FORMAT, "one each of"},
        {"{'other': '<f4'" REST, 8, HONE_E_FORMAT, "one each of"},
        {"{'descr': '<f4" REST, 8, HONE_E_UNSUPPORTED, "element type '<f4, '"},
        {"{'descr", 0, HONE_E_FORMAT, "the end of a short string"},
        {"{'descr_is_too_long': 1}", 0, HONE_E_FORMAT, "the end of a short string"},
        {"{'descr': '\\x3cf4'" REST, 8, HONE_E_FORMAT, "a plain character"},
        {"{'descr': 4" REST, 8, HONE_E_FORMAT, "a string"},
        {"{'descr': '>f4'" REST, 8, HONE_E_UNSUPPORTED, "'>f4', big-endian"},
        {"{'descr': '|O'" REST, 8, HONE_E_UNSUPPORTED, "element type '|O'"},
        {"{'descr': '|V3'" REST, 8, HONE_E_UNSUPPORTED, "element type '|V3'"},
        {"{'descr': '<U3'" REST, 8, HONE_E_FORMAT, "the shape needs 24 bytes"},
        {"{'descr': '|V8'" REST, 16, HONE_E_UNSUPPORTED, "element type '|V8'"},
        {"{'descr': '<M8[ns]'" REST, 16, HONE_E_UNSUPPORTED, "element type '<M8[ns]'"},
        {"{'descr': [('a', '<f4')]" REST, 8, HONE_E_UNSUPPORTED, "elements are structures"},
        {"{'descr': '<f4'" REST "x", 8, HONE_E_FORMAT, "nothing after '}'"},
        {"{'descr': '<f4', 'fortran_order': 1, 'shape': (2,), }", 8, HONE_E_FORMAT,
         "True or False"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (2)}", 8, HONE_E_FORMAT,
         "expected ','"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (,)}", 4, HONE_E_FORMAT, "a dimension"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (-1,)}", 4, HONE_E_FORMAT,
         "a dimension"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (1 2)}", 8, HONE_E_FORMAT, "','"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (1,2", 8, HONE_E_FORMAT, "',' or ')'"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': 2}", 8, HONE_E_FORMAT, "'('"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (1,1,1,1,1,1,1,1,1)}", 4,
         HONE_E_UNSUPPORTED, "more than 8 dimensions"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (9223372036854775808,)}", 4,
         HONE_E_FORMAT, "a dimension below 2^63"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (9223372036854775807,)}", 4,
         HONE_E_FORMAT, "more than 2^63 bytes"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (4294967296, 4294967296)}", 0,
         HONE_E_FORMAT, "more than 2^63 bytes"},
        {"{'descr': '<f4'" REST, 7, HONE_E_FORMAT, "needs 8 bytes of elements: the file has 7"},
        {"{'descr': '<f4'" REST, 9, HONE_E_FORMAT, "needs 8 bytes of elements: the file has 9"},
    };
#undef REST
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const npy_file f = npy_make(1, rows[i].header, rows[i].bytes);
        hone_view v = {0};
        hone_error err;
        const hone_status s = hone_npy_load_memory(&v, f.data, f.size, NULL, &err);
        if (s != rows[i].status || !strstr(err.text, rows[i].text))
            fail_msg("%s: got %s: %s", rows[i].header, hone_status_name(s), err.text);
        assert_null(v.data);
    }
}

static void refuses_versions_and_lying_lengths(void **state) {
    (void)state;
    npy_file f = npy_make(1, "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }", 8);
    hone_view v;
    hone_error err;
    const unsigned char versions[][2] = {{0, 0}, {1, 1}, {4, 0}, {255, 255}};
    for (size_t i = 0; i < sizeof versions / sizeof *versions; i++) {
        npy_file g = f;
        memcpy(g.data + 6, versions[i], 2);
        assert_int_equal(hone_npy_load_memory(&v, g.data, g.size, NULL, &err), HONE_E_UNSUPPORTED);
    }
    f.data[8] = f.data[9] = 0xFF;
    assert_int_equal(hone_npy_load_memory(&v, f.data, f.size, NULL, &err), HONE_E_FORMAT);
    assert_non_null(strstr(err.text, "header of 65535 bytes"));
    npy_file g = npy_make(2, "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }", 8);
    memset(g.data + 8, 0xFF, 4);
    assert_int_equal(hone_npy_load_memory(&v, g.data, g.size, NULL, &err), HONE_E_FORMAT);
    assert_int_equal(hone_npy_load_memory(NULL, g.data, g.size, NULL, &err), HONE_E_ARG);
    assert_int_equal(hone_npy_load(&v, NULL, NULL, &err), HONE_E_ARG);
}

static void honours_limits(void **state) {
    (void)state;
    const npy_file f = npy_make(1, "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }", 8);
    hone_limits limits = HONE_INIT(hone_limits);
    hone_view v;
    hone_error err;
    limits.tensor_bytes = 7;
    assert_int_equal(hone_npy_load_memory(&v, f.data, f.size, &limits, &err), HONE_E_LIMIT);
    limits.tensor_bytes = 8;
    limits.memory_bytes = 4;
    assert_int_equal(hone_npy_load_memory(&v, f.data, f.size, &limits, &err), HONE_E_LIMIT);
}

static void every_truncation_is_an_error(void **state) {
    (void)state;
    const npy_file f =
        npy_make(2, "{'descr': '<f4', 'fortran_order': True, 'shape': (2, 2), }\n", 16);
    for (size_t n = 0; n < f.size; n++) {
        unsigned char *exact = malloc(n + 1); /* so that a tool sees any read past the end */
        hone_view v;
        memcpy(exact, f.data, n);
        assert_int_not_equal(hone_npy_load_memory(&v, exact, n, NULL, NULL), HONE_OK);
        free(exact);
    }
}

static void every_changed_byte_is_survived(void **state) {
    (void)state;
    const npy_file f =
        npy_make(1, "{'descr': '<f4', 'fortran_order': True, 'shape': (2, 2), }\n", 16);
    for (size_t i = 0; i < f.size; i++)
        for (unsigned b = 0; b < 256; b++) {
            npy_file g = f;
            hone_view v = {0};
            g.data[i] = (unsigned char)b;
            if (hone_npy_load_memory(&v, g.data, g.size, NULL, NULL) == HONE_OK)
                assert_int_equal(v.bytes, 16);
            hone_view_free(&v);
        }
}

static void saves_what_it_loads(void **state) {
    (void)state;
    static const struct {
        hone_dtype dtype, back;
        int32_t rank;
        int64_t dim[2];
        size_t bytes, back_bytes;
    } rows[] = {
        {HONE_F32, HONE_F32, 2, {2, 3}, 24, 24}, {HONE_F64, HONE_F64, 0, {0}, 8, 8},
        {HONE_I64, HONE_I64, 2, {0, 5}, 0, 0},   {HONE_BF16, HONE_U16, 1, {3}, 6, 6},
        {HONE_F8E5M2, HONE_U8, 1, {3}, 3, 3},    {HONE_C128, HONE_C128, 1, {1}, 16, 16},
        {HONE_I4, HONE_U8, 1, {5}, 3, 5},        {HONE_U2, HONE_U8, 2, {3, 2}, 2, 6},
    };
    fixture f;
    fixture_init(&f);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        unsigned char data[32];
        for (size_t k = 0; k < sizeof data; k++) data[k] = (unsigned char)(0x21 + 0x13 * k);
        hone_view v = {.data = data,
                       .bytes = rows[i].bytes,
                       .dtype = rows[i].dtype,
                       .rank = rows[i].rank,
                       .dim = {rows[i].dim[0], rows[i].dim[1]}};
        hone_view back;
        assert_int_equal(hone_npy_save(fixture_path(&f, "a.npy"), &v, &f.err), HONE_OK);
        assert_int_equal(hone_npy_load(&back, fixture_path(&f, "a.npy"), NULL, &f.err), HONE_OK);
        assert_int_equal(back.dtype, rows[i].back);
        assert_int_equal(back.rank, v.rank);
        assert_int_equal(back.bytes, rows[i].back_bytes);
        for (int32_t d = 0; d < v.rank; d++) assert_int_equal(back.dim[d], v.dim[d]);
        const unsigned char *got = back.data;
        const size_t bits = hone_dtype_bits(v.dtype);
        for (size_t k = 0; k < back.bytes; k++)
            assert_int_equal(got[k], bits < 8
                                         ? data[k * bits / 8] >> k * bits % 8 & ((1 << bits) - 1)
                                         : data[k]);
        hone_view_free(&back);
    }
    fixture_fini(&f);
}

static void makes_tensors_of_the_callers_own(void **state) {
    (void)state;
    const int64_t dim[] = {2, 3, 5}, negative[] = {2, -1}, huge[] = {INT64_MAX, 4};
    hone_limits limits = HONE_INIT(hone_limits);
    hone_view v = {0};
    hone_error err;
    limits.tensor_bytes = 60;
    assert_int_equal(hone_view_create(&v, HONE_I16, 3, dim, &limits, &err), HONE_OK);
    assert_int_equal(v.bytes, 60);
    assert_int_equal(v.rank, 3);
    assert_int_equal(v.dim[2], 5);
    memset(v.data, 1, v.bytes);
    hone_view_free(&v);
    assert_null(v.data);
    assert_int_equal(hone_view_create(&v, HONE_F64, 0, NULL, NULL, &err), HONE_OK);
    assert_int_equal(v.bytes, 8);
    hone_view_free(&v);
    assert_int_equal(hone_view_create(&v, HONE_I32, 3, dim, &limits, &err), HONE_E_LIMIT);
    assert_int_equal(hone_view_create(&v, HONE_U8, 2, huge, NULL, &err), HONE_E_LIMIT);
    assert_int_equal(hone_view_create(&v, HONE_U8, 2, negative, NULL, &err), HONE_E_ARG);
    assert_int_equal(hone_view_create(&v, HONE_STRING, 3, dim, NULL, &err), HONE_E_ARG);
    assert_int_equal(hone_view_create(&v, HONE_U8, 9, dim, NULL, &err), HONE_E_ARG);
    assert_int_equal(hone_view_create(NULL, HONE_U8, 3, dim, NULL, &err), HONE_E_ARG);
    assert_null(v.data);
}

static void refuses_to_save_nonsense(void **state) {
    (void)state;
    fixture f;
    float x[6] = {0};
    const hone_view good = {
        .data = x, .bytes = sizeof x, .dtype = HONE_F32, .rank = 2, .dim = {2, 3}};
    fixture_init(&f);
    for (int i = 0; i < 7; i++) {
        hone_view v = good;
        if (i == 0) v.rank = 9;
        if (i == 1) v.rank = -1;
        if (i == 2) v.bytes = 20;
        if (i == 3) v.dim[0] = -2;
        if (i == 4) v.dtype = HONE_UNDEFINED;
        if (i == 5) v.data = NULL;
        if (i == 6) v.dim[0] = INT64_MAX;
        assert_int_equal(hone_npy_save(fixture_path(&f, "a.npy"), &v, &f.err), HONE_E_ARG);
    }
    hone_view v = good;
    v.kind = HONE_SEQUENCE;
    assert_int_equal(hone_npy_save(fixture_path(&f, "a.npy"), &v, &f.err), HONE_E_UNSUPPORTED);
    assert_int_equal(hone_npy_save(NULL, &good, &f.err), HONE_E_ARG);
    assert_int_equal(fixture_entries(&f), 0);
    assert_int_equal(hone_npy_load(&v, fixture_path(&f, "none.npy"), NULL, &f.err), HONE_E_IO);
    fixture_write(&f, "bad.npy", "zip", 3);
    expect_error(&f, hone_npy_load(&v, fixture_path(&f, "bad.npy"), NULL, &f.err), HONE_E_FORMAT,
                 "bad.npy: not a .npy file");
    fixture_fini(&f);
}

static void strings_come_back(void **state) {
    (void)state;
    fixture f;
    fixture_init(&f);
    const char *text[4] = {"a", "", "gr\xC3\xB6\xC3\x9F", "\xF0\x9F\x8C\x8D and more"};
    const hone_view v = {
        .data = text, .bytes = sizeof text, .dtype = HONE_STRING, .rank = 2, .dim = {2, 2}};
    hone_view back;
    assert_int_equal(hone_npy_save(fixture_path(&f, "a.npy"), &v, &f.err), HONE_OK);
    assert_int_equal(hone_npy_load(&back, fixture_path(&f, "a.npy"), NULL, &f.err), HONE_OK);
    assert_int_equal(back.dtype, HONE_STRING);
    assert_int_equal(back.bytes, sizeof text);
    for (int i = 0; i < 4; i++) assert_string_equal(((char **)back.data)[i], text[i]);
    hone_view_free(&back);
    text[0] = "\xFF";
    assert_int_equal(hone_npy_save(fixture_path(&f, "b.npy"), &v, &f.err), HONE_E_INPUT);
    fixture_fini(&f);
}

/* A file of these elements, each of `width` characters. */
static hone_status load_strings(const char *header, const void *elements, size_t bytes,
                                hone_view *out, hone_error *err) {
    npy_file f = npy_make(1, header, bytes);
    memcpy(f.data + f.size - bytes, elements, bytes);
    const hone_status s = hone_npy_load_memory(out, f.data, f.size, NULL, err);
    return s;
}

static void strings_of_numpy_are_read(void **state) {
    (void)state;
    hone_view v;
    hone_error err;
    static const char bytes[] = "ab\0\0xyz\0cd\0\0efgh";
    assert_int_equal(load_strings("{'descr': '|S4', 'fortran_order': True, 'shape': (2, 2), }",
                                  bytes, 16, &v, &err),
                     HONE_OK);
    static const char *const want[] = {"ab", "cd", "xyz", "efgh"};
    for (int i = 0; i < 4; i++) assert_string_equal(((char **)v.data)[i], want[i]);
    hone_view_free(&v);
    assert_int_equal(
        load_strings("{'descr': '<U0', 'fortran_order': False, 'shape': (3,), }", "", 0, &v, &err),
        HONE_OK);
    assert_string_equal(((char **)v.data)[2], "");
    hone_view_free(&v);
    assert_int_equal(
        load_strings("{'descr': '<U0', 'fortran_order': True, 'shape': (1099511627776,), }", "", 0,
                     &v, &err),
        HONE_E_LIMIT);
    static const unsigned char surrogate[] = {0, 0xD8, 0, 0}, high[] = {0, 0, 0x11, 0};
    static const char *const one = "{'descr': '<U1', 'fortran_order': False, 'shape': (), }";
    assert_int_equal(load_strings(one, surrogate, 4, &v, &err), HONE_E_FORMAT);
    assert_int_equal(load_strings(one, high, 4, &v, &err), HONE_E_FORMAT);
    assert_int_equal(load_strings("{'descr': '|S2', 'fortran_order': False, 'shape': (1,), }",
                                  "\xC3(", 2, &v, &err),
                     HONE_E_FORMAT);
    assert_int_equal(
        load_strings("{'descr': '<U', 'fortran_order': False, 'shape': (1,), }", "", 0, &v, &err),
        HONE_E_UNSUPPORTED);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_every_version_and_type),
        cmocka_unit_test(column_major_becomes_row_major),
        cmocka_unit_test(refuses_malformed_headers),
        cmocka_unit_test(refuses_versions_and_lying_lengths),
        cmocka_unit_test(honours_limits),
        cmocka_unit_test(every_truncation_is_an_error),
        cmocka_unit_test(every_changed_byte_is_survived),
        cmocka_unit_test(saves_what_it_loads),
        cmocka_unit_test(makes_tensors_of_the_callers_own),
        cmocka_unit_test(refuses_to_save_nonsense),
        cmocka_unit_test(strings_come_back),
        cmocka_unit_test(strings_of_numpy_are_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
