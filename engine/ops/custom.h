/* SPDX-License-Identifier: Apache-2.0
 *
 * Operators that the caller registers: each becomes an `op` like those of ops.def. They keep the
 * attributes of a node as the file has them.
 */
#ifndef HONE_CUSTOM_H
#define HONE_CUSTOM_H

#include "op.h"

typedef struct custom_ops {
    const op **list;
    int32_t count;
} custom_ops;

/* Memory is of the arena and lives as long as the model. HONE_E_ARG for a registration that lacks
 * something. */
hone_status custom_ops_make(const ctx *c, arena *a, const hone_operator *const *given,
                            int32_t count, custom_ops *out);
const op *custom_ops_find(const custom_ops *o, const char *domain, const char *name);

/* The params of a node whose operator is OP_CUSTOM. */
typedef struct custom_params {
    attr *attrs;
    int32_t count;
} custom_params;

#endif
