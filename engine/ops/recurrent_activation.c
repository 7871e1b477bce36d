/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "elementwise.h"
#include "recurrent.h"

static const rnn_activation_kind kinds[] = {
    {"Sigmoid", SLOT_OF(sigmoid), false, false, false, 0, 0},
    {"Tanh", SLOT_OF(tanh), false, false, false, 0, 0},
    {"Relu", SLOT_OF(relu), false, false, false, 0, 0},
    {"Softsign", SLOT_OF(softsign), false, false, false, 0, 0},
    {"Softplus", SLOT_OF(softplus), false, false, false, 0, 0},
    {"LeakyRelu", SLOT_OF(leaky_relu), false, true, false, 0.01f, 0},
    {"ThresholdedRelu", SLOT_OF(thresholded_relu), false, true, false, 1, 0},
    {"Elu", SLOT_OF(elu), false, true, false, 1, 0},
    {"HardSigmoid", SLOT_OF(hardsigmoid), false, true, true, 0.2f, 0.5f},
    {"ScaledTanh", SLOT_OF(tanh), false, true, true, 1, 1},
    {"Affine", 0, true, true, true, 1, 0},
};

const rnn_activation_kind *rnn_activation_find(const char *name) {
    for (int32_t i = 0; i < COUNT_OF(kinds); i++)
        if (strcmp(kinds[i].name, name) == 0) return &kinds[i];
    return NULL;
}

rnn_activation rnn_activation_make(const rnn_activation_kind *kind, const kernels *k, float alpha,
                                   float beta) {
    rnn_activation a = {.in_scale = 1, .out_scale = 1};
    if (kind->identity) {
        a.out_scale = alpha;
        a.out_shift = beta;
        return a;
    }
    a.fn = slot_unary(k, kind->slot, KT_F32);
    if (kind->slot == SLOT_OF(tanh) && kind->has_alpha) {
        a.out_scale = alpha;
        a.in_scale = beta;
    }
    a.param[0] = (double)alpha;
    a.param[1] = (double)beta;
    return a;
}

void rnn_activate(const rnn_activation *a, const kernels *k, size_t n, float *x) {
    if (a->in_scale != 1) k->mul[KT_F32](n, x, 1, &a->in_scale, 0, x);
    if (a->fn) a->fn(n, x, x, a->param);
    if (a->out_scale != 1) k->mul[KT_F32](n, x, 1, &a->out_scale, 0, x);
    if (a->out_shift != 0) k->add[KT_F32](n, x, 1, &a->out_shift, 0, x);
}
