/* SPDX-License-Identifier: Apache-2.0
 *
 * Problem lines (see problem.h) that are wrong, or right at the edge, made of right ones: one
 * change each.
 */
#ifndef HONE_MUTATIONS_H
#define HONE_MUTATIONS_H

#include "op.h"

/* Calls visit for the line itself and for each line that differs from it in one place: types,
 * ranks, dimensions, values and omission of inputs, attributes of the operator at the ends of their
 * range, the number of outputs. */
void mutate_line(const op *o, const char *line, void (*visit)(void *arg, const char *line),
                 void *arg);

#endif
