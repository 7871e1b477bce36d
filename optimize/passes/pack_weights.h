/* SPDX-License-Identifier: Apache-2.0
 *
 * The layouts that a constant operand may have.
 */
#ifndef HONE_PACK_WEIGHTS_H
#define HONE_PACK_WEIGHTS_H

#include "model.h"

extern const pass pass_pack_weights;

enum { PACK_CANDIDATES = LAYOUT_KINDS };

/* The layouts in which the node could read its dense constant input, the one that it would choose
 * first; 0 when it reads it as it is. */
int32_t pack_candidates(const node *n, int32_t input, layout *out);

/* The constant in another layout, as a value of the graph. */
hone_status pack_form(const ctx *c, hone_model *m, graph *g, const value *dense, layout l,
                      value **out);

#endif
