/* SPDX-License-Identifier: Apache-2.0
 *
 * OneHot: a new axis of size `depth` that is off but for the place that the index names. An index
 * that names none leaves it all off.
 */
#include "movement.h"

enum { INDICES, DEPTH, VALUES };

typedef struct one_hot_params {
    int64_t axis; /* of the output */
} one_hot_params;

static const attr_spec one_hot_attrs[] = {ATTR_ROW(INT, one_hot_params, axis, .i = -1)};
static const op_arg one_hot_in[] = {
    {"indices", DT_NUMBERS, 0, 0}, {"depth", DT_NUMBERS, 0, 0}, {"values", DT_MOVABLE, 'T', 0}};
static const op_arg one_hot_out[] = {{"output", DT_MOVABLE, 'T', 0}};
static const op_version one_hot_versions[] = {{9, NULL}};

static hone_status one_hot_infer(infer *f) {
    const shape *index = infer_shape(f, INDICES);
    const tensor *depth = infer_value(f, DEPTH);
    int32_t axis;
    f->out[0].dtype = infer_dtype(f, VALUES);
    if (index->rank < 0) return HONE_OK;
    if (index->rank == HONE_MAX_RANK)
        return infer_fail(f, "the output has more than %d axes", HONE_MAX_RANK);
    TRY(infer_axis(f, ((const one_hot_params *)f->params)->axis, index->rank + 1, &axis));
    shape y = shape_of_rank(index->rank + 1);
    for (int32_t a = 0, i = 0; a < y.rank; a++)
        if (a != axis) y.dim[a] = index->dim[i++];
    if (depth) {
        if (tensor_count(depth) != 1) return infer_fail(f, "'depth' is not a single number");
        y.dim[axis] = tensor_i64(depth, 0);
        if (y.dim[axis] < 0) return infer_fail(f, "'depth' is %lld", (long long)y.dim[axis]);
    }
    f->out[0].shape = y;
    return HONE_OK;
}

static hone_status one_hot_run(run_ctx *r, const step *s) {
    const shape *y = &s->out[0].shape;
    const tensor *index = &s->in[INDICES], *values = &s->in[VALUES];
    const size_t size = dtype_size(values->dtype);
    int32_t axis = 0;
    axis_normalize(((const one_hot_params *)step_params(s))->axis, y->rank, &axis);
    if (tensor_count(values) != 2)
        return run_fail(r, "'values' has %lld elements: expected off and on",
                        (long long)tensor_count(values));
    const int64_t depth = y->dim[axis], inner = shape_span(y, axis + 1, y->rank);
    const int64_t n = tensor_count(index);
    const char *on = (const char *)values->data + size;
    if (tensor_count(&s->out[0]) == 0) return HONE_OK;
    fill_tensor(r, &s->out[0], values->data);
    for (int64_t i = 0; i < n; i++) {
        int64_t at = tensor_i64(index, i);
        if (at < -depth || at >= depth) continue;
        if (at < 0) at += depth;
        const int64_t target = (i / inner * depth + at) * inner + i % inner;
        move_element(size, on, (char *)s->out[0].data + (size_t)target * size);
    }
    return HONE_OK;
}

static const char *const one_hot_cases[] = {"i64[2,3] i64{5} f32[2]", "i32[4] i64{3} i64[2] axis=0",
                                            "f32[2,2] f32{4} u8[2] axis=1", NULL};

const op op_one_hot = {.name = "OneHot",
                       .domain = "",
                       OP_VERSIONS(one_hot_versions),
                       OP_ARGS_IN(one_hot_in),
                       OP_ARGS_OUT(one_hot_out),
                       OP_ATTRS(one_hot_attrs, one_hot_params),
                       .infer = one_hot_infer,
                       .run = one_hot_run,
                       .flops = move_flops,
                       .tolerance = {TOL_EXACT, 0},
                       .cases = one_hot_cases};
