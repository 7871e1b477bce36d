/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HONE_SHAPE_OF_H
#define HONE_SHAPE_OF_H

#include "op.h"

/* The shape that a Shape node puts into `v`, as far as it is known before running; NULL when v
 * comes from elsewhere or lists only some of the axes. */
const shape *shape_listed(const value *v);

#endif
