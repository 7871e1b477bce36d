/* SPDX-License-Identifier: Apache-2.0
 *
 * .hone files of every kind of model: what is saved comes back, and saves as the same bytes.
 */
#include <stdlib.h>
#include <string.h>

#include "checked.h"
#include "file.h"
#include "fixture.h"
#include "hone_models.h"
#include "layout.h"

static hone_model *build(int which) {
    hone_error err;
    hone_model *m = NULL;
    if (test_model_build(which, NULL, &m, &err) != HONE_OK)
        fail_msg("%s: %s", test_model_name(which), err.text);
    return m;
}

static file_bytes bytes_of(const hone_model *m) {
    hone_error err;
    file_bytes b;
    error_clear(&err);
    if (test_model_bytes(m, &b, &err) != HONE_OK) fail_msg("%s", err.text);
    return b;
}

static hone_model *open_bytes(const file_bytes *b, const hone_open_options *options) {
    hone_error err;
    hone_model *m = NULL;
    if (hone_model_open_memory(&m, b->data, b->size, options, &err) != HONE_OK)
        fail_msg("%s", err.text);
    return m;
}

/* Model number `which`, by way of a file's bytes. */
static hone_model *reopen(int which, file_bytes *b, const hone_open_options *options) {
    hone_model *m = build(which);
    *b = bytes_of(m);
    hone_model_close(m);
    return open_bytes(b, options);
}

static void expect_same(const file_bytes *a, const file_bytes *b) {
    assert_int_equal(a->size, b->size);
    assert_memory_equal(a->data, b->data, a->size);
}

static hone_open_options as_saved(void) {
    hone_open_options o = HONE_INIT(hone_open_options);
    o.flags = HONE_OPEN_NO_OPTIMIZE | HONE_OPEN_VERIFY;
    return o;
}

static void a_loaded_model_saves_as_the_same_bytes(void **state) {
    (void)state;
    const hone_open_options o = as_saved();
    for (int i = 0; i < TEST_MODELS; i++) {
        file_bytes first;
        hone_model *m = reopen(i, &first, &o);
        file_bytes second = bytes_of(m), third = bytes_of(m);
        expect_same(&first, &second);
        expect_same(&first, &third);
        free(first.data);
        free(second.data);
        free(third.data);
        hone_model_close(m);
    }
}

static void expect_same_type(const graph *ga, const type *a, const graph *gb, const type *b) {
    assert_int_equal(a->kind, b->kind);
    assert_int_equal(a->dtype, b->dtype);
    assert_int_equal(a->shape.rank, b->shape.rank);
    for (int32_t i = 0; i < a->shape.rank; i++) {
        const char *sa = symbol_name(ga, a->shape.dim[i]), *sb = symbol_name(gb, b->shape.dim[i]);
        assert_int_equal(sa != NULL, sb != NULL);
        if (sa)
            assert_string_equal(sa, sb);
        else
            assert_int_equal(a->shape.dim[i], b->shape.dim[i]);
    }
    assert_int_equal(a->element != NULL, b->element != NULL);
    if (a->element) expect_same_type(ga, a->element, gb, b->element);
}

static void expect_same_value(const value *a, const value *b) {
    assert_int_equal(a != NULL, b != NULL);
    if (!a) return;
    assert_int_equal(a->id, b->id);
    assert_string_equal(a->name, b->name);
    expect_same_type(a->graph, &a->type, b->graph, &b->type);
    assert_int_equal(a->constant != NULL, b->constant != NULL);
    if (!a->constant) return;
    assert_int_equal(a->constant->layout.kind, b->constant->layout.kind);
    assert_int_equal(a->constant->layout.groups, b->constant->layout.groups);
    assert_int_equal(a->constant->bytes, b->constant->bytes);
    if (a->constant->dtype != HONE_STRING) {
        assert_memory_equal(a->constant->data, b->constant->data, a->constant->bytes);
        return;
    }
    for (int64_t i = 0; i < tensor_count(a->constant); i++)
        assert_string_equal(tensor_string(a->constant, i), tensor_string(b->constant, i));
}

static void expect_same_graph(const graph *a, const graph *b) {
    assert_string_equal(a->name, b->name);
    assert_int_equal(a->n_node, b->n_node);
    assert_int_equal(a->n_value, b->n_value);
    assert_int_equal(a->n_input, b->n_input);
    assert_int_equal(a->n_output, b->n_output);
    for (int32_t i = 0; i < a->n_input; i++) expect_same_value(a->input[i], b->input[i]);
    for (int32_t i = 0; i < a->n_output; i++) expect_same_value(a->output[i], b->output[i]);
    for (const node *n = a->first, *o = b->first; n; n = n->next, o = o->next) {
        assert_ptr_equal(n->op, o->op);
        assert_string_equal(n->name, o->name);
        assert_int_equal(n->n_in, o->n_in);
        assert_int_equal(n->n_out, o->n_out);
        assert_int_equal(n->n_captured, o->n_captured);
        assert_int_equal(n->n_body, o->n_body);
        for (int32_t i = 0; i < n->n_in; i++) expect_same_value(n->in[i].value, o->in[i].value);
        for (int32_t i = 0; i < n->n_out; i++) expect_same_value(n->out[i], o->out[i]);
        for (int32_t i = 0; i < n->n_body; i++) expect_same_graph(n->body[i], o->body[i]);
    }
}

static void a_loaded_model_equals_the_saved_one(void **state) {
    (void)state;
    const hone_open_options o = as_saved();
    for (int i = 0; i < TEST_MODELS; i++) {
        hone_model *m = build(i);
        file_bytes b = bytes_of(m);
        hone_model *n = open_bytes(&b, &o);
        expect_same_graph(m->graph, n->graph);
        assert_int_equal(m->is_optimized, n->is_optimized);
        assert_int_equal(m->source_nodes, n->source_nodes);
        assert_string_equal(m->producer, n->producer);
        assert_int_equal(m->n_metadata, n->n_metadata);
        for (int32_t k = 0; k < m->n_metadata; k++) {
            assert_string_equal(m->metadata[k].key, n->metadata[k].key);
            assert_string_equal(m->metadata[k].value, n->metadata[k].value);
        }
        assert_string_equal(n->format, "hone");
        hone_model_close(m);
        hone_model_close(n);
        free(b.data);
    }
}

static void constants_are_used_where_they_lie(void **state) {
    (void)state;
    file_bytes b;
    hone_model *m = reopen(3, &b, NULL);
    assert_int_equal(m->graph->n_output, HONE_DTYPE_COUNT - 1);
    for (int32_t i = 0; i < m->graph->n_output; i++) {
        const tensor *t = m->graph->output[i]->constant;
        const size_t at = (size_t)((unsigned char *)t->data - b.data);
        assert_true(in_range(at, t->bytes, b.size));
        assert_int_equal(at % SECTION_ALIGN, 0);
    }
    hone_model_close(m);
    free(b.data);
}

static void memory_of_any_alignment_will_do(void **state) {
    (void)state;
    hone_error err;
    hone_model *built = build(4), *m;
    file_bytes b = bytes_of(built);
    unsigned char *odd = malloc(b.size + 1);
    memcpy(odd + 1, b.data, b.size);
    assert_int_equal(hone_model_open_memory(&m, odd + 1, b.size, NULL, &err), HONE_OK);
    assert_int_equal((uintptr_t)m->graph->first->in[1].value->constant->data % TENSOR_ALIGN, 0);
    expect_same_graph(built->graph, m->graph);
    hone_model_close(m);
    hone_model_close(built);
    free(odd);
    free(b.data);
}

static void files_hold_the_same_bytes(void **state) {
    (void)state;
    fixture f;
    fixture_init(&f);
    const char *path = fixture_path(&f, "a.hone");
    const hone_open_options o = as_saved();
    for (int i = 0; i < TEST_MODELS; i++) {
        hone_model *m = build(i), *n;
        file_bytes b = bytes_of(m);
        file_map map;
        assert_int_equal(hone_model_save(m, path, &f.err), HONE_OK);
        assert_int_equal(file_map_open(&f.c, path, &map), HONE_OK);
        assert_int_equal(map.size, b.size);
        assert_memory_equal(map.data, b.data, b.size);
        file_map_close(&map);
        assert_int_equal(hone_model_open(&n, path, &o, &f.err), HONE_OK);
        /* A model may be saved over the file it lives in. */
        assert_int_equal(hone_model_save(n, path, &f.err), HONE_OK);
        expect_same_graph(m->graph, n->graph);
        hone_model_close(n);
        hone_model_close(m);
        free(b.data);
    }
    assert_int_equal(fixture_entries(&f), 1);
    fixture_fini(&f);
}

static void the_source_is_remembered(void **state) {
    (void)state;
    static const char text[] = "not a model, but a source";
    hone_model *m = build(2);
    m->source_data = text;
    m->source_size = sizeof text - 1;
    file_bytes b = bytes_of(m);
    hone_model *n = open_bytes(&b, NULL);
    assert_int_equal(n->n_metadata, m->n_metadata + 2);
    assert_string_equal(n->metadata[3].key, "hone.source.format");
    assert_string_equal(n->metadata[3].value, "test");
    assert_string_equal(n->metadata[4].key, "hone.source.xxh128");
    assert_string_equal(n->metadata[4].value, "12e40e810da861596bbe7d40feaded3e");
    file_bytes again = bytes_of(n);
    expect_same(&b, &again);
    hone_model_close(m);
    hone_model_close(n);
    free(b.data);
    free(again.data);
}

static void shapes_can_be_given(void **state) {
    (void)state;
    hone_error err;
    hone_model *m = build(2), *n;
    file_bytes b = bytes_of(m);
    hone_input_shape s = {.name = "x", .rank = 3, .dim = {2, 5, -1}};
    hone_open_options o = as_saved();
    o.shapes = &s;
    o.shape_count = 1;
    n = open_bytes(&b, &o);
    assert_int_equal(n->graph->input[0]->type.shape.dim[0], 2);
    assert_int_equal(n->graph->output[0]->type.shape.dim[0], 2);
    assert_int_equal(n->graph->output[0]->type.shape.dim[1], 5);
    assert_int_equal(n->graph->output[0]->type.shape.dim[2], 4);
    hone_model_close(n);
    s.dim[2] = 5;
    assert_int_equal(hone_model_open_memory(&n, b.data, b.size, &o, &err), HONE_E_INPUT);
    assert_null(n);
    s.name = "nothing";
    assert_int_equal(hone_model_open_memory(&n, b.data, b.size, &o, &err), HONE_E_INPUT);
    hone_model_close(m);
    free(b.data);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_loaded_model_saves_as_the_same_bytes),
        cmocka_unit_test(a_loaded_model_equals_the_saved_one),
        cmocka_unit_test(constants_are_used_where_they_lie),
        cmocka_unit_test(memory_of_any_alignment_will_do),
        cmocka_unit_test(files_hold_the_same_bytes),
        cmocka_unit_test(the_source_is_remembered),
        cmocka_unit_test(shapes_can_be_given),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
