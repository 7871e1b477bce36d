/* SPDX-License-Identifier: Apache-2.0
 *
 * Typed template for bool: one byte, 0 or 1; see typed_loops.h.
 */
#include "typed_loops.h"

UNARY(lnot, x == 0)
BINARY(land, (a & b))
BINARY(lor, a | b)
BINARY(lxor, a ^ b)
BINARY(equal, a == b)
SELECT
FOLD(reduce_max, T, 0, acc | x)
FOLD(reduce_min, T, 1, (acc & x))

static void T_FILL(kernels *k) {
    SET(lnot), SET(land), SET(lor), SET(lxor), SET(equal), SET(select);
    SET(reduce_max), SET(reduce_min);
}

#undef T
#undef T_KT
#undef T_NAME
#undef T_FILL
