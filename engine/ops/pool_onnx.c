/* SPDX-License-Identifier: Apache-2.0
 *
 * ONNX's pools, with channels first, over the channels-last ones and reductions.
 */
#include <math.h>

#include "channels.h"
#include "composite.h"
#include "window.h"

typedef struct pool_onnx_params {
    window_params window;
    int_list kernel_shape;
    bool count_include_pad, storage_order;
    int64_t p;
} pool_onnx_params;

#define POOL_ATTRS                                                                                 \
    WINDOW_ATTRS(pool_onnx_params),                                                                \
        ATTR_NAMED(BOOL, "ceil_mode", pool_onnx_params, window.ceil_mode),                         \
        ATTR_ROW(INTS, pool_onnx_params, kernel_shape, .required = true, .min = 1,                 \
                 .max = INT32_MAX)
#define EXPONENT ATTR_ROW(INT, pool_onnx_params, p, .i = 2, .min = 1, .max = INT32_MAX)
static const attr_spec max_pool_attrs[] = {POOL_ATTRS,
                                           ATTR_ROW(BOOL, pool_onnx_params, storage_order)};
static const attr_spec average_pool_attrs[] = {POOL_ATTRS,
                                               ATTR_ROW(BOOL, pool_onnx_params, count_include_pad)};
static const attr_spec lp_pool_attrs[] = {POOL_ATTRS, EXPONENT};
static const attr_spec global_lp_attrs[] = {EXPONENT};

/* A pool with the draft's own attributes between two transposes. */
static hone_status between_transposes(builder *b, draft *d, const char *core) {
    value *out[2];
    const int32_t n_out = expand_wants(d, 1) ? 2 : 1;
    emit_n(b, core, IN(emit_channels_last(b, d->in[0])), d->attrs, d->n_attrs, out, n_out);
    if (n_out > 1) d->out[1] = emit_channels_first(b, out[1]);
    return draft_done(b, d, emit_channels_first(b, out[0]));
}

static hone_status max_pool_expand(builder *b, draft *d) {
    return between_transposes(b, d, "hone::MaxPool");
}

static const char *const max_pool_cases[] = {
    "f32[1,2,7,7] kernel_shape=3,3 strides=2,2 ceil_mode=1",
    "u8[1,2,6,5] kernel_shape=2,2 strides=2,2 >2",
    "f32[2,3,9] kernel_shape=3 pads=1,1 storage_order=1 >2",
    "f16[1,1,4,4,4] kernel_shape=2,2,2",
    "f32[0,2,5,5] kernel_shape=2,2",
    NULL};

static hone_status average_pool_expand(builder *b, draft *d) {
    return between_transposes(b, d, "hone::AveragePool");
}

static const char *const average_pool_cases[] = {
    "f32[1,2,7,8] kernel_shape=3,3 strides=2,2 pads=1,1,1,1 count_include_pad=1",
    "f16[2,3,5] kernel_shape=2 auto_pad=SAME_LOWER",
    "f64[1,1,4,4,4] kernel_shape=2,2,2 dilations=2,1,1",
    "f32[1,3,6,6] kernel_shape=3,3 strides=2,2 ceil_mode=1",
    "f32[0,2,5,5] kernel_shape=2,2",
    NULL};

/* |v| ^ p, and v ^ (1 / p). */
static value *raise(builder *b, value *v, int64_t p) {
    if (!v || p == 2) return v ? emit(b, "Mul", IN(v, v), NO_ATTRS) : NULL;
    value *size = emit(b, "Abs", IN(v), NO_ATTRS);
    return p == 1 ? size
                  : emit(b, "Pow", IN(size, emit_scalar(b, v->type.dtype, (double)p)), NO_ATTRS);
}

static value *root(builder *b, value *v, int64_t p) {
    if (!v || p == 1) return v;
    if (p == 2) return emit(b, "Sqrt", IN(v), NO_ATTRS);
    return emit(b, "Pow", IN(v, emit_scalar(b, v->type.dtype, 1.0 / (double)p)), NO_ATTRS);
}

static hone_status lp_pool_expand(builder *b, draft *d) {
    const int64_t p = ((const pool_onnx_params *)d->params)->p;
    draft_drop(d, "p");
    value *x = raise(b, emit_channels_last(b, d->in[0]), p);
    value *sum = emit(b, "hone::SumPool", IN(x), d->attrs, d->n_attrs);
    return draft_done(b, d, emit_channels_first(b, root(b, sum, p)));
}

static const char *const lp_pool_cases[] = {
    "f32[1,2,6,6] kernel_shape=3,3",     "f32[2,3,9] kernel_shape=3 strides=2 pads=1,1 p=1",
    "f64[1,1,4,4] kernel_shape=2,2 p=3", "f16[1,2,5] kernel_shape=2 auto_pad=SAME_UPPER",
    "f32[0,2,5,5] kernel_shape=2,2",     NULL};

static const char *const global_cases[] = {"f32[2,3,4,5]", "f64[1,2,7]",      "f16[2,3,3,2]",
                                           "f32[0,3,2,2]", "bf16[1,2,2,2,3]", NULL};

/* A reduction over all spatial axes, which are kept. */
static value *over_space(builder *b, const char *reduce, value *v) {
    int64_t axes[HONE_MAX_RANK];
    const int32_t rank = emit_rank(b, v);
    if (rank >= 0 && rank < 3)
        builder_fail(b, HONE_E_FORMAT, "input has rank %d: expected at least 3", rank);
    for (int32_t a = 2; a < rank; a++) axes[a - 2] = a;
    return rank < 3 ? NULL : emit(b, reduce, IN(v, emit_i64s(b, axes, rank - 2)), NO_ATTRS);
}

static hone_status global_average_expand(builder *b, draft *d) {
    return draft_done(b, d, over_space(b, "ReduceMean", draft_in(d, 0)));
}

static hone_status global_max_expand(builder *b, draft *d) {
    return draft_done(b, d, over_space(b, "ReduceMax", draft_in(d, 0)));
}

static hone_status global_lp_expand(builder *b, draft *d) {
    const int64_t p = ((const pool_onnx_params *)d->params)->p;
    value *sum = over_space(b, "ReduceSum", raise(b, draft_in(d, 0), p));
    return draft_done(b, d, root(b, sum, p));
}

static const char *const global_lp_cases[] = {"f32[2,3,4,5]", "f64[1,2,7] p=1", "f16[2,3,3,2] p=3",
                                              "f32[0,3,2,2]", NULL};

/* The exponent was a real number, with the same default. */
static hone_status exponent_upgrade(builder *b, draft *d) {
    const float p = draft_float(d, "p", 2.0f);
    if (b->status == HONE_OK && !(p >= 1.0f && p <= 1024.0f && p == floorf(p)))
        return builder_fail(b, HONE_E_UNSUPPORTED, "the exponent is %g: expected a whole one",
                            (double)p);
    return draft_set_attr(b, d, A_INT("p", (int64_t)p));
}

static const op_arg max_pool_in[] = {{"X", DT_FLOATS | DT_BYTES, 'T', 0}};
static const op_arg max_pool_out[] = {{"Y", DT_FLOATS | DT_BYTES, 'T', 0},
                                      {"Indices", DT(HONE_I64), 0, ARG_OPTIONAL}};
static const op_arg pool_in[] = {{"X", DT_FLOATS, 'T', 0}};
static const op_arg pool_out[] = {{"Y", DT_FLOATS, 'T', 0}};
static const op_version since_1[] = {{1, NULL}};
static const op_version lp_versions[] = {{1, exponent_upgrade}, {2, NULL}};

#define COMPOSITE(ident, label, since, ...)                                                        \
    static const op onnx_##ident = {                                                               \
        .name = label, .domain = "", OP_VERSIONS(since), .expand = ident##_expand, __VA_ARGS__}
COMPOSITE(max_pool, "MaxPool", since_1, OP_SLOTS(max_pool),
          OP_ATTRS(max_pool_attrs, pool_onnx_params), .tolerance = {TOL_EXACT, 0},
          .cases = max_pool_cases);
COMPOSITE(average_pool, "AveragePool", since_1, OP_SLOTS(pool),
          OP_ATTRS(average_pool_attrs, pool_onnx_params), .tolerance = {TOL_REL, 1e-6},
          .cases = average_pool_cases);
COMPOSITE(lp_pool, "LpPool", lp_versions, OP_SLOTS(pool), OP_ATTRS(lp_pool_attrs, pool_onnx_params),
          .tolerance = {TOL_REL, 1e-5}, .cases = lp_pool_cases);
COMPOSITE(global_average, "GlobalAveragePool", since_1, OP_SLOTS(pool),
          .tolerance = {TOL_REL, 1e-6}, .cases = global_cases);
COMPOSITE(global_max, "GlobalMaxPool", since_1, OP_SLOTS(pool), .cases = global_cases);
COMPOSITE(global_lp, "GlobalLpPool", lp_versions, OP_SLOTS(pool),
          OP_ATTRS(global_lp_attrs, pool_onnx_params), .tolerance = {TOL_REL, 1e-5},
          .cases = global_lp_cases);

static const op *const members[] = {&onnx_max_pool,       &onnx_average_pool, &onnx_lp_pool,
                                    &onnx_global_average, &onnx_global_max,   &onnx_global_lp};
const op_family family_pool_onnx = {members, COUNT_OF(members)};
