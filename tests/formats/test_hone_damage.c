/* SPDX-License-Identifier: Apache-2.0
 *
 * Damaged and hostile .hone files: noticed by checksums, and harmless when the checksums are right.
 */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "checked.h"
#include "fixture.h"
#include "hone_models.h"
#include "hone_repair.h"
#include "layout.h"

/* An allocator that knows how much is out, and the most that ever was. */
typedef struct meter {
    size_t live, peak;
} meter;

/* The size is kept in front, at a distance that every alignment divides. */
enum { HEAD = 4096 };

static void *meter_alloc(void *user, size_t size, size_t align) {
    meter *m = user;
    void *p = NULL;
    assert_true(align <= HEAD);
    if (posix_memalign(&p, HEAD, HEAD + size)) return NULL;
    memcpy(p, &size, sizeof size);
    m->live += size;
    if (m->live > m->peak) m->peak = m->live;
    return (char *)p + HEAD;
}

static void meter_free(void *user, void *ptr) {
    meter *m = user;
    size_t size;
    memcpy(&size, (char *)ptr - HEAD, sizeof size);
    m->live -= size;
    free((char *)ptr - HEAD);
}

static file_bytes bytes_of_model(int which) {
    hone_error err;
    hone_model *m;
    file_bytes b;
    if (test_model_build(which, NULL, &m, &err) != HONE_OK) fail_msg("%s", err.text);
    if (test_model_bytes(m, &b, &err) != HONE_OK) fail_msg("%s", err.text);
    hone_model_close(m);
    return b;
}

/* Opens the bytes; whatever happens, nothing may stay allocated and the memory must be bounded. */
static hone_status try_open(const file_bytes *b, uint32_t flags, hone_error *err,
                            file_bytes *again) {
    enum { MOST = 1 << 20 };
    meter used = {0};
    const hone_allocator metered = {meter_alloc, meter_free, &used};
    hone_open_options o = HONE_INIT(hone_open_options);
    hone_model *m = NULL;
    o.flags = flags | HONE_OPEN_NO_OPTIMIZE;
    o.allocator = &metered;
    const hone_status status = hone_model_open_memory(&m, b->data, b->size, &o, err);
    if (status == HONE_OK && again && test_model_bytes(m, again, err) != HONE_OK)
        fail_msg("opened, but cannot be saved: %s", err->text);
    hone_model_close(m);
    if (status != HONE_OK) assert_null(m);
    assert_int_equal(used.live, 0);
    assert_true(used.peak < MOST);
    return status;
}

static void expect_refused(const file_bytes *b, hone_status want, const char *piece) {
    hone_error err;
    const hone_status got = try_open(b, 0, &err, NULL);
    if (got != want || !strstr(err.text, piece))
        fail_msg("got %s \"%s\", expected %s with \"%s\"", hone_status_name(got), err.text,
                 hone_status_name(want), piece);
}

static section_record section_of(const file_bytes *b, section_type t, size_t *at) {
    file_header h;
    section_record s = {0};
    memcpy(&h, b->data, sizeof h);
    for (uint32_t i = 0; i < h.section_count; i++) {
        *at = sizeof h + i * sizeof s;
        memcpy(&s, b->data + *at, sizeof s);
        if (s.type == t) return s;
    }
    fail_msg("there is no section %d", (int)t);
    return s;
}

/* Does the byte belong to a section whose checksum is verified on demand only? */
static bool in_bulk(const file_bytes *b, size_t at) {
    file_header h;
    memcpy(&h, b->data, sizeof h);
    for (uint32_t i = 0; i < h.section_count; i++) {
        section_record s;
        memcpy(&s, b->data + sizeof h + i * sizeof s, sizeof s);
        if ((s.flags & SECTION_BULK) && at >= s.offset && at < s.offset + s.length) return true;
    }
    return false;
}

static void cut_and_extended_files_are_refused(void **state) {
    (void)state;
    hone_error err;
    for (int i = 0; i < TEST_MODELS; i++) {
        file_bytes b = bytes_of_model(i);
        for (size_t n = 0; n <= b.size + 64; n++) {
            if (n == b.size) continue;
            file_bytes cut = file_bytes_copy(&b, n);
            assert_int_equal(try_open(&cut, 0, &err, NULL), HONE_E_FORMAT);
            hone_repair(cut.data, cut.size);
            assert_int_equal(try_open(&cut, 0, &err, NULL), HONE_E_FORMAT);
            free(cut.data);
        }
        free(b.data);
    }
}

static void every_changed_byte_is_noticed(void **state) {
    (void)state;
    static const unsigned char flips[] = {0x01, 0x10, 0x80, 0xff};
    hone_error err;
    for (int i = 0; i < TEST_MODELS; i++) {
        file_bytes b = bytes_of_model(i);
        for (size_t at = 0; at < b.size; at++) {
            const bool bulk = in_bulk(&b, at);
            for (size_t k = 0; k < sizeof flips; k++) {
                b.data[at] ^= flips[k];
                assert_int_not_equal(try_open(&b, HONE_OPEN_VERIFY, &err, NULL), HONE_OK);
                if (!bulk) assert_int_not_equal(try_open(&b, 0, &err, NULL), HONE_OK);
                b.data[at] ^= flips[k];
            }
        }
        free(b.data);
    }
}

/* What is accepted must be a model: it can be saved, and then is stable. */
static void expect_harmless(const file_bytes *b) {
    hone_error err;
    file_bytes once = {0}, twice = {0};
    if (try_open(b, 0, &err, &once) != HONE_OK) return;
    if (try_open(&once, HONE_OPEN_VERIFY, &err, &twice) != HONE_OK)
        fail_msg("what was saved does not open: %s", err.text);
    assert_int_equal(once.size, twice.size);
    assert_memory_equal(once.data, twice.data, once.size);
    free(once.data);
    free(twice.data);
}

static void changes_behind_right_checksums_are_harmless(void **state) {
    (void)state;
    static const unsigned char values[] = {0, 1, 2, 3, 8, 0x7f, 0x80, 0xff};
    for (int i = 0; i < TEST_MODELS; i++) {
        const file_bytes b = bytes_of_model(i);
        for (size_t at = 0; at < b.size; at++) {
            if (in_bulk(&b, at)) continue;
            for (size_t k = 0; k < sizeof values; k++) {
                file_bytes bad = file_bytes_copy(&b, b.size);
                bad.data[at] = values[k];
                hone_repair(bad.data, bad.size);
                expect_harmless(&bad);
                free(bad.data);
            }
        }
        free(b.data);
    }
}

static void counts_and_offsets_cannot_lie(void **state) {
    (void)state;
    static const uint64_t values[] = {UINT64_MAX,
                                      (uint64_t)INT64_MAX,
                                      (uint64_t)INT64_MIN,
                                      UINT64_MAX - 63,
                                      UINT32_MAX,
                                      UINT32_MAX - 1,
                                      (uint64_t)1 << 32,
                                      (uint64_t)1 << 31,
                                      INT32_MAX,
                                      INT32_MAX - 1,
                                      0xffff,
                                      1000};
    for (int i = 0; i < TEST_MODELS; i++) {
        const file_bytes b = bytes_of_model(i);
        for (size_t at = 0; at + 8 <= b.size; at += 4) {
            for (size_t k = 0; k < sizeof values / sizeof *values; k++) {
                for (size_t width = 4; width <= 8; width += 4) {
                    file_bytes bad = file_bytes_copy(&b, b.size);
                    memcpy(bad.data + at, &values[k], width);
                    hone_repair(bad.data, bad.size);
                    expect_harmless(&bad);
                    free(bad.data);
                }
            }
        }
        free(b.data);
    }
}

static void versions_and_magic(void **state) {
    (void)state;
    hone_error err;
    file_bytes b = bytes_of_model(0);
    b.data[8] = FORMAT_MAJOR + 1;
    hone_repair(b.data, b.size);
    expect_refused(&b, HONE_E_UNSUPPORTED, "format version 2");
    b.data[8] = FORMAT_MAJOR;
    b.data[10] = FORMAT_MINOR + 1; /* what a later minor version adds can be skipped */
    hone_repair(b.data, b.size);
    assert_int_equal(try_open(&b, 0, &err, NULL), HONE_OK);
    memcpy(b.data + 5, "\n\x1a", 2); /* \r\n became \n */
    expect_refused(&b, HONE_E_FORMAT, "text mode");
    b.data[0] = 0x09;
    expect_refused(&b, HONE_E_FORMAT, "neither");
    free(b.data);
}

static void unknown_sections(void **state) {
    (void)state;
    hone_error err;
    file_bytes again, b = bytes_of_model(2);
    size_t at;
    section_record s = section_of(&b, SECTION_INFO, &at);
    s.type = 1000;
    s.param = 7;
    memcpy(b.data + at, &s, sizeof s);
    hone_repair(b.data, b.size);
    assert_int_equal(try_open(&b, HONE_OPEN_VERIFY, &err, &again), HONE_OK);
    free(again.data);
    b.data[s.offset] ^= 1;
    expect_refused(&b, HONE_E_FORMAT, "checksum");
    s.flags = SECTION_BULK;
    memcpy(b.data + at, &s, sizeof s);
    hone_repair(b.data, b.size);
    b.data[s.offset] ^= 1;
    assert_int_equal(try_open(&b, 0, &err, NULL), HONE_OK);
    s.flags = SECTION_REQUIRED;
    memcpy(b.data + at, &s, sizeof s);
    hone_repair(b.data, b.size);
    expect_refused(&b, HONE_E_UNSUPPORTED, "section type 1000");
    s.type = SECTION_STRINGS;
    s.param = 0;
    memcpy(b.data + at, &s, sizeof s);
    hone_repair(b.data, b.size);
    expect_refused(&b, HONE_E_FORMAT, "second section");
    s = section_of(&b, SECTION_STRINGS, &at);
    s.type = 1000;
    s.flags = 0;
    memcpy(b.data + at, &s, sizeof s);
    hone_repair(b.data, b.size);
    free(b.data);
}

/* Overwrites one number of a section and tells what opening says. */
static void expect_patched(int which, section_type t, size_t offset, uint32_t v, hone_status want,
                           const char *piece) {
    file_bytes b = bytes_of_model(which);
    size_t at;
    const section_record s = section_of(&b, t, &at);
    assert_true(in_range(offset, sizeof v, s.length));
    memcpy(b.data + s.offset + offset, &v, sizeof v);
    hone_repair(b.data, b.size);
    expect_refused(&b, want, piece);
    free(b.data);
}

#define TENSOR(field) offsetof(tensor_record, field)
/* In GRAPHS of model 0: one input, one node, one output. */
#define GRAPH(field) (sizeof(uint32_t) + offsetof(graph_record, field))
#define NODE(field)                                                                                \
    (sizeof(uint32_t) + sizeof(graph_record) + 2 * sizeof(value_record) +                          \
     offsetof(node_record, field))
#define NODE_IN  NODE(attributes) + sizeof(uint32_t)
#define NODE_OUT NODE_IN + sizeof(uint32_t)

static void records_are_checked(void **state) {
    (void)state;
    const struct {
        int which;
        section_type section;
        size_t offset;
        uint32_t value;
        hone_status want;
        const char *piece;
    } cases[] = {
        {0, SECTION_STRINGS, 0, 1u << 30, HONE_E_FORMAT, "cannot fit"},
        {0, SECTION_STRINGS, 4, 1, HONE_E_FORMAT, "strings end"},
        {0, SECTION_STRINGS, 8, 0, HONE_E_FORMAT, "string 0 ends"},
        {0, SECTION_TYPES, 0, 4, HONE_E_FORMAT, "kind 4"},
        {0, SECTION_TYPES, 0, 3, HONE_E_FORMAT, "made of type"},
        {0, SECTION_TYPES, 4, 29, HONE_E_FORMAT, "element type 29"},
        {0, SECTION_TYPES, 8, 9, HONE_E_FORMAT, "rank 9"},
        {0, SECTION_TYPES, 12, 0, HONE_E_FORMAT, "made of type 0"},
        {0, SECTION_TYPES, 20, 0x80000000, HONE_E_FORMAT, "dimension"},
        {0, SECTION_OPERATORS, 4, 0, HONE_E_UNSUPPORTED, "has none"},
        {0, SECTION_OPERATORS, 8, 1000, HONE_E_UNSUPPORTED, "has an older one"},
        {3, SECTION_TENSORS, TENSOR(encoding), 1, HONE_E_UNSUPPORTED, "sparse"},
        {3, SECTION_TENSORS, TENSOR(scale), 0, HONE_E_UNSUPPORTED, "quantized"},
        {3, SECTION_TENSORS, TENSOR(layout), 5, HONE_E_UNSUPPORTED, "layout 5"},
        {3, SECTION_TENSORS, TENSOR(section), 0, HONE_E_FORMAT, "section of type 1"},
        {3, SECTION_TENSORS, TENSOR(section), 99, HONE_E_FORMAT, "section 99"},
        {3, SECTION_TENSORS, TENSOR(offset), 4, HONE_E_FORMAT, "not aligned"},
        {3, SECTION_TENSORS, TENSOR(offset) + 4, 1, HONE_E_FORMAT, "beyond its section"},
        {3, SECTION_TENSORS, TENSOR(length), 59, HONE_E_FORMAT, "cannot take 59 bytes"},
        {3, SECTION_TENSORS, TENSOR(dtype), HONE_STRING, HONE_E_FORMAT, "section of type 7"},
        {3, SECTION_TENSORS, TENSOR(dim), 4, HONE_E_FORMAT, "cannot take"},
        {4, SECTION_TENSORS, TENSOR(groups), 2, HONE_E_FORMAT, "layout"},
        {4, SECTION_TENSORS, TENSOR(groups), 0, HONE_E_FORMAT, "groups"},
        {9, SECTION_TENSORS, TENSOR(dtype), HONE_F32, HONE_E_FORMAT, "section of type 9"},
        {9, SECTION_TENSORS, TENSOR(length), 15, HONE_E_FORMAT, "cannot take 15 bytes"},
        {9, SECTION_TENSORS, TENSOR(layout), 1, HONE_E_FORMAT, "groups"},
        {9, SECTION_TEXT, 12, 1000, HONE_E_FORMAT, "string 1000: there are"},
        {0, SECTION_GRAPHS, 0, 0, HONE_E_FORMAT, "no graph"},
        {0, SECTION_GRAPHS, GRAPH(inputs), 2, HONE_E_FORMAT, "expected 2 of 2"},
        {0, SECTION_GRAPHS, GRAPH(constants), 1, HONE_E_FORMAT, "tensor alone"},
        {0, SECTION_GRAPHS, GRAPH(values), 1, HONE_E_FORMAT, ""},
        {0, SECTION_GRAPHS, GRAPH(nodes), 0, HONE_E_FORMAT, "never written"},
        {0, SECTION_GRAPHS, GRAPH(outputs), 2, HONE_E_FORMAT, "cannot fit"},
        {0, SECTION_GRAPHS, GRAPH(outputs), 0, HONE_E_FORMAT, "after the last graph"},
        {0, SECTION_GRAPHS, NODE(op), 1, HONE_E_FORMAT, "operator 1"},
        {0, SECTION_GRAPHS, NODE(captured), 2, HONE_E_FORMAT, "captures 2"},
        {0, SECTION_GRAPHS, NODE(captured), 1, HONE_E_FORMAT, "no body"},
        {0, SECTION_GRAPHS, NODE_IN, 1, HONE_E_FORMAT, "read before"},
        {0, SECTION_GRAPHS, NODE_IN, NONE_INDEX, HONE_E_FORMAT, "missing"},
        {0, SECTION_GRAPHS, NODE_OUT, 0, HONE_E_FORMAT, "expected 1"},
        {0, SECTION_INFO, offsetof(info_record, metadata), 1, HONE_E_FORMAT, "cannot fit"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        expect_patched(cases[i].which, cases[i].section, cases[i].offset, cases[i].value,
                       cases[i].want, cases[i].piece);
}

/* A body's number follows its attribute record. */
static void a_body_has_one_owner(void **state) {
    (void)state;
    file_bytes b = bytes_of_model(5);
    size_t at, found = 0;
    const section_record s = section_of(&b, SECTION_GRAPHS, &at);
    const attribute_record *none = NULL;
    for (size_t i = 0; i + sizeof *none + 4 <= s.length; i += 4) {
        uint32_t kind, body;
        memcpy(&kind, b.data + s.offset + i + offsetof(attribute_record, kind), sizeof kind);
        memcpy(&body, b.data + s.offset + i + sizeof *none, sizeof body);
        if (kind != ATTRIBUTE_GRAPH || body != found) continue;
        found++;
        if (body != 1) continue;
        for (uint32_t to = 0; to < 6; to++) {
            if (to == 1) continue;
            memcpy(b.data + s.offset + i + sizeof *none, &to, sizeof to);
            hone_repair(b.data, b.size);
            expect_refused(&b, HONE_E_FORMAT, "not free to be a body");
        }
        memcpy(b.data + s.offset + i + sizeof *none, &body, sizeof body);
    }
    assert_int_equal(found, 4);
    free(b.data);
}

static void booleans_are_zero_or_one(void **state) {
    (void)state;
    file_bytes b = bytes_of_model(3);
    size_t at;
    const section_record table = section_of(&b, SECTION_TENSORS, &at);
    const section_record data = section_of(&b, SECTION_DATA, &at);
    for (size_t i = 0; i < table.length; i += sizeof(tensor_record)) {
        tensor_record t;
        memcpy(&t, b.data + table.offset + i, sizeof t);
        if (t.dtype == HONE_BOOL) b.data[data.offset + t.offset + t.length - 1] = 2;
    }
    expect_refused(&b, HONE_E_FORMAT, "neither 0 nor 1");
    free(b.data);
}

static void limits_are_kept(void **state) {
    (void)state;
    hone_error err;
    hone_model *m;
    const file_bytes constants = bytes_of_model(3), bodies = bytes_of_model(5);
    hone_limits l = HONE_INIT(hone_limits);
    hone_open_options o = HONE_INIT(hone_open_options);
    o.limits = &l;
    l.tensors = 3;
    assert_int_equal(hone_model_open_memory(&m, constants.data, constants.size, &o, &err),
                     HONE_E_LIMIT);
    l.tensors = 0;
    l.tensor_bytes = 59;
    assert_int_equal(hone_model_open_memory(&m, constants.data, constants.size, &o, &err),
                     HONE_E_LIMIT);
    l.tensor_bytes = 0;
    l.memory_bytes = 10000;
    assert_int_equal(hone_model_open_memory(&m, constants.data, constants.size, &o, &err),
                     HONE_E_LIMIT);
    l.memory_bytes = 0;
    l.nodes = 4;
    assert_int_equal(hone_model_open_memory(&m, bodies.data, bodies.size, &o, &err), HONE_E_LIMIT);
    l.nodes = 0;
    l.depth = 1;
    assert_int_equal(hone_model_open_memory(&m, bodies.data, bodies.size, &o, &err), HONE_E_LIMIT);
    assert_null(m);
    free(constants.data);
    free(bodies.data);
}

/* What a small file could otherwise multiply. */
static void repeated_names_and_many_symbols_are_bounded(void **state) {
    (void)state;
    enum { INPUTS = 9000, NAME = 10000 };
    hone_error err;
    char *name = malloc(NAME + 1), symbol[16];
    memset(name, 'n', NAME);
    name[NAME] = '\0';
    for (int names = 0; names < 2; names++) {
        hone_model *m, *opened;
        file_bytes b;
        assert_int_equal(test_model_build(0, NULL, &m, &err), HONE_OK);
        for (int i = 0; i < INPUTS; i++) {
            shape s = shape_vector(1);
            snprintf(symbol, sizeof symbol, "%d", i);
            if (!names) s.dim[0] = symbol_code(m->graph, symbol);
            const type t = type_tensor(HONE_F32, &s);
            assert_non_null(graph_add_input(m->graph, names ? name : "", &t));
        }
        assert_int_equal(test_model_bytes(m, &b, &err), HONE_OK);
        hone_model_close(m);
        assert_int_equal(hone_model_open_memory(&opened, b.data, b.size, NULL, &err), HONE_E_LIMIT);
        assert_non_null(strstr(err.text, names ? "repeated" : "names of dimensions"));
        free(b.data);
    }
    free(name);
}

int main(void) {
    mallopt(M_TRIM_THRESHOLD, 1 << 30); /* a million small models: keep the heap */
    mallopt(M_MMAP_THRESHOLD, 1 << 30);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cut_and_extended_files_are_refused),
        cmocka_unit_test(every_changed_byte_is_noticed),
        cmocka_unit_test(changes_behind_right_checksums_are_harmless),
        cmocka_unit_test(counts_and_offsets_cannot_lie),
        cmocka_unit_test(versions_and_magic),
        cmocka_unit_test(unknown_sections),
        cmocka_unit_test(records_are_checked),
        cmocka_unit_test(a_body_has_one_owner),
        cmocka_unit_test(booleans_are_zero_or_one),
        cmocka_unit_test(limits_are_kept),
        cmocka_unit_test(repeated_names_and_many_symbols_are_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
