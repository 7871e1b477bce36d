/* SPDX-License-Identifier: Apache-2.0
 *
 * Scan: written as a Loop whose body takes its slices itself.
 *
 *     Scan body   [v.., slices.., captured..]                      -> [v.., scanned..]
 *     Loop body   [i, on, v.., whole inputs.., last, captured..]   -> [on, v.., scanned..]
 *
 * A slice is Gather(whole input, i), or at last - i where the direction is reversed. Scan outputs
 * come out along axis 0 in the order of iterations; other axes and directions are put right behind
 * the Loop. Opset 8 had a batch axis in front of everything: there a Scan over the batch has the
 * present Scan in its body.
 */
#include <string.h>

#include "op.h"

static const op_arg scan_in[] = {{"inputs", DT_ALL, 0, ARG_VARIADIC}};
static const op_arg scan_out[] = {{"outputs", DT_ALL, 0, ARG_VARIADIC}};

typedef struct scan_params {
    const void *body; /* body 0 of the node */
    int64_t num_scan_inputs;
    int_list scan_input_axes, scan_input_directions, scan_output_axes, scan_output_directions;
} scan_params;

static const attr_spec scan_attrs[] = {
    ATTR_ROW(GRAPH, scan_params, body, .required = true),
    ATTR_ROW(INT, scan_params, num_scan_inputs, .required = true, .min = 1, .max = INT32_MAX),
    ATTR_ROW(INTS, scan_params, scan_input_axes),
    ATTR_ROW(INTS, scan_params, scan_input_directions),
    ATTR_ROW(INTS, scan_params, scan_output_axes),
    ATTR_ROW(INTS, scan_params, scan_output_directions),
};

typedef struct scanning {
    builder *b;
    draft *d;
    graph *body;
    int32_t n_v, n_scan, n_out; /* n_out: scan outputs */
} scanning;

static hone_status scan_counts(builder *b, draft *d, scanning *s) {
    const int64_t n_scan = ((const scan_params *)d->params)->num_scan_inputs;
    const int32_t stated = d->n_in - d->n_captured;
    *s = (scanning){.b = b, .d = d};
    s->body = attr_find(d->attrs, d->n_attrs, "body")->graph;
    if (n_scan > stated)
        return builder_fail(b, HONE_E_FORMAT, "'num_scan_inputs' is %lld of %d inputs",
                            (long long)n_scan, stated);
    s->n_scan = (int32_t)n_scan;
    s->n_v = stated - s->n_scan;
    s->n_out = s->body->n_output - s->n_v;
    if (s->body->n_input != d->n_in || s->n_out < 0 || d->n_out > s->body->n_output)
        return builder_fail(b, HONE_E_FORMAT, "its body has %d inputs and %d outputs",
                            s->body->n_input - d->n_captured, s->body->n_output);
    for (int32_t i = 0; i < d->n_in; i++)
        if (!d->in[i]) return builder_fail(b, HONE_E_FORMAT, "input %d is missing", i);
    return HONE_OK;
}

/* Entry i of a list attribute with `count` entries, or 0 when there is no list. */
static hone_status list_entry(const scanning *s, const char *name, int32_t i, int32_t count,
                              int64_t *out) {
    const attr *a = attr_find(s->d->attrs, s->d->n_attrs, name);
    *out = 0;
    if (!a) return HONE_OK;
    if (a->kind != ATTR_INTS || a->count != count)
        return builder_fail(s->b, HONE_E_FORMAT, "'%s' is no list of %d integers", name, count);
    *out = a->ints[i];
    return HONE_OK;
}

/* Size of scan input i along its axis, as a value. */
static value *scan_length(builder *b, value *x, int64_t axis) {
    value *dims = emit(b, "Shape", IN(x), NO_ATTRS);
    return emit(b, "Gather", IN(dims, emit_i64(b, axis)), NO_ATTRS);
}

/* Makes the body read slices of whole inputs: the new inputs' list is first[..]. */
static hone_status slice_inputs(scanning *s, value **inputs, value *trip, value *last) {
    graph *g = s->body;
    builder in;
    builder_init(&in, s->b->c, g, g->first, s->b->name);
    for (int32_t i = 0; i < s->n_scan; i++) {
        value *slice = g->input[s->n_v + i];
        int64_t axis, reversed;
        TRY(list_entry(s, "scan_input_axes", i, s->n_scan, &axis));
        TRY(list_entry(s, "scan_input_directions", i, s->n_scan, &reversed));
        value *whole = graph_add_value(g, "", &s->d->in[s->n_v + i]->type);
        if (!whole) return fail_nomem(s->b->c, sizeof *whole);
        value *at = reversed ? emit(&in, "Sub", IN(last, trip), NO_ATTRS) : trip;
        value *picked = emit(&in, "Gather", IN(whole, at), ATTRS(A_INT("axis", axis)));
        TRY(in.status);
        graph_replace(slice, picked);
        inputs[i] = whole;
    }
    return HONE_OK;
}

/* Turns the body into that of a Loop. */
static hone_status loop_body(scanning *s) {
    graph *g = s->body;
    const int32_t n_captured = s->d->n_captured, n = 3 + g->n_input;
    const type i64 = type_tensor(HONE_I64, &(shape){.rank = 0});
    const type truth = type_tensor(HONE_BOOL, &(shape){.rank = 0});
    value **all = arena_array(g->arena, (size_t)n, sizeof *all);
    value *trip = graph_add_value(g, "", &i64), *on = graph_add_value(g, "", &truth);
    value *last = graph_add_value(g, "", &i64);
    if (!all || !trip || !on || !last) return fail_nomem(s->b->c, sizeof *on);
    all[0] = trip;
    all[1] = on;
    for (int32_t i = 0; i < s->n_v; i++) all[2 + i] = g->input[i];
    TRY(slice_inputs(s, all + 2 + s->n_v, trip, last));
    all[2 + s->n_v + s->n_scan] = last;
    for (int32_t i = 0; i < n_captured; i++)
        all[n - n_captured + i] = g->input[g->n_input - n_captured + i];
    g->input = all;
    g->n_input = n;
    g->cap_input = (size_t)n;
    if (!graph_add_output(g, on)) return fail_nomem(s->b->c, sizeof(value *));
    for (int32_t i = g->n_output - 1; i > 0; i--) g->output[i] = g->output[i - 1];
    g->output[0] = on;
    return HONE_OK;
}

/* A scan output with the iterations in front becomes what the file asks for. */
static value *place_output(builder *b, value *y, int64_t axis, bool reversed) {
    if (reversed) {
        const int64_t start = INT64_MAX, end = INT64_MIN, zero = 0, back = -1;
        y = emit(b, "Slice",
                 IN(y, emit_i64s(b, &start, 1), emit_i64s(b, &end, 1), emit_i64s(b, &zero, 1),
                    emit_i64s(b, &back, 1)),
                 NO_ATTRS);
    }
    if (axis == 0 || !y) return y;
    const int32_t rank = emit_rank(b, y);
    int32_t to = 0;
    int64_t perm[HONE_MAX_RANK];
    if (rank < 0) return NULL;
    if (!axis_normalize(axis, rank, &to)) {
        builder_fail(b, HONE_E_FORMAT, "scan output axis %lld is out of range", (long long)axis);
        return NULL;
    }
    for (int32_t i = 0; i < rank; i++) perm[i] = i < to ? i + 1 : i == to ? 0 : i;
    return emit(b, "Transpose", IN(y), ATTRS(A_INTS("perm", perm, rank)));
}

/* Carried values keep their names; what is scanned is named when it is in its place. */
static const char *const *loop_names(const scanning *s) {
    const draft *d = s->d;
    const char **names = arena_array(s->b->graph->arena, (size_t)d->n_out, sizeof *names);
    for (int32_t i = 0; names && i < d->n_out; i++) {
        const char *name = d->out_names ? d->out_names[i] : "";
        names[i] = name && i >= s->n_v ? "" : name;
    }
    return names;
}

static hone_status scan_expand(builder *b, draft *d) {
    scanning s;
    int64_t axis, reversed;
    TRY(scan_counts(b, d, &s));
    TRY(list_entry(&s, "scan_input_axes", 0, s.n_scan, &axis));
    value *length = scan_length(b, d->in[s.n_v], axis);
    value *last = emit(b, "Sub", IN(length, emit_i64(b, 1)), NO_ATTRS);
    TRY(b->status);
    TRY(loop_body(&s));
    draft loop = *d;
    attr body = {.name = "body", .kind = ATTR_GRAPH, .graph = s.body};
    loop.type = "Loop";
    loop.opset = INT32_MAX;
    loop.attrs = &body;
    loop.n_attrs = 1;
    loop.n_in = d->n_in + 3;
    loop.n_captured = d->n_captured + s.n_scan + 1;
    loop.out_names = loop_names(&s);
    loop.in = arena_array(b->graph->arena, (size_t)loop.n_in, sizeof *loop.in);
    if (!loop.in || !loop.out_names) return fail_nomem(b->c, (size_t)loop.n_in * sizeof *loop.in);
    loop.in[0] = length; /* no condition: input 1 stays omitted */
    for (int32_t i = 0; i < s.n_v + s.n_scan; i++) loop.in[2 + i] = d->in[i];
    loop.in[2 + s.n_v + s.n_scan] = last;
    for (int32_t i = s.n_v + s.n_scan; i < d->n_in; i++) loop.in[3 + i] = d->in[i];
    TRY(lower(b, &loop));
    for (int32_t i = s.n_v; i < d->n_out; i++) {
        TRY(list_entry(&s, "scan_output_axes", i - s.n_v, s.n_out, &axis));
        TRY(list_entry(&s, "scan_output_directions", i - s.n_v, s.n_out, &reversed));
        if (d->out[i]) d->out[i] = place_output(b, d->out[i], axis, reversed != 0);
    }
    d->done = true;
    return b->status;
}

/* The type of one element of the batch. */
static type without_batch(const type *t) {
    type r = *t;
    if (t->shape.rank < 1) {
        r.shape = shape_unknown();
        return r;
    }
    r.shape.rank--;
    for (int32_t a = 0; a < r.shape.rank; a++) r.shape.dim[a] = t->shape.dim[a + 1];
    return r;
}

/* The body of the Scan over the batch: one Scan of today's meaning on an element. */
static graph *batch_body(builder *b, const draft *d) {
    graph *g = graph_create(b->graph->arena, b->graph->symbols, "batch");
    value **in = arena_array(b->graph->arena, (size_t)d->n_in, sizeof *in);
    value **out = arena_array(b->graph->arena, (size_t)d->n_out, sizeof *out);
    if (!g || !in || !out) return NULL;
    for (int32_t i = 0; i < d->n_in; i++) {
        const type each =
            i < d->n_in - d->n_captured ? without_batch(&d->in[i]->type) : d->in[i]->type;
        in[i] = graph_add_input(g, d->in[i]->name, &each);
        if (!in[i]) return NULL;
    }
    builder inner;
    builder_init(&inner, b->c, g, NULL, b->name);
    draft scan = *d;
    scan.opset = 9;
    scan.in = in;
    scan.out = out;
    scan.out_names = NULL;
    b->status = lower(&inner, &scan);
    for (int32_t i = 0; i < d->n_out && b->status == HONE_OK; i++)
        if (!graph_add_output(g, out[i])) return NULL;
    return g;
}

static hone_status scan_upgrade(builder *b, draft *d) {
    if (draft_in(d, 0))
        return builder_fail(b, HONE_E_UNSUPPORTED, "'sequence_lens' is not supported");
    if (d->n_in < 1) return builder_fail(b, HONE_E_FORMAT, "has no inputs");
    d->in++;
    d->n_in--;
    for (int32_t i = 0; i < d->n_in; i++)
        if (!d->in[i]) return builder_fail(b, HONE_E_FORMAT, "input %d is missing", i + 1);
    attr *directions = NULL;
    for (int32_t i = 0; i < d->n_attrs; i++)
        if (strcmp(d->attrs[i].name, "directions") == 0) directions = &d->attrs[i];
    if (directions) directions->name = "scan_input_directions";
    graph *body = batch_body(b, d);
    if (!body) return b->status == HONE_OK ? fail_nomem(b->c, sizeof *body) : b->status;
    TRY(b->status);
    attr *attrs = arena_array(b->graph->arena, 2, sizeof *attrs);
    if (!attrs) return fail_nomem(b->c, 2 * sizeof *attrs);
    attrs[0] = (attr){.name = "body", .kind = ATTR_GRAPH, .graph = body};
    attrs[1] = A_INT("num_scan_inputs", d->n_in - d->n_captured);
    d->attrs = attrs;
    d->n_attrs = 2;
    return HONE_OK;
}

static const op_version scan_versions[] = {{8, scan_upgrade}, {9, NULL}};

const op op_scan = {.name = "Scan",
                    .domain = "",
                    OP_VERSIONS(scan_versions),
                    OP_ARGS_IN(scan_in),
                    OP_ARGS_OUT(scan_out),
                    OP_ATTRS(scan_attrs, scan_params),
                    .expand = scan_expand};
