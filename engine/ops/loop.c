/* SPDX-License-Identifier: Apache-2.0
 *
 * Loop: runs its body again and again. Scan is written as a Loop (scan.c).
 *
 *     node inputs    [M, cond, v.., captured..]      M and cond may be omitted
 *     body inputs    [iteration, cond, v.., captured..]
 *     body outputs   [cond, v.., scanned..]
 *     node outputs   [v.., scanned..]
 *
 * The carried values v live in two buffers each: an iteration reads one and leaves its result in
 * the body's arena, from where it is copied to the other. What is scanned has the same shape in
 * every iteration and is put one after the other.
 */
#include <string.h>

#include "checked.h"
#include "frame.h"
#include "items.h"
#include "movement.h"

typedef struct loop_params {
    const void *body; /* body 0 is in the node */
} loop_params;

static const attr_spec loop_attrs[] = {ATTR_ROW(GRAPH, loop_params, body, .required = true)};
static const op_arg loop_in[] = {{"M", DT(HONE_I64), 0, ARG_OPTIONAL},
                                 {"cond", DT_BOOL, 0, ARG_OPTIONAL},
                                 {"v_initial", DT_ALL, 0, ARG_VARIADIC | ARG_ANY_KIND}};
static const op_version loop_versions[] = {{1, NULL}};
static const op_arg loop_out[] = {
    {"v_final_and_scan_outputs", DT_ALL, 0, ARG_VARIADIC | ARG_ANY_KIND}};

/* Inputs that the file states come first; if they are fewer than two, M or cond are omitted. */
static int32_t stated_inputs(const node *n) { return n->n_in - n->n_captured; }
static int32_t carried_count(const node *n) {
    return stated_inputs(n) > 2 ? stated_inputs(n) - 2 : 0;
}

static hone_status check_counts(const infer *f) {
    const node *n = f->node;
    const graph *body = n->body[0];
    const int32_t carried = carried_count(n);
    if (body->n_input != 2 + carried + n->n_captured)
        return infer_fail(f, "its body has %d inputs: expected %d", body->n_input - n->n_captured,
                          2 + carried);
    for (int32_t i = 0; i < carried; i++) {
        const type *declared = &body->input[2 + i]->type;
        if (infer_has(f, 2 + i) && declared->kind == HONE_TENSOR &&
            !type_equal(declared, f->in[2 + i]))
            return infer_fail(f, "carried value %d has type %s: the body takes %s", i,
                              hone_dtype_name(type_inner(f->in[2 + i])),
                              hone_dtype_name(declared->dtype));
    }
    if (body->n_output < 1 + carried || f->n_out > body->n_output - 1)
        return infer_fail(f, "its body has %d outputs for %d carried values and %d results",
                          body->n_output, carried, f->n_out);
    return HONE_OK;
}

static hone_status loop_infer(infer *f) {
    const graph *body = f->node->body[0];
    const int32_t carried = carried_count(f->node);
    TRY(check_counts(f));
    for (int32_t i = 0; i < f->n_out; i++) {
        const type *result = &body->output[i + 1]->type;
        if (i >= carried) {
            shape s = shape_unknown();
            if (result->kind != HONE_TENSOR) return infer_fail(f, "output %d is no tensor", i);
            if (result->shape.rank >= HONE_MAX_RANK)
                return infer_fail(f, "output %d has more than %d axes", i, HONE_MAX_RANK);
            if (result->shape.rank >= 0) {
                s = shape_of_rank(result->shape.rank + 1);
                for (int32_t a = 1; a < s.rank; a++) s.dim[a] = result->shape.dim[a - 1];
            }
            infer_set(f, i, result->dtype, &s);
            continue;
        }
        if (infer_has(f, 2 + i) && f->in[2 + i]->kind != HONE_TENSOR) {
            f->out[i] = *result; /* an optional may get its value in the first iteration */
            continue;
        }
        const hone_dtype t = infer_dtype(f, 2 + i);
        if (t != result->dtype && result->dtype != HONE_UNDEFINED)
            return infer_fail(f, "carried value %d has type %s: expected %s", i,
                              hone_dtype_name(result->dtype), hone_dtype_name(t));
        const shape s = shape_meet(infer_shape(f, 2 + i), &result->shape);
        infer_set(f, i, t, &s);
    }
    return HONE_OK;
}

/* A block that grows. */
typedef struct block {
    void *data;
    size_t used, capacity;
} block;

typedef struct carried {
    tensor now;
    block buffer[2];
    int32_t next; /* the buffer that `now` is not in */
} carried;

typedef struct scanned {
    tensor item; /* type and shape of one iteration's result; data is not used */
    block all;
    bool met;
} scanned;

/* One run of a Loop. */
typedef struct looping {
    run_ctx *r;
    const step *s;
    frame *body;
    carried *v;
    scanned *scan;
    int32_t n_v, n_scan;
    int64_t trips; /* done so far */
} looping;

static hone_status block_reserve(const looping *l, block *b, size_t size) {
    if (size > l->r->frame->shared->limits->tensor_bytes)
        return fail(l->r->c, HONE_E_LIMIT, "a result exceeds the limit of %llu bytes a tensor",
                    (unsigned long long)l->r->frame->shared->limits->tensor_bytes);
    if (!mem_grow(l->r->frame->shared->alloc, &b->data, &b->capacity, size, 1))
        return fail_nomem(l->r->c, size);
    return HONE_OK;
}

static hone_status looping_init(looping *l, run_ctx *r, const step *s) {
    allocator *a = r->frame->shared->alloc;
    *l = (looping){.r = r, .s = s, .n_v = carried_count(s->node)};
    TRY(frame_body(r->c, r->frame, s->node, 0, &l->body));
    l->n_scan = l->body->graph->n_output - 1 - l->n_v;
    l->v = mem_zalloc(a, (size_t)l->n_v, sizeof *l->v);
    l->scan = mem_zalloc(a, (size_t)l->n_scan, sizeof *l->scan);
    if (!l->v || !l->scan) return fail_nomem(r->c, sizeof *l->v);
    for (int32_t i = 0; i < l->n_v; i++) l->v[i].now = s->in[2 + i];
    return HONE_OK;
}

static void looping_fini(looping *l) {
    allocator *a = l->r->frame->shared->alloc;
    for (int32_t i = 0; l->v && i < l->n_v; i++) {
        mem_free(a, l->v[i].buffer[0].data);
        mem_free(a, l->v[i].buffer[1].data);
    }
    for (int32_t i = 0; l->scan && i < l->n_scan; i++) mem_free(a, l->scan[i].all.data);
    mem_free(a, l->v);
    mem_free(a, l->scan);
}

/* What is no tensor lies in the pool. Where the body takes an optional, it may give the value. */
static hone_status carry_value(looping *l, int32_t i, const tensor *result) {
    const hone_kind kind = l->body->graph->input[2 + i]->type.kind;
    if (result->kind == kind) {
        l->v[i].now = *result;
        return HONE_OK;
    }
    if (kind != HONE_OPTIONAL)
        return run_fail(l->r, "carried value %d becomes one of another kind", i);
    tensor kept;
    TRY(items_keep(l->r, result, &kept));
    return items_make(l->r, &kept, 1, HONE_OPTIONAL, &l->v[i].now);
}

/* The result of a carried value: without the optional around it if the body gives it so. */
static hone_status carried_result(const looping *l, int32_t i) {
    const tensor *now = &l->v[i].now;
    const hone_kind kind = l->s->node->out[i] ? l->s->node->out[i]->type.kind : now->kind;
    if (kind != now->kind && now->kind == HONE_OPTIONAL) {
        if (items_count(now) == 0) return run_fail(l->r, "output %d has no value", i);
        now = items_of(now);
    }
    run_value(l->r, l->s, i, now);
    return HONE_OK;
}

/* Takes over what the body made of carried value i. */
static hone_status carry(looping *l, int32_t i) {
    carried *v = &l->v[i];
    const tensor *result = &l->body->output[1 + i];
    if (v->now.kind != HONE_TENSOR || result->kind != HONE_TENSOR) return carry_value(l, i, result);
    if (result->dtype != v->now.dtype)
        return run_fail(l->r, "carried value %d becomes %s: expected %s", i,
                        hone_dtype_name(result->dtype), hone_dtype_name(v->now.dtype));
    if (result->data == v->now.data) { /* passed through, perhaps under another shape */
        v->now.shape = result->shape;
        return HONE_OK;
    }
    /* This buffer is not what any input of the last iteration was in, so nothing that is still to
     * be copied is overwritten, even if values changed places. */
    block *b = &v->buffer[v->next];
    TRY(block_reserve(l, b, result->bytes));
    if (result->bytes) memcpy(b->data, result->data, result->bytes);
    v->now = *result;
    v->now.data = b->data;
    v->next = 1 - v->next;
    return HONE_OK;
}

/* Puts the body's result at the end of scan output i. */
static hone_status collect(looping *l, int32_t i) {
    scanned *c = &l->scan[i];
    const tensor *result = &l->body->output[1 + l->n_v + i];
    const hone_dtype declared = l->body->graph->output[1 + l->n_v + i]->type.dtype;
    size_t need;
    if (result->kind != HONE_TENSOR || (declared != HONE_UNDEFINED && declared != result->dtype))
        return run_fail(l->r, "scan output %d has type %s: expected %s", i,
                        hone_dtype_name(result->dtype), hone_dtype_name(declared));
    if (c->met &&
        (c->item.dtype != result->dtype || !shape_equal(&c->item.shape, &result->shape))) {
        char a[SHAPE_TEXT], b[SHAPE_TEXT];
        return run_fail(l->r, "scan output %d has shape %s: expected %s as before", i,
                        shape_text(a, sizeof a, &result->shape),
                        shape_text(b, sizeof b, &c->item.shape));
    }
    c->met = true;
    c->item = *result;
    if (!step_wants(l->s, l->n_v + i)) return HONE_OK;
    if (!size_add(c->all.used, result->bytes, &need)) need = SIZE_MAX;
    TRY(block_reserve(l, &c->all, need));
    if (result->bytes) memcpy((char *)c->all.data + c->all.used, result->data, result->bytes);
    c->all.used = need;
    return HONE_OK;
}

static hone_status iterate(looping *l, bool *go_on) {
    const step *s = l->s;
    tensor *in = l->body->input;
    int64_t trip = l->trips;
    uint8_t on = *go_on;
    in[0] = (tensor){.dtype = HONE_I64, .data = &trip, .bytes = sizeof trip};
    in[1] = (tensor){.dtype = HONE_BOOL, .data = &on, .bytes = sizeof on};
    for (int32_t i = 0; i < l->n_v; i++) in[2 + i] = l->v[i].now;
    for (int32_t i = 0; i < s->node->n_captured; i++)
        in[2 + l->n_v + i] = s->in[stated_inputs(s->node) + i];
    TRY(frame_prepare(l->r->c, l->body, in));
    TRY(frame_run(l->r->c, l->body, in));
    const tensor *cond = &l->body->output[0];
    if (cond->dtype != HONE_BOOL || tensor_count(cond) != 1)
        return run_fail(l->r, "the body's condition is not a single bool");
    *go_on = *(const uint8_t *)cond->data != 0;
    for (int32_t i = 0; i < l->n_scan; i++) TRY(collect(l, i));
    for (int32_t i = 0; i < l->n_v; i++) TRY(carry(l, i));
    l->trips++;
    return HONE_OK;
}

/* A single number or bool in input i. */
static hone_status scalar_input(const looping *l, int32_t i, int64_t *out) {
    const tensor *t = &l->s->in[i];
    if (tensor_count(t) != 1)
        return run_fail(l->r, "input '%s' is not a single value", loop_in[i].name);
    *out = tensor_i64(t, 0);
    return HONE_OK;
}

static hone_status loop_all(looping *l) {
    const int32_t stated = stated_inputs(l->s->node);
    run_shared *shared = l->r->frame->shared;
    const bool has_m = stated > 0 && step_has(l->s, 0), has_cond = stated > 1 && step_has(l->s, 1);
    int64_t most = INT64_MAX, on = 1;
    if (has_m) TRY(scalar_input(l, 0, &most));
    if (has_cond) TRY(scalar_input(l, 1, &on));
    bool go_on = on != 0;
    /* Without a condition to begin with, the body's is not looked at. */
    while (l->trips < most && (go_on || !has_cond)) {
        if (++shared->trips > shared->limits->loop_trips)
            return fail(l->r->c, HONE_E_LIMIT, "more than %lld iterations in one run (loop_trips)",
                        (long long)shared->limits->loop_trips);
        TRY(run_interrupted(l->r->c, shared));
        TRY(iterate(l, &go_on));
    }
    return HONE_OK;
}

/* Shape of scan output i with all iterations. When there was none, what inference knows. */
static shape scan_shape(const looping *l, int32_t i) {
    const shape *item =
        l->trips ? &l->scan[i].item.shape : &l->body->graph->output[1 + l->n_v + i]->type.shape;
    shape y = shape_vector(l->trips);
    for (int32_t a = 0; a < item->rank && y.rank < HONE_MAX_RANK; a++)
        y.dim[y.rank++] = dim_known(item->dim[a]) ? item->dim[a] : 0;
    return y;
}

static hone_status loop_results(const looping *l) {
    for (int32_t i = 0; i < l->s->n_out; i++) {
        const bool is_carried = i < l->n_v;
        if (is_carried && l->v[i].now.kind != HONE_TENSOR) {
            TRY(carried_result(l, i));
            continue;
        }
        const shape y = is_carried ? l->v[i].now.shape : scan_shape(l, i - l->n_v);
        if (!is_carried && l->trips && l->scan[i - l->n_v].item.shape.rank >= HONE_MAX_RANK)
            return run_fail(l->r, "output %d has more than %d axes", i, HONE_MAX_RANK);
        if (!is_carried && l->trips) l->s->out[i].dtype = l->scan[i - l->n_v].item.dtype;
        TRY(run_output(l->r, l->s, i, &y));
        const void *data = is_carried ? l->v[i].now.data : l->scan[i - l->n_v].all.data;
        if (step_wants(l->s, i)) move_bytes(l->r, l->s->out[i].data, data, l->s->out[i].bytes);
    }
    return HONE_OK;
}

static hone_status loop_run(run_ctx *r, const step *s) {
    looping l;
    hone_status status = looping_init(&l, r, s);
    if (status == HONE_OK) status = loop_all(&l);
    if (status == HONE_OK) status = loop_results(&l);
    looping_fini(&l);
    return status;
}

const op op_loop = {.name = "Loop",
                    .domain = "",
                    OP_VERSIONS(loop_versions),
                    OP_ARGS_IN(loop_in),
                    OP_ARGS_OUT(loop_out),
                    OP_ATTRS(loop_attrs, loop_params),
                    .flags = OP_DYNAMIC,
                    .infer = loop_infer,
                    .run = loop_run};
