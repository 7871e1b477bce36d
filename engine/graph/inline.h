/* SPDX-License-Identifier: Apache-2.0
 *
 * Nodes once more: with other inputs, or in another graph.
 */
#ifndef HONE_INLINE_H
#define HONE_INLINE_H

#include "build.h"

/* By id of a value: what stands in its place; NULL: the value itself. */
typedef struct substitution {
    value **instead;
    int32_t n;
} substitution;

/* For the values of g, which are numbered for it; memory is of the builder's graph. */
hone_status substitution_init(substitution *s, builder *b, graph *g);
value *substituted(const substitution *s, value *v);
/* Emits n again with what stands in the place of its inputs, and puts its results in the place of
 * those of n. Bodies are shared: nothing may change them afterwards. */
hone_status repeat_node(builder *b, substitution *s, const node *n);

/* Emits the nodes of a body, whose inputs become these values, and stores its outputs. */
hone_status inline_body(builder *b, graph *body, value *const *in, int32_t n_in, value **out,
                        int32_t n_out);

#endif
