/* SPDX-License-Identifier: Apache-2.0
 *
 * The kernels of level "avx512": compiled with AVX-512 F, BW, DQ and VL.
 */
#include "../simd/avx512.h"

#include "../body/level_body.h"
#include "fillers.h"

void kernels_fill_avx512(kernels *k) { fill_level(k); }
