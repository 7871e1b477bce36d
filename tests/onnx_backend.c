/* SPDX-License-Identifier: Apache-2.0
 *
 * Runs test cases in ONNX's standard layout through the public API and compares the results:
 *
 *     onnx_backend DIR [--list] [--known FILE] [--hone FILE]
 *
 * DIR is a case or a folder of cases. A case holds model.onnx and folders test_data_set_N with
 * input_I.pb and output_I.pb, each a TensorProto, SequenceProto, OptionalProto or MapProto. --list
 * prints the names of the cases that pass.
 * Every case has to pass but those named in the FILE of --known (one a line). --hone saves each
 * model to FILE and runs what that file gives. Of models that draw random numbers, types and shapes
 * are compared.
 */
#include <dirent.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hone/images.h"
#include "onnx_values.h"

enum { PATH_BYTES = 1024 };
/* Cuts what is too long: the file is not found then. */
__attribute__((format(printf, 2, 3))) static void path_format(char *path, const char *pattern,
                                                              ...) {
    va_list args;
    va_start(args, pattern);
    vsnprintf(path, PATH_BYTES, pattern, args);
    va_end(args);
}

/* ---- Running --------------------------------------------------------------------------------- */

/* Number of the model's input with this name, or `fallback`. */
static int32_t input_number(const hone_model *m, const char *name, int32_t fallback) {
    for (int32_t i = 0; i < hone_model_input_count(m); i++) {
        hone_port port;
        if (hone_model_input(m, i, &port, NULL) == HONE_OK && strcmp(port.name, name) == 0)
            return i;
    }
    return fallback;
}

/* Before onnx 1.13 the data of cases held bfloat16 as whole numbers of its bits. */
static void read_bits(hone_view *v, hone_dtype expected) {
    if (v->kind == HONE_TENSOR && v->dtype == HONE_U16 && expected == HONE_BF16)
        v->dtype = HONE_BF16;
}

static hone_port port_of_input(const hone_model *m, int32_t i) {
    hone_port port = {.kind = HONE_TENSOR};
    hone_model_input(m, i, &port, NULL);
    return port;
}

static hone_kind kind_of_output(const hone_model *m, int32_t i) {
    hone_port port = {.kind = HONE_TENSOR};
    hone_model_output(m, i, &port, NULL);
    return port.kind;
}

/* Data that names an input belongs to it, other data to the input of its number. Of which kind it
 * is follows from the input, so a name is looked for in both ways. */
static bool bind_inputs(const hone_model *m, hone_session *session, storage *s, const char *folder,
                        reason *why) {
    for (int32_t i = 0;; i++) {
        char path[PATH_BYTES];
        const char *name = "";
        hone_view v;
        path_format(path, "%s/input_%d.pb", folder, i);
        if (access(path, R_OK) != 0) return true;
        if (value_load(s, path, port_of_input(m, i).kind, &v, &name) != HONE_OK)
            return because(why, "input %d: %s", i, s->err.text);
        const int32_t input = input_number(m, name, i);
        if (input >= hone_model_input_count(m)) continue; /* a default that the model has as well */
        const hone_port port = port_of_input(m, input);
        if (port.kind != v.kind && value_load(s, path, port.kind, &v, &name) != HONE_OK)
            return because(why, "input %d: %s", i, s->err.text);
        read_bits(&v, port.dtype);
        if (hone_session_bind(session, input, &v, &s->err) != HONE_OK)
            return because(why, "input %d: %s", i, s->err.text);
    }
}

/* Does it draw random numbers? The specification leaves which ones to the runtime, so only kinds,
 * types and shapes of its results can be compared; tests/unit/test_random.c looks at the numbers.
 */
static bool is_random(const hone_model *m) {
    for (int32_t i = 0; i < hone_model_node_count(m); i++) {
        hone_node_info n;
        if (hone_model_node(m, i, &n, NULL) != HONE_OK) continue;
        if (strncmp(n.op, "Random", 6) == 0 || strcmp(n.op, "Multinomial") == 0) return true;
    }
    return false;
}

static bool check_outputs(const hone_model *m, hone_session *session, storage *s,
                          const char *folder, reason *why) {
    for (int32_t i = 0; i < hone_model_output_count(m); i++) {
        char path[PATH_BYTES];
        const char *name;
        hone_view want, got;
        reason inner;
        path_format(path, "%s/output_%d.pb", folder, i);
        if (value_load(s, path, kind_of_output(m, i), &want, &name) != HONE_OK)
            return because(why, "output %d: %s", i, s->err.text);
        if (hone_session_output(session, i, &got, &s->err) != HONE_OK)
            return because(why, "output %d: %s", i, s->err.text);
        read_bits(&want, got.dtype);
        if (values_agree(&got, &want, &inner)) continue;
        if (!is_random(m) || !values_fit(&got, &want, &inner))
            return because(why, "output %d: %.500s", i, inner.text);
        why->drawn = true;
    }
    return true;
}

static bool run_data_set(const hone_model *m, const char *folder, reason *why) {
    storage s = {.options = HONE_INIT(hone_open_options)};
    hone_session *session = NULL;
    bool ok = false;
    if (model_create(&s.owner, &s.options, &s.err) != HONE_OK ||
        hone_session_create(&session, m, NULL, &s.err) != HONE_OK)
        because(why, "%s", s.err.text);
    else if (!bind_inputs(m, session, &s, folder, why))
        ok = false;
    else if (hone_session_run(session, &s.err) != HONE_OK)
        because(why, "run: %s", s.err.text);
    else
        ok = check_outputs(m, session, &s, folder, why);
    hone_session_destroy(session);
    hone_model_close(s.owner);
    return ok;
}

/* Opens a model, or its copy in the .hone file `through` if that is not NULL. */
static bool open_model(hone_model **out, const char *path, const char *through, reason *why) {
    const hone_operator *const operators[] = {hone_image_decoder()};
    hone_open_options options = HONE_INIT(hone_open_options);
    hone_error err;
    options.operators = operators;
    options.operator_count = 1;
    if (hone_model_open(out, path, &options, &err) != HONE_OK) return because(why, "%s", err.text);
    if (!through) return true;
    const hone_status saved = hone_model_save(*out, through, &err);
    hone_model_close(*out);
    if (saved == HONE_OK && hone_model_open(out, through, &options, &err) == HONE_OK) return true;
    return because(why, "%s", err.text);
}

static bool run_case(const char *folder, const char *through, reason *why) {
    char path[PATH_BYTES];
    hone_model *m;
    path_format(path, "%s/model.onnx", folder);
    if (!open_model(&m, path, through, why)) return false;
    bool ok = true;
    for (int i = 0; ok; i++) {
        path_format(path, "%s/test_data_set_%d", folder, i);
        if (access(path, R_OK) != 0) {
            if (i == 0) ok = because(why, "there is no data to run it on");
            break;
        }
        ok = run_data_set(m, path, why);
    }
    hone_model_close(m);
    return ok;
}

/* ---- Cases ----------------------------------------------------------------------------------- */

typedef struct case_list {
    char **name;
    size_t count;
} case_list;

static void list_add(case_list *l, const char *name, size_t size) {
    l->name = realloc(l->name, (l->count + 1) * sizeof *l->name);
    l->name[l->count++] = strndup(name, size);
}

static bool list_has(const case_list *l, const char *name) {
    for (size_t i = 0; i < l->count; i++)
        if (strcmp(l->name[i], name) == 0) return true;
    return false;
}

static void list_free(case_list *l) {
    for (size_t i = 0; i < l->count; i++) free(l->name[i]);
    free(l->name);
}

static int by_name(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool has_model(const char *folder, const char *name) {
    char path[PATH_BYTES];
    path_format(path, "%s/%s/model.onnx", folder, name);
    return access(path, R_OK) == 0;
}

static case_list find_cases(const char *folder) {
    case_list l = {0};
    DIR *dir = opendir(folder);
    if (has_model(folder, ".")) list_add(&l, ".", 1);
    for (struct dirent *e; dir && (e = readdir(dir)) != NULL;)
        if (e->d_name[0] != '.' && has_model(folder, e->d_name))
            list_add(&l, e->d_name, strlen(e->d_name));
    if (dir) closedir(dir);
    if (l.count) qsort(l.name, l.count, sizeof *l.name, by_name);
    return l;
}

static bool read_names(const char *path, case_list *out) {
    char line[PATH_BYTES];
    FILE *file = fopen(path, "r");
    if (!file) return false;
    while (fgets(line, sizeof line, file)) {
        const size_t n = strcspn(line, " \t\r\n#");
        if (n) list_add(out, line, n);
    }
    fclose(file);
    return true;
}

typedef struct options {
    const char *folder, *known, *hone;
    bool list;
} options;

static bool parse(int argc, char **argv, options *o) {
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--list") == 0)
            o->list = true;
        else if (strcmp(argv[i], "--known") == 0 && i + 1 < argc)
            o->known = argv[++i];
        else if (strcmp(argv[i], "--hone") == 0 && i + 1 < argc)
            o->hone = argv[++i];
        else if (argv[i][0] != '-' && !o->folder)
            o->folder = argv[i];
        else
            return false;
    }
    return o->folder != NULL;
}

typedef struct tally {
    size_t passed, wrong, drawn;
} tally;

static void run_one(const options *o, const case_list *known, const char *name, tally *t) {
    char folder[PATH_BYTES];
    reason why = {.text = ""};
    path_format(folder, "%s/%s", o->folder, name);
    const bool ok = run_case(folder, o->hone, &why), is_known = list_has(known, name);
    t->passed += ok;
    t->drawn += ok && why.drawn;
    t->wrong += !ok && !is_known;
    if (ok && o->list) printf("%s\n", name);
    if (ok && is_known) fprintf(stderr, "%s: passes, but is known to fail\n", name);
    if (!ok && !is_known) fprintf(stderr, "%s: %s\n", name, why.text);
}

int main(int argc, char **argv) {
    options o = {0};
    case_list known = {0};
    tally t = {0};
    if (!parse(argc, argv, &o)) {
        fprintf(stderr, "usage: onnx_backend DIR [--list] [--known FILE] [--hone FILE]\n");
        return 2;
    }
    if (o.known && !read_names(o.known, &known)) {
        fprintf(stderr, "onnx_backend: cannot read %s\n", o.known);
        return 2;
    }
    case_list cases = find_cases(o.folder);
    for (size_t i = 0; i < cases.count; i++) run_one(&o, &known, cases.name[i], &t);
    if (t.drawn)
        fprintf(stderr, "note: %zu cases draw other random numbers: their types and shapes agree\n",
                t.drawn);
    fprintf(o.list ? stderr : stdout, "%zu passed, %zu failed\n", t.passed, cases.count - t.passed);
    list_free(&cases);
    list_free(&known);
    return t.wrong != 0 || cases.count == 0;
}
