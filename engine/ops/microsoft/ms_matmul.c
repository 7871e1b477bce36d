/* SPDX-License-Identifier: Apache-2.0
 *
 * com.microsoft's products with the operators that are fused into them, written as products and
 * activations, which the passes fuse again.
 */
#include <string.h>

#include "composite.h"
#include "ms_activation.h"
#include "op.h"

typedef struct ms_matmul_params {
    float alpha, beta;
    bool trans_a, trans_b, trans_batch_a, trans_batch_b;
    const char *activation;
    float act[3]; /* alpha, beta, gamma of the activation */
    int64_t activation_axis;
} ms_matmul_params;

#define PRODUCT                                                                                    \
    ATTR_ROW(FLOAT, ms_matmul_params, alpha, .f = 1.0f),                                           \
        ATTR_NAMED(BOOL, "transA", ms_matmul_params, trans_a),                                     \
        ATTR_NAMED(BOOL, "transB", ms_matmul_params, trans_b)
#define BATCHES                                                                                    \
    ATTR_NAMED(BOOL, "transBatchA", ms_matmul_params, trans_batch_a),                              \
        ATTR_NAMED(BOOL, "transBatchB", ms_matmul_params, trans_batch_b)
/* Absent numbers of an activation are its own defaults. */
#define FUSED                                                                                      \
    ATTR_ROW(STRING, ms_matmul_params, activation, .s = ""),                                       \
        ATTR_NAMED(FLOAT, "activation_alpha", ms_matmul_params, act[0], .f = MS_ABSENT),           \
        ATTR_NAMED(FLOAT, "activation_beta", ms_matmul_params, act[1], .f = MS_ABSENT),            \
        ATTR_NAMED(FLOAT, "activation_gamma", ms_matmul_params, act[2], .f = MS_ABSENT)
static const attr_spec product_attrs[] = {PRODUCT};
static const attr_spec fused_attrs[] = {PRODUCT, BATCHES};
static const attr_spec activation_attrs[] = {
    PRODUCT, BATCHES, FUSED,
    ATTR_ROW(INT, ms_matmul_params, activation_axis, .i = -1, .min = -8, .max = 7)};
static const attr_spec gemm_attrs[] = {PRODUCT, FUSED,
                                       ATTR_ROW(FLOAT, ms_matmul_params, beta, .f = 1.0f)};

/* v with axis 0 moved behind the batch axes, and its last two swapped. Vectors stay. */
static value *arranged(builder *b, value *v, bool batch, bool swap) {
    int64_t perm[HONE_MAX_RANK];
    if (!batch && !swap) return v;
    const int32_t rank = emit_rank(b, v);
    if (rank < 2) return v;
    for (int32_t a = 0; a < rank; a++) perm[a] = a;
    for (int32_t a = 0; batch && a < rank - 1; a++) perm[a] = a + 2 < rank ? a + 1 : 0;
    if (swap) {
        const int64_t last = perm[rank - 1];
        perm[rank - 1] = perm[rank - 2];
        perm[rank - 2] = last;
    }
    return emit(b, "Transpose", IN(v), ATTRS(A_INTS("perm", perm, rank)));
}

static value *product(builder *b, const draft *d) {
    const ms_matmul_params *p = d->params;
    const bool inside = p->trans_b && !p->trans_batch_b && emit_rank(b, d->in[1]) > 1;
    value *x = arranged(b, d->in[0], p->trans_batch_a, p->trans_a);
    value *w = arranged(b, d->in[1], p->trans_batch_b, p->trans_b && !inside);
    value *y = emit(b, "hone::MatMul", IN(x, w), ATTRS(A_INT("trans_b", inside)));
    if (p->alpha == 1.0f || !y) return y;
    return expand_binary(b, "Mul", y, emit_scalar(b, y->type.dtype, (double)p->alpha));
}

static hone_status fused_matmul_expand(builder *b, draft *d) {
    return draft_done(b, d, product(b, d));
}

static hone_status activated_matmul_expand(builder *b, draft *d) {
    const ms_matmul_params *p = d->params;
    value *y = product(b, d);
    if (strcmp(p->activation, "Softmax") == 0)
        y = emit(b, "Softmax", IN(y), ATTRS(A_INT("axis", p->activation_axis)));
    else
        y = ms_activation(b, y, p->activation, p->act);
    return draft_done(b, d, y);
}

static hone_status fused_gemm_expand(builder *b, draft *d) {
    const ms_matmul_params *p = d->params;
    const attr attrs[] = {A_FLOAT("alpha", p->alpha), A_FLOAT("beta", p->beta),
                          A_INT("transA", p->trans_a), A_INT("transB", p->trans_b)};
    value *y = emit(b, "Gemm", d->in, d->n_in, attrs, 4);
    return draft_done(b, d, ms_activation(b, y, p->activation, p->act));
}

static hone_status gelu_gemm_expand(builder *b, draft *d) {
    value *y =
        expand_affine(b, expand_binary(b, "MatMul", d->in[0], d->in[1]), NULL, draft_in(d, 2));
    return draft_done(b, d, expand_unary(b, "hone::GeluTanh", y));
}

static const char *const fused_matmul_cases[] = {
    "f32[2,3] f32[3,4] alpha=0.5",
    "f32[3,2] f32[4,3] transA=1 transB=1",
    "f32[3,2,4] f32[5,2,4] transBatchA=1 transBatchB=1 transB=1",
    "f32[4,2,3] f32[2,4,5] transBatchA=1 transA=1",
    "f32[2,2,3,4] f32[2,2,5,4] transB=1 alpha=0.125",
    "f16[2,3] f16[3,2]",
    "f32[0,3] f32[3,2] alpha=2",
    "f32[3] f32[3,2] transA=1",
    NULL};
static const char *const transpose_matmul_cases[] = {"f32[3,2] f32[4,3] transA=1 transB=1 alpha=2",
                                                     "f32[0,3] f32[3,2]", NULL};
static const char *const activated_matmul_cases[] = {
    "f32[2,3] f32[3,4] activation=Relu",
    "f32[2,3] f32[3,4] activation=LeakyRelu activation_alpha=0.2",
    "f32[2,3] f32[3,4] activation=Softmax alpha=0.5", "f32[0,3] f32[3,4] activation=Tanh", NULL};
static const char *const fused_gemm_cases[] = {
    "f32[2,3] f32[3,4] f32[4] activation=Relu",
    "f32[3,2] f32[4,3] f32[2,1] transA=1 transB=1 alpha=0.5 activation=LeakyRelu "
    "activation_alpha=0.3",
    "f32[2,3] f32[3,4] _ activation=Sigmoid", "f32[0,3] f32[3,4] activation=Tanh", NULL};
static const char *const gelu_gemm_cases[] = {"f32[2,3] f32[3,4] f32[4]", "f16[2,3] f16[3,4]",
                                              "f32[0,3] f32[3,4]", NULL};

static const op_arg product_in[] = {{"A", DT_FLOATS, 'T', 0}, {"B", DT_FLOATS, 'T', 0}};
static const op_arg product_out[] = {{"Y", DT_FLOATS, 'T', 0}};
#define GEMM_TYPES (DT_FLOATS | DT_INDEX | DT(HONE_U32) | DT(HONE_U64))
static const op_arg gemm_in[] = {
    {"A", GEMM_TYPES, 'T', 0}, {"B", GEMM_TYPES, 'T', 0}, {"C", GEMM_TYPES, 'T', ARG_OPTIONAL}};
static const op_arg gemm_out[] = {{"Y", GEMM_TYPES, 'T', 0}};
static const op_arg gelu_gemm_in[] = {
    {"X", DT_FLOATS, 'T', 0}, {"W", DT_FLOATS, 'T', 0}, {"bias", DT_FLOATS, 'T', ARG_OPTIONAL}};
static const op_arg gelu_gemm_out[] = {{"Y", DT_FLOATS, 'T', 0}};
static const op_version versions[] = {{1, NULL}};
#define PRODUCT_OP(ident, label, formula, ...)                                                     \
    static const op op_##ident = {.name = label,                                                   \
                                  .domain = "com.microsoft",                                       \
                                  OP_VERSIONS(versions),                                           \
                                  .expand = formula##_expand,                                      \
                                  .tolerance = {TOL_SUM, 4},                                       \
                                  __VA_ARGS__}
PRODUCT_OP(fused_matmul, "FusedMatMul", fused_matmul, OP_SLOTS(product),
           OP_ATTRS(fused_attrs, ms_matmul_params), .cases = fused_matmul_cases);
PRODUCT_OP(transpose_matmul, "TransposeMatMul", fused_matmul, OP_SLOTS(product),
           OP_ATTRS(product_attrs, ms_matmul_params), .cases = transpose_matmul_cases);
PRODUCT_OP(activated_matmul, "FusedMatMulActivation", activated_matmul, OP_SLOTS(product),
           OP_ATTRS(activation_attrs, ms_matmul_params), .cases = activated_matmul_cases);
PRODUCT_OP(fused_gemm, "FusedGemm", fused_gemm, OP_SLOTS(gemm),
           OP_ATTRS(gemm_attrs, ms_matmul_params), .cases = fused_gemm_cases);
PRODUCT_OP(gelu_gemm, "GemmFastGelu", gelu_gemm, OP_SLOTS(gelu_gemm), .cases = gelu_gemm_cases);

static const op *const members[] = {&op_fused_matmul, &op_transpose_matmul, &op_activated_matmul,
                                    &op_fused_gemm, &op_gelu_gemm};
const op_family family_ms_matmul = {members, COUNT_OF(members)};
