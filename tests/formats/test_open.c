/* SPDX-License-Identifier: Apache-2.0
 *
 * Opening ONNX models through the public API: options, limits, memory, and failures on the way.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fixture.h"
#include "message.h"

/* ---- Models ---------------------------------------------------------------------------------- */

/* input: name: float32[rows, 2], where rows may be a symbol */
static void add_port(message *m, unsigned field, const char *name) {
    message_open(m, field);
    message_text(m, 1, name);
    message_open(m, 2);
    message_open(m, 1);
    message_number(m, 1, HONE_F32);
    message_open(m, 2);
    message_open(m, 1);
    message_text(m, 2, "rows");
    message_close(m);
    message_open(m, 1);
    message_number(m, 1, 2);
    message_close(m);
    message_close(m);
    message_close(m);
    message_close(m);
    message_close(m);
}

static void add_node(message *m, const char *op, const char *a, const char *b, const char *out) {
    message_open(m, 1);
    message_text(m, 1, a);
    if (b) message_text(m, 1, b);
    message_text(m, 2, out);
    message_text(m, 3, out);
    message_text(m, 4, op);
    message_close(m);
}

/* y = Relu(x + w), with w = [1, 2] in the file or in data.bin. */
static message *model_make(bool external) {
    const float w[2] = {1, 2};
    message *m = message_start();
    message_number(m, 1, 8);
    message_text(m, 2, "maker");
    message_text(m, 3, "1.5");
    message_open(m, 8);
    message_number(m, 2, 17);
    message_close(m);
    message_open(m, 7);
    add_port(m, 11, "x");
    message_open(m, 5);
    message_number(m, 1, 2);
    message_number(m, 2, HONE_F32);
    message_text(m, 8, "w");
    if (external) {
        message_open(m, 13);
        message_text(m, 1, "location");
        message_text(m, 2, "data.bin");
        message_close(m);
        message_number(m, 14, 1);
    } else {
        message_bytes(m, 9, w, sizeof w);
    }
    message_close(m);
    add_node(m, "Add", "x", "w", "s");
    add_node(m, "Relu", "s", NULL, "y");
    add_port(m, 12, "y");
    message_close(m);
    message_open(m, 14);
    message_text(m, 1, "author");
    message_text(m, 2, "somebody");
    message_close(m);
    return m;
}

static void expect_result(const hone_model *model) {
    hone_session *s;
    hone_view in, out;
    hone_error err;
    const int64_t dim[2] = {1, 2};
    assert_int_equal(hone_session_create(&s, model, NULL, &err), HONE_OK);
    assert_int_equal(hone_session_set_shape(s, 0, 2, dim, &err), HONE_OK);
    assert_int_equal(hone_session_input(s, 0, &in, &err), HONE_OK);
    const float x[2] = {-5, 5};
    memcpy(in.data, x, sizeof x);
    assert_int_equal(hone_session_run(s, &err), HONE_OK);
    assert_int_equal(hone_session_output(s, 0, &out, &err), HONE_OK);
    const float want[2] = {0, 7};
    assert_int_equal(out.bytes, sizeof want);
    assert_memory_equal(out.data, want, sizeof want);
    hone_session_destroy(s);
}

/* ---- Facts ----------------------------------------------------------------------------------- */

static void tells_what_the_file_says(void **state) {
    (void)state;
    message *bytes = model_make(false);
    hone_open_options options = HONE_INIT(hone_open_options);
    hone_model *m;
    hone_error err;
    hone_model_info info = HONE_INIT(hone_model_info);
    hone_port port;
    const char *key, *value;
    options.flags = HONE_OPEN_NO_OPTIMIZE;
    assert_int_equal(hone_model_open_memory(&m, bytes->data, bytes->size, &options, &err), HONE_OK);
    assert_int_equal(hone_model_get_info(m, &info, &err), HONE_OK);
    assert_string_equal(info.format, "onnx");
    assert_string_equal(info.producer, "maker 1.5");
    assert_int_equal(info.source_nodes, 2);
    assert_int_equal(info.nodes, 2);
    assert_int_equal(info.parameters, 2);
    assert_int_equal(info.file_bytes, bytes->size);
    assert_int_equal(hone_model_metadata(m, 0, &key, &value, &err), HONE_OK);
    assert_string_equal(key, "author");
    assert_string_equal(value, "somebody");
    assert_int_equal(hone_model_input_count(m), 1);
    assert_int_equal(hone_model_input(m, 0, &port, &err), HONE_OK);
    assert_string_equal(port.name, "x");
    assert_int_equal(port.dim[0], -1);
    assert_string_equal(port.dim_name[0], "rows");
    assert_int_equal(port.dim[1], 2);
    assert_int_equal(hone_model_output(m, 0, &port, &err), HONE_OK);
    assert_string_equal(port.name, "y");
    expect_result(m);
    hone_model_close(m);
    message_free(bytes);
}

static void wrong_calls_are_told(void **state) {
    (void)state;
    message *bytes = model_make(false);
    hone_open_options options = HONE_INIT(hone_open_options);
    hone_model *m = (hone_model *)bytes;
    hone_error err;
    assert_int_equal(hone_model_open(NULL, "x", NULL, &err), HONE_E_ARG);
    assert_int_equal(hone_model_open(&m, NULL, NULL, &err), HONE_E_ARG);
    assert_null(m);
    assert_int_equal(hone_model_open_memory(&m, NULL, 4, NULL, NULL), HONE_E_ARG);
    const hone_input_shape nameless = {.rank = 1};
    options.shapes = &nameless;
    options.shape_count = 1;
    assert_int_equal(hone_model_open_memory(&m, bytes->data, bytes->size, &options, &err),
                     HONE_E_ARG);
    options.shape_count = -1;
    assert_int_equal(hone_model_open_memory(&m, bytes->data, bytes->size, &options, &err),
                     HONE_E_ARG);
    message_free(bytes);
}

static void shapes_can_be_fixed_while_opening(void **state) {
    (void)state;
    static const struct {
        hone_input_shape shape;
        hone_status status;
        const char *text;
    } rows[] = {
        {{"x", 2, {3, 2}}, HONE_OK, ""},
        {{"x", 2, {3, -1}}, HONE_OK, ""},
        {{"x", 2, {3, 5}},
         HONE_E_INPUT,
         "input 'x': shape [3,5] was asked for, the model says [?,2]"},
        {{"x", 1, {3}}, HONE_E_INPUT, "input 'x': shape [3] was asked for, the model says [?,2]"},
        {{"z", 1, {3}}, HONE_E_INPUT, "the model has no input 'z'"},
    };
    message *bytes = model_make(false);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        hone_open_options options = HONE_INIT(hone_open_options);
        hone_model *m = NULL;
        hone_error err;
        hone_port port;
        options.shapes = &rows[i].shape;
        options.shape_count = 1;
        const hone_status s = hone_model_open_memory(&m, bytes->data, bytes->size, &options, &err);
        assert_int_equal(s, rows[i].status);
        assert_string_equal(err.text, rows[i].text);
        if (!m) continue;
        assert_int_equal(hone_model_output(m, 0, &port, &err), HONE_OK);
        assert_int_equal(port.dim[0], 3);
        assert_int_equal(port.dim[1], 2);
        hone_model_close(m);
    }
    message_free(bytes);
}

static void limits_are_honoured(void **state) {
    (void)state;
    message *bytes = model_make(false);
    for (int i = 0; i < 5; i++) {
        hone_limits limits = HONE_INIT(hone_limits);
        hone_open_options options = HONE_INIT(hone_open_options);
        hone_model *m = NULL;
        hone_error err;
        options.limits = &limits;
        if (i == 1) limits.nodes = 1;
        if (i == 2) limits.tensor_bytes = 7;
        if (i == 3) limits.memory_bytes = 10000;
        if (i == 4) limits.memory_bytes = 1;
        const hone_status s = hone_model_open_memory(&m, bytes->data, bytes->size, &options, &err);
        assert_int_equal(s, i == 0 ? HONE_OK : HONE_E_LIMIT);
        hone_model_close(m);
    }
    message_free(bytes);
}

typedef struct lines {
    int count;
    char last[512];
} lines;

static void keep_line(void *user, hone_log_level level, const char *line) {
    lines *l = user;
    (void)level;
    snprintf(l->last, sizeof l->last, "%s", line);
    l->count++;
}

static void the_log_has_every_unsupported_operator(void **state) {
    (void)state;
    message *bytes = message_start();
    message_number(bytes, 1, 8);
    message_open(bytes, 8);
    message_number(bytes, 2, 17);
    message_close(bytes);
    message_open(bytes, 7);
    for (int i = 0; i < 30; i++) {
        char op[40], out[20];
        snprintf(op, sizeof op, "UnheardOfOperatorNumber%d", i);
        snprintf(out, sizeof out, "v%d", i);
        add_node(bytes, op, "x", NULL, out);
    }
    message_close(bytes);
    hone_open_options options = HONE_INIT(hone_open_options);
    lines log = {0};
    hone_model *m = NULL;
    options.log = keep_line;
    options.user = &log;
    assert_int_equal(hone_model_open_memory(&m, bytes->data, bytes->size, &options, NULL),
                     HONE_E_UNSUPPORTED);
    assert_int_equal(log.count, 30);
    assert_string_equal(log.last, "unsupported operator: UnheardOfOperatorNumber29 (opset 17, "
                                  "1 node: v29): no such operator");
    message_free(bytes);
}

/* ---- Other files ----------------------------------------------------------------------------- */

static int stop_at(void *user, const char *stage, int64_t done, int64_t total) {
    int *left = user;
    (void)stage, (void)done, (void)total;
    return --*left < 0;
}

static void opening_can_be_stopped(void **state) {
    (void)state;
    fixture f;
    fixture_init(&f);
    message *m = model_make(false);
    hone_open_options o = HONE_INIT(hone_open_options);
    int calls = 0;
    o.progress = stop_at;
    o.user = &calls;
    for (int stops = 0;; stops++) {
        hone_model *model = NULL;
        calls = stops;
        const hone_status s = hone_model_open_memory(&model, m->data, m->size, &o, &f.err);
        if (s == HONE_OK) {
            assert_true(stops > 0);
            hone_model_close(model);
            break;
        }
        expect_error(&f, s, HONE_E_CANCELLED, "stopped while opening");
        assert_null(model);
    }
    message_free(m);
    fixture_fini(&f);
}

static void options_are_checked(void **state) {
    (void)state;
    static const hone_input_shape twice[] = {{"x", 1, {2}}, {"x", 1, {2}}};
    static const hone_allocator half = {NULL, NULL, NULL};
    hone_limits negative = HONE_INIT(hone_limits), unset = {0};
    negative.nodes = -5;
    hone_open_options wrong[8];
    for (int i = 0; i < 8; i++) wrong[i] = HONE_INIT(hone_open_options);
    wrong[0].flags = 1u << 20;
    wrong[1].shape_count = 1;
    wrong[2].shapes = twice;
    wrong[2].shape_count = 2;
    wrong[3].allocator = &half;
    wrong[4].limits = &negative;
    wrong[5].limits = &unset;
    wrong[6].struct_size = 4;
    wrong[7].passes = "fold_constants,no_such_pass";
    for (int i = 0; i < 8; i++) {
        hone_model *model = NULL;
        hone_error err;
        assert_int_equal(hone_model_open_memory(&model, "x", 1, &wrong[i], &err), HONE_E_ARG);
        assert_null(model);
    }
}

static void a_replaced_file_keeps_its_permissions(void **state) {
    (void)state;
    fixture f;
    fixture_init(&f);
    message *m = model_make(false);
    hone_model *model;
    struct stat st;
    const char *path = fixture_path(&f, "a.hone");
    fixture_write(&f, "a.hone", "old", 3);
    assert_int_equal(chmod(path, S_IRUSR | S_IWUSR), 0);
    assert_int_equal(hone_model_open_memory(&model, m->data, m->size, NULL, &f.err), HONE_OK);
    assert_int_equal(hone_model_save(model, path, &f.err), HONE_OK);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, S_IRUSR | S_IWUSR);
    assert_true(st.st_size > 3);
    hone_model_close(model);
    message_free(m);
    fixture_fini(&f);
}

static void external_data_is_found_or_refused(void **state) {
    (void)state;
    fixture f;
    hone_model *m = NULL;
    hone_open_options options = HONE_INIT(hone_open_options);
    const float w[2] = {1, 2};
    fixture_init(&f);
    message *bytes = model_make(true);
    assert_int_equal(mkdir(fixture_path(&f, "data"), 0700), 0);
    fixture_write(&f, "model.onnx", bytes->data, bytes->size);
    fixture_write(&f, "data/data.bin", w, sizeof w);
    const char *path = fixture_path(&f, "model.onnx"), *folder = fixture_path(&f, "data");
    const int before = open_descriptors();

    expect_error(&f, hone_model_open(&m, path, NULL, &f.err), HONE_E_IO,
                 "data.bin: cannot open external data: No such file");
    options.data_dir = folder;
    assert_int_equal(hone_model_open(&m, path, &options, &f.err), HONE_OK);
    expect_result(m);
    hone_model_close(m);
    assert_int_equal(hone_model_open_memory(&m, bytes->data, bytes->size, &options, &f.err),
                     HONE_OK);
    expect_result(m);
    hone_model_close(m);
    expect_error(&f, hone_model_open_memory(&m, bytes->data, bytes->size, NULL, &f.err),
                 HONE_E_UNSUPPORTED, "a model in memory needs options.data_dir");
    options.flags = HONE_OPEN_NO_EXTERNAL;
    expect_error(&f, hone_model_open(&m, path, &options, &f.err), HONE_E_UNSUPPORTED,
                 "data lies in another file, which is not allowed here");
    options.flags = 0;
    assert_int_equal(symlink("data/data.bin", fixture_path(&f, "data.bin")), 0);
    expect_error(&f, hone_model_open(&m, path, NULL, &f.err), HONE_E_FORMAT,
                 "it leads through a symbolic link");
    options.data_dir = fixture_path(&f, "nowhere");
    expect_error(&f, hone_model_open(&m, path, &options, &f.err), HONE_E_IO, "open folder");
    fixture_write(&f, "data/data.bin", w, 7);
    options.data_dir = folder;
    expect_error(&f, hone_model_open(&m, path, &options, &f.err), HONE_E_FORMAT,
                 "8 bytes at offset 0: the file has 7");
    assert_int_equal(open_descriptors(), before);
    message_free(bytes);
    fixture_fini(&f);
}

/* ---- Failing memory -------------------------------------------------------------------------- */

typedef struct failing {
    long count, fail_at; /* calls so far; the one that fails and, if `always`, all after it */
    long live;
    bool always;
} failing;

static void *failing_alloc(void *user, size_t size, size_t align) {
    failing *f = user;
    void *p = NULL;
    f->count++;
    if (f->count == f->fail_at || (f->always && f->count > f->fail_at)) return NULL;
    if (posix_memalign(&p, align < sizeof p ? sizeof p : align, size) != 0) return NULL;
    f->live++;
    return p;
}

static void failing_free(void *user, void *ptr) {
    failing *f = user;
    f->live--;
    free(ptr);
}

static void every_failed_allocation_is_survived(void **state) {
    (void)state;
    fixture f;
    const float w[2] = {1, 2};
    fixture_init(&f);
    fixture_write(&f, "data.bin", w, sizeof w);
    message *bytes = model_make(true);
    const int before = open_descriptors();
    for (int always = 0; always < 2; always++) {
        hone_status s = HONE_E_NOMEM;
        long n = 0;
        while (s != HONE_OK) {
            failing memory = {.fail_at = ++n, .always = always};
            const hone_allocator fn = {failing_alloc, failing_free, &memory};
            hone_open_options options = HONE_INIT(hone_open_options);
            hone_model *m = NULL;
            options.allocator = &fn;
            options.data_dir = f.folder;
            s = hone_model_open_memory(&m, bytes->data, bytes->size, &options, &f.err);
            if (s != HONE_OK) assert_int_equal(s, HONE_E_NOMEM);
            assert_true((s == HONE_OK) == (m != NULL));
            hone_model_close(m);
            assert_int_equal(memory.live, 0);
            assert_int_equal(open_descriptors(), before);
        }
        assert_true(n > 5);
    }
    message_free(bytes);
    fixture_fini(&f);
}

/* Notes names, and stops after `most`. */
typedef struct needs_seen {
    char names[64];
    int most;
} needs_seen;

static int see_need(void *user, const hone_need *need) {
    needs_seen *seen = user;
    const size_t n = strlen(seen->names);
    assert_null(need->missing);
    assert_int_equal(need->opset, 17);
    assert_int_equal(need->nodes, 1);
    snprintf(seen->names + n, sizeof seen->names - n, "%s ", need->name);
    return --seen->most == 0;
}

static void a_survey_tells_what_is_needed(void **state) {
    (void)state;
    fixture f;
    fixture_init(&f);
    message *bytes = model_make(true); /* whose data is not there */
    fixture_write(&f, "model.onnx", bytes->data, bytes->size);
    const char *path = fixture_path(&f, "model.onnx");
    needs_seen seen = {.most = 9};
    assert_int_equal(hone_model_survey(path, NULL, see_need, &seen, &f.err), HONE_OK);
    assert_string_equal(seen.names, "Add Relu ");
    seen.most = 1;
    assert_int_equal(hone_model_survey(path, NULL, see_need, &seen, &f.err), HONE_E_CANCELLED);
    assert_int_equal(hone_model_survey(path, NULL, NULL, NULL, &f.err), HONE_E_ARG);
    assert_int_equal(hone_model_survey(NULL, NULL, see_need, &seen, &f.err), HONE_E_ARG);
    message_free(bytes);
    fixture_fini(&f);
}

static void operators_are_described(void **state) {
    (void)state;
    hone_error err;
    hone_operator_info info = HONE_INIT(hone_operator_info);
    hone_slot_info slot;
    hone_attribute_info attribute;
    const int32_t n = hone_operator_count();
    assert_true(n > 200);
    for (int32_t i = 0; i < n; i++) {
        assert_int_equal(hone_operator_get_info(i, &info, &err), HONE_OK);
        assert_true(info.name && *info.name && info.domain);
        for (int32_t k = 0; k < info.version_count; k++)
            assert_true(hone_operator_version(i, k) > (k ? hone_operator_version(i, k - 1) : 0));
        for (int32_t k = 0; k < info.input_count; k++)
            assert_true(hone_operator_input(i, k, &slot) && slot.name && slot.types);
        for (int32_t k = 0; k < info.attribute_count; k++)
            assert_true(hone_operator_attribute(i, k, &attribute) && attribute.kind);
        assert_false(hone_operator_input(i, info.input_count, &slot));
        assert_false(hone_operator_output(i, -1, &slot));
        assert_int_equal(hone_operator_version(i, info.version_count), 0);
    }
    assert_int_equal(hone_operator_get_info(n, &info, &err), HONE_E_ARG);
    assert_int_equal(hone_operator_get_info(-1, &info, NULL), HONE_E_ARG);
    assert_int_equal(hone_operator_get_info(0, NULL, &err), HONE_E_ARG);
    assert_false(hone_operator_attribute(n, 0, &attribute));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_what_the_file_says),
        cmocka_unit_test(wrong_calls_are_told),
        cmocka_unit_test(shapes_can_be_fixed_while_opening),
        cmocka_unit_test(limits_are_honoured),
        cmocka_unit_test(the_log_has_every_unsupported_operator),
        cmocka_unit_test(opening_can_be_stopped),
        cmocka_unit_test(options_are_checked),
        cmocka_unit_test(a_replaced_file_keeps_its_permissions),
        cmocka_unit_test(external_data_is_found_or_refused),
        cmocka_unit_test(every_failed_allocation_is_survived),
        cmocka_unit_test(a_survey_tells_what_is_needed),
        cmocka_unit_test(operators_are_described),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
