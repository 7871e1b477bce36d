/* SPDX-License-Identifier: Apache-2.0
 *
 * The transforms of Winograd convolution over the vector vocabulary; kernels.h states their
 * contract, Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks" (2016), the
 * matrices. Points are 0, 1, -1 and, for tiles of 4 x 4, 2 and -2.
 *
 * A vector holds neighbouring channels of one pixel. Where a window has two dimensions, they are
 * transformed one after the other; between them the tile waits in a buffer that stays in L1.
 */
#ifndef HONE_WINOGRAD_F32_BODY_H
#define HONE_WINOGRAD_F32_BODY_H

#include "../body/loops_f32_body.h"
#include "kernels.h"

#define WINOGRAD_MAX_SIDE 6

/* One line of the input transform, side values apart by `from` and `to`. */
SIMD_INLINE void winograd_line_in(const vf *d, size_t from, vf *t, size_t to, const int side) {
    const vf d0 = d[0], d1 = d[from], d2 = d[2 * from], d3 = d[3 * from];
    if (side == 4) {
        t[0] = vf_sub(d0, d2);
        t[to] = vf_add(d1, d2);
        t[2 * to] = vf_sub(d2, d1);
        t[3 * to] = vf_sub(d1, d3);
        return;
    }
    const vf two = vf_set1(2.0f), four = vf_set1(4.0f), five = vf_set1(5.0f);
    const vf d4 = d[4 * from], d5 = d[5 * from];
    const vf a = vf_fnma(four, d2, d4), b = vf_fnma(four, d1, d3);
    const vf c = vf_sub(d4, d2), e = vf_sub(d3, d1);
    t[0] = vf_fma(four, d0, vf_fnma(five, d2, d4));
    t[to] = vf_add(a, b);
    t[2 * to] = vf_sub(a, b);
    t[3 * to] = vf_fma(two, e, c);
    t[4 * to] = vf_fnma(two, e, c);
    t[5 * to] = vf_fma(four, d1, vf_fnma(five, d3, d5));
}

/* One line of the output transform: side values become side - 2. */
SIMD_INLINE void winograd_line_out(const vf *m, size_t from, vf *y, size_t to, const int side) {
    const vf m0 = m[0], m1 = m[from], m2 = m[2 * from], m3 = m[3 * from];
    const vf a = vf_add(m1, m2), b = vf_sub(m1, m2);
    if (side == 4) {
        y[0] = vf_add(m0, a);
        y[to] = vf_sub(b, m3);
        return;
    }
    const vf m4 = m[4 * from], m5 = m[5 * from];
    const vf c = vf_add(m3, m4), d = vf_sub(m3, m4);
    y[0] = vf_add(vf_add(m0, a), c);
    y[to] = vf_fma(vf_set1(2.0f), d, b);
    y[2 * to] = vf_fma(vf_set1(4.0f), c, a);
    y[3 * to] = vf_add(vf_fma(vf_set1(8.0f), d, b), m5);
}

/* n channels from c on, n <= VF_LANES. */
SIMD_INLINE void winograd_block_in(const winograd_in_args *w, size_t c, size_t n, const int side) {
    vf pixels[WINOGRAD_MAX_SIDE], half[WINOGRAD_MAX_SIDE * WINOGRAD_MAX_SIDE];
    vf done[WINOGRAD_MAX_SIDE];
    SIMD_UNROLL for (int i = 0; i < side; i++) {
        SIMD_UNROLL for (int j = 0; j < side; j++) {
            pixels[j] = load_some(w->rows[i * side + j] + c, n);
        }
        winograd_line_in(pixels, 1, half + i * side, 1, side);
    }
    for (int j = 0; j < side; j++) {
        float *v = w->v + (size_t)j * w->ldv + c;
        winograd_line_in(half + j, (size_t)side, done, 1, side);
        SIMD_UNROLL for (int i = 0; i < side; i++) {
            store_some(v + (size_t)(i * side) * w->ldv, n, done[i]);
        }
    }
}

/* The same for a window along one dimension. */
SIMD_INLINE void winograd_strip_in(const winograd_in_args *w, size_t c, size_t n, const int side) {
    vf pixels[WINOGRAD_MAX_SIDE], done[WINOGRAD_MAX_SIDE];
    SIMD_UNROLL for (int j = 0; j < side; j++) pixels[j] = load_some(w->rows[j] + c, n);
    winograd_line_in(pixels, 1, done, 1, side);
    SIMD_UNROLL for (int j = 0; j < side; j++) {
        store_some(w->v + (size_t)j * w->ldv + c, n, done[j]);
    }
}

/* The epilogue of one vector, except act: output (i, j) of the tile. */
SIMD_INLINE void winograd_finish(const winograd_out_args *w, vf y, int i, int j, size_t c,
                                 size_t n) {
    const epilogue_f32 *ep = w->ep;
    if (ep) {
        if (ep->bias) y = vf_add(y, load_some(ep->bias + c, n));
        if (ep->residual) {
            const size_t at = (size_t)i * w->residual_line + (size_t)j * ep->ldr;
            y = vf_add(y, load_some(ep->residual + at + c, n));
        }
        y = vf_min(vf_set1(ep->hi), vf_max(vf_set1(ep->lo), y));
    }
    store_some(w->y + (size_t)i * w->line + (size_t)j * w->ldy + c, n, y);
}

SIMD_INLINE void winograd_block_out(const winograd_out_args *w, size_t c, size_t n,
                                    const int side) {
    vf sums[WINOGRAD_MAX_SIDE], half[WINOGRAD_MAX_SIDE * WINOGRAD_MAX_SIDE];
    vf done[WINOGRAD_MAX_SIDE];
    const int tile = side - 2;
    SIMD_UNROLL for (int i = 0; i < side; i++) {
        SIMD_UNROLL for (int j = 0; j < side; j++) {
            sums[j] = load_some(w->m + (size_t)(i * side + j) * w->ldm + c, n);
        }
        winograd_line_out(sums, 1, half + i * tile, 1, side);
    }
    for (int j = 0; j < (int)w->width; j++) {
        winograd_line_out(half + j, (size_t)tile, done, 1, side);
        SIMD_UNROLL for (int i = 0; i < tile; i++) {
            if (i >= (int)w->height) break;
            winograd_finish(w, done[i], i, j, c, n);
        }
    }
}

SIMD_INLINE void winograd_strip_out(const winograd_out_args *w, size_t c, size_t n,
                                    const int side) {
    vf sums[WINOGRAD_MAX_SIDE], done[WINOGRAD_MAX_SIDE];
    SIMD_UNROLL for (int j = 0; j < side; j++) {
        sums[j] = load_some(w->m + (size_t)j * w->ldm + c, n);
    }
    winograd_line_out(sums, 1, done, 1, side);
    SIMD_UNROLL for (int j = 0; j < side - 2; j++) {
        if (j >= (int)w->width) break;
        winograd_finish(w, done[j], 0, j, c, n);
    }
}

/* A block or strip, at all channels. */
#define WINOGRAD(name, form, way, side)                                                            \
    static void winograd_##name(const winograd_##way##_args *w) {                                  \
        size_t c = 0;                                                                              \
        for (; c + VF_LANES <= w->channels; c += VF_LANES)                                         \
            winograd_##form##_##way(w, c, VF_LANES, side);                                         \
        if (c < w->channels) winograd_##form##_##way(w, c, w->channels - c, side);                 \
    }
WINOGRAD(in_2, block, in, 4)
WINOGRAD(in_4, block, in, 6)
WINOGRAD(out_2, block, out, 4)
WINOGRAD(out_4, block, out, 6)
WINOGRAD(strip_in_2, strip, in, 4)
WINOGRAD(strip_in_4, strip, in, 6)
WINOGRAD(strip_out_2, strip, out, 4)
WINOGRAD(strip_out_4, strip, out, 6)
#undef WINOGRAD

static void fill_winograd(kernels *k) {
    k->winograd_in_2 = winograd_in_2;
    k->winograd_in_4 = winograd_in_4;
    k->winograd_out_2 = winograd_out_2;
    k->winograd_out_4 = winograd_out_4;
    k->winograd_strip_in_2 = winograd_strip_in_2;
    k->winograd_strip_in_4 = winograd_strip_in_4;
    k->winograd_strip_out_2 = winograd_strip_out_2;
    k->winograd_strip_out_4 = winograd_strip_out_4;
}

#endif
