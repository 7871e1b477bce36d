/* SPDX-License-Identifier: Apache-2.0
 *
 * What must hold for every operator, checked on its own problem lines:
 *   - shapes found at import agree with those of the run
 *   - every ISA level agrees with the scalar one within the operator's tolerance
 *   - results have the same bits for 1, 2 and 5 threads, on a second run (unless they are random),
 *     and with passes off
 *   - a saved and loaded model gives the same bits
 *   - the gradient agrees with central differences
 * and, without them, that the operator describes its inputs and outputs, and that an attribute
 * which it does not have is refused.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "problem.h"
#include "unit_test.h"

/* What the gradient checks pass over: inputs with too many elements, and kinks. */
static int32_t large_inputs, kinks;

typedef struct result {
    hone_view out[8];
    int32_t n;
} result;

static hone_session *start(const hone_model *m, const char *isa, int32_t threads) {
    hone_session_options o = HONE_INIT(hone_session_options);
    hone_session *s;
    hone_error err;
    o.isa = isa;
    o.threads = threads;
    expect_ok(hone_session_create(&s, m, &o, &err), &err, "hone_session_create");
    problem_fill(s, m, 1);
    return s;
}

static result run(hone_session *s, const hone_model *m, const char *line) {
    hone_error err;
    result r = {.n = hone_model_output_count(m)};
    expect_ok(hone_session_run(s, &err), &err, line);
    for (int32_t i = 0; i < r.n; i++)
        expect_ok(hone_session_output(s, i, &r.out[i], &err), &err, line);
    return r;
}

static tensor tensor_of_view(const hone_view *v) {
    return (tensor){.dtype = v->dtype, .shape = shape_make(v->rank, v->dim), .data = v->data};
}

static bool equal_bits(const hone_view *a, const hone_view *b) {
    const tensor x = tensor_of_view(a), y = tensor_of_view(b);
    if (a->bytes != b->bytes) return false;
    if (a->dtype != HONE_STRING) return memcmp(a->data, b->data, a->bytes) == 0;
    for (int64_t i = 0; i < tensor_count(&x); i++)
        if (strcmp(tensor_string(&x, i), tensor_string(&y, i)) != 0) return false;
    return true;
}

static void same_bits(const result *a, const result *b, const char *what, const char *line) {
    for (int32_t i = 0; i < a->n; i++)
        if (!equal_bits(&a->out[i], &b->out[i]))
            fail_msg("'%s': %s changes the bits of output %d", line, what, i);
}

static double largest(const tensor *t) {
    double m = 0;
    for (int64_t i = 0; i < tensor_count(t); i++) m = fmax(m, fabs(tensor_f64(t, i)));
    return m;
}

/* Distance that the tolerance allows around a reference value. */
static double allowed(const op *o, const tensor *ref, double expected, double scale) {
    const double eps = ref->dtype == HONE_F16    ? 0x1p-10
                       : ref->dtype == HONE_BF16 ? 0x1p-7
                                                 : 0x1p-23;
    if (!dtype_in(ref->dtype, DT_FLOATS)) return 0;
    switch (o->tolerance.kind) {
    case TOL_EXACT: return 0;
    case TOL_ULP: return o->tolerance.bound * eps * fmax(fabs(expected), 0x1p-100);
    case TOL_REL: return fmax(o->tolerance.bound, eps) * scale;
    case TOL_SUM: return 64 * o->tolerance.bound * eps * fmax(scale, 1);
    }
    return 0;
}

static void close_to(const op *o, const result *ref, const result *got, const char *isa,
                     const char *line) {
    for (int32_t i = 0; i < ref->n; i++) {
        const tensor a = tensor_of_view(&ref->out[i]), b = tensor_of_view(&got->out[i]);
        assert_true(shape_equal(&a.shape, &b.shape));
        if (dtype_in(a.dtype, DT(HONE_STRING) | DT(HONE_C64) | DT(HONE_C128))) { /* only moved */
            if (!equal_bits(&ref->out[i], &got->out[i]))
                fail_msg("%s '%s': level %s changes the text or the complex numbers", o->name, line,
                         isa);
            continue;
        }
        const double scale = largest(&a);
        for (int64_t j = 0; j < tensor_count(&a); j++) {
            const double x = tensor_f64(&a, j), y = tensor_f64(&b, j);
            if (x == y || (isnan(x) && isnan(y)) || fabs(x - y) <= allowed(o, &a, x, scale))
                continue;
            fail_msg("%s '%s': level %s gives %.9g at %lld of output %d: expected %.9g", o->name,
                     line, isa, y, (long long)j, i, x);
        }
    }
}

static void check_shapes(const hone_model *m, const result *r, const char *line) {
    for (int32_t i = 0; i < r->n; i++) {
        const type *t = &m->graph->output[i]->type;
        if (t->dtype != r->out[i].dtype)
            fail_msg("'%s': the type of output %d changes at run time", line, i);
        if (t->shape.rank < 0) continue;
        assert_int_equal(t->shape.rank, r->out[i].rank);
        for (int32_t a = 0; a < t->shape.rank; a++)
            if (!dim_compatible(t->shape.dim[a], r->out[i].dim[a]))
                fail_msg("'%s': dimension %d of output %d is %lld at import and %lld at run time",
                         line, a, i, (long long)t->shape.dim[a], (long long)r->out[i].dim[a]);
    }
}

static void check_levels(const op *o, const hone_model *m, const result *scalar, const char *line) {
    for (int level = ISA_SCALAR + 1; level < ISA_COUNT; level++) {
        if (!isa_supported((isa_level)level)) continue;
        hone_session *s = start(m, isa_name((isa_level)level), 1);
        const result r = run(s, m, line);
        close_to(o, scalar, &r, isa_name((isa_level)level), line);
        hone_session_destroy(s);
    }
}

/* Random numbers go on with every run. */
static bool is_random(const hone_model *m) {
    for (const node *n = m->graph->first; n; n = n->next)
        if (n->op->flags & OP_IMPURE) return true;
    return false;
}

static void check_threads(const hone_model *m, const result *one, const char *line) {
    static const int32_t counts[] = {2, 5};
    for (size_t i = 0; i < 2; i++) {
        hone_session *s = start(m, NULL, counts[i]);
        result r = run(s, m, line);
        same_bits(one, &r, "the number of threads", line);
        if (!is_random(m)) {
            r = run(s, m, line);
            same_bits(one, &r, "a second run", line);
        }
        hone_session_destroy(s);
    }
}

static void check_saved(const op *o, const hone_model *m, const result *one, const char *line) {
    char path[] = "/tmp/hone-ops-XXXXXX.hone";
    hone_error err;
    hone_model *loaded;
    const int fd = mkstemps(path, 5);
    assert_true(fd >= 0);
    close(fd);
    expect_ok(hone_model_save(m, path, &err), &err, line);
    expect_ok(hone_model_open(&loaded, path, NULL, &err), &err, line);
    hone_session *s = start(loaded, NULL, 1);
    const result r = run(s, loaded, line);
    same_bits(one, &r, "saving and loading", line);
    hone_session_destroy(s);
    hone_model_close(loaded);
    unlink(path);
    (void)o;
}

/* Has a pass made one operator of several, which rounds otherwise than they did? */
static bool is_fused(const hone_model *m) {
    for (const node *n = m->graph->first; n; n = n->next)
        if (n->op == op_find("hone", "Attention")) return true;
    return false;
}

static void check_case(const op *o, const char *line) {
    hone_model *m = problem_model(o, line, 0),
               *plain = problem_model(o, line, HONE_OPEN_NO_OPTIMIZE);
    hone_session *one = start(m, NULL, 1), *scalar = start(m, "scalar", 1),
                 *raw = start(plain, NULL, 1);
    const result r = run(one, m, line), reference = run(scalar, m, line),
                 unoptimized = run(raw, plain, line);
    check_shapes(m, &r, line);
    if (o->expand && is_fused(m))
        close_to(o, &unoptimized, &r, "that passes chose", line);
    else
        same_bits(&r, &unoptimized, "turning passes off", line);
    check_levels(o, m, &reference, line);
    check_threads(m, &r, line);
    check_saved(o, m, &r, line);
    hone_session_destroy(one);
    hone_session_destroy(scalar);
    hone_session_destroy(raw);
    hone_model_close(m);
    hone_model_close(plain);
}

static double loss_at(hone_session *s, const hone_model *m, float *at, float x, const char *line) {
    const float before = *at;
    *at = x;
    const double loss = (double)*(const float *)run(s, m, line).out[0].data;
    *at = before;
    return loss;
}

static double difference(hone_session *s, const hone_model *m, float *at, float h,
                         const char *line) {
    const float x = *at;
    return (loss_at(s, m, at, x + h, line) - loss_at(s, m, at, x - h, line)) / (2 * (double)h);
}

enum { MOST_CHECKED = 24, MOST_ELEMENTS = 4096 };

/* Gradient number g, of that input, against central differences at two widths, extrapolated. Where
 * the two widths disagree the formula has a kink between them, and there is nothing to compare. */
static void check_one_gradient(const op *o, hone_session *s, const hone_model *m, int32_t g,
                               int32_t input, const char *line) {
    hone_error err;
    hone_view x;
    float exact[MOST_CHECKED];
    const result r = run(s, m, line);
    const int64_t count = (int64_t)(r.out[1 + g].bytes / sizeof(float));
    const int64_t checked = count < MOST_CHECKED ? count : MOST_CHECKED;
    memcpy(exact, r.out[1 + g].data, (size_t)checked * sizeof(float));
    expect_ok(hone_session_input(s, input, &x, &err), &err, line);
    if (count > MOST_ELEMENTS) {
        large_inputs++;
        return;
    }
    for (int64_t j = 0; j < checked; j++) {
        float *at = (float *)x.data + j;
        const double wide = difference(s, m, at, 1.0f / 32, line);
        const double near = difference(s, m, at, 1.0f / 64, line);
        const double numeric = (4 * near - wide) / 3;
        if (fabs(wide - near) > 0.004 * fabs(near) + 1e-3) {
            kinks++;
            continue;
        }
        /* Written so that a NaN on either side fails. */
        if (!(fabs(numeric - (double)exact[j]) <= 0.01 * fmax(1, fabs(numeric))))
            fail_msg("%s '%s': gradient %lld of input %d is %g: differences give %g", o->name, line,
                     (long long)j, input, (double)exact[j], numeric);
    }
}

/* Returns the number of inputs that the case is differentiated by. */
static int32_t check_gradient(const op *o, const char *line) {
    int32_t inputs[PROBLEM_MAX_INPUTS];
    hone_model *m = problem_gradient(o, line, inputs);
    if (!m) return 0;
    hone_session *s = start(m, NULL, 1);
    const int32_t n = hone_model_output_count(m) - 1;
    for (int32_t g = 0; g < n; g++) check_one_gradient(o, s, m, g, inputs[g], line);
    hone_session_destroy(s);
    hone_model_close(m);
    return n;
}

static void operator_holds_on_its_cases(void **state) {
    const op *o = *state;
    if (!o->cases || !o->cases[0]) fail_msg("%s has no cases", o->name);
    for (int32_t i = 0; o->cases[i]; i++) check_case(o, o->cases[i]);
}

static void gradient_agrees_with_differences(void **state) {
    const op *o = *state;
    int32_t n = 0;
    for (int32_t i = 0; o->cases && o->cases[i]; i++) n += check_gradient(o, o->cases[i]);
    if (n == 0) fail_msg("%s has a gradient, and no case is differentiated", o->name);
}

/* Bodies, sequences, optionals and what reads the graph around it do not fit into a problem line;
 * tests/formats/import_models.py has models with them. */
static bool needs_a_model(const op *o) {
    if (o == &op_gradient) return true;
    for (int32_t i = 0; i < o->n_attrs; i++)
        if (o->attrs[i].kind == ATTR_GRAPH && o->attrs[i].required) return true;
    return o != &op_identity && ((o->n_in && o->in[0].flags & ARG_ANY_KIND) ||
                                 (o->n_out && o->out[0].flags & ARG_ANY_KIND));
}

/* The others make something of their attributes alone. */
static bool takes_inputs(const op *o) {
    static const char *const without[] = {"::Constant", "::RandomNormal", "::RandomUniform",
                                          "::SequenceEmpty", "hone::None"};
    char name[80];
    snprintf(name, sizeof name, "%s::%s", o->domain, o->name);
    for (size_t i = 0; i < sizeof without / sizeof *without; i++)
        if (strcmp(name, without[i]) == 0) return false;
    return true;
}

static void check_slots(const op *o, const op_arg *slots, int32_t n, const char *what) {
    for (int32_t i = 0; i < n; i++) {
        if (!slots[i].name || !*slots[i].name || !slots[i].types)
            fail_msg("%s: %s %d has no name or no types", o->name, what, i);
        if (slots[i].flags & ARG_VARIADIC && i != n - 1)
            fail_msg("%s: %s '%s' is variadic and not the last", o->name, what, slots[i].name);
        for (int32_t j = 0; j < i; j++)
            if (strcmp(slots[i].name, slots[j].name) == 0)
                fail_msg("%s: two of the %ss are named '%s'", o->name, what, slots[i].name);
    }
}

static void slots_are_described(void **state) {
    const op *o = *state;
    if (takes_inputs(o) != (o->n_in > 0)) fail_msg("%s describes %d inputs", o->name, o->n_in);
    if (o->n_out == 0) fail_msg("%s describes no outputs", o->name);
    check_slots(o, o->in, o->n_in, "input");
    check_slots(o, o->out, o->n_out, "output");
}

static void unknown_attribute_is_refused(void **state) {
    const op *o = *state;
    hone_model *m;
    hone_error err;
    builder b;
    value *out[1] = {NULL};
    attr unknown = A_INT("no_such_attribute", 1);
    error_clear(&err);
    expect_ok(model_create(&m, NULL, &err), &err, "model_create");
    const ctx c = model_ctx(m, NULL, &err);
    m->graph = graph_create(&m->arena, NULL, "problem");
    builder_init(&b, &c, m->graph, NULL, "node");
    draft d = {.domain = o->domain,
               .type = o->name,
               .name = "node",
               .opset = INT32_MAX,
               .attrs = &unknown,
               .n_attrs = 1,
               .out = out,
               .n_out = 1};
    const hone_status status = lower(&b, &d);
    char text[160];
    snprintf(text, sizeof text, "node 'node' (%s): unknown attribute 'no_such_attribute'", o->name);
    if (status != HONE_E_FORMAT || strcmp(err.text, text) != 0)
        fail_msg("%s takes an unknown attribute: %s: %s", o->name, hone_status_name(status),
                 err.text);
    hone_model_close(m);
}

int main(int argc, char **argv) {
    int32_t n, tests = 0;
    const op *const *all = op_all(&n);
    struct CMUnitTest *list = calloc((size_t)n * 4, sizeof *list);
    if (!list) return 1;
    for (int32_t i = 0; i < n; i++) {
        if (argc > 1 && strcmp(argv[1], all[i]->name) != 0) continue;
        void *state = (void *)all[i];
        list[tests++] = (struct CMUnitTest){all[i]->name, slots_are_described, NULL, NULL, state};
        list[tests++] =
            (struct CMUnitTest){all[i]->name, unknown_attribute_is_refused, NULL, NULL, state};
        if (needs_a_model(all[i])) continue;
        list[tests++] =
            (struct CMUnitTest){all[i]->name, operator_holds_on_its_cases, NULL, NULL, state};
        if (all[i]->grad)
            list[tests++] = (struct CMUnitTest){all[i]->name, gradient_agrees_with_differences,
                                                NULL, NULL, state};
    }
    if (tests == 0) fprintf(stderr, "there is no operator '%s'\n", argc > 1 ? argv[1] : "");
    const int failed =
        tests == 0 || _cmocka_run_group_tests("operators", list, (size_t)tests, NULL, NULL);
    if (large_inputs)
        printf("note: %d inputs of gradients have more than %d elements: not checked\n",
               large_inputs, MOST_ELEMENTS);
    if (kinks) printf("note: %d elements of gradients lie at a kink: not checked\n", kinks);
    free(list);
    return failed;
}
