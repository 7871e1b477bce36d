/* SPDX-License-Identifier: Apache-2.0
 *
 * What operators on sequences share.
 */
#ifndef HONE_SEQUENCE_H
#define HONE_SEQUENCE_H

#include "op.h"

/* HONE_E_FORMAT unless input i is a sequence. */
hone_status sequence_check(const infer *f, int32_t i);
/* Input i, a single number that may count from the end, as 0..size-1. */
hone_status position_read(run_ctx *r, const step *s, int32_t i, int64_t size, int64_t *out);

#endif
