/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HONE_CLIP_H
#define HONE_CLIP_H

#include "op.h"

/* The bounds of a Clip node on float32 if both are constants or absent; false otherwise. */
bool clip_bounds(const node *clip, float *lo, float *hi);

#endif
