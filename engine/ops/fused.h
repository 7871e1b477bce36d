/* SPDX-License-Identifier: Apache-2.0
 *
 * What products and convolutions may do to their result before it leaves the cache: a bias and a
 * residual are inputs of theirs, a clamp, an activation and a factor and summand behind it are the
 * attributes below.
 */
#ifndef HONE_FUSED_H
#define HONE_FUSED_H

#include "op.h"

typedef struct fused_params {
    const char *activation; /* name of an elementwise operator of one input, "" for none */
    float p[2];             /* its constants */
    float lo, hi;           /* clamp before the activation */
    float scale, shift;     /* after it: * scale + shift, each rounded */
} fused_params;

/* What adds nothing to anything: -0 + 0 is 0. */
#define FUSED_NO_SHIFT (-0.0f)
/* Initialises fused_params that do nothing. */
#define FUSED_NOTHING                                                                              \
    { .activation = "", .lo = -INFINITY, .hi = INFINITY, .scale = 1, .shift = FUSED_NO_SHIFT }

enum { FUSED_DATA, FUSED_WEIGHT, FUSED_BIAS, FUSED_RESIDUAL };

/* The fused_params of a node, or NULL when its operator has none. */
fused_params *node_fused(const node *n);

/* Rows for the attribute table of a params struct with a member `fused`; with a member of another
 * name, whose attributes begin with a prefix. */
#define FUSED_ATTRS(type) FUSED_ATTRS_OF(type, fused, "")
#define FUSED_ATTRS_OF(type, part, prefix)                                                         \
    ATTR_NAMED(STRING, prefix "activation", type, part.activation, .s = ""),                       \
        ATTR_NAMED(FLOAT, prefix "p0", type, part.p[0], .f = 0),                                   \
        ATTR_NAMED(FLOAT, prefix "p1", type, part.p[1], .f = 0),                                   \
        ATTR_NAMED(FLOAT, prefix "lo", type, part.lo, .f = -INFINITY),                             \
        ATTR_NAMED(FLOAT, prefix "hi", type, part.hi, .f = INFINITY),                              \
        ATTR_NAMED(FLOAT, prefix "scale", type, part.scale, .f = 1),                               \
        ATTR_NAMED(FLOAT, prefix "shift", type, part.shift, .f = FUSED_NO_SHIFT)

/* The kernel's form of it; bias and residual are the caller's. */
epilogue_f32 fused_epilogue(const fused_params *p, const kernels *k);
/* A residual that turns out to need broadcasting (its shape was not known when it was fused) is
 * added after the product instead. `product` is the shape that the operator itself computes. */
bool fused_is_late(const step *s, const shape *product);
/* Then: out 0 = the rest of the epilogue of y + residual, y being the finished product. */
void fused_finish(run_ctx *r, const step *s, const fused_params *p, const shape *product, void *y);

/* Is the activation one? */
hone_status fused_check(const infer *f, const fused_params *p);
/* Shape of the result: the product's, broadcast with the residual's. */
hone_status fused_infer(infer *f, const fused_params *p, hone_dtype dtype, const shape *product);

/* Does it do anything? */
bool fused_any(const fused_params *p);
/* Takes over a unary node as the activation: false when there is one already or `unary` is none. */
bool fused_take(fused_params *p, const node *unary);
/* Take over a clamp before the activation, a factor and a summand behind it: false when something
 * is there already that comes later. */
bool fused_take_clamp(fused_params *p, float lo, float hi);
bool fused_take_factor(fused_params *p, float factor);
bool fused_take_summand(fused_params *p, float summand);

#endif
