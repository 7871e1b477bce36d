/* SPDX-License-Identifier: Apache-2.0
 *
 * Shape and Size: what is known about the input without reading it.
 */
#include "shape_of.h"

#include "movement.h"

typedef struct shape_of_params {
    int64_t start, end;
} shape_of_params;

static const attr_spec shape_of_attrs[] = {
    ATTR_ROW(INT, shape_of_params, start),
    ATTR_ROW(INT, shape_of_params, end, .i = INT64_MAX),
};
static const op_arg shape_of_in[] = {{"data", DT_ALL, 0, 0}};
static const op_arg shape_of_out[] = {{"shape", DT(HONE_I64), 0, 0}};
static const op_version shape_of_versions[] = {{1, NULL}};

/* The axes [first, last) that are asked for. */
static void shape_range(const shape_of_params *p, int32_t rank, int32_t *first, int32_t *last) {
    const int64_t start = p->start < 0 ? p->start + rank : p->start;
    const int64_t end = p->end < 0 ? p->end + rank : p->end;
    *first = (int32_t)(start < 0 ? 0 : start > rank ? rank : start);
    *last = (int32_t)(end < *first ? *first : end > rank ? rank : end);
}

static hone_status shape_of_infer(infer *f) {
    const int32_t rank = infer_rank(f, 0);
    int32_t first, last;
    shape y = shape_of_rank(1);
    if (rank >= 0) {
        shape_range(f->params, rank, &first, &last);
        y.dim[0] = last - first;
    }
    infer_set(f, 0, HONE_I64, &y);
    return HONE_OK;
}

static hone_status shape_of_run(run_ctx *r, const step *s) {
    const shape *x = &s->in[0].shape;
    int64_t *y = s->out[0].data;
    int32_t first, last;
    (void)r;
    shape_range(step_params(s), x->rank, &first, &last);
    for (int32_t a = first; a < last; a++) y[a - first] = x->dim[a];
    return HONE_OK;
}

static hone_status size_infer(infer *f) {
    const shape y = shape_scalar();
    infer_set(f, 0, HONE_I64, &y);
    return HONE_OK;
}

static hone_status size_run(run_ctx *r, const step *s) {
    (void)r;
    *(int64_t *)s->out[0].data = tensor_count(&s->in[0]);
    return HONE_OK;
}

static const char *const shape_of_cases[] = {"f32[2,3,4]", "f32[2,3,4] start=1", "f32[]",
                                             "f32[2,3,4] start=-2 end=-1", NULL};
static const char *const size_cases[] = {"f32[2,3,4]", "f32[]", "f32[0,2]", NULL};

static const op op_shape_of = {.name = "Shape",
                               .domain = "",
                               OP_VERSIONS(shape_of_versions),
                               OP_ARGS_IN(shape_of_in),
                               OP_ARGS_OUT(shape_of_out),
                               OP_ATTRS(shape_of_attrs, shape_of_params),
                               .flags = OP_PURE_SHAPE,
                               .infer = shape_of_infer,
                               .run = shape_of_run,
                               .flops = move_flops,
                               .tolerance = {TOL_EXACT, 0},
                               .cases = shape_of_cases};
static const op op_size = {.name = "Size",
                           .domain = "",
                           OP_VERSIONS(shape_of_versions),
                           OP_ARGS_IN(shape_of_in),
                           OP_ARGS_OUT(shape_of_out),
                           .flags = OP_PURE_SHAPE,
                           .infer = size_infer,
                           .run = size_run,
                           .flops = move_flops,
                           .tolerance = {TOL_EXACT, 0},
                           .cases = size_cases};

const shape *shape_listed(const value *v) {
    const node *n = v ? v->producer : NULL;
    if (!n || n->op != &op_shape_of) return NULL;
    const shape *of = &node_in(n, 0)->type.shape;
    int32_t first, last;
    if (of->rank < 0) return NULL;
    shape_range(n->params, of->rank, &first, &last);
    return last - first == of->rank ? of : NULL;
}

static const op *const members[] = {&op_shape_of, &op_size};
const op_family family_shape_of = {members, COUNT_OF(members)};
