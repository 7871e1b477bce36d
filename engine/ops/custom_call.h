/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HONE_CUSTOM_CALL_H
#define HONE_CUSTOM_CALL_H

#include "op.h"

/* What the functions of a caller's operator work with: while shapes are inferred, or during a run.
 */
struct hone_operator_call {
    const ctx *c;
    const node *node;
    infer *infer; /* NULL during a run */
    run_ctx *run; /* NULL while inferring */
    const step *step;
};

#endif
