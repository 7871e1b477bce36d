/* SPDX-License-Identifier: Apache-2.0
 *
 * Which convolutions of hone::Conv Winograd's algorithm can do, and which it should.
 */
#ifndef HONE_CONV_WINOGRAD_H
#define HONE_CONV_WINOGRAD_H

#include "conv.h"
#include "conv/conv_f32.h"
#include "conv/winograd_f32.h"

/* Can the node read its weight, which is known, in LAYOUT_WINOGRAD_*? */
bool conv_winograd_fits(const node *n);

/* The layout with which it is likely to be fastest, LAYOUT_DENSE for none of Winograd's. The size
 * of the image counts as far as it is known. */
layout conv_winograd_choose(const node *n);

winograd_f32_shape conv_winograd_shape(const conv_f32_shape *c, int tile);

#endif
