/* SPDX-License-Identifier: Apache-2.0
 *
 * TensorScatter: writes new entries into a cache along its sequence axis, for each batch entry from
 * an index of its own, in mode circular around the end.
 */
#include "composite.h"
#include "movement.h"

enum { CACHE, UPDATE, WRITE };
enum { MODE_LINEAR, MODE_CIRCULAR };

typedef struct tensor_scatter_params {
    int64_t axis;
    int32_t mode;
} tensor_scatter_params;

static const char *const modes[] = {"linear", "circular", NULL};
static const attr_spec tensor_scatter_attrs[] = {
    ATTR_ROW(AXIS, tensor_scatter_params, axis, .i = -2),
    ATTR_ROW(CHOICE, tensor_scatter_params, mode, .choices = modes),
};
static const op_arg tensor_scatter_in[] = {{"past_cache", DT_MOVABLE, 'T', 0},
                                           {"update", DT_MOVABLE, 'T', 0},
                                           {"write_indices", DT(HONE_I64), 0, ARG_OPTIONAL}};
static const op_arg tensor_scatter_out[] = {{"present_cache", DT_MOVABLE, 'T', 0}};
static const op_version tensor_scatter_versions[] = {{24, expand_widened}};

static hone_status tensor_scatter_infer(infer *f) {
    const shape *x = infer_shape(f, CACHE), *u = infer_shape(f, UPDATE), *w = infer_shape(f, WRITE);
    int32_t axis;
    if (x->rank >= 0) {
        TRY(infer_axis(f, ((const tensor_scatter_params *)f->params)->axis, x->rank, &axis));
        TRY(infer_check_rank(f, UPDATE, x->rank, x->rank));
        if (axis == 0) return infer_fail(f, "axis 0 is the batch");
        for (int32_t a = 0; a < u->rank; a++) {
            const bool fits = a == axis ? !dim_known(x->dim[a]) || u->dim[a] <= x->dim[a]
                                        : dim_compatible(x->dim[a], u->dim[a]);
            if (!fits)
                return infer_fail(f, "'update' has size %lld on axis %d of %lld",
                                  (long long)u->dim[a], a, (long long)x->dim[a]);
        }
        if (w->rank >= 0 && (w->rank != 1 || !dim_compatible(w->dim[0], x->dim[0])))
            return infer_fail(f, "'write_indices' is not one index a batch entry");
    }
    return infer_same(f, CACHE);
}

/* First place in the cache for batch entry b. */
static hone_status write_start(run_ctx *r, const step *s, int64_t b, int64_t room, int64_t count,
                               int64_t *out) {
    const bool circular = ((const tensor_scatter_params *)step_params(s))->mode == MODE_CIRCULAR;
    const int64_t at = step_has(s, WRITE) ? ((const int64_t *)s->in[WRITE].data)[b] : 0;
    if (at < 0 || (!circular && at > room - count))
        return run_fail(r, "write index %lld is out of range: %lld entries into %lld",
                        (long long)at, (long long)count, (long long)room);
    *out = circular ? at % room : at;
    return HONE_OK;
}

static hone_status tensor_scatter_run(run_ctx *r, const step *s) {
    const shape *x = &s->in[CACHE].shape;
    int32_t axis = 0;
    axis_normalize(((const tensor_scatter_params *)step_params(s))->axis, x->rank, &axis);
    const int64_t room = x->dim[axis], count = s->in[UPDATE].shape.dim[axis];
    const int64_t rows = shape_span(x, 1, axis);
    const size_t unit = (size_t)shape_span(x, axis + 1, x->rank) * dtype_size(s->in[CACHE].dtype);
    char *y = s->out[0].data;
    const char *update = s->in[UPDATE].data;
    move_bytes(r, y, s->in[CACHE].data, s->out[0].bytes);
    for (int64_t b = 0; b < x->dim[0] && count > 0; b++) {
        int64_t start = 0;
        TRY(write_start(r, s, b, room, count, &start));
        /* What passes the end goes to the beginning. */
        const int64_t head = start + count > room ? room - start : count;
        for (int64_t i = 0; i < rows && unit; i++) {
            char *row = y + (size_t)((b * rows + i) * room) * unit;
            memcpy(row + (size_t)start * unit, update, (size_t)head * unit);
            memcpy(row, update + (size_t)head * unit, (size_t)(count - head) * unit);
            update += (size_t)count * unit;
        }
    }
    return HONE_OK;
}

static const char *const tensor_scatter_cases[] = {
    "f32[2,3,5,4] f32[2,3,2,4] i64{1,3}", "f16[2,5,4] f16[2,2,4] i64{4,1} mode=circular",
    "f32[2,5,4] f32[2,3,4]", "i4[2,5,3] i4[2,1,3] i64{3,0}", NULL};

const op op_tensor_scatter = {.name = "TensorScatter",
                              .domain = "",
                              OP_VERSIONS(tensor_scatter_versions),
                              OP_ARGS_IN(tensor_scatter_in),
                              OP_ARGS_OUT(tensor_scatter_out),
                              OP_ATTRS(tensor_scatter_attrs, tensor_scatter_params),
                              .infer = tensor_scatter_infer,
                              .run = tensor_scatter_run,
                              .inplace = 1,
                              .flops = move_flops,
                              .tolerance = {TOL_EXACT, 0},
                              .cases = tensor_scatter_cases};
