/* SPDX-License-Identifier: Apache-2.0 */
#include "fused.h"

#include <math.h>
#include <string.h>

#include "elementwise.h"

fused_params *node_fused(const node *n) {
    return n->op->fused ? (fused_params *)(void *)((char *)n->params + n->op->fused - 1) : NULL;
}

/* Elementwise operators live in ONNX's domain or in hone's own. */
static const op *activation_op(const char *name) {
    const op *o = op_find("", name);
    return o ? o : op_find("hone", name);
}

static bool activation_slot(const char *name, size_t *slot) {
    const op *o = activation_op(name);
    return o && unary_slot(o, slot);
}

static bool has_shift(const fused_params *p) { return p->shift != 0.0f || !signbit(p->shift); }
static bool is_affine(const fused_params *p) { return p->scale != 1.0f || has_shift(p); }

epilogue_f32 fused_epilogue(const fused_params *p, const kernels *k) {
    epilogue_f32 ep = {.lo = p->lo, .hi = p->hi};
    epilogue_act *act = ep.act;
    size_t slot;
    if (*p->activation && activation_slot(p->activation, &slot))
        *act++ = (epilogue_act){slot_unary(k, slot, KT_F32), {(double)p->p[0], (double)p->p[1]}};
    if (is_affine(p))
        *act = (epilogue_act){k->affine[KT_F32], {(double)p->scale, (double)p->shift}};
    return ep;
}

bool fused_any(const fused_params *p) {
    return *p->activation || p->lo > -INFINITY || p->hi < INFINITY || is_affine(p);
}

bool fused_take(fused_params *p, const node *unary) {
    size_t slot;
    double constants[2];
    if (*p->activation || is_affine(p) || !unary_slot(unary->op, &slot)) return false;
    if (unary->op == &op_relu) return fused_take_clamp(p, 0.0f, INFINITY);
    unary_constants(unary, constants);
    p->activation = unary->op->name;
    p->p[0] = (float)constants[0];
    p->p[1] = (float)constants[1];
    return true;
}

/* clamp(leaky(x)) = leaky(clamp(x)) with other bounds, because it rises everywhere. */
static bool unleak(const fused_params *p, float *lo, float *hi) {
    const float slope = p->p[0];
    if (strcmp(p->activation, op_leaky_relu.name) != 0 || !(slope > 0.0f)) return false;
    *lo = *lo < 0.0f ? *lo / slope : *lo;
    *hi = *hi < 0.0f ? *hi / slope : *hi;
    return true;
}

bool fused_take_clamp(fused_params *p, float lo, float hi) {
    if (is_affine(p) || (*p->activation && !unleak(p, &lo, &hi))) return false;
    lo = fmaxf(lo, p->lo);
    hi = fminf(hi, p->hi);
    if (lo > hi) return false;
    p->lo = lo;
    p->hi = hi;
    return true;
}

bool fused_take_factor(fused_params *p, float factor) {
    if (is_affine(p)) return false;
    p->scale = factor;
    return true;
}

bool fused_take_summand(fused_params *p, float summand) {
    if (has_shift(p)) return false;
    p->shift = summand;
    return true;
}

bool fused_is_late(const step *s, const shape *product) {
    return step_has(s, FUSED_RESIDUAL) && !(shape_equal(&s->in[FUSED_RESIDUAL].shape, product) &&
                                            shape_equal(&s->out[0].shape, product));
}

/* One row of act(clamp(a + b)). */
static void apply_finish(const elementwise *e, const ew_row *row) {
    ew_apply_binary(e, row);
    e->k->clip[KT_F32]((size_t)row->n, row->out, row->out, e->param);
}

void fused_finish(run_ctx *r, const step *s, const fused_params *p, const shape *product, void *y) {
    tensor operands[2] = {{.dtype = HONE_F32, .shape = *product, .data = y}, s->in[FUSED_RESIDUAL]};
    step sum = {.node = s->node, .k = s->k, .in = operands, .n_in = 2, .out = s->out, .n_out = 1};
    elementwise e = {.apply = apply_finish, .param = {(double)p->lo, (double)p->hi}};
    ew_nest(&e, &sum, 2);
    e.fn.binary = s->k->add[KT_F32];
    ew_run(r, &sum, &e);
    const epilogue_f32 ep = fused_epilogue(p, s->k);
    step act = {.node = s->node, .k = s->k, .in = s->out, .n_in = 1, .out = s->out, .n_out = 1};
    for (int32_t i = 0; i < EPILOGUE_ACTS && ep.act[i].fn; i++) {
        elementwise u = {.apply = ew_apply_unary,
                         .fn.unary = ep.act[i].fn,
                         .param = {ep.act[i].param[0], ep.act[i].param[1]}};
        ew_nest(&u, &act, 1);
        ew_run(r, &act, &u);
    }
}

hone_status fused_check(const infer *f, const fused_params *p) {
    size_t slot;
    return *p->activation && !activation_slot(p->activation, &slot)
               ? infer_fail(f, "attribute 'activation' names no elementwise operator")
               : HONE_OK;
}

hone_status fused_infer(infer *f, const fused_params *p, hone_dtype dtype, const shape *product) {
    char a[SHAPE_TEXT], b[SHAPE_TEXT];
    shape result = *product;
    TRY(fused_check(f, p));
    const shape *residual = infer_shape(f, FUSED_RESIDUAL);
    if (infer_has(f, FUSED_RESIDUAL) && !shape_broadcast(product, residual, &result))
        return infer_fail(f, "the residual of shape %s does not fit the result of shape %s",
                          shape_text(a, sizeof a, residual), shape_text(b, sizeof b, product));
    const shape *bias = infer_shape(f, FUSED_BIAS);
    if (bias->rank >= 0 && product->rank >= 0 &&
        (bias->rank != 1 || product->rank == 0 ||
         !dim_compatible(bias->dim[0], product->dim[product->rank - 1])))
        return infer_fail(f, "the bias of shape %s does not fit the result of shape %s",
                          shape_text(a, sizeof a, bias), shape_text(b, sizeof b, product));
    infer_set(f, 0, dtype, &result);
    return HONE_OK;
}
