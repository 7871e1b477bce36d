/* SPDX-License-Identifier: Apache-2.0
 *
 * Compress keeps the slices whose condition is true; NonZero lists the places of what is not zero.
 * Only running tells how many there are.
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

static const op op_compress = {.name = "Compress",
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

static const op_arg non_zero_in[] = {{"X", DT_NUMBERS | DT_BOOL, 0, 0}};
static const op_arg non_zero_out[] = {{"Y", DT(HONE_I64), 0, 0}};
static const op_version non_zero_versions[] = {{9, NULL}};

static hone_status non_zero_infer(infer *f) {
    shape y = shape_of_rank(2);
    if (infer_rank(f, 0) >= 0) y.dim[0] = infer_rank(f, 0);
    infer_set(f, 0, HONE_I64, &y);
    return HONE_OK;
}

/* Element i, as bits of which one at least is set unless it is zero: floats lose their sign. */
static uint64_t element_bits(const tensor *t, int64_t i) {
    uint64_t v = 0;
    const size_t size = dtype_size(t->dtype);
    memcpy(&v, (const char *)t->data + (size_t)i * size, size);
    return dtype_in(t->dtype, DT_FLOATS) ? v << (65 - 8 * size) : v;
}

static hone_status non_zero_run(run_ctx *r, const step *s) {
    const tensor *x = &s->in[0];
    const int64_t n = tensor_count(x);
    const int32_t rank = x->shape.rank;
    int64_t found = 0, at = 0, stride[HONE_MAX_RANK];
    for (int64_t i = 0; i < n; i++) found += element_bits(x, i) != 0;
    const shape y = shape_make(2, (const int64_t[]){rank, found});
    TRY(run_output(r, s, 0, &y));
    int64_t *out = s->out[0].data;
    dense_strides(&x->shape, stride);
    for (int64_t i = 0; i < n && rank; i++) {
        if (element_bits(x, i) == 0) continue;
        for (int32_t a = 0; a < rank; a++) out[a * found + at] = i / stride[a] % x->shape.dim[a];
        at++;
    }
    return HONE_OK;
}

static const char *const non_zero_cases[] = {"f32[2,3]", "bool[4,5]", "i64[7]", NULL};

static const op op_non_zero = {.name = "NonZero",
                               .domain = "",
                               OP_VERSIONS(non_zero_versions),
                               OP_ARGS_IN(non_zero_in),
                               OP_ARGS_OUT(non_zero_out),
                               .flags = OP_DYNAMIC,
                               .infer = non_zero_infer,
                               .run = non_zero_run,
                               .tolerance = {TOL_EXACT, 0},
                               .cases = non_zero_cases};

static const op *const members[] = {&op_compress, &op_non_zero};
const op_family family_compress = {members, COUNT_OF(members)};
