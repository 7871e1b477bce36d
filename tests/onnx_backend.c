/* SPDX-License-Identifier: Apache-2.0
 *
 * Runs test cases in ONNX's standard layout through the public API and compares the results:
 *
 *     onnx_backend DIR [--list] [--expect FILE] [--hone FILE]
 *
 * DIR is a case or a folder of cases. A case holds model.onnx and folders test_data_set_N with
 * input_I.pb and output_I.pb, each a TensorProto. --list prints the names of the cases that pass.
 * --expect fails if a case named in FILE (one a line) does not pass, and tells of those that pass
 * without being named. Without it, every case has to pass. --hone saves each model to FILE and runs
 * what that file gives.
 */
#include <dirent.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "import.h"

enum { PATH_BYTES = 1024 };
static const double relative = 1e-3, absolute = 1e-5;

/* Why a case failed. */
typedef struct reason {
    char text[600];
} reason;

__attribute__((format(printf, 2, 3))) static bool because(reason *why, const char *pattern, ...) {
    va_list args;
    va_start(args, pattern);
    vsnprintf(why->text, sizeof why->text, pattern, args);
    va_end(args);
    return false;
}

/* Cuts what is too long: the file is not found then. */
__attribute__((format(printf, 2, 3))) static void path_format(char *path, const char *pattern,
                                                              ...) {
    va_list args;
    va_start(args, pattern);
    vsnprintf(path, PATH_BYTES, pattern, args);
    va_end(args);
}

/* ---- Reading tensors ------------------------------------------------------------------------- */

/* What the tensors of a case live in: a model without a graph. */
typedef struct storage {
    hone_model *owner;
    hone_open_options options;
    hone_error err;
} storage;

/* Reads the TensorProto in a file. The name and the data live as long as the storage. */
static hone_status load_tensor(storage *s, const char *path, tensor *out, const char **name) {
    const ctx c = model_ctx(s->owner, &s->options, &s->err);
    file_map file;
    importer im;
    ProtobufCMessage *message = NULL;
    wire_stats stats;
    error_clear(&s->err);
    TRY(file_map_open(&c, path, &file));
    const source src = {.data = file.data, .size = file.size, .path = path, .options = &s->options};
    importer_init(&im, &c, s->owner, &src);
    im.in.root = &onnx__tensor_proto__descriptor;
    hone_status status = source_adopt(&c, s->owner, &file);
    if (status == HONE_OK) status = wire_unpack(&c, &im.scratch, &im.in, &message, &stats);
    const Onnx__TensorProto *t = (const Onnx__TensorProto *)message;
    if (status == HONE_OK) status = import_tensor(&im, t, out);
    if (status == HONE_OK)
        *name = t->name && *t->name ? arena_strdup(&s->owner->arena, t->name) : "";
    importer_fini(&im);
    return status;
}

/* ---- Comparing ------------------------------------------------------------------------------- */

/* Bits of a narrow float as a number that rises with its value. */
static int64_t rank_of(const tensor *t, int64_t i) {
    const int bits = (int)hone_dtype_bits(t->dtype);
    const uint8_t *p = t->data;
    uint32_t v = bits == 16  ? ((const uint16_t *)t->data)[i]
                 : bits == 8 ? p[i]
                             : (uint32_t)(p[i / 2] >> (i % 2 * 4) & 15);
    const uint32_t sign = 1u << (bits - 1);
    return v & sign ? -(int64_t)(v & (sign - 1)) : (int64_t)v;
}

static bool numbers_agree(double got, double want) {
    if (isnan(want) || isnan(got)) return isnan(want) && isnan(got);
    if (isinf(want) || isinf(got)) return got == want;
    return fabs(got - want) <= absolute + relative * fabs(want);
}

static bool floats_agree(const tensor *got, const tensor *want, int64_t i) {
    if (numbers_agree(tensor_f64(got, i), tensor_f64(want, i))) return true;
    if (hone_dtype_bits(got->dtype) > 16 || got->dtype == HONE_F8E8M0) return false;
    if (isnan(tensor_f64(got, i)) || isnan(tensor_f64(want, i))) return false;
    return llabs(rank_of(got, i) - rank_of(want, i)) <= 2;
}

static bool element_agrees(const tensor *got, const tensor *want, int64_t i) {
    const dtype_set floats = DT_FLOATS | DT_FLOAT8S | DT(HONE_F4E2M1);
    if (dtype_in(got->dtype, floats)) return floats_agree(got, want, i);
    if (got->dtype == HONE_U64) return ((uint64_t *)got->data)[i] == ((uint64_t *)want->data)[i];
    if (got->dtype == HONE_STRING)
        return strcmp(((const char **)got->data)[i], ((const char **)want->data)[i]) == 0;
    return tensor_i64(got, i) == tensor_i64(want, i);
}

/* Complex numbers as twice as many real ones. */
static tensor real_parts(tensor t) {
    if (t.dtype != HONE_C64 && t.dtype != HONE_C128) return t;
    const int64_t n = tensor_count(&t);
    t.dtype = t.dtype == HONE_C64 ? HONE_F32 : HONE_F64;
    t.shape = shape_vector(2 * n);
    return t;
}

static bool tensors_agree(tensor got, tensor want, reason *why) {
    char a[SHAPE_TEXT], b[SHAPE_TEXT];
    if (got.dtype != want.dtype)
        return because(why, "type %s, expected %s", hone_dtype_name(got.dtype),
                       hone_dtype_name(want.dtype));
    if (!shape_equal(&got.shape, &want.shape))
        return because(why, "shape %s, expected %s", shape_text(a, sizeof a, &got.shape),
                       shape_text(b, sizeof b, &want.shape));
    got = real_parts(got);
    want = real_parts(want);
    const int64_t count = tensor_count(&want);
    int64_t bad = 0, first = -1;
    for (int64_t i = 0; i < count; i++) {
        if (element_agrees(&got, &want, i)) continue;
        if (bad++ == 0) first = i;
    }
    if (bad == 0) return true;
    return because(why,
                   "%" PRId64 " of %" PRId64 " elements differ; element %" PRId64
                   " is %.9g, expected %.9g",
                   bad, count, first, tensor_f64(&got, first), tensor_f64(&want, first));
}

/* ---- Running --------------------------------------------------------------------------------- */

static hone_view view_of(const tensor *t) {
    hone_view v = {.data = t->data, .bytes = t->bytes, .dtype = t->dtype, .rank = t->shape.rank};
    memcpy(v.dim, t->shape.dim, sizeof v.dim);
    return v;
}

/* Number of the model's input with this name, or `fallback`. */
static int32_t input_number(const hone_model *m, const char *name, int32_t fallback) {
    for (int32_t i = 0; i < hone_model_input_count(m); i++) {
        hone_port port;
        if (hone_model_input(m, i, &port, NULL) == HONE_OK && strcmp(port.name, name) == 0)
            return i;
    }
    return fallback;
}

static bool bind_inputs(const hone_model *m, hone_session *session, storage *s, const char *folder,
                        reason *why) {
    for (int32_t i = 0;; i++) {
        char path[PATH_BYTES];
        const char *name;
        tensor t;
        path_format(path, "%s/input_%d.pb", folder, i);
        if (access(path, R_OK) != 0) return true;
        if (load_tensor(s, path, &t, &name) != HONE_OK)
            return because(why, "input %d: %s", i, s->err.text);
        const int32_t input = input_number(m, name, i);
        if (input >= hone_model_input_count(m)) continue; /* a default that the model has as well */
        const hone_view v = view_of(&t);
        if (hone_session_bind(session, input, &v, &s->err) != HONE_OK)
            return because(why, "input %d: %s", i, s->err.text);
    }
}

static bool check_outputs(const hone_model *m, hone_session *session, storage *s,
                          const char *folder, reason *why) {
    for (int32_t i = 0; i < hone_model_output_count(m); i++) {
        char path[PATH_BYTES];
        const char *name;
        tensor want;
        hone_view v;
        reason inner;
        path_format(path, "%s/output_%d.pb", folder, i);
        if (load_tensor(s, path, &want, &name) != HONE_OK)
            return because(why, "output %d: %s", i, s->err.text);
        if (hone_session_output(session, i, &v, &s->err) != HONE_OK)
            return because(why, "output %d: %s", i, s->err.text);
        const tensor got = {
            .dtype = v.dtype, .shape = shape_make(v.rank, v.dim), .data = v.data, .bytes = v.bytes};
        if (!tensors_agree(got, want, &inner))
            return because(why, "output %d: %.500s", i, inner.text);
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
    hone_error err;
    if (hone_model_open(out, path, NULL, &err) != HONE_OK) return because(why, "%s", err.text);
    if (!through) return true;
    const hone_status saved = hone_model_save(*out, through, &err);
    hone_model_close(*out);
    if (saved == HONE_OK && hone_model_open(out, through, NULL, &err) == HONE_OK) return true;
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
        if (access(path, R_OK) != 0) break;
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
    const char *folder, *expect, *hone;
    bool list;
} options;

static bool parse(int argc, char **argv, options *o) {
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--list") == 0)
            o->list = true;
        else if (strcmp(argv[i], "--expect") == 0 && i + 1 < argc)
            o->expect = argv[++i];
        else if (strcmp(argv[i], "--hone") == 0 && i + 1 < argc)
            o->hone = argv[++i];
        else if (argv[i][0] != '-' && !o->folder)
            o->folder = argv[i];
        else
            return false;
    }
    return o->folder != NULL;
}

/* Names of the list that are no cases: the list is out of date. */
static size_t count_missing(const case_list *expected, const case_list *cases) {
    size_t missing = 0;
    for (size_t i = 0; i < expected->count; i++) {
        if (list_has(cases, expected->name[i])) continue;
        fprintf(stderr, "%s: expected to pass, but there is no such case\n", expected->name[i]);
        missing++;
    }
    return missing;
}

int main(int argc, char **argv) {
    options o = {0};
    case_list expected = {0};
    if (!parse(argc, argv, &o)) {
        fprintf(stderr, "usage: onnx_backend DIR [--list] [--expect FILE] [--hone FILE]\n");
        return 2;
    }
    if (o.expect && !read_names(o.expect, &expected)) {
        fprintf(stderr, "onnx_backend: cannot read %s\n", o.expect);
        return 2;
    }
    case_list cases = find_cases(o.folder);
    size_t passed = 0, wrong = count_missing(&expected, &cases);
    for (size_t i = 0; i < cases.count; i++) {
        char folder[PATH_BYTES];
        const char *name = cases.name[i];
        reason why = {""};
        path_format(folder, "%s/%s", o.folder, name);
        const bool ok = run_case(folder, o.hone, &why);
        const bool required = !o.expect || list_has(&expected, name);
        passed += ok;
        wrong += !ok && required;
        if (ok && o.list) printf("%s\n", name);
        if (ok && !required) fprintf(stderr, "%s: passes, but is not in the list\n", name);
        if (!ok && required) fprintf(stderr, "%s: %s\n", name, why.text);
    }
    fprintf(o.list ? stderr : stdout, "%zu passed, %zu failed\n", passed, cases.count - passed);
    list_free(&cases);
    list_free(&expected);
    return wrong != 0 || cases.count == 0;
}
