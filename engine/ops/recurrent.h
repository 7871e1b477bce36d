/* SPDX-License-Identifier: Apache-2.0
 *
 * hone::Lstm, hone::Gru and hone::Rnn: the steps of one direction of a recurrent layer.
 *
 *   gates  [T, B, G * H]  what the inputs add to the G gates: X * W^T + biases, for all steps
 *   R      [G * H, H]     recurrent weights
 *   lens   [B]            steps of each sequence; absent: T
 *   h0     [B, H]         first hidden state; absent: zeros
 *   c0     [B, H]         first cell state (Lstm)
 *   extra                 Lstm: peepholes [3 * H]; Gru with linear_before_reset: the recurrent bias
 *                         [H] of the hidden gate
 *
 * With round_states, products with R see the hidden states rounded to 256 values over their range,
 * zero included, as an 8-bit product takes them. A sequence's last state counts for one more step,
 * as it does in ONNX Runtime.
 *
 * Outputs: hidden states [T, B, H], the last one [B, H], the last cell state [B, H].
 */
#ifndef HONE_RECURRENT_H
#define HONE_RECURRENT_H

#include "op.h"

enum { RNN_GATES, RNN_R, RNN_LENS, RNN_H0, RNN_C0, RNN_EXTRA };

/* out_scale * f(in_scale * x) + out_shift */
typedef struct rnn_activation {
    unary_fn *fn; /* NULL: the identity */
    double param[2];
    float in_scale, out_scale, out_shift;
} rnn_activation;

/* An activation function of ONNX's list. */
typedef struct rnn_activation_kind {
    const char *name;
    size_t slot; /* of its kernel */
    bool identity;
    bool has_alpha, has_beta;
    float alpha, beta; /* defaults */
} rnn_activation_kind;

/* NULL when there is none of that name. */
const rnn_activation_kind *rnn_activation_find(const char *name);
rnn_activation rnn_activation_make(const rnn_activation_kind *kind, const kernels *k, float alpha,
                                   float beta);
/* x[i] = f(x[i]) for i < n. */
void rnn_activate(const rnn_activation *a, const kernels *k, size_t n, float *x);

#endif
