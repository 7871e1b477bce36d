/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HONE_CONV_GRAD_H
#define HONE_CONV_GRAD_H

#include "conv.h"

/* Gradient of hone::Conv, emitted as convolutions; see conv_grad.c. */
hone_status conv_grad(gradient *g);

#endif
