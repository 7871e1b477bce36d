/* SPDX-License-Identifier: Apache-2.0
 *
 * One filler a level: sets the slots that the level improves and leaves the others alone. The
 * scalar filler sets them all. Each is defined in the file of its name, compiled with its level's
 * flags, and is the only symbol that file exports.
 */
#ifndef HONE_FILLERS_H
#define HONE_FILLERS_H

#include "kernels.h"

void kernels_fill_scalar(kernels *k);
#if defined(__x86_64__)
void kernels_fill_avx2(kernels *k);
void kernels_fill_avx512(kernels *k);
#elif defined(__aarch64__)
void kernels_fill_neon(kernels *k);
#endif

#endif
