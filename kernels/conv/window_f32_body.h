/* SPDX-License-Identifier: Apache-2.0
 *
 * The fp32 kernels that treat each channel alone, over the vector vocabulary: depthwise convolution
 * and pools. kernels.h states their contracts.
 *
 * Depthwise: a block is WINDOW_PIXELS pixels by WINDOW_VECS vectors of channels (12 accumulators
 * with 8 lanes), so that the weights of a tap and its row pointers are used several times:
 *
 *   tap t:   w[t]  (WINDOW_VECS registers)
 *            rows[0][t] -> x * w  += acc[0]
 *            rows[1][t] -> x * w  += acc[1] ...
 */
#ifndef HONE_WINDOW_F32_BODY_H
#define HONE_WINDOW_F32_BODY_H

#include "../body/epilogue_f32_body.h"
#include "kernels.h"

#define WINDOW_PIXELS 6
#if VF_LANES == 4
#define WINDOW_VECS 4
#else
#define WINDOW_VECS 2
#endif
#define POOL_VECS 4

/* n < VF_LANES: only the first n channels of a single vector exist. */
SIMD_INLINE vf window_load(const float *p, size_t n) {
    return n < VF_LANES ? vf_load_n(p, n) : vf_load(p);
}

SIMD_INLINE void dwconv_f32_block(const dwconv_f32_args *d, size_t pixel, size_t c, size_t n,
                                  const int pixels, const int vecs) {
    const size_t at = d->offset + c;
    const float *w = d->w + c;
    const float *const *rows[WINDOW_PIXELS];
    tile_acc acc;
    tile_zero(acc, pixels, vecs);
    SIMD_UNROLL for (int i = 0; i < pixels; i++) rows[i] = d->rows + (pixel + (size_t)i) * d->step;
    for (size_t t = 0; t < d->taps; t++, w += d->ldw) {
        vf wv[WINDOW_VECS];
        SIMD_UNROLL for (int v = 0; v < vecs; v++) wv[v] = window_load(w + v * VF_LANES, n);
        SIMD_UNROLL for (int i = 0; i < pixels; i++) {
            const float *x = rows[i][t] + at;
            SIMD_UNROLL for (int v = 0; v < vecs; v++) {
                acc[i][v] = vf_fma(window_load(x + v * VF_LANES, n), wv[v], acc[i][v]);
            }
        }
    }
    const tile_out out = {.y = d->y, .ldy = d->ldy, .row = pixel, .col = c, .ep = d->ep};
    if (n < VF_LANES) {
        float tile[WINDOW_PIXELS * VF_LANES];
        tile_store(acc, pixels, vecs, tile, VF_LANES);
        tile_finish_edge(tile, VF_LANES, (size_t)pixels, n, &out);
    } else {
        tile_finish(acc, pixels, vecs, &out);
    }
}

/* All channels of `pixels` pixels. */
SIMD_INLINE void dwconv_f32_pixels(const dwconv_f32_args *d, size_t pixel, const int pixels) {
    const size_t wide = WINDOW_VECS * VF_LANES;
    size_t c = 0;
    for (; c + wide <= d->channels; c += wide)
        dwconv_f32_block(d, pixel, c, VF_LANES, pixels, WINDOW_VECS);
    for (; c + VF_LANES <= d->channels; c += VF_LANES)
        dwconv_f32_block(d, pixel, c, VF_LANES, pixels, 1);
    if (c < d->channels) dwconv_f32_block(d, pixel, c, d->channels - c, pixels, 1);
}

static void SIMD_NAME(dwconv_f32)(const dwconv_f32_args *d) {
    size_t p = 0;
    for (; p + WINDOW_PIXELS <= d->pixels; p += WINDOW_PIXELS)
        dwconv_f32_pixels(d, p, WINDOW_PIXELS);
    switch (d->pixels - p) {
    case 1: dwconv_f32_pixels(d, p, 1); break;
    case 2: dwconv_f32_pixels(d, p, 2); break;
    case 3: dwconv_f32_pixels(d, p, 3); break;
    case 4: dwconv_f32_pixels(d, p, 4); break;
    case 5: dwconv_f32_pixels(d, p, 5); break;
    default: break;
    }
}

/* One vector of a pool: acc joined with x. */
typedef vf pool_step(vf acc, vf x);
SIMD_INLINE vf pool_max(vf acc, vf x) { return vf_max_nan(x, acc); }
SIMD_INLINE vf pool_add(vf acc, vf x) { return vf_add(acc, x); }

/* Sums longer than this are added up in parts, so that rounding errors do not pile up. */
#define POOL_PART 64

/* vecs vectors from channel c on; of a single one only n lanes exist if n < VF_LANES. */
SIMD_INLINE void pool_f32_block(const pool_f32_args *p, size_t pixel, size_t c, size_t n,
                                const int vecs, pool_step *step, const bool scaled) {
    const float *const *rows = p->rows + pixel * p->step;
    const vf neutral = vf_set1(scaled ? 0.0f : -INFINITY);
    const size_t at = p->offset + c;
    vf total[POOL_VECS];
    SIMD_UNROLL for (int v = 0; v < vecs; v++) total[v] = neutral;
    for (size_t t = 0; t < p->taps;) {
        const size_t end = p->taps - t < POOL_PART ? p->taps : t + POOL_PART;
        vf acc[POOL_VECS];
        SIMD_UNROLL for (int v = 0; v < vecs; v++) acc[v] = neutral;
        for (; t < end; t++) {
            const float *x = rows[t] + at;
            SIMD_UNROLL for (int v = 0; v < vecs; v++) {
                acc[v] = step(acc[v], window_load(x + v * VF_LANES, n));
            }
        }
        SIMD_UNROLL for (int v = 0; v < vecs; v++) total[v] = step(total[v], acc[v]);
    }
    float *y = p->y + pixel * p->ldy + c;
    const vf scale = vf_set1(scaled ? p->scale[pixel] : 1.0f);
    SIMD_UNROLL for (int v = 0; v < vecs; v++) {
        const vf result = scaled ? vf_mul(total[v], scale) : total[v];
        if (n < VF_LANES)
            vf_store_n(y, n, result);
        else
            vf_store(y + v * VF_LANES, result);
    }
}

SIMD_INLINE void pool_f32_run(const pool_f32_args *p, pool_step *step, const bool scaled) {
    for (size_t pixel = 0; pixel < p->pixels; pixel++) {
        const size_t wide = POOL_VECS * VF_LANES;
        size_t c = 0;
        for (; c + wide <= p->channels; c += wide)
            pool_f32_block(p, pixel, c, VF_LANES, POOL_VECS, step, scaled);
        for (; c + VF_LANES <= p->channels; c += VF_LANES)
            pool_f32_block(p, pixel, c, VF_LANES, 1, step, scaled);
        if (c < p->channels) pool_f32_block(p, pixel, c, p->channels - c, 1, step, scaled);
    }
}

static void SIMD_NAME(maxpool_f32)(const pool_f32_args *p) { pool_f32_run(p, pool_max, false); }
static void SIMD_NAME(sumpool_f32)(const pool_f32_args *p) { pool_f32_run(p, pool_add, true); }

static void fill_window(kernels *k) {
    k->dwconv_f32 = SIMD_NAME(dwconv_f32);
    k->maxpool_f32 = SIMD_NAME(maxpool_f32);
    k->sumpool_f32 = SIMD_NAME(sumpool_f32);
}

#endif
