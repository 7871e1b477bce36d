/* SPDX-License-Identifier: Apache-2.0
 *
 * What passes do to graphs more than once.
 */
#ifndef HONE_REWRITE_H
#define HONE_REWRITE_H

#include "model.h"

/* A new constant of g like t that can be written, zeros if t has no data. */
hone_status rewrite_copy(const ctx *c, hone_model *m, graph *g, const tensor *t, value **out);

#endif
