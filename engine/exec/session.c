/* SPDX-License-Identifier: Apache-2.0
 *
 * The public session: argument checks live here, and only here.
 */
#include "session.h"

#include <stdio.h>
#include <string.h>

#include "checked.h"
#include "machine.h"
#include "options.h"
#include "views.h"

static ctx session_ctx(hone_session *s, hone_error *err) {
    error_clear(err);
    return (ctx){.alloc = &s->alloc,
                 .limits = &s->model->limits,
                 .err = err,
                 .log = s->log,
                 .user = s->user};
}

static hone_status bad_arg(hone_error *err, const char *text) {
    error_clear(err);
    if (err) {
        err->status = HONE_E_ARG;
        snprintf(err->text, sizeof err->text, "%s", text);
    }
    return HONE_E_ARG;
}

/* A session does one thing at a time, also where a callback calls back. */
static hone_status session_enter(const hone_session *session, hone_error *err) {
    hone_session *s = (hone_session *)session; /* the flag alone is written to */
    if (!s) return bad_arg(err, "the session is NULL");
    error_clear(err);
    if (!atomic_flag_test_and_set(&s->busy)) return HONE_OK;
    if (err) {
        err->status = HONE_E_BUSY;
        snprintf(err->text, sizeof err->text, "the session is running");
    }
    return HONE_E_BUSY;
}

static hone_status session_leave(const hone_session *session, hone_status status) {
    atomic_flag_clear(&((hone_session *)session)->busy);
    return status;
}

hone_status session_kernels(const ctx *c, const char *isa, kernels *table, const kernels **out) {
    *out = kernels_default();
    if (!isa) return HONE_OK;
    const isa_level level = isa_from_name(isa);
    if (level == ISA_COUNT) return fail(c, HONE_E_ARG, "unknown ISA level '%s'", isa);
    if (!isa_supported(level))
        return fail(c, HONE_E_UNSUPPORTED, "this processor does not have ISA level '%s'", isa);
    kernels_fill(level, table);
    *out = table;
    return HONE_OK;
}

static hone_status check_options(const ctx *c, const hone_session_options *o) {
    if (o->flags & ~HONE_SESSION_PROFILE)
        return fail(c, HONE_E_ARG, "options: unknown flags %#x", o->flags);
    if (o->threads < 0) return fail(c, HONE_E_ARG, "options: %d threads", o->threads);
    if (o->plans < 0) return fail(c, HONE_E_ARG, "options: %d plans", o->plans);
    return options_check_allocator(c, o->allocator);
}

static hone_status session_init(const ctx *c, hone_session *s, const hone_session_options *o) {
    const graph *g = s->model->graph;
    s->shared.alloc = &s->alloc;
    s->shared.limits = &s->model->limits;
    s->shared.threads = o->threads > 0 ? o->threads : machine_cpus();
    s->shared.max_plans = o->plans > 0 ? o->plans : 8;
    s->shared.seed = o->seed;
    s->shared.n_nodes = s->model->n_nodes;
    s->shared.profile = (o->flags & HONE_SESSION_PROFILE) != 0;
    TRY(session_kernels(c, o->isa, &s->table, &s->shared.k));
    TRY(team_create(c, &s->team, s->shared.threads));
    s->shared.team = s->team;
    TRY(frame_create(c, &s->root, &s->shared, s->model->graph));
    s->root->main = true;
    s->inputs = mem_zalloc(&s->alloc, (size_t)g->n_input, sizeof *s->inputs);
    if (!s->inputs) return fail_nomem(c, sizeof *s->inputs);
    for (int32_t i = 0; i < g->n_input; i++) s->inputs[i].shape = g->input[i]->type.shape;
    return HONE_OK;
}

hone_status hone_session_create(hone_session **out, const hone_model *model,
                                const hone_session_options *options, hone_error *err) {
    if (!out || !model) return bad_arg(err, "a NULL argument");
    *out = NULL;
    error_clear(err);
    hone_session_options o;
    hone_model *m = (hone_model *)model; /* only its reference count changes */
    allocator outer;
    const ctx outer_ctx = {.alloc = &outer, .limits = &m->limits, .err = err};
    TRY(options_read(&outer_ctx, &o, sizeof o, options, "hone_session_options"));
    TRY(check_options(&outer_ctx, &o));
    allocator_init(&outer, o.allocator, 0);
    hone_session *s = mem_zalloc(&outer, 1, sizeof *s);
    if (!s) return fail_nomem(&outer_ctx, sizeof *s);
    allocator_init(&s->alloc, o.allocator, o.memory_limit ? o.memory_limit : machine_memory());
    s->model = m;
    s->log = o.log;
    s->user = o.user;
    atomic_flag_clear(&s->busy);
    model_retain(m);
    const ctx c = session_ctx(s, err);
    const hone_status status = session_init(&c, s, &o);
    if (status != HONE_OK)
        hone_session_destroy(s);
    else
        *out = s;
    return status;
}

void hone_session_destroy(hone_session *s) {
    if (!s) return;
    for (int32_t i = 0; s->inputs && i < s->model->graph->n_input; i++) {
        mem_free(&s->alloc, s->inputs[i].buffer);
        mem_free(&s->alloc, s->inputs[i].passed);
    }
    mem_free(&s->alloc, s->inputs);
    frame_destroy(s->root);
    mem_free(&s->alloc, s->shared.draws);
    arena_fini(&s->shared.pool);
    team_destroy(s->team);
    hone_model_close(s->model);
    allocator outer;
    allocator_init(&outer, &s->alloc.fn, 0);
    mem_free(&outer, s);
}

static hone_status check_input(const ctx *c, const hone_session *s, int32_t input) {
    const int32_t count = s->model->graph->n_input;
    if (input >= 0 && input < count) return HONE_OK;
    return fail(c, HONE_E_ARG, "input number %d: the model has %d", input, count);
}

static hone_status set_shape(const ctx *c, hone_session *s, int32_t input, int32_t rank,
                             const int64_t *dim) {
    TRY(check_input(c, s, input));
    const value *v = s->model->graph->input[input];
    const shape *want = &v->type.shape;
    char name[96], a[SHAPE_TEXT], b[SHAPE_TEXT];
    if (rank < 0 || rank > HONE_MAX_RANK)
        return fail(c, HONE_E_ARG, "rank %d: expected 0 to %d", rank, HONE_MAX_RANK);
    if (rank && !dim) return fail(c, HONE_E_ARG, "the dimensions are NULL");
    const shape given = shape_make(rank, dim);
    bool fits = want->rank < 0 || want->rank == rank;
    for (int32_t i = 0; i < rank; i++) {
        if (dim[i] < 0) fits = false;
        if (want->rank >= 0 && i < want->rank && !dim_compatible(want->dim[i], dim[i]))
            fits = false;
    }
    if (!fits)
        return fail(c, HONE_E_INPUT, "input '%s' has shape %s: expected %s",
                    escape_name(name, sizeof name, v->name), shape_text(a, sizeof a, &given),
                    shape_text(b, sizeof b, want));
    if (shape_equal(&s->inputs[input].shape, &given)) return HONE_OK;
    s->ran = false;
    s->inputs[input].shape = given;
    s->inputs[input].bound = NULL;
    return HONE_OK;
}

hone_status hone_session_set_shape(hone_session *s, int32_t input, int32_t rank, const int64_t *dim,
                                   hone_error *err) {
    TRY(session_enter(s, err));
    const ctx c = session_ctx(s, err);
    return session_leave(s, set_shape(&c, s, input, rank, dim));
}

/* Bytes of an input of known shape. */
static hone_status input_bytes(const ctx *c, const hone_session *s, int32_t input, size_t *out) {
    const value *v = s->model->graph->input[input];
    const session_input *in = &s->inputs[input];
    char name[96], text[SHAPE_TEXT];
    int64_t count;
    if (v->type.kind != HONE_TENSOR)
        return fail(c, HONE_E_INPUT, "input '%s' is no tensor: its value has to be bound",
                    escape_name(name, sizeof name, v->name));
    if (!shape_known(&in->shape))
        return fail(c, HONE_E_INPUT, "input '%s' has shape %s: its unknown dimensions must be set",
                    escape_name(name, sizeof name, v->name),
                    shape_text(text, sizeof text, &in->shape));
    if (!shape_count(&in->shape, &count) || !dtype_bytes(v->type.dtype, count, out) ||
        *out > s->model->limits.tensor_bytes)
        return fail(
            c, HONE_E_LIMIT, "input '%s' of shape %s exceeds the limit of %llu bytes a tensor",
            escape_name(name, sizeof name, v->name), shape_text(text, sizeof text, &in->shape),
            (unsigned long long)s->model->limits.tensor_bytes);
    return HONE_OK;
}

/* A zeroed block of at least `bytes`; what was in it may be lost. */
static hone_status reserve(const ctx *c, hone_session *s, void **block, size_t *capacity,
                           size_t bytes) {
    if (*block && *capacity >= bytes) return HONE_OK;
    mem_free(&s->alloc, *block);
    *capacity = 0;
    *block = mem_alloc(&s->alloc, bytes ? bytes : 1, TENSOR_ALIGN);
    if (!*block) return fail_nomem(c, bytes);
    *capacity = bytes ? bytes : 1;
    memset(*block, 0, *capacity);
    return HONE_OK;
}

static hone_status input_buffer(const ctx *c, hone_session *s, int32_t input, size_t bytes) {
    return reserve(c, s, &s->inputs[input].buffer, &s->inputs[input].capacity, bytes);
}

/* Outputs that are inputs under another name or shape, or parts of them, are copied: the caller may
 * do with the input what he likes once the run is over. */
static hone_status copy_passed(const ctx *c, hone_session *s) {
    const plan *p = s->root->current;
    for (int32_t i = 0; i < s->model->graph->n_output; i++) {
        const place *at = &p->places[p->output_ids[i]];
        tensor *t = &s->root->output[i];
        if (at->kind != PLACE_INPUT) continue;
        if (t->kind != HONE_TENSOR || t->dtype == HONE_STRING) continue; /* copied before */
        session_input *in = &s->inputs[at->index];
        TRY(reserve(c, s, &in->passed, &in->passed_capacity, s->root->input[at->index].bytes));
        char *copy = (char *)in->passed + at->offset;
        if (t->bytes) memcpy(copy, t->data, t->bytes);
        t->data = copy;
    }
    return HONE_OK;
}

static hone_status own_input(const ctx *c, hone_session *s, int32_t input, hone_view *out) {
    size_t bytes;
    if (!out) return fail(c, HONE_E_ARG, "the view is NULL");
    TRY(check_input(c, s, input));
    TRY(input_bytes(c, s, input, &bytes));
    TRY(input_buffer(c, s, input, bytes));
    session_input *in = &s->inputs[input];
    in->bound = NULL;
    const tensor t = {.dtype = s->model->graph->input[input]->type.dtype,
                      .shape = in->shape,
                      .data = in->buffer,
                      .bytes = bytes};
    *out = view_of_tensor(&t);
    return HONE_OK;
}

hone_status hone_session_input(hone_session *s, int32_t input, hone_view *out, hone_error *err) {
    TRY(session_enter(s, err));
    const ctx c = session_ctx(s, err);
    return session_leave(s, own_input(&c, s, input, out));
}

/* A value that is no tensor: its shape is none of the session's business. */
static void bind_value(hone_session *s, int32_t input, const hone_view *view) {
    s->inputs[input].bound_view = *view;
    s->inputs[input].bound = &s->inputs[input].bound_view;
    s->ran = false;
}

static hone_status bind(const ctx *c, hone_session *s, int32_t input, const hone_view *view) {
    if (!view) return fail(c, HONE_E_ARG, "the view is NULL");
    TRY(check_input(c, s, input));
    const value *v = s->model->graph->input[input];
    hone_view some;
    char name[96];
    TRY(view_check(c, escape_name(name, sizeof name, v->name), view_as(view, &v->type, &some),
                   &v->type));
    if (v->type.kind != HONE_TENSOR) {
        bind_value(s, input, view);
        return HONE_OK;
    }
    TRY(set_shape(c, s, input, view->rank, view->dim));
    s->inputs[input].bound = view->bytes ? view->data : "";
    return HONE_OK;
}

hone_status hone_session_bind(hone_session *s, int32_t input, const hone_view *view,
                              hone_error *err) {
    TRY(session_enter(s, err));
    const ctx c = session_ctx(s, err);
    return session_leave(s, bind(&c, s, input, view));
}

/* Optionals that nothing is bound to are empty. */
static hone_status gather_value(const ctx *c, hone_session *s, int32_t i) {
    run_ctx r = {.c = c, .pool = &s->shared.pool};
    const hone_view none = {.kind = HONE_OPTIONAL, .rank = 1};
    const value *v = s->model->graph->input[i];
    hone_view some;
    const hone_view *view =
        s->inputs[i].bound ? view_as(&s->inputs[i].bound_view, &v->type, &some) : &none;
    char name[96];
    TRY(view_check(c, escape_name(name, sizeof name, v->name), view, &v->type));
    TRY(view_take(&r, view, &s->root->input[i]));
    return view_own(&r, &s->root->input[i]);
}

/* Describes every input for the root frame. */
static hone_status gather_inputs(const ctx *c, hone_session *s) {
    run_ctx r = {.c = c, .pool = &s->shared.pool};
    arena_reset(&s->shared.pool, &s->alloc);
    for (int32_t i = 0; i < s->model->graph->n_input; i++) {
        const value *v = s->model->graph->input[i];
        tensor *t = &s->root->input[i];
        size_t bytes;
        if (v->type.kind != HONE_TENSOR) {
            TRY(gather_value(c, s, i));
            continue;
        }
        TRY(input_bytes(c, s, i, &bytes));
        if (!s->inputs[i].bound) TRY(input_buffer(c, s, i, bytes));
        *t = (tensor){.dtype = v->type.dtype, .shape = s->inputs[i].shape, .bytes = bytes};
        t->data = s->inputs[i].bound ? (void *)s->inputs[i].bound : s->inputs[i].buffer;
        if (t->dtype == HONE_STRING) TRY(view_own(&r, t)); /* results may point at the text */
    }
    return HONE_OK;
}

/* The graph was checked when the model was opened: what does not fit now are these inputs. */
static hone_status input_fault(const ctx *c, hone_status status) {
    if (status != HONE_E_FORMAT) return status;
    if (c->err) c->err->status = HONE_E_INPUT;
    return HONE_E_INPUT;
}

static hone_status prepare(const ctx *c, hone_session *s) {
    TRY(gather_inputs(c, s));
    const plan *before = s->root->current;
    const hone_status status = frame_prepare(c, s->root, s->root->input);
    if (s->root->current != before) s->ran = false;
    return input_fault(c, status);
}

hone_status hone_session_prepare(hone_session *s, hone_error *err) {
    TRY(session_enter(s, err));
    const ctx c = session_ctx(s, err);
    return session_leave(s, fail_in_file(&c, prepare(&c, s), s->model->path));
}

hone_status hone_session_run(hone_session *s, hone_error *err) {
    TRY(session_enter(s, err));
    const ctx c = session_ctx(s, err);
    s->ran = false;
    s->shared.trips = 0;
    s->shared.run_start = clock_ns();
    s->shared.deadline_at = s->deadline_ns ? s->shared.run_start + s->deadline_ns : 0;
    if (s->shared.deadline_at < s->deadline_ns) s->shared.deadline_at = UINT64_MAX;
    hone_status status = prepare(&c, s);
    if (status == HONE_OK) {
        /* Alone, pieces of steps are worth it for a deadline only. */
        const bool watch = s->shared.threads > 1 || s->shared.deadline_at;
        team_begin(s->team, watch ? run_is_due : NULL, &s->shared);
        status = frame_run(&c, s->root, s->root->input);
        team_end(s->team);
        if (status == HONE_OK) status = copy_passed(&c, s);
        status = input_fault(&c, status);
    }
    if (status == HONE_E_CANCELLED) atomic_store(&s->shared.cancelled, false);
    s->ran = status == HONE_OK;
    return session_leave(s, fail_in_file(&c, status, s->model->path));
}

static hone_status output(const ctx *c, hone_session *s, int32_t index, hone_view *out) {
    run_ctx r = {.c = c, .pool = &s->shared.pool};
    const int32_t count = s->model->graph->n_output;
    if (!out) return fail(c, HONE_E_ARG, "the view is NULL");
    if (index < 0 || index >= count)
        return fail(c, HONE_E_ARG, "output number %d: the model has %d", index, count);
    if (!s->ran)
        return fail(c, HONE_E_ARG,
                    "there is no output: the session has not run, its last run "
                    "failed, or its inputs have changed");
    return view_give(&r, &s->root->output[index], out);
}

hone_status hone_session_output(const hone_session *s, int32_t index, hone_view *out,
                                hone_error *err) {
    TRY(session_enter(s, err));
    hone_session *own = (hone_session *)s; /* lists of views are made in its pool */
    const ctx c = session_ctx(own, err);
    return session_leave(s, output(&c, own, index, out));
}

hone_status hone_session_set_deadline(hone_session *s, uint64_t nanoseconds, hone_error *err) {
    TRY(session_enter(s, err));
    s->deadline_ns = nanoseconds;
    return session_leave(s, HONE_OK);
}

void hone_session_cancel(hone_session *s) {
    if (s) atomic_store(&s->shared.cancelled, true);
}

hone_status hone_session_observe(hone_session *s, hone_observe_fn fn, void *user, hone_error *err) {
    TRY(session_enter(s, err));
    s->shared.observe = fn;
    s->shared.observe_user = user;
    return session_leave(s, HONE_OK);
}

hone_status hone_session_get_memory(const hone_session *s, hone_session_memory *out,
                                    hone_error *err) {
    if (!s || !out) return bad_arg(err, "a NULL argument");
    const size_t size = options_room(out, sizeof *out);
    if (!size) return bad_arg(err, "hone_session_memory: struct_size is not set");
    hone_session_memory m = {.struct_size = size,
                             .allocated_bytes = atomic_load(&s->alloc.used),
                             .peak_bytes = atomic_load(&s->alloc.peak)};
    if (s->root->current) {
        m.planned_bytes = s->root->current->arena_bytes;
        m.unshared_bytes = s->root->current->unshared_bytes;
        m.lower_bound_bytes = s->root->current->lower_bytes;
    }
    memcpy(out, &m, size);
    return HONE_OK;
}

const char *hone_isa_detected(void) { return isa_name(isa_detect()); }
const char *hone_isa_default(void) { return isa_name(kernels_default()->level); }
