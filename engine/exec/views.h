/* SPDX-License-Identifier: Apache-2.0
 *
 * Between the callers' views and the engine's values.
 */
#ifndef HONE_VIEWS_H
#define HONE_VIEWS_H

#include "step.h"

/* The view, for an input of type t: what is given for an optional without being one is the value in
 * it, and `some` becomes the optional around it. */
const hone_view *view_as(const hone_view *v, const type *t, hone_view *some);
/* Is the view a value of this type, with everything that it points at in order? `name` is that of
 * the input. */
hone_status view_check(const ctx *c, const char *name, const hone_view *v, const type *t);
/* A view that was checked as a value; lists are made in the pool, elements stay where they are. */
hone_status view_take(run_ctx *r, const hone_view *v, tensor *out);
/* A value that shares nothing with what the caller gave. */
hone_status view_own(run_ctx *r, tensor *t);
/* A value as a view; lists of views are made in the pool. */
hone_status view_give(run_ctx *r, const tensor *t, hone_view *out);

/* The view of a tensor. */
hone_view view_of_tensor(const tensor *t);

#endif
