/* SPDX-License-Identifier: Apache-2.0
 *
 * ONNX's Loop: hone::Loop. Files may leave out the types of the body's inputs, which are those of
 * the node's.
 */
#include "infer.h"
#include "op.h"

static const op_arg loop_in[] = {{"M", DT(HONE_I64), 0, ARG_OPTIONAL},
                                 {"cond", DT_BOOL, 0, ARG_OPTIONAL},
                                 {"v_initial", DT_ALL, 0, ARG_VARIADIC}};
static const op_arg loop_out[] = {{"v_final_and_scan_outputs", DT_ALL, 0, ARG_VARIADIC}};
static const op_version loop_versions[] = {{1, NULL}};

static void set_dtype(value *v, hone_dtype t) {
    if (v->type.kind == TYPE_TENSOR && v->type.dtype == HONE_UNDEFINED) v->type.dtype = t;
}

/* Element types only: shapes may change from one iteration to the next. */
static hone_status type_inputs(builder *b, const draft *d, graph *body) {
    const int32_t carried = d->n_in - d->n_captured - 2;
    if (body->n_input > 0) set_dtype(body->input[0], HONE_I64);
    if (body->n_input > 1) set_dtype(body->input[1], HONE_BOOL);
    for (int32_t i = 0; i < carried && 2 + i < body->n_input; i++)
        if (d->in[2 + i]) set_dtype(body->input[2 + i], d->in[2 + i]->type.dtype);
    for (node *n = body->first; n; n = n->next) TRY(graph_infer_node(b->c, n));
    return HONE_OK;
}

static hone_status loop_expand(builder *b, draft *d) {
    const attr *body = attr_find(d->attrs, d->n_attrs, "body");
    if (body && body->kind == ATTR_GRAPH) TRY(type_inputs(b, d, body->graph));
    d->domain = "hone";
    return lower(b, d);
}

const op op_loop_onnx = {.name = "Loop",
                         .domain = "",
                         OP_VERSIONS(loop_versions),
                         OP_ARGS_IN(loop_in),
                         OP_ARGS_OUT(loop_out),
                         .expand = loop_expand};
