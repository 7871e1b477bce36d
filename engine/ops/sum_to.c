/* SPDX-License-Identifier: Apache-2.0
 *
 * hone::SumTo: the reverse of broadcasting. Sums input 0 over the axes along which input 1 would
 * have to be stretched to its shape.
 */
#include "elementwise.h"
#include "fold.h"

static const op_arg sum_to_in[] = {{"x", DT_NUMBERS, 'T', 0}, {"like", DT_NUMBERS, 0, 0}};
static const op_arg sum_to_out[] = {{"y", DT_NUMBERS, 'T', 0}};

static hone_status sum_to_infer(infer *f) {
    const shape *x = infer_shape(f, 0), *like = infer_shape(f, 1);
    shape wide;
    char a[SHAPE_TEXT], b[SHAPE_TEXT];
    const bool fits = shape_broadcast(x, like, &wide);
    if (!fits || (shape_known(x) && shape_known(like) && !shape_equal(x, &wide)))
        return infer_fail(f, "shape %s does not stretch to %s", shape_text(a, sizeof a, like),
                          shape_text(b, sizeof b, x));
    infer_set(f, 0, infer_dtype(f, 0), like);
    return HONE_OK;
}

static hone_status sum_to_plan(plan_ctx *p, step *s) {
    static const fold_rule rule = {SLOT_OF(reduce_sum), SLOT_OF(reduce_sum), SLOT_OF(add),
                                   SLOT_OF(add),        FOLD_PLAIN,          false};
    const shape *x = &s->in[0].shape, *y = &s->out[0].shape;
    uint32_t axes = 0;
    for (int32_t a = 0; a < x->rank; a++) {
        const int32_t to = a - (x->rank - y->rank);
        if (to < 0 || y->dim[to] != x->dim[a]) axes |= 1u << a;
    }
    return fold_plan(p, s, &rule, axes);
}

/* Every term gets what its sum gets. */
static hone_status sum_to_grad(gradient *g) {
    value *dims = emit(g->b, "Shape", IN(node_in(g->node, 0)), NO_ATTRS);
    g->dx[0] = emit(g->b, "Expand", IN(g->dy[0], dims), NO_ATTRS);
    return g->b->status;
}

static uint64_t sum_to_flops(const step *s) { return (uint64_t)tensor_count(&s->in[0]); }

static const char *const sum_to_cases[] = {"f32[2,3,4] f32[4]", "f32[2,3,4] f32[2,1,4]",
                                           "f32[2,3] f32[2,3]", "f32[2,3] f32[]", NULL};

const op op_sum_to = {.name = "SumTo",
                      .domain = "hone",
                      OP_ARGS_IN(sum_to_in),
                      OP_ARGS_OUT(sum_to_out),
                      .infer = sum_to_infer,
                      .plan = sum_to_plan,
                      .run = fold_run,
                      .grad = sum_to_grad,
                      .flops = sum_to_flops,
                      .tolerance = {TOL_SUM, 1},
                      .cases = sum_to_cases};
