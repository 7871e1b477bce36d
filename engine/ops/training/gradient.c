/* SPDX-License-Identifier: Apache-2.0
 *
 * Gradient: derivatives of a value by others, at the point that the inputs give. The importer puts
 * the values that the attributes name behind the inputs: points.., y, xs.., zs.. .
 *
 * Where a point is another value than the one it stands for, the nodes between are repeated with
 * it; then the graph is differentiated like any other.
 */
#include "backward.h"
#include "inline.h"
#include "op.h"

typedef struct gradient_params {
    const char *y;
    string_list xs, zs;
} gradient_params;

static const attr_spec gradient_attrs[] = {ATTR_ROW(STRINGS, gradient_params, xs, .required = true),
                                           ATTR_ROW(STRING, gradient_params, y, .required = true),
                                           ATTR_ROW(STRINGS, gradient_params, zs)};
static const op_arg gradient_in[] = {{"Inputs", DT_ALL, 0, ARG_VARIADIC}};
static const op_arg gradient_out[] = {{"Outputs", DT_FLOATS, 0, ARG_VARIADIC | ARG_OPTIONAL}};
static const op_version gradient_versions[] = {{1, NULL}};

static bool is_touched(const substitution *s, const node *n) {
    for (int32_t i = 0; i < n->n_in; i++)
        if (substituted(s, node_in(n, i)) != node_in(n, i)) return true;
    return false;
}

/* y at the given points. */
static hone_status value_at(builder *b, const draft *d, int32_t n, value **y) {
    value *const *of = d->in + n + 1;
    const node *last = b->graph->last;
    substitution s;
    TRY(substitution_init(&s, b, b->graph));
    for (int32_t i = 0; i < n; i++)
        if (d->in[i] != of[i]) s.instead[of[i]->id] = d->in[i];
    for (const node *at = b->graph->first; at; at = at == last ? NULL : at->next)
        if (is_touched(&s, at)) TRY(repeat_node(b, &s, at));
    *y = substituted(&s, *y);
    return HONE_OK;
}

/* Derivatives of derivatives grow several times with each Gradient: they may take this share of the
 * limit on nodes. */
enum { SHARE = 16 };

static hone_status check_size(builder *b) {
    const int64_t most = b->c->limits->nodes / SHARE + 1;
    graph_number(b->graph);
    if (b->graph->n_node <= most) return HONE_OK;
    return builder_fail(b, HONE_E_LIMIT, "derivatives take more than %lld nodes (nodes)",
                        (long long)most);
}

static value *zeros_like(builder *b, value *x) {
    value *dims = emit(b, "Shape", IN(x), NO_ATTRS);
    return emit(b, "Expand", IN(emit_scalar(b, x->type.dtype, 0), dims), NO_ATTRS);
}

static hone_status check_inputs(builder *b, const draft *d, int32_t n, int32_t n_x) {
    if (d->n_in != 2 * n + 1 || d->n_out > n_x)
        return builder_fail(b, HONE_E_FORMAT, "names %d values and has %d inputs and %d outputs", n,
                            d->n_in - n - 1, d->n_out);
    for (int32_t i = 0; i < d->n_in; i++)
        if (!d->in[i] || d->in[i]->graph != b->graph)
            return builder_fail(b, HONE_E_FORMAT, "input %d is missing or of another graph", i);
    if (!dtype_in(d->in[n]->type.dtype, DT_FLOATS))
        return builder_fail(b, HONE_E_FORMAT, "y is %s: expected floating point",
                            hone_dtype_name(d->in[n]->type.dtype));
    for (int32_t i = 0; i < n_x; i++)
        if (!dtype_in(d->in[i]->type.dtype, DT_FLOATS))
            return builder_fail(b, HONE_E_FORMAT, "input %d is %s: expected floating point", i,
                                hone_dtype_name(d->in[i]->type.dtype));
    return HONE_OK;
}

static hone_status gradient_expand(builder *b, draft *d) {
    const gradient_params *p = d->params;
    const int32_t n_x = p->xs.n, n = n_x + p->zs.n;
    TRY(check_inputs(b, d, n, n_x));
    value *y = d->in[n], **dx = arena_array(b->graph->arena, (size_t)n_x, sizeof *dx);
    if (!dx) return fail_nomem(b->c, (size_t)n_x * sizeof *dx);
    TRY(check_size(b));
    TRY(value_at(b, d, n, &y));
    TRY(backward(b->c, b->graph, y, d->in, n_x, dx));
    TRY(check_size(b));
    for (int32_t i = 0; i < d->n_out; i++) d->out[i] = dx[i] ? dx[i] : zeros_like(b, d->in[i]);
    d->done = true;
    return b->status;
}

/* What it computes depends on the graph around it: tests/formats/import_models.py has models. */
const op op_gradient = {.name = "Gradient",
                        .domain = "ai.onnx.preview.training",
                        OP_VERSIONS(gradient_versions),
                        OP_ARGS_IN(gradient_in),
                        OP_ARGS_OUT(gradient_out),
                        OP_ATTRS(gradient_attrs, gradient_params),
                        .expand = gradient_expand};
