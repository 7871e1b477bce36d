/* SPDX-License-Identifier: Apache-2.0
 *
 * Type and shape inference: what an operator's `infer` sees. It serves import (dimensions may be
 * unknown), planning (all known) and run time behind data-dependent shapes (values known too).
 */
#ifndef HONE_INFER_H
#define HONE_INFER_H

#include "graph.h"

typedef struct infer {
    const ctx *c;
    const node *node;
    const void *params;
    const type *const *in;      /* NULL: omitted */
    const tensor *const *value; /* value of an input if it is known now, else NULL */
    int32_t n_in;
    type *out; /* starts as an unknown tensor; n_out entries */
    int32_t n_out;
    bool *blind; /* set when a value was asked for that is not known yet; may be NULL */
} infer;

/* Shape of input i; unknown rank when it is omitted. */
const shape *infer_shape(const infer *f, int32_t i);
int32_t infer_rank(const infer *f, int32_t i);
hone_dtype infer_dtype(const infer *f, int32_t i);
static inline bool infer_has(const infer *f, int32_t i) { return i < f->n_in && f->in[i]; }
/* Value of input i if it is known now, else NULL. */
static inline const tensor *infer_value(const infer *f, int32_t i) {
    const tensor *v = i < f->n_in ? f->value[i] : NULL;
    if (!v && f->blind && infer_has(f, i)) *f->blind = true;
    return v;
}

/* Sets output i. */
void infer_set(infer *f, int32_t i, hone_dtype dtype, const shape *s);
/* Output 0 has the type and shape of input i. */
hone_status infer_same(infer *f, int32_t i);
/* Output 0 has the broadcast shape of inputs [first, n) and this type. */
hone_status infer_broadcast(infer *f, int32_t first, hone_dtype dtype);

/* Normalises an axis against `rank` (>= 0); HONE_E_FORMAT when it is out of range. */
hone_status infer_axis(const infer *f, int64_t axis, int32_t rank, int32_t *out);
/* HONE_E_FORMAT unless the rank of input i is unknown or between lo and hi. */
hone_status infer_check_rank(const infer *f, int32_t i, int32_t lo, int32_t hi);
/* Reads input i (a known vector of integers, at most `max` of them) into v. */
hone_status infer_ints(const infer *f, int32_t i, int64_t *v, int32_t max, int32_t *n);

/* Puts what `known` says into the unknown parts of `t`. */
void type_refine(type *t, const type *known);

/* Error in the node's shapes or types: HONE_E_FORMAT. */
__attribute__((format(printf, 2, 3))) hone_status infer_fail(const infer *f, const char *format,
                                                             ...);

/* Number, kinds and element types of inputs against the operator's table; NULL: omitted. The last
 * n_captured are what bodies read. Unknown types pass. */
hone_status infer_check_inputs(const ctx *c, const op *o, const type *const *in, int32_t n_in,
                               int32_t n_captured);
/* Runs the operator's checks and inference. */
hone_status infer_node(infer *f);
/* The same for a node of a graph whose input types are set; stores the result in its outputs. Types
 * that outputs had before are merged in, a contradiction is ignored in favour of the inferred one.
 */
hone_status graph_infer_node(const ctx *c, node *n);

#endif
