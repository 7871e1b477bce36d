/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HONE_FUZZ_MODEL_H
#define HONE_FUZZ_MODEL_H

#include "fuzz.h"
#include "hone/hone.h"

/* Opens a model within small limits and checks what every caller may rely on. NULL if it is
 * refused. */
hone_model *fuzz_open(const void *data, size_t size, uint32_t flags);
/* Whatever opens is valid enough to be described, and to be planned and run. */
void fuzz_use(const hone_model *m);

#endif
