/* SPDX-License-Identifier: Apache-2.0
 *
 * Operators that the caller registers: from a file, with attributes, with shapes that only the run
 * knows, saved and loaded, in the place of one of hone's; and how misuse and failures show.
 */
#include <string.h>
#include <unistd.h>

#include "problem.h"
#include "unit_test.h"

static hone_status same_infer(void *user, hone_operator_call *call) {
    hone_view x;
    ++*(int *)user;
    if (!hone_call_input(call, 0, &x)) return hone_call_fail(call, HONE_E_FORMAT, "no input");
    return hone_call_set_output(call, 0, x.dtype, x.rank, x.dim);
}

/* x * factor + the first of `list` */
static hone_status scale_run(void *user, hone_operator_call *call) {
    hone_view x, y;
    hone_attribute factor, list, word;
    (void)user;
    assert_true(hone_call_input(call, 0, &x) && hone_call_output(call, 0, &y));
    assert_int_equal(hone_call_input_count(call), 1);
    assert_int_equal(hone_call_output_count(call), 1);
    assert_false(hone_call_input(call, 1, &y));
    assert_false(hone_call_attribute(call, "nothing", &word));
    assert_true(hone_call_attribute(call, "factor", &factor));
    assert_true(hone_call_attribute(call, "list", &list));
    assert_true(hone_call_attribute(call, "word", &word));
    assert_string_equal(word.s, "text");
    assert_int_equal(list.count, 2);
    for (int64_t i = 0; i < x.dim[0]; i++)
        ((float *)y.data)[i] = ((const float *)x.data)[i] * factor.f + (float)list.ints[0];
    return HONE_OK;
}

static hone_status some_infer(void *user, hone_operator_call *call) {
    const int64_t unknown = -1;
    (void)user;
    return hone_call_set_output(call, 0, HONE_STRING, 1, &unknown);
}

/* As many texts "n" as the input says. */
static hone_status some_run(void *user, hone_operator_call *call) {
    hone_view x, y;
    (void)user;
    assert_true(hone_call_input(call, 0, &x));
    const int64_t n = (int64_t)((const float *)x.data)[0];
    if (n < 0) return hone_call_fail(call, HONE_E_INPUT, "the count is negative");
    const hone_status status = hone_call_make_output(call, 0, 1, &n, &y);
    if (status) return status;
    for (int64_t i = 0; i < n; i++) {
        char *text = hone_call_text(call, 1);
        if (!text) return HONE_E_NOMEM;
        text[0] = 'n';
        ((char **)y.data)[i] = text;
    }
    return HONE_OK;
}

static int inferred;
static hone_operator scale_operator(void) {
    hone_operator o = HONE_INIT(hone_operator);
    o.domain = "test";
    o.name = "Scale";
    o.min_inputs = o.max_inputs = 1;
    o.infer = same_infer;
    o.run = scale_run;
    o.user = &inferred;
    return o;
}
static hone_operator some_operator(void) {
    hone_operator o = HONE_INIT(hone_operator);
    o.domain = "test";
    o.name = "Some";
    o.flags = HONE_OPERATOR_DYNAMIC;
    o.infer = some_infer;
    o.run = some_run;
    return o;
}

static hone_status open_model(hone_model **m, const char *path, const hone_operator *const *list,
                              int32_t count, hone_error *err) {
    hone_open_options options = HONE_INIT(hone_open_options);
    options.operators = list;
    options.operator_count = count;
    return hone_model_open(m, path, &options, err);
}

static hone_view run_once(hone_session *s, float x0) {
    hone_error err;
    hone_view in, out;
    expect_ok(hone_session_input(s, 0, &in, &err), &err, "input");
    ((float *)in.data)[0] = x0;
    expect_ok(hone_session_run(s, &err), &err, "run");
    expect_ok(hone_session_output(s, 0, &out, &err), &err, "output");
    return out;
}

static void attributes_and_data_reach_the_functions(void **state) {
    (void)state;
    const hone_operator scale = scale_operator();
    const hone_operator *const list[] = {&scale};
    hone_error err;
    hone_model *m;
    hone_session *s;
    expect_ok(open_model(&m, CUSTOM_MODELS "/scale.onnx", list, 1, &err), &err, "open");
    assert_true(inferred > 0);
    expect_ok(hone_session_create(&s, m, NULL, &err), &err, "create");
    assert_true(((const float *)run_once(s, 3).data)[0] == 3 * 2.5F + 7);
    hone_session_destroy(s);
    hone_model_close(m);
}

static void files_keep_them(void **state) {
    (void)state;
    const hone_operator scale = scale_operator();
    const hone_operator *const list[] = {&scale};
    static const char path[] = CUSTOM_MODELS "/scale.hone";
    hone_error err;
    hone_model *m, *again;
    hone_session *s;
    expect_ok(open_model(&m, CUSTOM_MODELS "/scale.onnx", list, 1, &err), &err, "open");
    expect_ok(hone_model_save(m, path, &err), &err, "save");
    hone_model_close(m);
    assert_int_equal(hone_model_open(&again, path, NULL, &err), HONE_E_UNSUPPORTED);
    expect_ok(open_model(&again, path, list, 1, &err), &err, "open what was saved");
    expect_ok(hone_session_create(&s, again, NULL, &err), &err, "create");
    assert_true(((const float *)run_once(s, -1).data)[0] == -2.5F + 7);
    hone_session_destroy(s);
    hone_model_close(again);
    unlink(path);
}

static void shapes_may_come_from_the_run(void **state) {
    (void)state;
    const hone_operator some = some_operator();
    const hone_operator *const list[] = {&some};
    hone_error err;
    hone_model *m;
    hone_session *s;
    hone_view in;
    expect_ok(open_model(&m, CUSTOM_MODELS "/some.onnx", list, 1, &err), &err, "open");
    expect_ok(hone_session_create(&s, m, NULL, &err), &err, "create");
    for (int n = 0; n < 5; n += 2) {
        const hone_view out = run_once(s, (float)n);
        assert_int_equal(out.dim[0], n);
        for (int i = 0; i < n; i++) assert_string_equal(((char **)out.data)[i], "n");
    }
    expect_ok(hone_session_input(s, 0, &in, &err), &err, "input");
    ((float *)in.data)[0] = -1;
    assert_int_equal(hone_session_run(s, &err), HONE_E_INPUT);
    assert_non_null(strstr(err.text, "node 'node' (Some): the count is negative"));
    hone_session_destroy(s);
    hone_model_close(m);
}

/* Relu of the file is the caller's, which scales. */
static void a_registered_operator_comes_first(void **state) {
    (void)state;
    hone_operator relu = some_operator();
    relu.domain = "";
    relu.name = "Relu";
    const hone_operator *const list[] = {&relu};
    hone_error err;
    hone_model *m;
    hone_session *s;
    expect_ok(open_model(&m, CUSTOM_MODELS "/relu.onnx", list, 1, &err), &err, "open");
    expect_ok(hone_session_create(&s, m, NULL, &err), &err, "create");
    assert_int_equal(run_once(s, 3).dtype, HONE_STRING);
    hone_session_destroy(s);
    hone_model_close(m);
}

static void wrong_registrations_are_refused(void **state) {
    (void)state;
    hone_operator o = scale_operator();
    const hone_operator *const twice[] = {&o, &o}, *const none[] = {NULL};
    static const char path[] = CUSTOM_MODELS "/scale.onnx";
    hone_error err;
    hone_model *m = NULL;
    assert_int_equal(open_model(&m, path, twice, 2, &err), HONE_E_ARG);
    assert_int_equal(open_model(&m, path, none, 1, &err), HONE_E_ARG);
    assert_int_equal(open_model(&m, path, NULL, 1, &err), HONE_E_ARG);
    assert_int_equal(open_model(&m, path, NULL, 0, &err), HONE_E_UNSUPPORTED);
    o.since = 2;
    assert_int_equal(open_model(&m, path, twice, 1, &err), HONE_E_UNSUPPORTED);
    o.since = 1;
    o.min_inputs = o.max_inputs = 2;
    assert_int_equal(open_model(&m, path, twice, 1, &err), HONE_E_FORMAT);
    o.run = NULL;
    assert_int_equal(open_model(&m, path, twice, 1, &err), HONE_E_ARG);
    assert_null(m);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(attributes_and_data_reach_the_functions),
        cmocka_unit_test(files_keep_them),
        cmocka_unit_test(shapes_may_come_from_the_run),
        cmocka_unit_test(a_registered_operator_comes_first),
        cmocka_unit_test(wrong_registrations_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
