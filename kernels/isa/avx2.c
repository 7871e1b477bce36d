/* SPDX-License-Identifier: Apache-2.0
 *
 * The kernels of level "avx2": compiled with AVX2, FMA, F16C and BMI2.
 */
#include "../simd/avx2.h"

#include "../body/level_body.h"
#include "fillers.h"

void kernels_fill_avx2(kernels *k) { fill_level(k); }
