/* SPDX-License-Identifier: Apache-2.0 */
#include "fused.h"

#include <math.h>
#include <string.h>

#include "elementwise.h"

/* Elementwise operators live in ONNX's domain or in hone's own. */
static const op *activation_op(const char *name) {
    const op *o = op_find("", name);
    return o ? o : op_find("hone", name);
}

static bool activation_slot(const char *name, size_t *slot) {
    const op *o = activation_op(name);
    return o && unary_slot(o, slot);
}

hone_status fused_check(const infer *f, const fused_params *p) {
    size_t slot;
    if (!*p->activation || activation_slot(p->activation, &slot)) return HONE_OK;
    return infer_fail(f, "attribute 'activation' names no elementwise operator");
}

epilogue_f32 fused_epilogue(const fused_params *p, const kernels *k) {
    epilogue_f32 ep = {.lo = p->lo, .hi = p->hi};
    size_t slot;
    if (*p->activation && activation_slot(p->activation, &slot)) {
        ep.act = slot_unary(k, slot, KT_F32);
        ep.act_param[0] = (double)p->p[0];
        ep.act_param[1] = (double)p->p[1];
    }
    return ep;
}

bool fused_any(const fused_params *p) {
    return *p->activation || p->lo > -INFINITY || p->hi < INFINITY;
}

bool fused_take(fused_params *p, const node *unary) {
    size_t slot;
    double constants[2];
    if (*p->activation || !unary_slot(unary->op, &slot)) return false;
    if (unary->op == &op_relu) {
        p->lo = fmaxf(p->lo, 0.0f);
        return p->hi >= p->lo;
    }
    unary_constants(unary, constants);
    p->activation = unary->op->name;
    p->p[0] = (float)constants[0];
    p->p[1] = (float)constants[1];
    return true;
}
