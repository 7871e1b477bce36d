/* SPDX-License-Identifier: Apache-2.0
 *
 * The check in front of protobuf-c: what it refuses, what the skeleton keeps, and that no damage to
 * a file gets past it.
 */
#include <stdlib.h>
#include <string.h>

#include "fixture.h"
#include "message.h"
#include "onnx.pb-c.h"
#include "wire_scan.h"

enum { MODEL_GRAPH = 7, GRAPH_NODE = 1, GRAPH_TENSOR = 5, NODE_ATTRIBUTE = 5, ATTRIBUTE_GRAPH = 6 };

static wire_input input_of(const message *m) {
    return (wire_input){m->data, m->size, &onnx__model_proto__descriptor};
}

static hone_status scan(fixture *f, const message *m) {
    const wire_input in = input_of(m);
    wire_stats stats;
    fixture_reset(f);
    return wire_scan(&f->c, &in, &stats);
}

/* ir_version 8, a graph with two nodes, all kinds of tensor data, unknown fields in between. */
static message *sample(void) {
    message *m = message_start();
    const uint8_t packed[] = {1, 0x80, 1, 0xFF, 0xFF, 3};
    message_number(m, 1, 8);
    message_text(m, 2, "producer");
    message_text(m, 6, "a doc string that is dropped \xFF");
    message_open(m, MODEL_GRAPH);
    for (int i = 0; i < 2; i++) {
        message_open(m, GRAPH_NODE);
        message_text(m, 1, "x");
        message_text(m, 1, "");
        message_text(m, 2, "y\xC3\xA9");
        message_text(m, 4, "Op");
        message_open(m, NODE_ATTRIBUTE);
        message_text(m, 1, "axes");
        message_number(m, 8, 3);
        message_number(m, 8, (uint64_t)-1);
        message_bytes(m, 8, packed, sizeof packed);
        message_fixed32(m, 7, 0x3F800000);
        message_bytes(m, 4, "str\0ing", 7);
        message_number(m, 20, 7);
        message_close(m);
        message_close(m);
    }
    message_open(m, GRAPH_TENSOR);
    message_number(m, 1, 3);
    message_number(m, 2, 6);
    message_text(m, 8, "w");
    message_bytes(m, 9, "raw data", 8);
    message_bytes(m, 4, "abcdefgh", 8);
    message_fixed32(m, 4, 7);
    message_bytes(m, 5, packed, sizeof packed);
    message_number(m, 5, 300);
    message_fixed64(m, 10, 9);
    message_fixed64(m, 500, 9);
    message_close(m);
    message_text(m, 2, "graph name");
    message_close(m);
    message_open(m, 8);
    message_number(m, 2, 17);
    message_close(m);
    return m;
}

static void the_skeleton_keeps_what_is_known(void **state) {
    (void)state;
    fixture f;
    arena a;
    fixture_init(&f);
    arena_init(&a, &f.alloc);
    message *m = sample();
    const wire_input in = input_of(m);
    wire_stats stats;
    assert_int_equal(wire_scan(&f.c, &in, &stats), HONE_OK);
    assert_int_equal(stats.nodes, 2);
    assert_int_equal(stats.tensors, 1);
    ProtobufCMessage *unpacked;
    assert_int_equal(wire_unpack(&f.c, &a, &in, &unpacked, &stats), HONE_OK);
    assert_true(atomic_load(&f.alloc.used) <= stats.memory);
    const Onnx__ModelProto *model = (const Onnx__ModelProto *)unpacked;
    assert_int_equal(model->ir_version, 8);
    assert_string_equal(model->producer_name, "producer");
    assert_int_equal(model->base.n_unknown_fields, 0);
    assert_int_equal(model->n_opset_import, 1);
    const Onnx__GraphProto *g = model->graph;
    assert_string_equal(g->name, "graph name");
    assert_int_equal(g->n_node, 2);
    const Onnx__AttributeProto *at = g->node[1]->attribute[0];
    assert_int_equal(at->n_ints, 5);
    assert_int_equal(at->ints[1], -1);
    assert_int_equal(at->ints[3], 128);
    assert_int_equal(at->n_floats, 1);
    const uint8_t *data;
    size_t size;
    assert_true(wire_bytes(&in, &at->s, &data, &size));
    assert_int_equal(size, 7);
    assert_memory_equal(data, "str\0ing", 7);
    const Onnx__TensorProto *t = g->initializer[0];
    assert_true(wire_bytes(&in, &t->raw_data, &data, &size));
    assert_memory_equal(data, "raw data", 8);
    assert_true(data >= m->data && data < m->data + m->size);
    assert_int_equal(t->n_float_data, 2);
    assert_true(wire_bytes(&in, &t->float_data[1], &data, &size));
    assert_int_equal(size, 4);
    assert_true(wire_bytes(&in, &t->int32_data[1], &data, &size));
    assert_int_equal(size, 2);
    const ProtobufCBinaryData forged = {5, (uint8_t *)m->data};
    assert_false(wire_bytes(&in, &forged, &data, &size));
    message_free(m);
    arena_fini(&a);
    fixture_fini(&f);
}

static void varints_end_at_64_bits(void **state) {
    (void)state;
    uint64_t v;
    const uint8_t most[] = {0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 1};
    const uint8_t over[] = {0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 2};
    const uint8_t endless[] = {0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0};
    assert_int_equal(wire_varint(most, sizeof most, &v), 10);
    assert_true(v == UINT64_MAX);
    assert_int_equal(wire_varint(over, sizeof over, &v), 0);
    assert_int_equal(wire_varint(endless, sizeof endless, &v), 0);
    assert_int_equal(wire_varint(endless, 3, &v), 0);
    assert_int_equal(wire_varint(most, 0, &v), 0);
}

/* ---- Refusals -------------------------------------------------------------------------------- */

static void add_two_graphs(message *m) {
    message_bytes(m, 7, "", 0);
    message_bytes(m, 7, "", 0);
}
static void add_group(message *m) { message_tag(m, 99, 3); }
static void add_group_end(message *m) { message_tag(m, 1, 4); }
static void add_wire_type_7(message *m) { message_tag(m, 1, 7); }
static void add_field_0(message *m) { message_tag(m, 0, 0); }
static void add_field_past_29_bits(message *m) { message_varint(m, (uint64_t)1 << 32); }
static void add_wrong_wire_type(message *m) { message_number(m, 7, 3); }
static void add_varint_as_fixed(message *m) { message_fixed64(m, 1, 3); }
static void add_packed_scalar(message *m) { message_bytes(m, 1, "\1", 1); }
static void add_twice(message *m) {
    message_number(m, 1, 8);
    message_number(m, 1, 8);
}
static void add_bad_text(message *m) { message_text(m, 2, "\xC0\x80"); }
static void add_nul_text(message *m) { message_bytes(m, 2, "a\0b", 3); }
static void add_surrogate(message *m) { message_text(m, 2, "\xED\xA0\x80"); }
static void add_cut_text(message *m) { message_text(m, 2, "\xE2\x82"); }
static void add_truncated(message *m) {
    message_tag(m, 2, 2);
    message_varint(m, 50);
    message_raw(m, "short", 5);
}
static void add_endless_length(message *m) {
    message_tag(m, 2, 2);
    message_varint(m, UINT64_MAX);
}
static void add_wide_int32(message *m) {
    message_open(m, 7);
    message_open(m, GRAPH_TENSOR);
    message_number(m, 2, ((uint64_t)1 << 32) + 1);
    message_close(m);
    message_close(m);
}
static void add_odd_floats(message *m) {
    message_open(m, 7);
    message_bytes(m, GRAPH_NODE, "", 0);
    message_open(m, GRAPH_TENSOR);
    message_bytes(m, 4, "abcdefg", 7);
    message_close(m);
    message_close(m);
}
static void add_bad_packed(message *m) {
    message_open(m, 7);
    message_open(m, GRAPH_TENSOR);
    message_bytes(m, 1, "\1\2\x80", 3);
    message_close(m);
    message_close(m);
}
static void add_unknown_truncated(message *m) {
    message_open(m, 7);
    message_tag(m, 10, 2);
    message_varint(m, 3);
    message_close(m);
}
static void add_cut_fixed(message *m) {
    message_tag(m, 77, 1);
    message_raw(m, "1234567", 7);
}

static void refuses_malformed_messages(void **state) {
    (void)state;
    static const struct {
        void (*add)(message *m);
        const char *text;
    } rows[] = {
        {add_two_graphs, "graph: field occurs twice (byte 3)"},
        {add_group, "ModelProto: field 99 has wire type 3"},
        {add_group_end, "ModelProto: field 1 has wire type 4"},
        {add_wire_type_7, "ModelProto: field 1 has wire type 7"},
        {add_field_0, "field number 0 is out of range"},
        {add_field_past_29_bits, "field number 536870912 is out of range"},
        {add_wrong_wire_type, "graph: wire type 0 does not fit"},
        {add_varint_as_fixed, "ir_version: wire type 1 does not fit"},
        {add_packed_scalar, "ir_version: wire type 2 does not fit"},
        {add_twice, "ir_version: field occurs twice"},
        {add_bad_text, "producer_name: string is not UTF-8 or holds a NUL"},
        {add_nul_text, "producer_name: string is not UTF-8 or holds a NUL"},
        {add_surrogate, "producer_name: string is not UTF-8 or holds a NUL"},
        {add_cut_text, "producer_name: string is not UTF-8 or holds a NUL"},
        {add_truncated, "producer_name: truncated: 50 bytes are announced, 5 are left (byte 1)"},
        {add_endless_length, "truncated: 18446744073709551615 bytes are announced, 0 are left"},
        {add_wide_int32, "graph.initializer[0].data_type: exceeds 32 bits"},
        {add_odd_floats, "graph.initializer[0].float_data[0]: 7 packed bytes are no multiple of 4"},
        {add_bad_packed, "graph.initializer[0].dims[0]: malformed varint in packed numbers"},
        {add_unknown_truncated, "graph: truncated: 3 bytes are announced, 0 are left"},
        {add_cut_fixed, "ModelProto: malformed or truncated value"},
    };
    fixture f;
    fixture_init(&f);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        message *m = message_start();
        rows[i].add(m);
        expect_error(&f, scan(&f, m), HONE_E_FORMAT, rows[i].text);
        assert_true(f.err.offset >= 0 && f.err.offset <= (int64_t)m->size);
        message_free(m);
    }
    fixture_fini(&f);
}

/* A graph inside an attribute inside a node inside a graph, `levels` times. */
static message *nested(size_t levels) {
    message *m = message_start();
    message_open(m, MODEL_GRAPH);
    for (size_t i = 0; i < levels; i++) {
        message_open(m, GRAPH_NODE);
        message_open(m, NODE_ATTRIBUTE);
        message_open(m, ATTRIBUTE_GRAPH);
    }
    while (m->depth) message_close(m);
    return m;
}

static void refuses_deep_nesting(void **state) {
    (void)state;
    fixture f;
    fixture_init(&f);
    const size_t levels[] = {1, 32, 33, 100, 1000, 1365};
    for (size_t i = 0; i < sizeof levels / sizeof *levels; i++) {
        message *m = nested(levels[i]);
        const hone_status s = scan(&f, m);
        if (levels[i] * 3 + 2 <= WIRE_MAX_DEPTH)
            assert_int_equal(s, HONE_OK);
        else
            expect_error(&f, s, HONE_E_LIMIT, "nested deeper than 100 messages");
        message_free(m);
    }
    fixture_fini(&f);
}

static void counts_nodes_and_tensors(void **state) {
    (void)state;
    fixture f;
    fixture_init(&f);
    f.limits.nodes = f.limits.tensors = 3;
    for (unsigned field = GRAPH_NODE; field <= GRAPH_TENSOR; field += GRAPH_TENSOR - GRAPH_NODE)
        for (int n = 3; n <= 4; n++) {
            message *m = message_start();
            message_open(m, MODEL_GRAPH);
            for (int i = 0; i < n; i++) message_bytes(m, field, "", 0);
            message_close(m);
            const char *text = field == GRAPH_NODE ? "graph.node[3]: more than 3 nodes"
                                                   : "graph.initializer[3]: more than 3 tensors";
            const hone_status s = scan(&f, m);
            if (n == 3)
                assert_int_equal(s, HONE_OK);
            else
                expect_error(&f, s, HONE_E_LIMIT, text);
            message_free(m);
        }
    fixture_fini(&f);
}

static void estimates_memory_from_above(void **state) {
    (void)state;
    /* Many of each kind of small field: where two bytes of file cost the most memory. */
    for (int kind = 0; kind < 6; kind++) {
        fixture f;
        arena a;
        fixture_init(&f);
        arena_init(&a, &f.alloc);
        message *m = message_start();
        message_open(m, MODEL_GRAPH);
        for (int i = 0; i < 20000; i++) {
            if (kind == 0) message_bytes(m, GRAPH_NODE, "", 0);
            if (kind == 1) message_bytes(m, GRAPH_TENSOR, "", 0);
            if (kind == 2) message_bytes(m, 15, "", 0);
        }
        message_open(m, kind == 5 ? GRAPH_TENSOR : GRAPH_NODE);
        for (int i = 0; i < 20000; i++) {
            if (kind == 3) message_text(m, 1, i % 2 ? "a" : "longer than sixteen bytes");
            if (kind == 5) message_bytes(m, 6, "", 0);
        }
        message_open(m, NODE_ATTRIBUTE);
        for (int i = 0; kind == 4 && i < 20000; i++) message_number(m, 8, (uint64_t)i);
        message_close(m);
        message_close(m);
        message_close(m);
        const wire_input in = input_of(m);
        wire_stats stats;
        ProtobufCMessage *out;
        assert_int_equal(wire_scan(&f.c, &in, &stats), HONE_OK);
        assert_int_equal(wire_unpack(&f.c, &a, &in, &out, &stats), HONE_OK);
        assert_true(atomic_load(&f.alloc.peak) <= stats.memory + stats.skeleton);
        arena_fini(&a);
        /* With a budget just below the estimate it is refused before anything is allocated. */
        f.alloc.limit = stats.memory + stats.skeleton - 1;
        atomic_store(&f.alloc.peak, 0);
        expect_error(&f, scan(&f, m), HONE_E_LIMIT, "over the memory limit");
        assert_int_equal(atomic_load(&f.alloc.peak), 0);
        message_free(m);
        fixture_fini(&f);
    }
}

/* ---- Damage ---------------------------------------------------------------------------------- */

/* Scans and, if it passes, unpacks: neither may crash, and protobuf-c must accept what passes. */
static hone_status try(fixture *f, const uint8_t *data, size_t size) {
    const wire_input in = {data, size, &onnx__model_proto__descriptor};
    arena a;
    wire_stats stats;
    ProtobufCMessage *out;
    fixture_reset(f);
    arena_init(&a, &f->alloc);
    hone_status s = wire_scan(&f->c, &in, &stats);
    if (s == HONE_OK) assert_int_equal(wire_unpack(&f->c, &a, &in, &out, &stats), HONE_OK);
    arena_fini(&a);
    return s;
}

static void truncation_at_every_length_is_noticed(void **state) {
    (void)state;
    fixture f;
    fixture_init(&f);
    message *m = sample();
    size_t accepted = 0;
    for (size_t n = 0; n < m->size; n++) {
        uint8_t *exact = malloc(n + 1);
        memcpy(exact, m->data, n);
        accepted += try(&f, exact, n) == HONE_OK;
        free(exact);
    }
    /* The format has no total length, so a cut between two top-level fields is not noticed here. */
    assert_int_equal(accepted, 5);
    message_free(m);
    fixture_fini(&f);
}

static void every_changed_byte_is_survived(void **state) {
    (void)state;
    fixture f;
    fixture_init(&f);
    message *m = sample();
    for (size_t i = 0; i < m->size; i++) {
        const uint8_t keep = m->data[i];
        for (unsigned b = 0; b < 256; b++) {
            m->data[i] = (uint8_t)b;
            try(&f, m->data, m->size);
        }
        m->data[i] = keep;
    }
    message_free(m);
    fixture_fini(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_skeleton_keeps_what_is_known),
        cmocka_unit_test(varints_end_at_64_bits),
        cmocka_unit_test(refuses_malformed_messages),
        cmocka_unit_test(refuses_deep_nesting),
        cmocka_unit_test(counts_nodes_and_tensors),
        cmocka_unit_test(estimates_memory_from_above),
        cmocka_unit_test(truncation_at_every_length_is_noticed),
        cmocka_unit_test(every_changed_byte_is_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
