/* SPDX-License-Identifier: Apache-2.0
 *
 * Depthwise convolutions with the usual windows, several output lines at a time.
 */
#ifndef HONE_DWCONV_BAND_H
#define HONE_DWCONV_BAND_H

#include "conv/dwconv_f32.h"

/* Sets plan->band if the window is one of those: 3 x 3 or 5 x 5 over the last two axes. The sweep
 * of the plan is ready, its scratch is replaced. */
void dwconv_band_plan(dwconv_f32_plan *plan);
/* As dwconv_f32_run, for a plan with a band. */
void dwconv_band_run(const dwconv_f32_plan *plan, const dwconv_f32_operands *x, size_t first,
                     size_t last, void *scratch);

#endif
