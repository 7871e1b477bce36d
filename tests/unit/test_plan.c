/* SPDX-License-Identifier: Apache-2.0
 *
 * The planner on random graphs: whatever memory is shared, viewed or worked on in place, every
 * result is what it is when each tensor has memory of its own.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "problem.h"
#include "unit_test.h"

enum { NODES = 60, WIDTH = 12, ELEMENTS = 24 };

typedef struct random_graph {
    hone_model *m;
    builder b;
    ctx c;
    hone_error err;
    value *value[NODES + 4];
    float expected[NODES + 4][ELEMENTS];
    int32_t n;
    uint32_t seed;
} random_graph;

static uint32_t draw(random_graph *g, uint32_t below) {
    g->seed = g->seed * 1664525u + 1013904223u;
    return (g->seed >> 8) % below;
}

/* A value among the last few, so that lifetimes differ. */
static int32_t pick(random_graph *g) {
    const int32_t window = g->n < WIDTH ? g->n : WIDTH;
    return g->n - 1 - (int32_t)draw(g, (uint32_t)window);
}

static float relu(float x) { return x > 0 ? x : 0; }

/* Reshapes to one of the shapes of 24 elements, so that Add has to agree on one first. */
static value *flat(random_graph *g, value *v) {
    const int64_t dims[] = {ELEMENTS};
    return emit(&g->b, "Reshape", IN(v, emit_i64s(&g->b, dims, 1)), NO_ATTRS);
}

/* The parts of v before and from element k on, by one Split. */
static void split(random_graph *g, value *v, int32_t k, value **parts) {
    const int64_t sizes[] = {k, ELEMENTS - k};
    emit_n(&g->b, "Split", IN(flat(g, v), emit_i64s(&g->b, sizes, 2)), ATTRS(A_INT("axis", 0)),
           parts, 2);
}

/* v's row `row` of two. */
static value *row_of(random_graph *g, value *v, int64_t row) {
    const int64_t dims[] = {2, ELEMENTS / 2};
    value *rows = emit(&g->b, "Reshape", IN(v, emit_i64s(&g->b, dims, 2)), NO_ATTRS);
    return emit(&g->b, "Gather", IN(rows, emit_i64(&g->b, row)), NO_ATTRS);
}

static value *cut(random_graph *g, value *v, int64_t from, int64_t to) {
    return emit(&g->b, "Slice",
                IN(flat(g, v), emit_i64s(&g->b, &from, 1), emit_i64s(&g->b, &to, 1)), NO_ATTRS);
}

static value *join(random_graph *g, value *a, value *b) {
    return emit(&g->b, "Concat", IN(a, b), ATTRS(A_INT("axis", 0)));
}

/* Parts of values, joined again. */
static value *rejoin(random_graph *g, int32_t i, int32_t j, float *y) {
    const int32_t k = 1 + (int32_t)draw(g, ELEMENTS - 1), half = ELEMENTS / 2;
    const float *a = g->expected[i], *b = g->expected[j];
    value *parts[2];
    switch (draw(g, 3)) {
    case 0:
        split(g, g->value[i], k, parts);
        for (int e = 0; e < ELEMENTS; e++) y[e] = a[(e + k) % ELEMENTS];
        return join(g, parts[1], parts[0]);
    case 1:
        for (int e = 0; e < ELEMENTS; e++) y[e] = e < k ? relu(a[e]) : b[e];
        parts[0] = emit(&g->b, "Relu", IN(cut(g, g->value[i], 0, k)), NO_ATTRS);
        return join(g, parts[0], cut(g, g->value[j], k, ELEMENTS));
    default:
        for (int e = 0; e < ELEMENTS; e++) y[e] = e < half ? relu(a[e + half]) : relu(b[e - half]);
        parts[0] = emit(&g->b, "Relu", IN(row_of(g, g->value[i], 1)), NO_ATTRS);
        parts[1] = emit(&g->b, "Relu", IN(row_of(g, g->value[j], 0)), NO_ATTRS);
        return join(g, parts[0], parts[1]);
    }
}

static void grow(random_graph *g) {
    static const int64_t shapes[][3] = {{24, 1, 1}, {2, 3, 4}, {4, 6, 1}, {3, 8, 1}};
    const int32_t i = pick(g), j = pick(g);
    value *out = NULL;
    float *y = g->expected[g->n];
    switch (draw(g, 6)) {
    case 0:
        out = emit(&g->b, "Add", IN(flat(g, g->value[i]), flat(g, g->value[j])), NO_ATTRS);
        for (int e = 0; e < ELEMENTS; e++) y[e] = g->expected[i][e] + g->expected[j][e];
        break;
    case 1:
        out = emit(&g->b, "Sub", IN(flat(g, g->value[i]), flat(g, g->value[j])), NO_ATTRS);
        for (int e = 0; e < ELEMENTS; e++) y[e] = g->expected[i][e] - g->expected[j][e];
        break;
    case 2:
        out = emit(&g->b, "Relu", IN(g->value[i]), NO_ATTRS);
        for (int e = 0; e < ELEMENTS; e++) y[e] = relu(g->expected[i][e]);
        break;
    case 3:
    case 4: out = rejoin(g, i, j, y); break;
    default:
        out = emit(&g->b, "Reshape", IN(g->value[i], emit_i64s(&g->b, shapes[draw(g, 4)], 3)),
                   NO_ATTRS);
        memcpy(y, g->expected[i], sizeof g->expected[i]);
    }
    expect_ok(g->b.status, &g->err, "emit");
    g->value[g->n++] = out;
}

static void build(random_graph *g, uint32_t seed) {
    memset(g, 0, sizeof *g);
    g->seed = seed;
    error_clear(&g->err);
    expect_ok(model_create(&g->m, NULL, &g->err), &g->err, "model_create");
    g->c = model_ctx(g->m, NULL, &g->err);
    g->m->graph = graph_create(&g->m->arena, NULL, "random");
    builder_init(&g->b, &g->c, g->m->graph, NULL, "n");
    const shape s = shape_vector(ELEMENTS);
    const type t = type_tensor(HONE_F32, &s);
    for (int i = 0; i < 2; i++) {
        g->value[g->n] = graph_add_input(g->m->graph, i ? "b" : "a", &t);
        for (int e = 0; e < ELEMENTS; e++)
            g->expected[g->n][e] = (float)((int)draw(g, 33) - 16) / 4;
        g->n++;
    }
    while (g->n < NODES) grow(g);
    for (int32_t i = 2; i < g->n; i++)
        if (i == g->n - 1 || draw(g, 8) == 0) graph_add_output(g->m->graph, g->value[i]);
    hone_open_options o = HONE_INIT(hone_open_options);
    o.flags = HONE_OPEN_NO_OPTIMIZE;
    expect_ok(model_finish(&g->c, g->m, &o), &g->err, "model_finish");
}

static void check_outputs(random_graph *g, hone_session *s) {
    hone_error err;
    for (int32_t k = 0; k < g->m->graph->n_output; k++) {
        hone_view v;
        expect_ok(hone_session_output(s, k, &v, &err), &err, "output");
        for (int32_t i = 0; i < g->n; i++)
            if (g->value[i] == g->m->graph->output[k])
                assert_memory_equal(v.data, g->expected[i], sizeof g->expected[i]);
    }
}

static void shared_memory_never_changes_results(void **state) {
    (void)state;
    static random_graph g;
    for (uint32_t seed = 1; seed <= 300; seed++) {
        hone_session *s;
        hone_error err;
        build(&g, seed);
        expect_ok(hone_session_create(&s, g.m, NULL, &err), &err, "session");
        for (int i = 0; i < 2; i++) {
            hone_view v;
            expect_ok(hone_session_input(s, i, &v, &err), &err, "input");
            memcpy(v.data, g.expected[i], sizeof g.expected[i]);
        }
        for (int run = 0; run < 2; run++) {
            expect_ok(hone_session_run(s, &err), &err, "run");
            check_outputs(&g, s);
        }
        hone_session_memory memory = HONE_INIT(hone_session_memory);
        expect_ok(hone_session_get_memory(s, &memory, &err), &err, "memory");
        assert_true(memory.planned_bytes <= memory.unshared_bytes);
        assert_true(memory.lower_bound_bytes <= memory.planned_bytes);
        assert_true(memory.planned_bytes == 0 || memory.lower_bound_bytes > 0);
        hone_session_destroy(s);
        hone_model_close(g.m);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(shared_memory_never_changes_results)};
    return cmocka_run_group_tests_name("plan", tests, NULL, NULL);
}
