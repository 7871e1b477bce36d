/* SPDX-License-Identifier: Apache-2.0
 *
 * ONNX's MatMul and Gemm, written as hone::MatMul.
 */
#include <math.h>

#include "legacy.h"
#include "matmul.h"

#define TYPES (DT_FLOATS | DT(HONE_I32) | DT(HONE_U32) | DT(HONE_I64) | DT(HONE_U64))
static const op_arg matmul_in[] = {{"A", TYPES, 'T', 0}, {"B", TYPES, 'T', 0}};
static const op_arg gemm_in[] = {
    {"A", TYPES, 'T', 0}, {"B", TYPES, 'T', 0}, {"C", TYPES, 'T', ARG_OPTIONAL}};
static const op_arg product_out[] = {{"Y", TYPES, 'T', 0}};
static const op_version since_1[] = {{1, NULL}};

static hone_status matmul_expand(builder *b, draft *d) {
    return draft_done(b, d, emit(b, "hone::MatMul", IN(d->in[0], d->in[1]), NO_ATTRS));
}

static const char *const matmul_cases[] = {
    "f32[3,4] f32[4,5]",       "f32[4] f32[4]",     "f32[2,3,4] f32[4]",
    "f16[2,3] f16[3,2]",       "i64[2,3] i64[3,2]", "f32[2,0] f32[0,3]",
    "f32[2,1,3,4] f32[3,4,2]", "f64[3] f64[2,3,2]", NULL};

/* v * factor, where that is not v. */
static value *scaled(builder *b, value *v, float factor) {
    if (!v || factor == 1.0f) return v;
    return emit(b, "Mul", IN(v, emit_scalar(b, v->type.dtype, (double)factor)), NO_ATTRS);
}

/* Is c one value a column, whatever the number of rows is? */
static bool is_bias(const value *c, const value *weight, bool trans_b) {
    const shape *s = &c->type.shape, *w = &weight->type.shape;
    return s->rank == 1 && w->rank == 2 && dim_known(s->dim[0]) &&
           s->dim[0] == w->dim[trans_b ? 0 : 1] &&
           dtype_in(c->type.dtype, DT(HONE_F32) | DT_FLOAT16S);
}

typedef struct gemm_params {
    float alpha, beta;
    bool trans_a, trans_b;
} gemm_params;

static const attr_spec gemm_attrs[] = {
    ATTR_ROW(FLOAT, gemm_params, alpha, .f = 1.0f),
    ATTR_ROW(FLOAT, gemm_params, beta, .f = 1.0f),
    ATTR_NAMED(BOOL, "transA", gemm_params, trans_a),
    ATTR_NAMED(BOOL, "transB", gemm_params, trans_b),
};

/* Y = alpha * A' * B' + beta * C. */
static hone_status gemm_expand(builder *b, draft *d) {
    const gemm_params *p = d->params;
    value *x = d->in[0], *w = d->in[1], *c = draft_in(d, 2);
    if (p->trans_a) x = emit(b, "Transpose", IN(x), NO_ATTRS);
    if (c && p->beta == 0.0f) c = NULL;
    c = scaled(b, c, p->beta);
    const bool bias = c && p->alpha == 1.0f && is_bias(c, w, p->trans_b);
    value *y =
        emit(b, "hone::MatMul", IN(x, w, bias ? c : NULL), ATTRS(A_INT("trans_b", p->trans_b)));
    y = scaled(b, y, p->alpha);
    if (c && !bias) y = emit(b, "Add", IN(y, c), NO_ATTRS);
    return draft_done(b, d, y);
}

static const char *const gemm_cases[] = {
    "f32[3,4] f32[4,5] f32[5]",
    "f32[4,3] f32[5,4] f32[3,1] alpha=0.5 beta=2 transA=1 transB=1",
    "f16[2,3] f16[3,2]",
    "i32[2,3] i32[3,2] i32[] alpha=2",
    "f32[0,3] f32[3,2] f32[2]",
    "f32[2,0] f32[0,3] f32[3]",
    "f64[2,3] f64[3,2] f64[2,2] beta=0",
    NULL};

static const op onnx_matmul = {.name = "MatMul",
                               .domain = "",
                               OP_VERSIONS(since_1),
                               OP_ARGS_IN(matmul_in),
                               OP_ARGS_OUT(product_out),
                               .expand = matmul_expand,
                               .tolerance = {TOL_SUM, 4},
                               .cases = matmul_cases};
static const op onnx_gemm = {.name = "Gemm",
                             .domain = "",
                             OP_VERSIONS(legacy_binary_versions),
                             OP_ARGS_IN(gemm_in),
                             OP_ARGS_OUT(product_out),
                             OP_ATTRS(gemm_attrs, gemm_params),
                             .expand = gemm_expand,
                             .tolerance = {TOL_SUM, 4},
                             .cases = gemm_cases};

static const op *const members[] = {&onnx_matmul, &onnx_gemm};
const op_family family_matmul_onnx = {members, COUNT_OF(members)};
