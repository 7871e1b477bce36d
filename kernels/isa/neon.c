/* SPDX-License-Identifier: Apache-2.0
 *
 * The kernels of level "neon": compiled with AArch64 NEON.
 */
#include "../simd/neon.h"

#include "../body/level_body.h"
#include "fillers.h"

void kernels_fill_neon(kernels *k) { fill_level(k); }
