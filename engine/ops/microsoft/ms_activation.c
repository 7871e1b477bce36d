/* SPDX-License-Identifier: Apache-2.0 */
#include "ms_activation.h"

#include <string.h>

/* The operators that take part, and the attributes that their parameters are. */
static const struct {
    const char *name, *emit, *attrs[2];
} activations[] = {
    {"Relu", "Relu", {NULL, NULL}},
    {"Tanh", "Tanh", {NULL, NULL}},
    {"Sigmoid", "Sigmoid", {NULL, NULL}},
    {"Softplus", "Softplus", {NULL, NULL}},
    {"Softsign", "Softsign", {NULL, NULL}},
    {"Gelu", "hone::GeluErf", {NULL, NULL}},
    {"HardSwish", "HardSwish", {NULL, NULL}},
    {"LeakyRelu", "LeakyRelu", {"alpha", NULL}},
    {"Elu", "Elu", {"alpha", NULL}},
    {"ThresholdedRelu", "ThresholdedRelu", {"alpha", NULL}},
    {"Selu", "Selu", {"alpha", "gamma"}},
    {"HardSigmoid", "HardSigmoid", {"alpha", "beta"}},
};

static value *bound(builder *b, hone_dtype t, float v) {
    return v == MS_ABSENT ? NULL : emit_scalar(b, t, (double)v);
}

value *ms_activation(builder *b, value *y, const char *name, const float *params) {
    attr attrs[2];
    int32_t n = 0;
    if (!y || !*name) return y;
    if (strcmp(name, "Clip") == 0) {
        const hone_dtype t = y->type.dtype;
        return emit(b, "Clip", IN(y, bound(b, t, params[0]), bound(b, t, params[1])), NO_ATTRS);
    }
    for (size_t i = 0; i < sizeof activations / sizeof activations[0]; i++) {
        if (strcmp(activations[i].name, name) != 0) continue;
        for (int32_t j = 0; j < 2; j++)
            if (activations[i].attrs[j] && params[j] != MS_ABSENT)
                attrs[n++] = A_FLOAT(activations[i].attrs[j], params[j]);
        return emit(b, activations[i].emit, IN(y), attrs, n);
    }
    builder_fail(b, HONE_E_UNSUPPORTED, "activation '%.60s' is not supported", name);
    return NULL;
}
