/* SPDX-License-Identifier: Apache-2.0
 *
 * Compress: keeps the slices whose condition is true. Only running tells how many there are.
 */
#include "movement.h"

typedef struct compress_params {
    int64_t axis; /* INT64_MIN: the flattened input */
} compress_params;

static const attr_spec compress_attrs[] = {ATTR_ROW(
    AXIS, compress_params, axis, .i = INT64_MIN, .min = -HONE_MAX_RANK, .max = HONE_MAX_RANK - 1)};
static const op_arg compress_in[] = {{"input", DT_MOVABLE, 'T', 0}, {"condition", DT_BOOL, 0, 0}};
static const op_arg compress_out[] = {{"output", DT_MOVABLE, 'T', 0}};
static const op_version compress_versions[] = {{9, NULL}};

static bool is_flat(const void *params) {
    return ((const compress_params *)params)->axis == INT64_MIN;
}

static hone_status compress_infer(infer *f) {
    const shape *x = infer_shape(f, 0);
    int32_t axis = 0;
    shape y = *x;
    TRY(infer_check_rank(f, 1, 1, 1));
    if (is_flat(f->params)) {
        y = shape_of_rank(1);
    } else if (x->rank >= 0) {
        TRY(infer_axis(f, ((const compress_params *)f->params)->axis, x->rank, &axis));
        y.dim[axis] = DIM_UNKNOWN;
    }
    infer_set(f, 0, infer_dtype(f, 0), &y);
    return HONE_OK;
}

static hone_status compress_run(run_ctx *r, const step *s) {
    const shape *x = &s->in[0].shape;
    const bool flat = is_flat(step_params(s));
    int32_t axis = 0;
    if (!flat) axis_normalize(((const compress_params *)step_params(s))->axis, x->rank, &axis);
    const int64_t outer = flat ? 1 : shape_span(x, 0, axis);
    const int64_t n = flat ? tensor_count(&s->in[0]) : x->dim[axis];
    const int64_t inner = flat ? 1 : shape_span(x, axis + 1, x->rank);
    const uint8_t *keep = s->in[1].data;
    const int64_t stated = tensor_count(&s->in[1]), asked = stated < n ? stated : n;
    int64_t kept = 0;
    for (int64_t i = 0; i < asked; i++) kept += keep[i] != 0;
    shape y = flat ? shape_vector(kept) : *x;
    if (!flat) y.dim[axis] = kept;
    TRY(run_output(r, s, 0, &y));
    const size_t unit = (size_t)inner * dtype_size(s->in[0].dtype);
    char *dst = s->out[0].data;
    for (int64_t o = 0; o < outer && s->out[0].bytes; o++) {
        const char *src = (const char *)s->in[0].data + (size_t)(o * n) * unit;
        for (int64_t i = 0; i < asked; i++) {
            if (!keep[i]) continue;
            move_element(unit, src + (size_t)i * unit, dst);
            dst += unit;
        }
    }
    return HONE_OK;
}

static const char *const compress_cases[] = {"f32[3,2] bool[3] axis=0", "f32[3,2] bool[5]",
                                             "u8[2,4] bool[3] axis=-1", NULL};

const op op_compress = {.name = "Compress",
                        .domain = "",
                        OP_VERSIONS(compress_versions),
                        OP_ARGS_IN(compress_in),
                        OP_ARGS_OUT(compress_out),
                        OP_ATTRS(compress_attrs, compress_params),
                        .flags = OP_DYNAMIC,
                        .infer = compress_infer,
                        .run = compress_run,
                        .flops = move_flops,
                        .tolerance = {TOL_EXACT, 0},
                        .cases = compress_cases};
