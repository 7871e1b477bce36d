/* SPDX-License-Identifier: Apache-2.0
 *
 * Small questions that pattern passes ask about values.
 */
#ifndef HONE_MATCH_H
#define HONE_MATCH_H

#include "graph.h"

/* The node that makes v, if it is an `o`; NULL otherwise. */
node *match_op(const value *v, const op *o);
/* The node that makes v, if one node reads that, and nothing else; NULL otherwise. */
node *match_sole(const value *v);
/* Both. */
node *match_single(const value *v, const op *o);
/* Is v a constant of one floating-point element that equals x to 7 digits? */
bool match_scalar(const value *v, double x);
/* Is v a constant of one element? Then its value. */
bool match_number(const value *v, double *x);
/* The input of a two-input node that is not `v`, or NULL when v is none of them. */
value *match_other(const node *n, const value *v);
/* n is x * s, x + t or x - t with a number that adds no axes: x, and n as k[0] x + k[1], to the
 * bit. NULL for others: k stays. */
value *match_affine(const node *n, float k[2]);
/* v of n = 1 / v, or NULL. */
value *match_inverse(const node *n);

/* What a tree of Mul nodes (and of Div by numbers), each read by the next one only, multiplies:
 * numbers as one, everything else in no order. */
#define MATCH_FACTORS 4
typedef struct factors {
    double number;
    value *of[MATCH_FACTORS];
    int32_t n; /* MATCH_FACTORS + 1: too many */
} factors;
void match_factors(factors *f, const node *n);
/* The same of a value that is read by one node only, which may be the only factor. */
void match_factors_of(factors *f, value *v);
/* Do the numbers agree to 6 digits? */
bool match_close(double x, double y);

#endif
