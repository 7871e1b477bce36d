/* SPDX-License-Identifier: Apache-2.0
 *
 * Flatten: a matrix of what lies before `axis` and what follows from it.
 */
#include "movement.h"
#include "view.h"

typedef struct flatten_params {
    int64_t axis; /* may be the rank, unlike other axes */
} flatten_params;

static const attr_spec flatten_attrs[] = {ATTR_ROW(INT, flatten_params, axis, .i = 1)};
static const op_arg flatten_in[] = {{"input", DT_ALL, 'T', 0}};
static const op_arg flatten_out[] = {{"output", DT_ALL, 'T', 0}};
static const op_version flatten_versions[] = {{1, NULL}};

static int64_t span(const shape *s, int32_t first, int32_t last) {
    int64_t n = 1;
    for (int32_t a = first; a < last; a++) n = dim_mul(n, s->dim[a]);
    return n;
}

static hone_status flatten_infer(infer *f) {
    const flatten_params *p = f->params;
    const shape *x = infer_shape(f, 0);
    shape y = shape_of_rank(2);
    if (x->rank >= 0) {
        if (p->axis < -(int64_t)x->rank || p->axis > x->rank)
            return infer_fail(f, "axis %lld is out of range: expected %d to %d", (long long)p->axis,
                              -x->rank, x->rank);
        const int32_t axis = (int32_t)(p->axis < 0 ? p->axis + x->rank : p->axis);
        y.dim[0] = span(x, 0, axis);
        y.dim[1] = span(x, axis, x->rank);
    }
    infer_set(f, 0, infer_dtype(f, 0), &y);
    return HONE_OK;
}

static const char *const flatten_cases[] = {"f32[2,3,4]", "f32[2,3,4] axis=0", "f32[2,3] axis=-1",
                                            "f32[] axis=0", NULL};

const op op_flatten = {.name = "Flatten",
                       .domain = "",
                       OP_VERSIONS(flatten_versions),
                       OP_ARGS_IN(flatten_in),
                       OP_ARGS_OUT(flatten_out),
                       OP_ATTRS(flatten_attrs, flatten_params),
                       .flags = OP_VIEW,
                       .infer = flatten_infer,
                       .axes = view_axes,
                       .run = view_run,
                       .grad = view_grad,
                       .quant = &quant_moves,
                       .flops = move_flops,
                       .tolerance = {TOL_EXACT, 0},
                       .cases = flatten_cases};
