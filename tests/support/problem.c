/* SPDX-License-Identifier: Apache-2.0 */
#include "problem.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backward.h"
#include "narrow.h"
#include "unit_test.h"

enum { MAX_ATTRS = 24, MAX_LIST = 64 };

typedef struct problem {
    hone_model *m;
    ctx c;
    builder b;
    hone_error err;
    value *in[PROBLEM_MAX_INPUTS];
    int32_t n_in;
    attr attrs[MAX_ATTRS];
    int32_t n_attrs;
    int32_t n_out; /* 0: not said */
    const char *line;
    problem_late *late; /* NULL: everything is known */
} problem;

void expect_ok(hone_status status, const hone_error *err, const char *what) {
    if (status != HONE_OK) fail_msg("%s: %s: %s", what, hone_status_name(status), err->text);
}

static hone_dtype dtype_of(const char *name, size_t length) {
    static const struct {
        const char *name;
        hone_dtype dtype;
    } names[] = {
        {"f32", HONE_F32},   {"f64", HONE_F64},   {"f16", HONE_F16},   {"bf16", HONE_BF16},
        {"i8", HONE_I8},     {"i16", HONE_I16},   {"i32", HONE_I32},   {"i64", HONE_I64},
        {"u8", HONE_U8},     {"u16", HONE_U16},   {"u32", HONE_U32},   {"u64", HONE_U64},
        {"bool", HONE_BOOL}, {"i4", HONE_I4},     {"u4", HONE_U4},     {"str", HONE_STRING},
        {"c64", HONE_C64},   {"c128", HONE_C128}, {"f4", HONE_F4E2M1}, {"f8", HONE_F8E4M3FN},
        {"i2", HONE_I2},     {"u2", HONE_U2}};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strlen(names[i].name) == length && !strncmp(names[i].name, name, length))
            return names[i].dtype;
    return HONE_UNDEFINED;
}

/* Numbers separated by commas up to `end`. */
static int32_t parse_numbers(const char *text, char end, double *out) {
    int32_t n = 0;
    while (*text && *text != end && n < MAX_LIST) {
        char *stop;
        out[n++] = strtod(text, &stop);
        if (stop == text) fail_msg("bad number in problem line: %s", text);
        text = *stop == ',' ? stop + 1 : stop;
    }
    return n;
}

/* An input whose name begins so is filled with positive values. */
enum { POSITIVE = 'p' };

/* Texts separated by commas up to the brace, as a constant. An underscore stands for a space. */
static value *parse_text(problem *p, const shape *dims, const char *text) {
    const char *list[MAX_LIST] = {0};
    int32_t n = 0;
    while (*text && *text != '}' && n < MAX_LIST) {
        const size_t length = strcspn(text, ",}");
        char *copy = arena_strndup(&p->m->arena, text, length);
        for (char *c = copy; *c; c++)
            if (*c == '_') *c = ' ';
        list[n++] = copy;
        text += length + (text[length] == ',');
    }
    const shape s = dims ? *dims : shape_vector(n);
    int64_t count;
    const bool listed = shape_count(&s, &count) && count <= MAX_LIST; /* the rest is empty */
    return emit_constant(&p->b, HONE_STRING, &s, listed ? list : NULL);
}

/* An input of the model. */
static value *add_input(problem *p, const char *kind, const type *t, const tensor *v) {
    graph *g = p->m->graph;
    char name[16];
    type declared = *t;
    if (g->n_input == PROBLEM_MAX_INPUTS) fail_msg("too many inputs in '%s'", p->line);
    snprintf(name, sizeof name, "%s%d", kind, g->n_input);
    if (p->late) {
        p->late->value[g->n_input] = v;
        p->late->shape[g->n_input] = t->shape;
        if (p->late->dims) declared.shape = shape_of_rank(t->shape.rank);
    }
    return graph_add_input(g, name, &declared);
}

/* A constant, or an input that will be given its value. */
static value *given(problem *p, value *constant) {
    if (!p->late || !p->late->values || !constant) return constant;
    return add_input(p, "c", &constant->type, constant->constant);
}

/* "type[dims]", "type[dims]+", "type{values}" or "type[dims]{values}". */
static value *parse_input(problem *p, const char *token) {
    const size_t length = strcspn(token, "[{");
    const hone_dtype t = dtype_of(token, length);
    const char *dims = token[length] == '[' ? token + length + 1 : NULL;
    const char *values = strchr(token, '{');
    double v[MAX_LIST];
    if (t == HONE_UNDEFINED) fail_msg("bad type in problem line '%s'", p->line);
    shape s = shape_of_rank(dims ? parse_numbers(dims, ']', v) : 1);
    if (s.rank > HONE_MAX_RANK) fail_msg("too many dimensions in '%s'", p->line);
    for (int32_t i = 0; dims && i < s.rank; i++) s.dim[i] = f64_to_i64(v[i]);
    if (!values) {
        const type ty = type_tensor(t, &s);
        return add_input(p, token[strlen(token) - 1] == '+' ? "p" : "x", &ty, NULL);
    }
    if (t == HONE_STRING) return given(p, parse_text(p, dims ? &s : NULL, values + 1));
    const int32_t n = parse_numbers(values + 1, '}', v);
    if (!dims) s.dim[0] = n;
    value *c = emit_constant(&p->b, t, &s, NULL);
    const int64_t room = c ? tensor_count(c->constant) : 0;
    for (int32_t i = 0; i < n && i < room; i++) tensor_set_f64(c->constant, i, v[i]);
    return given(p, c);
}

static void parse_attr(problem *p, char *token) {
    char *text = strchr(token, '=') + 1;
    text[-1] = '\0';
    arena *a = &p->m->arena;
    attr *at = &p->attrs[p->n_attrs++];
    const char *name = arena_strdup(a, token);
    double v[MAX_LIST];
    if (strpbrk(text, "[{")) {
        const value *c = parse_input(p, text);
        *at = (attr){.name = name, .kind = ATTR_TENSOR, .tensor = c->constant};
        return;
    }
    if (isalpha((unsigned char)*text)) {
        *at = A_STRING(name, arena_strdup(a, text));
        return;
    }
    const int32_t n = parse_numbers(text, '\0', v);
    int64_t *ints = arena_array(a, (size_t)n + 1, sizeof *ints);
    float *floats = arena_array(a, (size_t)n + 1, sizeof *floats);
    for (int32_t i = 0; i < n; i++) {
        ints[i] = f64_to_i64(v[i]);
        floats[i] = (float)v[i];
    }
    *at = (attr){
        .name = name, .i = ints[0], .f = floats[0], .ints = ints, .floats = floats, .count = n};
}

/* "Sigmoid,Tanh" as a list of strings. */
static void split_strings(problem *p, attr *at) {
    const char **list = arena_array(&p->m->arena, MAX_LIST, sizeof *list);
    const char *text = at->s;
    int32_t n = 0;
    for (;;) {
        const size_t length = strcspn(text, ",");
        list[n++] = arena_strndup(&p->m->arena, text, length);
        if (!text[length]) break;
        text += length + 1;
    }
    *at = (attr){.name = at->name, .kind = ATTR_STRINGS, .strings = list, .count = n};
}

/* Numbers of an attribute take the form that the operator's table asks for. */
static void settle_kinds(problem *p, const op *o) {
    for (int32_t i = 0; i < p->n_attrs; i++) {
        attr *at = &p->attrs[i];
        if (at->kind == ATTR_TENSOR) continue;
        if (at->kind != ATTR_STRING) at->kind = at->count > 1 ? ATTR_INTS : ATTR_INT;
        for (int32_t j = 0; j < o->n_attrs; j++) {
            if (strcmp(o->attrs[j].name, at->name) != 0) continue;
            const attr_kind k = o->attrs[j].kind;
            if (k == ATTR_STRINGS && at->kind == ATTR_STRING) split_strings(p, at);
            if (at->kind == ATTR_STRING || at->kind == ATTR_STRINGS) continue;
            at->kind = k == ATTR_FLOAT                    ? ATTR_FLOAT
                       : k == ATTR_FLOATS                 ? ATTR_FLOATS
                       : k == ATTR_INTS || k == ATTR_AXES ? ATTR_INTS
                                                          : ATTR_INT;
        }
    }
}

static void parse_line(problem *p, const op *o) {
    char copy[1024];
    if (snprintf(copy, sizeof copy, "%s", p->line) >= (int)sizeof copy)
        fail_msg("too long a problem line: %s", p->line);
    for (char *token = strtok(copy, " "); token; token = strtok(NULL, " ")) {
        if (*token == '>')
            p->n_out = atoi(token + 1);
        else if (strchr(token, '='))
            parse_attr(p, token);
        else
            p->in[p->n_in++] = strcmp(token, "_") == 0 ? NULL : parse_input(p, token);
    }
    settle_kinds(p, o);
}

/* The operator's outputs as values of the graph. */
static int32_t emit_operator(problem *p, const op *o, value **out) {
    char name[80];
    int32_t n_out = p->n_out;
    while (!p->n_out && n_out < o->n_out && !(o->out[n_out].flags & (ARG_OPTIONAL | ARG_VARIADIC)))
        n_out++;
    if (n_out == 0) n_out = 1;
    if (n_out > PROBLEM_MAX_OUTPUTS) n_out = PROBLEM_MAX_OUTPUTS;
    snprintf(name, sizeof name, "%s%s%s", o->domain, *o->domain ? "::" : "", o->name);
    emit_n(&p->b, name, p->in, p->n_in, p->attrs, p->n_attrs, out, n_out);
    return n_out;
}

static void problem_begin(problem *p, const op *o, const char *line,
                          const hone_open_options *options) {
    p->line = line;
    error_clear(&p->err);
    expect_ok(model_create(&p->m, options, &p->err), &p->err, "model_create");
    p->c = model_ctx(p->m, options, &p->err);
    p->m->graph = graph_create(&p->m->arena, NULL, "problem");
    builder_init(&p->b, &p->c, p->m->graph, NULL, "node");
    parse_line(p, o);
}

/* The model of a problem that has begun: with the operator's outputs as its own. */
static hone_status problem_finish(problem *p, const op *o, const hone_open_options *options) {
    value *out[PROBLEM_MAX_OUTPUTS];
    const int32_t n = emit_operator(p, o, out);
    TRY(p->b.status);
    for (int32_t i = 0; i < n; i++) {
        char name[16];
        snprintf(name, sizeof name, "y%d", i);
        if (!out[i]) /* what an import says then */
            return builder_fail(&p->b, HONE_E_FORMAT, "node 'node' (%s): has no output %d", o->name,
                                i);
        if (!*out[i]->name) out[i]->name = arena_strdup(&p->m->arena, name);
        graph_add_output(p->m->graph, out[i]);
    }
    return model_finish(&p->c, p->m, options);
}

hone_model *problem_model(const op *o, const char *line, uint32_t flags) {
    problem p = {0};
    hone_open_options options = HONE_INIT(hone_open_options);
    options.flags = flags;
    problem_begin(&p, o, line, &options);
    expect_ok(problem_finish(&p, o, &options), &p.err, line);
    return p.m;
}

hone_status problem_open(const op *o, const char *line, const hone_open_options *options,
                         problem_late *late, hone_model **out, hone_error *err) {
    problem p = {.late = late};
    *out = NULL;
    problem_begin(&p, o, line, options);
    const hone_status status = problem_finish(&p, o, options);
    *err = p.err;
    if (status == HONE_OK)
        *out = p.m;
    else
        hone_model_close(p.m);
    return status;
}

hone_model *problem_gradient(const op *o, const char *line, int32_t inputs[PROBLEM_MAX_INPUTS]) {
    problem p = {0};
    value *out[PROBLEM_MAX_OUTPUTS], *loss = NULL, *wrt[PROBLEM_MAX_INPUTS],
                                     *dx[PROBLEM_MAX_INPUTS];
    int32_t n_wrt = 0, n_inputs = 0, number[PROBLEM_MAX_INPUTS];
    problem_begin(&p, o, line, NULL);
    const int32_t n = emit_operator(&p, o, out);
    expect_ok(p.b.status, &p.err, line);
    for (int32_t i = 0; i < p.m->graph->n_input; i++) {
        if (p.m->graph->input[i]->type.dtype != HONE_F32) continue;
        number[n_wrt] = i;
        wrt[n_wrt++] = p.m->graph->input[i];
    }
    for (int32_t i = 0; i < n; i++) {
        char name[16];
        snprintf(name, sizeof name, "w%d", i);
        value *y = out[i];
        if (y->type.dtype == HONE_F64) y = emit(&p.b, "Cast", IN(y), ATTRS(A_INT("to", HONE_F32)));
        if (!y || y->type.dtype != HONE_F32) continue;
        value *w = graph_add_input(p.m->graph, name, &y->type);
        value *part = emit(&p.b, "ReduceSum", IN(emit(&p.b, "Mul", IN(y, w), NO_ATTRS)),
                           ATTRS(A_INT("keepdims", 0)));
        loss = loss ? emit(&p.b, "Add", IN(loss, part), NO_ATTRS) : part;
    }
    hone_status status = p.b.status;
    if (status == HONE_OK && loss) status = backward(&p.c, p.m->graph, loss, wrt, n_wrt, dx);
    if (!loss || status == HONE_E_UNSUPPORTED) {
        hone_model_close(p.m);
        return NULL;
    }
    expect_ok(status, &p.err, line);
    graph_add_output(p.m->graph, loss);
    for (int32_t i = 0; i < n_wrt; i++) {
        if (!dx[i]) continue;
        inputs[n_inputs++] = number[i];
        graph_add_output(p.m->graph, dx[i]);
    }
    hone_open_options options = HONE_INIT(hone_open_options);
    expect_ok(model_finish(&p.c, p.m, &options), &p.err, line);
    return p.m;
}

/* splitmix64 (Steele, Lea and Flood, 2014). */
static uint64_t next_random(uint64_t *state) {
    uint64_t z = (*state += 0x9E3779B97F4A7C15u);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

void problem_fill(hone_session *s, const hone_model *m, uint64_t seed) {
    hone_error err;
    for (int32_t i = 0; i < hone_model_input_count(m); i++) {
        hone_view v;
        expect_ok(hone_session_input(s, i, &v, &err), &err, "hone_session_input");
        const tensor t = {.dtype = v.dtype, .shape = shape_make(v.rank, v.dim), .data = v.data};
        if (v.dtype == HONE_STRING) continue; /* empty texts */
        for (int64_t j = 0; j < tensor_count(&t); j++) {
            const uint64_t r = next_random(&seed);
            const double unit = (double)(r >> 11) * 0x1p-53;
            const bool negative = unit < 0.5 && *m->graph->input[i]->name != POSITIVE;
            const double x = (negative ? -1.0 : 1.0) * (0.05 + 1.9 * fabs(2 * unit - 1));
            tensor_set_f64(&t, j,
                           dtype_in(v.dtype, DT_FLOATS) ? x
                           : v.dtype == HONE_BOOL       ? (double)(r & 1)
                                                        : (double)(r % 7));
        }
    }
}
