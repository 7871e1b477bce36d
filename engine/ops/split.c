/* SPDX-License-Identifier: Apache-2.0
 *
 * Split: sizes are an input, or equal with a smaller last one (num_outputs). Before opset 13 the
 * sizes were an attribute; before 18 the number of outputs was counted.
 */
#include "checked.h"
#include "composite.h"
#include "movement.h"

typedef struct split_params {
    int64_t axis, num_outputs;
} split_params;

static const attr_spec split_attrs[] = {
    ATTR_ROW(AXIS, split_params, axis),
    ATTR_ROW(INT, split_params, num_outputs, .min = 1, .max = INT32_MAX),
};
static const op_arg split_in[] = {{"input", DT_MOVABLE, 'T', 0},
                                  {"split", DT(HONE_I64), 0, ARG_OPTIONAL}};
static const op_arg split_out[] = {{"outputs", DT_MOVABLE, 'T', ARG_VARIADIC}};

static hone_status sizes_upgrade(builder *b, draft *d) {
    return draft_ints_to_input(b, d, "split", 1);
}

static hone_status count_upgrade(builder *b, draft *d) {
    if (draft_in(d, 1)) return HONE_OK;
    return draft_set_attr(b, d, A_INT("num_outputs", d->n_out));
}

/* Sizes in an input had the type of the data. */
static hone_status typed_sizes_upgrade(builder *b, draft *d) {
    value *sizes = draft_in(d, 1);
    return sizes ? draft_set_in(b, d, 1, expand_cast(b, sizes, HONE_I64)) : b->status;
}

static const op_version split_versions[] = {
    {1, typed_sizes_upgrade}, {2, sizes_upgrade}, {13, count_upgrade}, {18, NULL}};

/* Size of output i when nothing but the number of outputs is given. */
static int64_t equal_part(int64_t size, int64_t count, int32_t i) {
    const int64_t part = size / count + (size % count != 0);
    const int64_t first = part * i;
    return first >= size ? 0 : first + part > size ? size - first : part;
}

static hone_status split_sizes(infer *f, int64_t size, int32_t axis) {
    const tensor *sizes = infer_value(f, 1);
    int64_t sum = 0;
    if (tensor_count(sizes) != f->n_out || sizes->shape.rank != 1)
        return infer_fail(f, "'split' has %lld elements: expected %d",
                          (long long)tensor_count(sizes), f->n_out);
    for (int32_t i = 0; i < f->n_out; i++) {
        const int64_t part = tensor_i64(sizes, i);
        if (part < 0 || !i64_add(sum, part, &sum))
            return infer_fail(f, "'split' has size %lld", (long long)part);
        f->out[i].shape.dim[axis] = part;
    }
    if (dim_known(size) && sum != size)
        return infer_fail(f, "'split' sums to %lld: expected %lld", (long long)sum,
                          (long long)size);
    return HONE_OK;
}

static hone_status split_infer(infer *f) {
    const split_params *p = f->params;
    const shape *x = infer_shape(f, 0);
    int32_t axis = 0;
    if (x->rank >= 0) TRY(infer_axis(f, p->axis, x->rank, &axis));
    for (int32_t i = 0; i < f->n_out; i++) {
        infer_set(f, i, infer_dtype(f, 0), x);
        if (x->rank > 0) f->out[i].shape.dim[axis] = DIM_UNKNOWN;
    }
    if (infer_has(f, 1) && p->num_outputs) return infer_fail(f, "has 'split' and 'num_outputs'");
    if (x->rank < 0 || (infer_has(f, 1) && !infer_value(f, 1))) return HONE_OK;
    if (infer_has(f, 1)) return split_sizes(f, x->dim[axis], axis);
    if (p->num_outputs != f->n_out)
        return infer_fail(f, "'num_outputs' is %lld: expected %d", (long long)p->num_outputs,
                          f->n_out);
    for (int32_t i = 0; i < f->n_out && dim_known(x->dim[axis]); i++)
        f->out[i].shape.dim[axis] = equal_part(x->dim[axis], f->n_out, i);
    return HONE_OK;
}

static void split_axes(const node *n, axis_map *m) {
    const int32_t rank = node_in(n, 0)->type.shape.rank;
    int32_t axis = 0;
    axis_normalize(((const split_params *)n->params)->axis, rank, &axis);
    for (int32_t i = 0; i < n->n_out; i++)
        for (int32_t a = 0; n->out[i] && a < rank; a++)
            axis_add(m, 0, a, i, a, a == axis ? AXIS_JOINED : AXIS_SAME);
}

/* Size of output i along the axis; unwanted outputs have no tensor to tell it. */
static int64_t part_size(const step *s, int32_t i, int32_t axis) {
    if (step_wants(s, i)) return s->out[i].shape.dim[axis];
    if (step_has(s, 1)) return tensor_i64(&s->in[1], i);
    return equal_part(s->in[0].shape.dim[axis], s->n_out, i);
}

/* Nothing outside of the axis: each part is a run of bytes. */
static hone_status split_plan(plan_ctx *p, step *s) {
    const shape *x = &s->in[0].shape;
    int32_t axis = 0;
    axis_normalize(((const split_params *)step_params(s))->axis, x->rank, &axis);
    if (shape_span(x, 0, axis) != 1) return HONE_OK;
    size_t *at = plan_parts(p, s), next = 0;
    if (!at) return HONE_E_NOMEM;
    const size_t row = (size_t)shape_span(x, axis + 1, x->rank) * dtype_size(s->in[0].dtype);
    for (int32_t i = 0; i < s->n_out; i++) {
        at[i] = next;
        next += (size_t)part_size(s, i, axis) * row;
    }
    return HONE_OK;
}

static hone_status split_run(run_ctx *r, const step *s) {
    const shape *x = &s->in[0].shape;
    const size_t size = dtype_size(s->in[0].dtype);
    int32_t axis = 0;
    axis_normalize(((const split_params *)step_params(s))->axis, x->rank, &axis);
    const int64_t outer = shape_span(x, 0, axis), inner = shape_span(x, axis + 1, x->rank);
    const char *src = s->in[0].data;
    for (int32_t i = 0; i < s->n_out; i++) {
        const int64_t part = part_size(s, i, axis) * inner;
        movement m;
        movement_init(&m, size);
        movement_add(&m, outer, x->dim[axis] * inner, part);
        movement_add(&m, part, 1, 1);
        if (step_wants(s, i)) movement_run(r, s->k, &m, src, s->out[i].data);
        src += (size_t)part * size;
    }
    return HONE_OK;
}

/* dx is the parts' gradients side by side; zeros where none flows. */
static hone_status split_grad(gradient *g) {
    builder *b = g->b;
    const node *n = g->node;
    const hone_dtype t = node_in(n, 0)->type.dtype;
    value **parts = arena_array(b->graph->arena, (size_t)n->n_out, sizeof *parts);
    if (!parts) return builder_fail(b, HONE_E_NOMEM, "no memory for a gradient");
    for (int32_t i = 0; i < n->n_out; i++) {
        parts[i] = g->dy[i];
        if (parts[i]) continue;
        if (!n->out[i])
            return builder_fail(b, HONE_E_UNSUPPORTED, "gradient of a result that is not there");
        value *dims = emit(b, "Shape", IN(n->out[i]), NO_ATTRS);
        parts[i] = emit(b, "Expand", IN(emit_scalar(b, t, 0), dims), NO_ATTRS);
    }
    const int64_t axis = ((const split_params *)n->params)->axis;
    g->dx[0] = emit(b, "Concat", parts, n->n_out, ATTRS(A_INT("axis", axis)));
    return b->status;
}

static const char *const split_cases[] = {
    "f32[2,6] i64{2,4} axis=1 >2", "f32[7,3] num_outputs=3 >3",
    "f32[1,64,40,40] axis=1 num_outputs=2 >2", "u8[4,0] num_outputs=2 >2", NULL};

const op op_split = {.name = "Split",
                     .domain = "",
                     OP_VERSIONS(split_versions),
                     OP_ARGS_IN(split_in),
                     OP_ARGS_OUT(split_out),
                     OP_ATTRS(split_attrs, split_params),
                     .infer = split_infer,
                     .axes = split_axes,
                     .permute = permute_attrs,
                     .plan = split_plan,
                     .run = split_run,
                     .grad = split_grad,
                     .quant = &quant_moves_first,
                     .flops = move_flops,
                     .tolerance = {TOL_EXACT, 0},
                     .cases = split_cases};
