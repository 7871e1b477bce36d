/* SPDX-License-Identifier: Apache-2.0
 *
 * Opening models: tells the format by the content and hands the bytes to its loader.
 */
#include <string.h>

#include "format.h"
#include "op.h"
#include "options.h"

static const format *const formats[] = {
#define FORMAT(name) &format_##name,
#include "formats.def"
};
enum { FORMATS = sizeof formats / sizeof *formats };

static const format *find_format(const void *data, size_t size) {
    for (size_t i = 0; i < FORMATS; i++)
        if (formats[i]->probe(data, size)) return formats[i];
    return NULL;
}

hone_status source_adopt(const ctx *c, hone_model *m, file_map *f) {
    void *data = (void *)(uintptr_t)f->data;
    TRY(model_adopt(c, m, data, f->size, f->alloc ? NULL : file_unmap));
    *f = (file_map){0};
    return HONE_OK;
}

static hone_status check_shape(const ctx *c, const char *input, const shape *given, shape *known) {
    char a[SHAPE_TEXT], b[SHAPE_TEXT], name[64];
    bool fits = known->rank == RANK_UNKNOWN || known->rank == given->rank;
    if (known->rank == RANK_UNKNOWN) *known = shape_of_rank(given->rank);
    shape merged = *known;
    for (int32_t i = 0; fits && i < known->rank; i++) {
        if (given->dim[i] < 0) continue;
        fits = dim_compatible(given->dim[i], known->dim[i]);
        merged.dim[i] = given->dim[i];
    }
    if (!fits)
        return fail(c, HONE_E_INPUT, "input '%s': shape %s was asked for, the model says %s",
                    escape_name(name, sizeof name, input), shape_text(a, sizeof a, given),
                    shape_text(b, sizeof b, known));
    *known = merged;
    return HONE_OK;
}

hone_status source_set_shape(const ctx *c, const source *s, const char *input, shape *known) {
    for (int32_t i = 0; i < s->options->shape_count; i++) {
        const hone_input_shape *given = &s->options->shapes[i];
        if (strcmp(given->name, input) != 0) continue;
        const shape wanted = shape_make(given->rank, given->dim);
        return check_shape(c, input, &wanted, known);
    }
    return HONE_OK;
}

/* Shapes for inputs that the model does not have are mistakes worth telling. */
static hone_status check_names(const ctx *c, const hone_model *m, const hone_open_options *o) {
    for (int32_t i = 0; i < o->shape_count; i++) {
        int32_t k = 0;
        char name[64];
        while (k < m->graph->n_input && strcmp(m->graph->input[k]->name, o->shapes[i].name) != 0)
            k++;
        if (k == m->graph->n_input)
            return fail(c, HONE_E_INPUT, "the model has no input '%s'",
                        escape_name(name, sizeof name, o->shapes[i].name));
    }
    return HONE_OK;
}

static hone_status settle_format(const ctx *c, hone_model *m, source *s, const format **out) {
    const format *f = find_format(s->data, s->size);
    if (!f) return fail(c, HONE_E_FORMAT, "neither a .hone nor an ONNX file");
    if (!f->unaligned && (uintptr_t)s->data % TENSOR_ALIGN) {
        void *copy = model_buffer(c, m, s->size);
        if (!copy) return c->err ? c->err->status : HONE_E_NOMEM;
        memcpy(copy, s->data, s->size);
        s->data = copy;
    }
    m->format = f->name;
    m->file_bytes = s->size;
    m->source_data = s->data;
    m->source_size = s->size;
    *out = f;
    return HONE_OK;
}

static hone_status load(const ctx *c, hone_model *m, source *s) {
    const format *f;
    TRY(settle_format(c, m, s, &f));
    TRY(f->load(c, m, s));
    TRY(check_names(c, m, s->options));
    return model_finish(c, m, s->options);
}

static hone_status check_options(const ctx *c, const hone_open_options *o) {
    if (o->flags &
        ~(HONE_OPEN_NO_OPTIMIZE | HONE_OPEN_NO_EXTERNAL | HONE_OPEN_VERIFY | HONE_OPEN_TUNE))
        return fail(c, HONE_E_ARG, "options: unknown flags %#x", o->flags);
    uint64_t chosen;
    TRY(pass_choose(c, o->passes, &chosen));
    if (o->shape_count < 0) return fail(c, HONE_E_ARG, "options: %d shapes", o->shape_count);
    if (o->operator_count < 0 || (o->operator_count && !o->operators))
        return fail(c, HONE_E_ARG, "options: %d operators", o->operator_count);
    if (o->shape_count && !o->shapes) return fail(c, HONE_E_ARG, "options: shapes is NULL");
    for (int32_t i = 0; i < o->shape_count; i++)
        if (!o->shapes[i].name || o->shapes[i].rank < 0 || o->shapes[i].rank > HONE_MAX_RANK)
            return fail(c, HONE_E_ARG, "options: shape %d has no name or a bad rank", i);
    for (int32_t i = 1; i < o->shape_count; i++)
        for (int32_t k = 0; k < i; k++)
            if (strcmp(o->shapes[i].name, o->shapes[k].name) == 0)
                return fail(c, HONE_E_ARG, "options: shapes %d and %d are of the same input", k, i);
    return HONE_OK;
}

/* Brings the bytes of s->path into memory, unless the caller gave them. */
static hone_status read_source(const ctx *c, hone_model *m, source *s) {
    file_map file = {0};
    if (!s->path) return HONE_OK;
    m->path = arena_strdup(&m->arena, s->path);
    if (!m->path) return fail_nomem(c, strlen(s->path));
    TRY(file_map_open(c, s->path, &file));
    s->data = file.data;
    s->size = file.size;
    const hone_status status = source_adopt(c, m, &file);
    file_map_close(&file);
    return status;
}

/* What to do with a source once its bytes are there. */
typedef struct task {
    hone_status (*work)(const ctx *c, hone_model *m, source *s, const struct task *t);
    hone_need_fn tell;
    void *user;
} task;

static hone_status load_task(const ctx *c, hone_model *m, source *s, const task *t) {
    (void)t;
    return load(c, m, s);
}

/* Opens s->path, or s->data when that is NULL. The model goes to *out, or is closed if out is NULL.
 */
static hone_status open_source(hone_model **out, source *s, const task *t,
                               const hone_open_options *given, hone_error *err) {
    hone_open_options options = {0};
    const ctx outer = {.err = err};
    TRY(options_read(&outer, &options, sizeof options, given, "hone_open_options"));
    s->options = &options;
    hone_model *m;
    TRY(model_create(&m, &options, err));
    ctx c = model_ctx(m, &options, err);
    hone_status status = check_options(&c, &options);
    if (status == HONE_OK) status = model_register(&c, m, &options);
    c.custom = m->custom;
    if (status == HONE_OK) status = read_source(&c, m, s);
    if (status == HONE_OK) status = t->work(&c, m, s, t);
    if (status == HONE_OK && out) {
        *out = m;
        return HONE_OK;
    }
    hone_model_close(m);
    return fail_in_file(&c, status, s->path);
}

static hone_status null_argument(hone_model **out, hone_error *err) {
    const ctx c = {.err = err};
    if (out) *out = NULL;
    return fail(&c, HONE_E_ARG, "a NULL argument");
}

/* ---- Surveys --------------------------------------------------------------------------------- */

typedef struct tally {
    const op *const *all;
    int64_t *count;
    const char **example; /* name of a node */
} tally;

static void count_operators(const tally *t, const graph *g) {
    for (const node *n = g->first; n; n = n->next) {
        const int32_t i = op_number(n->op);
        if (i >= 0 && t->count[i]++ == 0) t->example[i] = n->name;
        for (int32_t k = 0; k < n->n_body; k++) count_operators(t, n->body[k]);
    }
}

/* Of a model that loads: what its graphs hold. */
static hone_status tell_loaded(const ctx *c, hone_model *m, const task *t) {
    int32_t n;
    tally all = {.all = op_all(&n)};
    all.count = arena_array(&m->arena, (size_t)n, sizeof *all.count);
    all.example = arena_array(&m->arena, (size_t)n, sizeof *all.example);
    if (!all.count || !all.example) return fail_nomem(c, (size_t)n * sizeof *all.count);
    count_operators(&all, m->graph);
    for (int32_t i = 0; i < n; i++) {
        const op *o = all.all[i];
        const hone_need need = {o->domain,    o->name, op_since(o),
                                all.count[i], NULL,    all.example[i]};
        if (all.count[i] && t->tell(t->user, &need) != 0)
            return fail(c, HONE_E_CANCELLED, "stopped by the caller");
    }
    return HONE_OK;
}

static hone_status survey_task(const ctx *c, hone_model *m, source *s, const task *t) {
    const format *f;
    TRY(settle_format(c, m, s, &f));
    if (f->survey) return f->survey(c, m, s, t->tell, t->user);
    TRY(f->load(c, m, s));
    return tell_loaded(c, m, t);
}

hone_status hone_model_survey(const char *path, const hone_open_options *options, hone_need_fn tell,
                              void *user, hone_error *err) {
    error_clear(err);
    if (!path || !tell) return null_argument(NULL, err);
    const task t = {survey_task, tell, user};
    return open_source(NULL, &(source){.path = path}, &t, options, err);
}

hone_status hone_model_open(hone_model **out, const char *path, const hone_open_options *options,
                            hone_error *err) {
    error_clear(err);
    if (!out || !path) return null_argument(out, err);
    *out = NULL;
    return open_source(out, &(source){.path = path}, &(task){load_task, NULL, NULL}, options, err);
}

hone_status hone_model_open_memory(hone_model **out, const void *data, size_t size,
                                   const hone_open_options *options, hone_error *err) {
    error_clear(err);
    if (!out || !data) return null_argument(out, err);
    *out = NULL;
    return open_source(out, &(source){.data = data, .size = size}, &(task){load_task, NULL, NULL},
                       options, err);
}
