/* SPDX-License-Identifier: Apache-2.0
 *
 * Reverse-mode differentiation as a rewrite: the gradient of a graph is more nodes in the same
 * graph, which passes optimise, plans place and the executor runs like any others. Nodes are
 * appended, so that it serves while a graph is being built as well as afterwards.
 */
#ifndef HONE_BACKWARD_H
#define HONE_BACKWARD_H

#include "graph.h"

/* Appends to g the nodes that compute d(loss)/d(wrt[i]) and stores them in out[i]; NULL where the
 * loss does not depend on wrt[i]. A loss of several elements counts as their sum. An operator on
 * the way without a gradient is HONE_E_UNSUPPORTED. */
hone_status backward(const ctx *c, graph *g, value *loss, value *const *wrt, int32_t n,
                     value **out);

#endif
