/* SPDX-License-Identifier: Apache-2.0
 *
 * What elementwise operators share: broadcasting as a loop nest over rows, which kernels do in
 * blocks; threads; and 16-bit floats, which are widened to float32 some at a time.
 */
#ifndef HONE_ELEMENTWISE_H
#define HONE_ELEMENTWISE_H

#include "op.h"

#define EW_MAX_IN 8

/* A kernel call on n elements: input j starts at in[j] and advances step[j] (0 or 1) elements. They
 * are part of a row, or several rows. */
typedef struct ew_row {
    int64_t n;
    const void *in[EW_MAX_IN];
    size_t step[EW_MAX_IN];
    void *out;
} ew_row;
typedef struct elementwise elementwise;
typedef void ew_apply(const elementwise *e, const ew_row *row);

/* The state that an elementwise plan leaves for run. */
struct elementwise {
    int32_t n_in;
    ew_apply *apply;
    union {
        unary_fn *unary;
        binary_fn *binary;
        select_fn *select;
    } fn;
    double param[2];
    bool swap;                 /* binary: a and b change places */
    size_t in_size[EW_MAX_IN]; /* bytes of one element */
    size_t out_size;
    widen_fn *widen;   /* 16-bit floats */
    narrow_fn *narrow; /* NULL when the result is not a 16-bit float */
    const kernels *k;
    /* The loop nest: `rank` outer axes around rows of `inner` elements. */
    int32_t rank;
    int64_t dim[HONE_MAX_RANK];
    int64_t stride[EW_MAX_IN][HONE_MAX_RANK]; /* in elements; 0 where broadcast */
    int64_t inner, rows;
    size_t inner_step[EW_MAX_IN];
};

/* Fills the loop nest and element sizes from the step's inputs [0, n_in) and output 0. */
void ew_nest(elementwise *e, const step *s, int32_t n_in);
/* Chooses how 16-bit floats in input `of` are handled. Returns the type that the kernel computes
 * in. */
ktype ew_compute_type(elementwise *e, const step *s, int32_t of, bool narrow_result);
/* Names the kernel of a typed slot, and says why its vector form was not taken. */
void ew_name(plan_ctx *p, step *s, const char *slot, ktype t);
/* Runs the nest on the step's data, split over the team. */
void ew_run(run_ctx *r, const step *s, const elementwise *e);

/* Members of the families that passes and gradients name. */
extern const op op_add, op_sub, op_mul, op_div;
extern const op op_relu, op_sigmoid, op_tanh, op_erf, op_silu, op_hardsigmoid, op_hardswish,
    op_gelu_erf, op_affine;
extern const op op_leaky_relu, op_sqrt, op_exp, op_reciprocal, op_neg, op_log, op_softplus;
extern const op op_max, op_min, op_pow, op_equal;

/* Constants p0 and p1 of a unary operator's node. */
void unary_constants(const node *n, double *param);
/* Table offset of a unary operator's slot; false when o is not of that family or does not turn
 * float32 into float32. */
bool unary_slot(const op *o, size_t *slot);
/* The same of a binary operator. */
bool binary_slot(const op *o, size_t *slot);

extern ew_apply ew_apply_unary, ew_apply_binary, ew_apply_select;

/* Pointer number `t` of the typed slot at `offset` in the table. */
#define SLOT_OF(name) offsetof(kernels, name)
unary_fn *slot_unary(const kernels *k, size_t offset, ktype t);
binary_fn *slot_binary(const kernels *k, size_t offset, ktype t);

#endif
