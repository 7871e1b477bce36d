/* SPDX-License-Identifier: Apache-2.0
 *
 * Weights of convolutions, packed and back.
 */
#include "conv/conv_f32.h"
#include "gemm/gemm_pack.h"
#include "gemm/sat_size.h"

/* Where one tap (or, for plain convolutions, all taps) of a group is in both layouts. */
typedef struct weight_block {
    size_t from, to; /* floats from the group's start */
    size_t k;        /* depth */
    size_t ldp;      /* between panels */
} weight_block;

static size_t kernel_taps(const conv_f32_shape *s) {
    const int64_t *kernel = s->window.kernel;
    return sat_mul(sat_mul((size_t)kernel[0], (size_t)kernel[1]), (size_t)kernel[2]);
}

size_t conv_f32_packed_floats(const conv_f32_shape *s) {
    const size_t depth = sat_mul(kernel_taps(s), (size_t)s->ic);
    const size_t floats = sat_mul(gemm_f32_packed_floats(depth, (size_t)s->oc), (size_t)s->groups);
    return sat_mul(floats, sizeof(float)) > PTRDIFF_MAX ? SIZE_MAX : floats;
}

/* Blocks of a group: one, or one for each tap of a transposed convolution. */
static size_t weight_blocks(const conv_f32_shape *s) { return s->transposed ? kernel_taps(s) : 1; }

static weight_block weight_block_at(const conv_f32_shape *s, size_t index) {
    const conv_window *w = &s->window;
    const size_t ic = (size_t)s->ic, taps = kernel_taps(s);
    if (!s->transposed) return (weight_block){.k = taps * ic, .ldp = taps * ic * GEMM_PANEL};
    int64_t rest = (int64_t)index, before = 0, inside = 0, count = 1;
    conv_phase_taps p[3];
    for (int d = 2; d >= 0; d--) {
        p[d] = conv_tap_phase(w, d, rest % w->kernel[d]);
        rest /= w->kernel[d];
    }
    for (int d = 0; d < 3; d++) {
        before = before * w->kernel[d] + count * p[d].before;
        inside = inside * p[d].taps + p[d].tap;
        count *= p[d].taps;
    }
    const size_t panels = ceil_div((size_t)s->oc, GEMM_PANEL);
    return (weight_block){
        .from = index * ic,
        .to = ((size_t)before * panels + (size_t)inside) * ic * GEMM_PANEL,
        .k = ic,
        .ldp = (size_t)count * ic * GEMM_PANEL,
    };
}

void conv_f32_pack(const kernels *ks, const conv_f32_shape *s, const float *w, float *packed) {
    const size_t oc = (size_t)s->oc, ldw = kernel_taps(s) * (size_t)s->ic;
    const size_t group = gemm_f32_packed_floats(ldw, oc);
    for (int64_t g = 0; g < s->groups; g++, w += oc * ldw, packed += group) {
        for (size_t i = 0; i < weight_blocks(s); i++) {
            const weight_block b = weight_block_at(s, i);
            gemm_f32_pack(ks, GEMM_B_COLUMNS, b.k, oc, w + b.from, ldw, packed + b.to, b.ldp);
        }
    }
}

void conv_f32_unpack(const kernels *ks, const conv_f32_shape *s, const float *packed, float *w) {
    const size_t oc = (size_t)s->oc, ldw = kernel_taps(s) * (size_t)s->ic;
    const size_t group = gemm_f32_packed_floats(ldw, oc);
    for (int64_t g = 0; g < s->groups; g++, w += oc * ldw, packed += group) {
        for (size_t i = 0; i < weight_blocks(s); i++) {
            const weight_block b = weight_block_at(s, i);
            gemm_f32_unpack(ks, GEMM_B_COLUMNS, b.k, oc, packed + b.to, b.ldp, w + b.from, ldw);
        }
    }
}
