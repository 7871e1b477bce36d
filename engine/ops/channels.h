/* SPDX-License-Identifier: Apache-2.0
 *
 * Channels first and last: N, C, spatial.. (ONNX) against N, spatial.., C (hone's own operators and
 * TensorFlow Lite). Expansions put a Transpose on each side; sink_transposes removes them.
 */
#ifndef HONE_CHANNELS_H
#define HONE_CHANNELS_H

#include "build.h"

/* N, C, spatial.. -> N, spatial.., C and back. v may be NULL (an omitted input). A rank below 3 or
 * an unknown one is recorded as an error. */
value *emit_channels_last(builder *b, value *v);
value *emit_channels_first(builder *b, value *v);

#endif
