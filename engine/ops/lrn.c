/* SPDX-License-Identifier: Apache-2.0
 *
 * LRN: each element is divided by (bias + alpha / size * sum of squares of `size` neighbours along
 * the channels) to the power beta.
 */
#include <math.h>

#include "rows.h"

typedef struct lrn_params {
    int64_t axis, size; /* the axis of channels is ours, for other layouts than ONNX's */
    float alpha, beta, bias;
} lrn_params;

static const attr_spec lrn_attrs[] = {
    ATTR_ROW(INT, lrn_params, size, .required = true, .min = 1, .max = INT32_MAX),
    ATTR_ROW(FLOAT, lrn_params, alpha, .f = 1e-4f),
    ATTR_ROW(FLOAT, lrn_params, beta, .f = 0.75f),
    ATTR_ROW(FLOAT, lrn_params, bias, .f = 1.0f),
    ATTR_ROW(AXIS, lrn_params, axis, .i = 1),
};
static const op_arg lrn_in[] = {{"X", DT_FLOATS, 'T', 0}};
static const op_arg lrn_out[] = {{"Y", DT_FLOATS, 'T', 0}};
static const op_version lrn_versions[] = {{1, NULL}, {7, NULL}};

static hone_status lrn_infer(infer *f) {
    const lrn_params *p = f->params;
    const int32_t rank = infer_rank(f, 0);
    int32_t axis;
    if (rank >= 0) TRY(infer_axis(f, p->axis, rank, &axis));
    return infer_same(f, 0);
}

static void lrn_axes(const node *n, axis_map *m) {
    const int32_t rank = n->out[0]->type.shape.rank;
    int32_t axis = 0;
    axis_normalize(((const lrn_params *)n->params)->axis, rank, &axis);
    for (int32_t a = 0; a < rank; a++) axis_add(m, 0, a, 0, a, a == axis ? AXIS_MIXED : AXIS_SAME);
}

#define LRN_ROW(name, type, power)                                                                 \
    static void name(const step *s, int64_t n, const type *x, type *y) {                           \
        const lrn_params *p = step_params(s);                                                      \
        const int64_t before = (p->size - 1) / 2, after = p->size - 1 - before;                    \
        const type scale = (type)p->alpha / (type)p->size;                                         \
        for (int64_t i = 0; i < n; i++) {                                                          \
            const int64_t first = i > before ? i - before : 0;                                     \
            const int64_t last = after < n - 1 - i ? i + after : n - 1;                            \
            type sum = 0;                                                                          \
            for (int64_t j = first; j <= last; j++) sum += x[j] * x[j];                            \
            y[i] = x[i] / power((type)p->bias + scale * sum, (type)p->beta);                       \
        }                                                                                          \
    }
LRN_ROW(lrn_row, float, powf)
LRN_ROW(lrn_row_f64, double, pow)

static hone_status lrn_plan(plan_ctx *p, step *s) {
    static const row_fns fns = {lrn_row, lrn_row_f64, NULL};
    return rows_plan(p, s, ((const lrn_params *)step_params(s))->axis, &fns);
}

static uint64_t lrn_flops(const step *s) {
    const lrn_params *p = step_params(s);
    return (2 * (uint64_t)p->size + 20) * (uint64_t)tensor_count(&s->in[0]);
}

static const char *const lrn_cases[] = {"f32[2,7,3,3] size=3", "f32[1,5,4] size=4 alpha=0.1",
                                        "f16[1,5,2,2] size=9", NULL};

const op op_lrn = {.name = "LRN",
                   .domain = "",
                   OP_VERSIONS(lrn_versions),
                   OP_ARGS_IN(lrn_in),
                   OP_ARGS_OUT(lrn_out),
                   OP_ATTRS(lrn_attrs, lrn_params),
                   .infer = lrn_infer,
                   .axes = lrn_axes,
                   .permute = permute_attrs,
                   .plan = lrn_plan,
                   .run = rows_run,
                   .flops = lrn_flops,
                   .tolerance = {TOL_ULP, 16},
                   .cases = lrn_cases};
