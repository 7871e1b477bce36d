/* SPDX-License-Identifier: Apache-2.0
 *
 * Upgrades that many operators share: what opsets before 7 had in common.
 */
#ifndef HONE_LEGACY_H
#define HONE_LEGACY_H

#include "op.h"

/* Before opset 6 operators listed which inputs they might overwrite: nothing to compute with. */
hone_status legacy_consumed(builder *b, draft *d);

/* Before opset 7 two inputs had to have the same shape unless `broadcast` was set; then the second
 * stood for axes of the first from `axis` on, or for the last ones. */
hone_status legacy_broadcast(builder *b, draft *d);

/* Versions of operators of one input, and of those that broadcast two. Opset 7 is what files of
 * ours refer to. */
extern const op_version legacy_unary_versions[2], legacy_binary_versions[2];

#endif
