/* SPDX-License-Identifier: Apache-2.0
 *
 * If: runs one of two bodies. Inputs are the condition, then the captured values, which are the
 * inputs of both bodies. While planning, a known condition walks the taken branch in place
 * (plan.c); this file runs what is decided at run time.
 */
#include <string.h>

#include "frame.h"
#include "items.h"
#include "op.h"

typedef struct if_params {
    const void *then_branch, *else_branch; /* bodies 0 and 1 are in the node */
} if_params;

static const attr_spec if_attrs[] = {
    ATTR_ROW(GRAPH, if_params, then_branch, .required = true),
    ATTR_ROW(GRAPH, if_params, else_branch, .required = true),
};
static const op_arg if_in[] = {{"cond", DT_BOOL, 0, 0}};
static const op_arg if_out[] = {{"outputs", DT_ALL, 0, ARG_VARIADIC | ARG_ANY_KIND}};
static const op_version if_versions[] = {{1, NULL}, {7, NULL}};

/* What is the same in both types. */
static type type_meet(const type *a, const type *b) {
    type t = *a;
    t.shape = shape_meet(&a->shape, &b->shape);
    return t;
}

static hone_status if_infer(infer *f) {
    const node *n = f->node;
    const graph *yes = n->body[0], *no = n->body[1];
    if (n->n_body != 2 || f->n_in - n->n_captured != 1 || yes->n_input != n->n_captured ||
        no->n_input != n->n_captured)
        return infer_fail(f, "captures %d values in %d inputs: its branches take %d and %d",
                          n->n_captured, f->n_in, yes->n_input, no->n_input);
    if (f->n_out > yes->n_output || f->n_out > no->n_output)
        return infer_fail(f, "has %d outputs: its branches have %d and %d", f->n_out, yes->n_output,
                          no->n_output);
    const tensor *cond = infer_value(f, 0);
    for (int32_t i = 0; i < f->n_out; i++) {
        const type *a = &yes->output[i]->type, *b = &no->output[i]->type;
        if (cond && tensor_count(cond) == 1) {
            f->out[i] = tensor_i64(cond, 0) ? *a : *b;
            continue;
        }
        if (!type_equal(a, b))
            return infer_fail(f, "output %d has type %s in one branch and %s in the other", i,
                              hone_dtype_name(type_inner(a)), hone_dtype_name(type_inner(b)));
        f->out[i] = type_meet(a, b);
    }
    return HONE_OK;
}

static hone_status if_run(run_ctx *r, const step *s) {
    if (tensor_count(&s->in[0]) != 1) return run_fail(r, "the condition has no single value");
    const int32_t taken = *(const uint8_t *)s->in[0].data ? 0 : 1;
    frame *body;
    TRY(frame_body(r->c, r->frame, s->node, taken, &body));
    for (int32_t i = 0; i < body->graph->n_input; i++) body->input[i] = s->in[i + 1];
    TRY(frame_prepare(r->c, body, body->input));
    TRY(frame_run(r->c, body, body->input));
    for (int32_t i = 0; i < s->n_out; i++) {
        const tensor *t = &body->output[i];
        if (!step_wants(s, i)) continue;
        if (t->kind != s->out[i].kind) return run_fail(r, "output %d is of another kind", i);
        if (t->kind != HONE_TENSOR) {
            run_value(r, s, i, t);
            continue;
        }
        if (t->dtype != s->out[i].dtype)
            return run_fail(r, "output %d of the branch has type %s: expected %s", i,
                            hone_dtype_name(t->dtype), hone_dtype_name(s->out[i].dtype));
        TRY(run_output(r, s, i, &t->shape));
        if (t->bytes) memcpy(s->out[i].data, t->data, t->bytes);
    }
    return HONE_OK;
}

const op op_if = {.name = "If",
                  .domain = "",
                  OP_VERSIONS(if_versions),
                  OP_ARGS_IN(if_in),
                  OP_ARGS_OUT(if_out),
                  OP_ATTRS(if_attrs, if_params),
                  .flags = OP_DYNAMIC,
                  .infer = if_infer,
                  .run = if_run};
