/* SPDX-License-Identifier: Apache-2.0
 *
 * Problem lines: an operator's inputs and attributes as one line of text, from which tests and
 * benchmarks build a model of that single operator.
 *
 *     f32[2,3,4] i64{0,-1} _ axis=1 mode=linear scales=1.5,2
 *
 *   f32[2,3,4]   an input of that type and shape, filled with seeded values
 *   f32[2]+      the same with positive values only
 *   i64{0,-1}    a constant vector of these values; i64{5} has one element, i64{} none
 *   i64[2,1]{0,-1}  a constant of that shape; f32[]{0.5} is a scalar
 *   str{a,b_c}   a constant of two texts: "a" and "b c"
 *   _            an omitted input
 *   name=value   an attribute of the operator's table; a tensor is written like a constant
 *   >2           two outputs; without it those that are not optional
 */
#ifndef HONE_PROBLEM_H
#define HONE_PROBLEM_H

#include "model.h"
#include "op.h"

enum { PROBLEM_MAX_INPUTS = 20, PROBLEM_MAX_OUTPUTS = 8 };

/* Builds the model: inputs x0, x1, .. (those with a shape), all outputs of the operator that one
 * draft produces. flags: HONE_OPEN_*. Fails the test when the line is malformed. */
hone_model *problem_model(const op *o, const char *line, uint32_t flags);

/* What a model is not told when it is opened. */
typedef struct problem_late {
    bool values, dims; /* to set: constants become inputs; inputs say their rank only */
    const tensor *value[PROBLEM_MAX_INPUTS]; /* that input i is to have, or NULL */
    shape shape[PROBLEM_MAX_INPUTS];         /* that input i is to have */
} problem_late;
/* The same for a line that may make no sense: the first failure is returned, and *out is NULL then.
 */
hone_status problem_open(const op *o, const char *line, const hone_open_options *options,
                         problem_late *late, hone_model **out, hone_error *err);

/* The same with a scalar output: the sum over all outputs of output * weight (inputs w0, w1, ..)
 * and, as further outputs, its gradient for each float32 input that has one; inputs[g] is the
 * number of the model's input that gradient g belongs to. NULL when the operator says that it has
 * none. */
hone_model *problem_gradient(const op *o, const char *line, int32_t inputs[PROBLEM_MAX_INPUTS]);

/* Fills every input of a session with seeded values: small integers, bools, floats in (-2, 2)
 * without exact zeros, positive ones for inputs that say so. */
void problem_fill(hone_session *s, const hone_model *m, uint64_t seed);

/* Fails the test with the text of the error unless the status is HONE_OK. */
void expect_ok(hone_status status, const hone_error *err, const char *what);

#endif
