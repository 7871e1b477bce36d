/* SPDX-License-Identifier: Apache-2.0
 *
 * What operators share that give the bytes of input 0 another shape.
 */
#ifndef HONE_VIEW_H
#define HONE_VIEW_H

#include "op.h"

extern const op op_squeeze, op_unsqueeze;

/* Copies input 0 to output 0, where the planner could not let them share memory. */
hone_status view_run(run_ctx *r, const step *s);
/* Axes that keep their place among the elements are the same; those that were joined or split mix.
 */
void view_axes(const node *n, axis_map *m);
/* dx is dy in the shape of x. */
hone_status view_grad(gradient *g);

#endif
