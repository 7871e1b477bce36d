/* SPDX-License-Identifier: Apache-2.0
 *
 * Packed constants: from row-major to a kernel's layout, without loss but for the rounding of
 * LAYOUT_WINOGRAD_*.
 */
#ifndef HONE_PACK_H
#define HONE_PACK_H

#include "conv/winograd_f32.h"
#include "tensor.h"

/* Can a tensor of this type and shape be held in this layout? */
bool layout_fits(layout l, hone_dtype dtype, const shape *s);

/* The filters of a LAYOUT_WINOGRAD_*; false when the shape is not one of theirs. */
bool layout_filter(layout l, const shape *s, winograd_f32_filter *f);

/* Writes the elements of a dense tensor in `to->layout`. `to` has the same type and shape and
 * tensor_size() bytes of room. */
void tensor_pack(const kernels *k, const tensor *from, const tensor *to);

#endif
