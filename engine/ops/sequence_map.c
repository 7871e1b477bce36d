/* SPDX-License-Identifier: Apache-2.0
 *
 * SequenceMap: its body for each item of a sequence, written as a Loop over the positions.
 *
 *     SequenceMap body   [item or whole.., captured..]                 -> [result..]
 *     Loop body          [i, on, done so far.., whole.., captured..]   -> [on, done so far..]
 *
 * An item is SequenceAt(whole, i), a result is put at the end of what is done so far. Inputs after
 * the first that are no sequences are the same for every item.
 */
#include "op.h"

static const op_arg map_in[] = {{"input_sequence", DT_ALL, 0, ARG_ANY_KIND},
                                {"additional_inputs", DT_ALL, 0, ARG_VARIADIC | ARG_ANY_KIND}};
static const op_arg map_out[] = {{"out_sequence", DT_ALL, 0, ARG_VARIADIC | ARG_ANY_KIND}};
static const op_version map_versions[] = {{17, NULL}};

typedef struct map_params {
    const void *body; /* body 0 of the node */
} map_params;
static const attr_spec map_attrs[] = {ATTR_ROW(GRAPH, map_params, body, .required = true)};

typedef struct mapping {
    draft *d;
    graph *body;
    int32_t n_in, n_out; /* without what is captured */
} mapping;

static hone_status mapping_init(builder *b, draft *d, mapping *m) {
    *m = (mapping){.d = d};
    m->body = attr_find(d->attrs, d->n_attrs, "body")->graph;
    m->n_in = d->n_in - d->n_captured;
    m->n_out = m->body->n_output;
    if (m->n_in < 1 || m->body->n_input != d->n_in || d->n_out > m->n_out)
        return builder_fail(b, HONE_E_FORMAT, "its body has %d inputs and %d outputs",
                            m->body->n_input - d->n_captured, m->n_out);
    for (int32_t i = 0; i < d->n_in; i++)
        if (!d->in[i]) return builder_fail(b, HONE_E_FORMAT, "input %d is missing", i);
    if (d->in[0]->type.kind != HONE_SEQUENCE)
        return builder_fail(b, HONE_E_FORMAT, "input 'input_sequence' is no sequence");
    return HONE_OK;
}

/* The new inputs of the body; items are read where the old inputs were. */
static hone_status body_inputs(const ctx *c, const mapping *m) {
    graph *g = m->body;
    const int32_t n = 2 + m->n_out + g->n_input;
    const shape scalar = shape_scalar();
    const type number = type_tensor(HONE_I64, &scalar), truth = type_tensor(HONE_BOOL, &scalar);
    value **in = arena_array(g->arena, (size_t)n, sizeof *in);
    if (!in) return fail_nomem(c, (size_t)n * sizeof *in);
    builder b;
    builder_init(&b, c, g, g->first, "");
    in[0] = graph_add_value(g, "", &number);
    in[1] = graph_add_value(g, "", &truth);
    for (int32_t k = 0; k < m->n_out; k++) {
        const type list = type_of_tensors(HONE_SEQUENCE, g->output[k]->type.dtype);
        in[2 + k] = graph_add_value(g, "", &list);
    }
    for (int32_t i = 0; i < g->n_input; i++) {
        value *old = g->input[i];
        value **now = &in[2 + m->n_out + i];
        *now = old;
        if (i >= m->n_in || m->d->in[i]->type.kind != HONE_SEQUENCE) continue;
        *now = graph_add_value(g, "", &m->d->in[i]->type);
        if (!*now || !in[0]) return fail_nomem(c, sizeof(value));
        value *item = emit(&b, "SequenceAt", IN(*now, in[0]), NO_ATTRS);
        if (b.status == HONE_OK) graph_replace(old, item);
    }
    for (int32_t i = 0; i < 2 + m->n_out; i++)
        if (!in[i]) return fail_nomem(c, sizeof(value));
    g->input = in;
    g->n_input = n;
    g->cap_input = (size_t)n;
    return b.status;
}

static hone_status body_outputs(const ctx *c, const mapping *m) {
    graph *g = m->body;
    builder b;
    builder_init(&b, c, g, NULL, "");
    if (!graph_add_output(g, g->input[1])) return fail_nomem(c, sizeof(value *));
    for (int32_t k = m->n_out; k > 0; k--) {
        value *result = g->output[k - 1];
        value *longer = emit(&b, "SequenceInsert", IN(g->input[2 + k - 1], result), NO_ATTRS);
        if (!longer) return b.status;
        result->output_uses--;
        longer->output_uses++;
        g->output[k] = longer;
    }
    g->output[0] = g->input[1];
    return b.status;
}

static hone_status map_expand(builder *b, draft *d) {
    mapping m;
    TRY(mapping_init(b, d, &m));
    draft loop = *d;
    attr body = {.name = "body", .kind = ATTR_GRAPH, .graph = m.body};
    loop.type = "Loop";
    loop.opset = INT32_MAX;
    loop.own = true;
    loop.attrs = &body;
    loop.n_attrs = 1;
    loop.n_in = 2 + m.n_out + d->n_in;
    loop.n_captured = d->n_in;
    loop.in = arena_array(b->graph->arena, (size_t)loop.n_in, sizeof *loop.in);
    if (!loop.in) return fail_nomem(b->c, (size_t)loop.n_in * sizeof *loop.in);
    loop.in[0] = emit(b, "SequenceLength", IN(d->in[0]), NO_ATTRS);
    for (int32_t k = 0; k < m.n_out; k++) {
        const hone_dtype t = m.body->output[k]->type.dtype;
        loop.in[2 + k] = emit(b, "SequenceEmpty", NULL, 0,
                              ATTRS(A_INT("dtype", t == HONE_UNDEFINED ? HONE_F32 : t)));
    }
    for (int32_t i = 0; i < d->n_in; i++) loop.in[2 + m.n_out + i] = d->in[i];
    TRY(b->status);
    TRY(body_inputs(b->c, &m));
    TRY(body_outputs(b->c, &m));
    TRY(lower(b, &loop));
    d->done = true;
    return b->status;
}

const op op_sequence_map = {.name = "SequenceMap",
                            .domain = "",
                            OP_VERSIONS(map_versions),
                            OP_ARGS_IN(map_in),
                            OP_ARGS_OUT(map_out),
                            OP_ATTRS(map_attrs, map_params),
                            .expand = map_expand};
