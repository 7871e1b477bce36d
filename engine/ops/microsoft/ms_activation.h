/* SPDX-License-Identifier: Apache-2.0
 *
 * Activations that com.microsoft's products and convolutions name as an attribute.
 */
#ifndef HONE_MS_ACTIVATION_H
#define HONE_MS_ACTIVATION_H

#include "composite.h"

/* A parameter that the file does not state: the activation's own default counts. */
#define MS_ABSENT (-3.0e38f)

/* y through the activation of that name ("": none) with up to three parameters. */
value *ms_activation(builder *b, value *y, const char *name, const float *params);

#endif
