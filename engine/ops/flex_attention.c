/* SPDX-License-Identifier: Apache-2.0
 *
 * FlexAttention: attention whose scores and probabilities pass through bodies that the model gives;
 * these are written in the place of the node. Shapes are those of Attention (attention.c).
 */
#include <math.h>

#include "composite.h"
#include "inline.h"
#include "op.h"

typedef struct flex_params {
    const void *prob_mod, *score_mod;
    float scale;
    hone_dtype softmax_precision;
} flex_params;

static const attr_spec flex_attrs[] = {
    ATTR_ROW(GRAPH, flex_params, prob_mod), ATTR_ROW(GRAPH, flex_params, score_mod),
    ATTR_ROW(FLOAT, flex_params, scale), ATTR_ROW(DTYPE, flex_params, softmax_precision)};
static const op_arg flex_in[] = {
    {"Q", DT_FLOATS, 'T', 0}, {"K", DT_FLOATS, 'T', 0}, {"V", DT_FLOATS, 'T', 0}};
static const op_arg flex_out[] = {{"Y", DT_FLOATS, 'T', 0}};
static const op_version flex_versions[] = {{1, NULL}};

typedef struct flex {
    builder *b;
    draft *d;
    int64_t q_heads, kv_heads;
} flex;

/* x through the body of that attribute, or x itself. */
static value *modified(flex *f, const char *name, value *x) {
    const draft *d = f->d;
    const attr *a = attr_find(d->attrs, d->n_attrs, name);
    value *out = NULL;
    if (!a || !a->graph || !x) return x;
    value **in = arena_array(f->b->graph->arena, (size_t)d->n_captured + 1, sizeof *in);
    if (!in) {
        builder_fail(f->b, HONE_E_NOMEM, "out of memory");
        return NULL;
    }
    in[0] = x;
    for (int32_t i = 0; i < d->n_captured; i++) in[i + 1] = d->in[d->n_in - d->n_captured + i];
    const hone_status status = inline_body(f->b, a->graph, in, d->n_captured + 1, &out, 1);
    if (f->b->status == HONE_OK) f->b->status = status;
    return status == HONE_OK ? out : NULL;
}

/* Query heads under their key head, and each by itself. */
static value *with_heads(flex *f, value *v, int64_t heads) {
    const int64_t dims[] = {0, heads, -1, 0};
    return f->q_heads == f->kv_heads ? v : expand_reshape(f->b, v, dims, 4);
}

static hone_status read_heads(flex *f) {
    static const char *const names[] = {"Q", "K", "V"};
    for (int32_t i = 0; i < 3; i++) {
        const int32_t rank = emit_rank(f->b, f->d->in[i]);
        if (rank >= 0 && rank != 4)
            builder_fail(f->b, HONE_E_FORMAT, "input '%s' has rank %d: expected 4", names[i], rank);
        TRY(f->b->status);
    }
    f->q_heads = f->d->in[0]->type.shape.dim[1];
    f->kv_heads = f->d->in[1]->type.shape.dim[1];
    if (!dim_known(f->q_heads) || !dim_known(f->kv_heads)) {
        if (f->q_heads == f->kv_heads) return HONE_OK;
        return builder_fail(f->b, HONE_E_UNSUPPORTED, "the numbers of heads are not known");
    }
    if (f->kv_heads < 1 || f->q_heads % f->kv_heads != 0)
        return builder_fail(f->b, HONE_E_FORMAT, "%lld query heads and %lld key heads do not group",
                            (long long)f->q_heads, (long long)f->kv_heads);
    return HONE_OK;
}

/* 1 / sqrt(width of a head) unless it is stated. */
static value *scaled(flex *f, value *q) {
    builder *b = f->b;
    const hone_dtype t = q->type.dtype;
    if (draft_has(f->d, "scale")) {
        const float scale = ((const flex_params *)f->d->params)->scale;
        return expand_binary(b, "Mul", q, emit_scalar(b, t, (double)scale));
    }
    value *width = expand_cast(b, expand_size_of(b, q, 3), HONE_F32);
    return expand_binary(b, "Div", q, expand_cast(b, expand_unary(b, "Sqrt", width), t));
}

static hone_status flex_expand(builder *b, draft *d) {
    const flex_params *p = d->params;
    flex f = {.b = b, .d = d};
    TRY(read_heads(&f));
    const hone_dtype t = d->in[0]->type.dtype, asked = p->softmax_precision;
    const hone_dtype wide = asked ? asked : t == HONE_F64 ? HONE_F64 : HONE_F32;
    if (!dtype_in(wide, DT_FLOATS))
        return builder_fail(b, HONE_E_FORMAT, "softmax_precision is %s: expected a float type",
                            hone_dtype_name(wide));
    value *q = with_heads(&f, scaled(&f, d->in[0]), f.kv_heads);
    value *scores = emit(b, "hone::MatMul", IN(q, d->in[1]), ATTRS(A_INT("trans_b", 1)));
    scores = expand_cast(b, with_heads(&f, scores, f.q_heads), wide);
    value *probs = expand_unary(b, "Softmax", modified(&f, "score_mod", scores));
    probs = with_heads(&f, modified(&f, "prob_mod", probs), f.kv_heads);
    value *y = expand_binary(b, "hone::MatMul", probs, expand_cast(b, d->in[2], wide));
    return draft_done(b, d, expand_cast(b, with_heads(&f, y, f.q_heads), t));
}

static const char *const flex_cases[] = {"f32[1,4,3,8] f32[1,2,5,8] f32[1,2,5,6]",
                                         "f16[2,2,3,4] f16[2,2,3,4] f16[2,2,3,4] scale=0.3",
                                         "f64[1,1,0,4] f64[1,1,3,4] f64[1,1,3,4]", NULL};

const op op_flex_attention = {.name = "FlexAttention",
                              .domain = "ai.onnx.preview",
                              OP_VERSIONS(flex_versions),
                              OP_ARGS_IN(flex_in),
                              OP_ARGS_OUT(flex_out),
                              OP_ATTRS(flex_attrs, flex_params),
                              .expand = flex_expand,
                              .tolerance = {TOL_REL, 1e-5},
                              .cases = flex_cases};
