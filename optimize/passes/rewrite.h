/* SPDX-License-Identifier: Apache-2.0
 *
 * What passes do to graphs more than once.
 */
#ifndef HONE_REWRITE_H
#define HONE_REWRITE_H

#include "model.h"

/* A new constant of g like t that can be written, zeros if t has no data. */
hone_status rewrite_copy(const ctx *c, hone_model *m, graph *g, const tensor *t, value **out);

/* Rewrites what ends at n, which may be removed. */
typedef hone_status node_rewrite(const ctx *c, node *n, int64_t *changes);
/* Does it to every node of g and of its bodies, from the first to the last, bodies before the node
 * that has them. */
hone_status rewrite_nodes(const ctx *c, graph *g, node_rewrite *rewrite, int64_t *changes);

#endif
