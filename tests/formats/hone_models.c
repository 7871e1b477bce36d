/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "build.h"
#include "hone_models.h"
#include "hone_writer.h"

typedef struct model_builder {
    const ctx *c;
    hone_model *m;
    builder b; /* of the main graph */
} model_builder;

static value *input(builder *b, const char *name, hone_dtype dtype, int32_t rank,
                    const int64_t *dim) {
    const shape s = rank < 0 ? shape_unknown() : shape_make(rank, dim);
    const type t = type_tensor(dtype, &s);
    return graph_add_input(b->graph, name, &t);
}

static void output(builder *b, value *v) {
    if (!v || !graph_add_output(b->graph, v)) builder_fail(b, HONE_E_NOMEM, "no memory");
}

/* A constant whose bytes count up to 100 again and again, which makes normal floats. The memory of
 * packed ones is not reached by emit_constant. */
static value *constant(model_builder *k, const char *name, hone_dtype dtype, layout form,
                       const shape *s) {
    tensor t = {.dtype = dtype, .layout = form, .shape = *s};
    if (k->b.status != HONE_OK || !tensor_size(&t, &t.bytes)) return NULL;
    t.data = model_buffer(k->c, k->m, t.bytes);
    if (!t.data) return NULL;
    for (size_t i = 0; i < t.bytes; i++)
        ((unsigned char *)t.data)[i] = (unsigned char)(dtype == HONE_BOOL ? i & 1 : i % 100 + 1);
    return graph_add_constant(k->b.graph, name, &t);
}

static const layout dense = {LAYOUT_DENSE, 0};

static void one_node(model_builder *k) {
    value *x = input(&k->b, "x", HONE_F32, 2, (const int64_t[]){2, 3});
    value *y = emit(&k->b, "Relu", IN(x), NO_ATTRS);
    if (y) y->name = "y";
    output(&k->b, y);
}

static void no_node(model_builder *k) {
    value *x = input(&k->b, "x", HONE_I64, 0, NULL);
    output(&k->b, x);
    output(&k->b, x);
}

static void symbols_and_metadata(model_builder *k) {
    graph *g = k->b.graph;
    static const metadata_entry entries[] = {
        {"task", "none"}, {"", ""}, {"gr\xc3\xb6\xc3\x9f", "5"}};
    const int64_t batch = symbol_code(g, "batch");
    const shape s = shape_vector(4);
    value *x = input(&k->b, "x", HONE_F32, 3, (const int64_t[]){batch, DIM_UNKNOWN, 4});
    value *any = input(&k->b, "any", HONE_F32, -1, NULL);
    value *w = constant(k, "w", HONE_F32, dense, &s);
    value *sum = emit(&k->b, "Add", IN(x, w), NO_ATTRS);
    value *scaled = emit(&k->b, "Mul", IN(sum, w), NO_ATTRS);
    output(&k->b, emit(&k->b, "Softmax", IN(scaled), ATTRS(A_INT("axis", -2))));
    output(&k->b, emit(&k->b, "Add", IN(any, scaled), NO_ATTRS));
    k->m->metadata = arena_array(&k->m->arena, 3, sizeof *entries);
    if (!k->m->metadata) {
        builder_fail(&k->b, HONE_E_NOMEM, "no memory");
        return;
    }
    memcpy(k->m->metadata, entries, sizeof entries);
    k->m->n_metadata = 3;
    k->m->producer = "test";
    k->m->source_nodes = 17;
    k->m->is_optimized = true;
}

/* Every element type, as constants that are outputs; one is empty, two share memory. */
static void constants(model_builder *k) {
    for (int32_t t = 1; t < HONE_DTYPE_COUNT; t++) {
        const shape s = shape_make(2, (const int64_t[]){t == HONE_F64 ? 0 : 3, 5});
        if (t == HONE_STRING) continue;
        value *v = constant(k, hone_dtype_name((hone_dtype)t), (hone_dtype)t, dense, &s);
        output(&k->b, v);
        if (t == HONE_I16 && v) output(&k->b, graph_add_constant(k->b.graph, "twin", v->constant));
    }
}

static void packed(model_builder *k) {
    builder *b = &k->b;
    const shape kn = shape_make(3, (const int64_t[]){2, 3, 17});
    const shape nk = shape_make(2, (const int64_t[]){18, 17});
    value *x = input(b, "x", HONE_F32, 3, (const int64_t[]){1, 4, 3});
    value *w = constant(k, "kn", HONE_F32, (layout){LAYOUT_PANELS_KN, 1}, &kn);
    value *t = constant(k, "nk", HONE_F32, (layout){LAYOUT_PANELS_NK, 1}, &nk);
    const attr trans_b = A_INT("trans_b", 1);
    output(b, emit(b, "hone::MatMul", IN(emit(b, "hone::MatMul", IN(x, w), NO_ATTRS), t), &trans_b,
                   1));
}

/* Weights of every shape that Winograd's layouts take, in both. */
static void winograd(model_builder *k) {
    static const struct {
        const char *x, *two, *four;
        int32_t rank;
        int64_t in[4], w[4];
    } convs[] = {
        {"x", "two", "four", 4, {1, 6, 7, 5}, {18, 3, 3, 5}},
        {"wide", "wide_two", "wide_four", 4, {1, 2, 9, 3}, {17, 1, 3, 3}},
        {"high", "high_two", "high_four", 4, {1, 9, 2, 3}, {17, 3, 1, 3}},
        {"line", "line_two", "line_four", 3, {1, 9, 3}, {17, 3, 3}},
    };
    builder *b = &k->b;
    for (size_t i = 0; i < sizeof convs / sizeof *convs; i++) {
        const shape s = shape_make(convs[i].rank, convs[i].w);
        value *x = input(b, convs[i].x, HONE_F32, convs[i].rank, convs[i].in);
        value *two = constant(k, convs[i].two, HONE_F32, (layout){LAYOUT_WINOGRAD_2, 1}, &s);
        value *four = constant(k, convs[i].four, HONE_F32, (layout){LAYOUT_WINOGRAD_4, 1}, &s);
        output(b, emit(b, "hone::Conv", IN(x, two), NO_ATTRS));
        output(b, emit(b, "hone::Conv", IN(x, four), NO_ATTRS));
    }
}

/* A branch with one captured value: relu or negation of it, or what `inner` makes of it. */
static graph *branch(builder *b, const char *name, const char *op_name, const value *captured) {
    graph *g = graph_create(b->graph->arena, b->graph->symbols, name);
    builder in;
    if (!g) return NULL;
    builder_init(&in, b->c, g, NULL, "");
    value *x = graph_add_input(g, "captured", &captured->type);
    output(&in, emit(&in, op_name, IN(x), NO_ATTRS));
    return in.status == HONE_OK ? g : NULL;
}

static value *emit_if(builder *b, value *cond, value *x, graph *yes, graph *no) {
    value *out = NULL;
    if (!yes || !no || b->status != HONE_OK) return NULL;
    attr attrs[] = {{.name = "then_branch", .kind = ATTR_GRAPH, .graph = yes},
                    {.name = "else_branch", .kind = ATTR_GRAPH, .graph = no}};
    value *in[] = {cond, x};
    draft d = {.domain = "",
               .type = "If",
               .name = "choice",
               .opset = INT32_MAX,
               .in = in,
               .n_in = 2,
               .attrs = attrs,
               .n_attrs = 2,
               .n_captured = 1,
               .out = &out,
               .n_out = 1};
    return lower(b, &d) == HONE_OK ? out : NULL;
}

/* An If inside a branch of an If. */
static void bodies(model_builder *k) {
    builder *b = &k->b;
    value *cond = input(b, "cond", HONE_BOOL, 0, NULL);
    value *x = input(b, "x", HONE_F32, 1, (const int64_t[]){8});
    graph *outer = graph_create(b->graph->arena, b->graph->symbols, "outer");
    if (!outer || !x) return;
    builder in;
    builder_init(&in, b->c, outer, NULL, "");
    value *seen = graph_add_input(outer, "captured", &x->type);
    value *always = emit_scalar(&in, HONE_BOOL, 1);
    if (!seen || !always) return;
    output(&in, emit_if(&in, always, seen, branch(&in, "deep yes", "Relu", seen),
                        branch(&in, "deep no", "Neg", seen)));
    if (in.status == HONE_OK) output(b, emit_if(b, cond, x, outer, branch(b, "no", "Abs", x)));
}

static void other_kinds(model_builder *k) {
    static type element, list, maybe;
    const shape s = shape_vector(3);
    element = type_tensor(HONE_F16, &s);
    list = (type){.kind = HONE_SEQUENCE, .shape = shape_unknown(), .element = &element};
    maybe = (type){.kind = HONE_OPTIONAL, .shape = shape_unknown(), .element = &list};
    output(&k->b, graph_add_input(k->b.graph, "list", &list));
    output(&k->b, graph_add_input(k->b.graph, "maybe", &maybe));
}

/* Lists, strings and choices, omitted inputs and unwanted outputs. */
static void attributes(model_builder *k) {
    builder *b = &k->b;
    const shape s = shape_make(4, (const int64_t[]){4, 2, 3, 3});
    value *x = input(b, "x", HONE_F32, 4, (const int64_t[]){1, 2, 8, 8});
    value *w = constant(k, "w", HONE_F32, dense, &s);
    const int64_t pads[] = {1, 0, 1, 2}, strides[] = {2, 1};
    const int64_t there[] = {0, 2, 3, 1}, back[] = {0, 3, 1, 2};
    x = emit(b, "Transpose", IN(emit(b, "Transpose", IN(x), ATTRS(A_INTS("perm", there, 4)))),
             ATTRS(A_INTS("perm", back, 4)));
    x = emit(b, "Conv", IN(x, w), ATTRS(A_INTS("pads", pads, 4), A_INTS("strides", strides, 2)));
    x = emit(b, "Clip", IN(x, NULL, emit_scalar(b, HONE_F32, 6)), NO_ATTRS);
    output(b, emit(b, "LeakyRelu", IN(x), ATTRS(A_FLOAT("alpha", 0.25f))));
}

/* Lists of floats and strings. */
static void recurrent(model_builder *k) {
    const shape w = shape_make(3, (const int64_t[]){1, 4, 3});
    const shape u = shape_make(3, (const int64_t[]){1, 4, 4});
    value *x = input(&k->b, "x", HONE_F32, 3, (const int64_t[]){2, 1, 3});
    output(&k->b,
           emit(&k->b, "RNN",
                IN(x, constant(k, "w", HONE_F32, dense, &w), constant(k, "u", HONE_F32, dense, &u)),
                ATTRS(A_INT("hidden_size", 4))));
}

/* Strings, repeated ones and a NULL among them; none at all; two tensors that share memory. */
static void texts(model_builder *k) {
    static const char *words[] = {"gr\xc3\xb6\xc3\x9f", NULL, "texts", "texts"};
    graph *g = k->b.graph;
    tensor t = {.dtype = HONE_STRING, .shape = shape_make(2, (const int64_t[]){2, 2})};
    const tensor none = {.dtype = HONE_STRING, .shape = shape_vector(0), .data = words};
    t.data = words;
    t.bytes = sizeof words;
    output(&k->b, graph_add_constant(g, "four", &t));
    output(&k->b, graph_add_constant(g, "twin", &t));
    output(&k->b, graph_add_constant(g, "none", &none));
}

static const struct {
    const char *name;
    void (*build)(model_builder *k);
} models[TEST_MODELS] = {
    {"one node", one_node},
    {"no node", no_node},
    {"symbols", symbols_and_metadata},
    {"constants", constants},
    {"packed", packed},
    {"bodies", bodies},
    {"other kinds", other_kinds},
    {"attributes", attributes},
    {"recurrent", recurrent},
    {"texts", texts},
    {"winograd", winograd},
};

const char *test_model_name(int which) { return models[which].name; }

hone_status test_model_build(int which, const hone_open_options *options, hone_model **out,
                             hone_error *err) {
    hone_open_options o = options ? *options : HONE_INIT(hone_open_options);
    o.flags |= HONE_OPEN_NO_OPTIMIZE;
    hone_model *m;
    error_clear(err);
    TRY(model_create(&m, &o, err));
    ctx c = model_ctx(m, &o, err);
    model_builder k = {.c = &c, .m = m};
    m->format = "test";
    m->graph = graph_create(&m->arena, NULL, models[which].name);
    hone_status status = m->graph ? HONE_OK : fail_nomem(&c, 0);
    if (status == HONE_OK) {
        builder_init(&k.b, &c, m->graph, NULL, "");
        models[which].build(&k);
        status = k.b.status;
        if (status == HONE_OK && m->graph->n_output == 0) status = fail_nomem(&c, 0);
    }
    if (status == HONE_OK) status = model_finish(&c, m, &o);
    if (status == HONE_OK)
        *out = m;
    else
        hone_model_close(m);
    return status;
}

/* Collects a file in memory of the C library, which no test of allocation counts. */
static hone_status collect(void *to, const void *data, size_t size) {
    file_bytes *b = to;
    void *grown = size ? realloc(b->data, b->size + size) : b->data;
    if (size && !grown) return HONE_E_NOMEM;
    b->data = grown;
    if (size) memcpy(b->data + b->size, data, size);
    b->size += size;
    return HONE_OK;
}

file_bytes file_bytes_copy(const file_bytes *b, size_t size) {
    file_bytes copy = {.size = size};
    void *data = NULL;
    if (posix_memalign(&data, TENSOR_ALIGN, size ? size : 1)) abort();
    memset(data, 0, size);
    memcpy(data, b->data, size < b->size ? size : b->size);
    copy.data = data;
    return copy;
}

hone_status test_model_bytes(const hone_model *m, file_bytes *out, hone_error *err) {
    allocator alloc;
    allocator_init(&alloc, &m->alloc.fn, 0);
    const ctx c = {.alloc = &alloc, .limits = &m->limits, .err = err};
    file_bytes b = {0};
    const hone_status status = hone_serialize(&c, m, collect, &b);
    if (status == HONE_OK) *out = file_bytes_copy(&b, b.size);
    free(b.data);
    return status;
}
