/* SPDX-License-Identifier: Apache-2.0
 *
 * No input makes an operator crash, hang, write where it should not or ask for memory without end:
 * every problem line of every operator with one thing changed (mutations.h) gives a result or an
 * error that says where it is. Values and dimensions are known when the model is opened, or only
 * when it runs; values are ordinary, or NaN, infinities and the ends of integers.
 *
 *     test_bad_input [OPERATOR] [-v]
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "mutations.h"
#include "problem.h"
#include "unit_test.h"

enum { MEMORY = 64 << 20 };
static const double most_seconds = 5;

/* How a problem is run. */
typedef enum mode {
    KNOWN,   /* constants are constants */
    LATE,    /* they are inputs */
    EXTREME, /* and other inputs hold special values */
    OPEN,    /* dimensions are not stated either */
    MODES
} mode;

typedef struct tally {
    const op *o;
    mode mode;
    int32_t problems, results, errors;
} tally;
static bool verbose;

static double seconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* Is that what an error should look like? Limits may be met where no node is known. */
static void check_error(const tally *t, const char *line, hone_status status,
                        const hone_error *err) {
    const bool limit = status == HONE_E_LIMIT || status == HONE_E_NOMEM;
    const bool known = limit || status == HONE_E_FORMAT || status == HONE_E_UNSUPPORTED ||
                       status == HONE_E_INPUT || status == HONE_E_DEADLINE;
    if (!known || !*err->text || (!limit && !strstr(err->text, "node 'node' (")))
        fail_msg("%s '%s' (mode %d): %s: '%s'", t->o->name, line, (int)t->mode,
                 hone_status_name(status), err->text);
    if (verbose) printf("%s '%s': %s\n", t->o->name, line, err->text);
}

static void fill_extreme(const hone_view *v) {
    static const double values[] = {NAN, INFINITY, -INFINITY, 0.0, -0.0, 3e38, -3e38, 1e-45, 2.0};
    const tensor t = {.dtype = v->dtype, .shape = shape_make(v->rank, v->dim), .data = v->data};
    const bool number = dtype_in(v->dtype, DT_NUMBERS | DT_FLOAT8S);
    for (int64_t i = 0; number && i < tensor_count(&t); i++)
        tensor_set_f64(&t, i, values[i % (int64_t)(sizeof values / sizeof *values)]);
}

static hone_status give_inputs(const tally *t, hone_session *s, const hone_model *m,
                               const problem_late *late, hone_error *err) {
    for (int32_t i = 0; i < hone_model_input_count(m); i++) {
        const shape *dims = &late->shape[i];
        hone_view v;
        TRY(hone_session_set_shape(s, i, dims->rank, dims->dim, err));
        TRY(hone_session_input(s, i, &v, err));
        if (late->value[i])
            memcpy(v.data, late->value[i]->data, v.bytes);
        else if (t->mode == EXTREME)
            fill_extreme(&v);
    }
    return HONE_OK;
}

/* Every byte of a result belongs to it. */
static volatile uint8_t last_touched;
static void touch(const hone_view *v) {
    for (size_t i = 0; i < v->bytes; i++) last_touched = ((const uint8_t *)v->data)[i];
}

static hone_status run_model(const tally *t, const hone_model *m, const problem_late *late,
                             hone_error *err) {
    hone_session_options o = HONE_INIT(hone_session_options);
    hone_session *s;
    o.threads = 1;
    o.memory_limit = MEMORY;
    TRY(hone_session_create(&s, m, &o, err));
    hone_status status = give_inputs(t, s, m, late, err);
    if (status == HONE_OK) status = hone_session_run(s, err);
    for (int32_t i = 0; status == HONE_OK && i < hone_model_output_count(m); i++) {
        hone_view v;
        expect_ok(hone_session_output(s, i, &v, err), err, "hone_session_output");
        if (v.kind == HONE_TENSOR) touch(&v);
    }
    hone_session_destroy(s);
    return status;
}

static void try_problem(void *arg, const char *line) {
    tally *t = arg;
    problem_late late = {.values = t->mode != KNOWN, .dims = t->mode == OPEN};
    hone_limits limits = HONE_INIT(hone_limits);
    hone_open_options options = HONE_INIT(hone_open_options);
    hone_model *m;
    hone_error err;
    const double start = seconds();
    limits.memory_bytes = limits.tensor_bytes = limits.fold_bytes = MEMORY;
    options.limits = &limits;
    hone_status status = problem_open(t->o, line, &options, &late, &m, &err);
    if (status == HONE_OK) status = run_model(t, m, &late, &err);
    if (status != HONE_OK) check_error(t, line, status, &err);
    hone_model_close(m);
    t->problems++;
    *(status == HONE_OK ? &t->results : &t->errors) += 1;
    const double took = seconds() - start;
    if (took > most_seconds)
        fail_msg("%s '%s' (mode %d) takes %.1f s", t->o->name, line, (int)t->mode, took);
}

static tally total;

static void operator_bears_bad_input(void **state) {
    tally t = {.o = *state};
    for (; t.mode < MODES; t.mode++)
        for (int32_t i = 0; t.o->cases[i]; i++) mutate_line(t.o, t.o->cases[i], try_problem, &t);
    total.problems += t.problems;
    total.results += t.results;
    total.errors += t.errors;
}

int main(int argc, char **argv) {
    int32_t n, tests = 0;
    const op *const *all = op_all(&n);
    struct CMUnitTest *list = calloc((size_t)n, sizeof *list);
    if (!list) return 1;
    verbose = argc > 2 && strcmp(argv[2], "-v") == 0;
    for (int32_t i = 0; i < n; i++) {
        if (!all[i]->cases || (argc > 1 && strcmp(argv[1], all[i]->name) != 0)) continue;
        list[tests++] =
            (struct CMUnitTest){all[i]->name, operator_bears_bad_input, NULL, NULL, (void *)all[i]};
    }
    if (tests == 0) fprintf(stderr, "there is no operator '%s'\n", argc > 1 ? argv[1] : "");
    const int failed =
        tests == 0 || _cmocka_run_group_tests("bad input", list, (size_t)tests, NULL, NULL);
    printf("note: %d problems: %d results, %d errors\n", total.problems, total.results,
           total.errors);
    free(list);
    return failed;
}
