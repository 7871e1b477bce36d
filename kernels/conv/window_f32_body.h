/* SPDX-License-Identifier: Apache-2.0
 *
 * The fp32 kernels that treat each channel alone, over the vector vocabulary: depthwise convolution
 * and pools. kernels.h states their contracts.
 *
 * Depthwise, usual windows: a few pixels by one or two vectors of channels. Each column of the
 * image is loaded once and meets every tap that it lies under; the taps of a line stay in
 * registers:
 *
 *   width 3, stride 1:   x(j) * w(0) += y(j)      x(j) * w(1) += y(j - 1)      x(j) * w(2) += y(j -
 * 2)
 *
 * 4 x 2 accumulators, 3 x 2 taps and a column are 15 of the 16 registers of AVX2; two vectors are a
 * whole cache line. Wider windows take 8 x 1, so that 5 or 7 taps fit. Other windows: 6 pixels of
 * WINDOW_VECS vectors, tap by tap.
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
#if VF_LANES == 8
#define USUAL_VECS(width) ((width) == 3 ? 2 : 1)
#else
#define USUAL_VECS(width) 2
#endif
#define USUAL_PIXELS(width) (8 / USUAL_VECS(width))

/* n < VF_LANES: only the first n channels of a single vector exist. */
SIMD_INLINE vf window_load(const float *p, size_t n) {
    return n < VF_LANES ? vf_load_n(p, n) : vf_load(p);
}

SIMD_INLINE void dwconv_f32_store(const dwconv_f32_args *d, tile_acc acc, size_t pixel, size_t c,
                                  size_t n, const int pixels, const int vecs) {
    const tile_out out = {.y = d->y, .ldy = d->ldy, .row = pixel, .col = c, .ep = d->ep};
    if (n < VF_LANES) {
        float tile[TILE_ROWS * VF_LANES];
        tile_store(acc, pixels, vecs, tile, VF_LANES);
        tile_finish_edge(tile, VF_LANES, (size_t)pixels, n, &out);
    } else {
        tile_finish(acc, pixels, vecs, &out);
    }
}

/* ---- Usual windows --------------------------------------------------------------------------- */

/* One line of the windows. cols points at the first column's pointer of the line, `lines` apart. */
SIMD_INLINE void dwconv_f32_line(tile_acc acc, const float *const *cols, size_t lines, size_t at,
                                 const float *w, size_t ldw, const int pixels, const int vecs,
                                 const int width, const int stride) {
    vf wv[7][2];
    SIMD_UNROLL for (int k = 0; k < width; k++) {
        SIMD_UNROLL for (int v = 0; v < vecs; v++) {
            wv[k][v] = vf_load(w + (size_t)k * ldw + (size_t)(v * VF_LANES));
        }
    }
    SIMD_UNROLL for (int j = 0; j < (pixels - 1) * stride + width; j++) {
        const float *column = cols[(size_t)j * lines] + at;
        SIMD_UNROLL for (int v = 0; v < vecs; v++) {
            const vf x = vf_load(column + v * VF_LANES);
            SIMD_UNROLL for (int p = 0; p < pixels; p++) {
                const int k = j - p * stride;
                if (k >= 0 && k < width) acc[p][v] = vf_fma(x, wv[k][v], acc[p][v]);
            }
        }
    }
}

/* As many channels of `pixels` pixels, from c on, as are whole blocks; returns the next one. */
SIMD_INLINE size_t dwconv_f32_usual(const dwconv_f32_args *d, size_t pixel, size_t c,
                                    const int pixels, const int vecs, const int width,
                                    const int stride) {
    const size_t lines = d->x.lines, channels = (size_t)(vecs * VF_LANES);
    const float *const *rows = d->x.rows + pixel * d->x.step;
    for (; c + channels <= d->channels; c += channels) {
        const float *w = d->w + c;
        tile_acc acc;
        tile_zero(acc, pixels, vecs);
        for (size_t l = 0; l < lines; l++, w += (size_t)width * d->ldw)
            dwconv_f32_line(acc, rows + l, lines, d->x.offset + c, w, d->ldw, pixels, vecs, width,
                            stride);
        dwconv_f32_store(d, acc, pixel, c, VF_LANES, pixels, vecs);
    }
    return c;
}

/* ---- All windows ----------------------------------------------------------------------------- */

SIMD_INLINE void dwconv_f32_block(const dwconv_f32_args *d, size_t pixel, size_t c, size_t n,
                                  const int pixels, const int vecs) {
    const size_t lines = d->x.lines, at = d->x.offset + c;
    const float *w = d->w + c;
    tile_acc acc;
    tile_zero(acc, pixels, vecs);
    for (size_t l = 0; l < lines; l++) {
        const float *const *rows[WINDOW_PIXELS];
        SIMD_UNROLL for (int i = 0; i < pixels; i++) {
            rows[i] = d->x.rows + (pixel + (size_t)i) * d->x.step + l;
        }
        for (size_t k = 0; k < d->x.width * lines; k += lines, w += d->ldw) {
            vf wv[WINDOW_VECS];
            SIMD_UNROLL for (int v = 0; v < vecs; v++) wv[v] = window_load(w + v * VF_LANES, n);
            SIMD_UNROLL for (int i = 0; i < pixels; i++) {
                const float *x = rows[i][k] + at;
                SIMD_UNROLL for (int v = 0; v < vecs; v++) {
                    acc[i][v] = vf_fma(window_load(x + v * VF_LANES, n), wv[v], acc[i][v]);
                }
            }
        }
    }
    dwconv_f32_store(d, acc, pixel, c, n, pixels, vecs);
}

/* Channels from c on of `pixels` pixels. */
SIMD_INLINE void dwconv_f32_pixels(const dwconv_f32_args *d, size_t pixel, size_t c,
                                   const int pixels) {
    const size_t wide = WINDOW_VECS * VF_LANES;
    for (; c + wide <= d->channels; c += wide)
        dwconv_f32_block(d, pixel, c, VF_LANES, pixels, WINDOW_VECS);
    for (; c + VF_LANES <= d->channels; c += VF_LANES)
        dwconv_f32_block(d, pixel, c, VF_LANES, pixels, 1);
    if (c < d->channels) dwconv_f32_block(d, pixel, c, d->channels - c, pixels, 1);
}

/* Pixels from p on, tap by tap. */
static void dwconv_f32_any(const dwconv_f32_args *d, size_t p) {
    for (; p + WINDOW_PIXELS <= d->x.pixels; p += WINDOW_PIXELS)
        dwconv_f32_pixels(d, p, 0, WINDOW_PIXELS);
    switch (d->x.pixels - p) {
    case 1: dwconv_f32_pixels(d, p, 0, 1); break;
    case 2: dwconv_f32_pixels(d, p, 0, 2); break;
    case 3: dwconv_f32_pixels(d, p, 0, 3); break;
    case 4: dwconv_f32_pixels(d, p, 0, 4); break;
    case 5: dwconv_f32_pixels(d, p, 0, 5); break;
    default: break;
    }
}

SIMD_INLINE void dwconv_f32_run(const dwconv_f32_args *d, const int width, const int stride) {
    const int vecs = USUAL_VECS(width), pixels = USUAL_PIXELS(width);
    size_t p = 0;
    for (; p + (size_t)pixels <= d->x.pixels; p += (size_t)pixels) {
        size_t c = dwconv_f32_usual(d, p, 0, pixels, vecs, width, stride);
        if (vecs > 1) c = dwconv_f32_usual(d, p, c, pixels, 1, width, stride);
        for (size_t i = 0; i < (size_t)pixels && c < d->channels; i += 4)
            dwconv_f32_pixels(d, p + i, c, 4);
    }
    dwconv_f32_any(d, p);
}

static void SIMD_NAME(dwconv_f32)(const dwconv_f32_args *d) {
    const size_t width = d->x.width, stride = d->x.step / d->x.lines;
    const bool shared = d->x.step % d->x.lines == 0 && stride < width;
    if (shared && width == 3 && stride == 1)
        dwconv_f32_run(d, 3, 1);
    else if (shared && width == 3 && stride == 2)
        dwconv_f32_run(d, 3, 2);
    else if (shared && width == 5 && stride == 1)
        dwconv_f32_run(d, 5, 1);
    else if (shared && width == 5 && stride == 2)
        dwconv_f32_run(d, 5, 2);
    else if (shared && width == 7 && stride == 1)
        dwconv_f32_run(d, 7, 1);
    else
        dwconv_f32_any(d, 0);
}

/* ---- Pools ----------------------------------------------------------------------------------- */

/* One vector of a pool: acc joined with x. */
typedef vf pool_step(vf acc, vf x);
SIMD_INLINE vf pool_max(vf acc, vf x) { return vf_max_nan(x, acc); }
SIMD_INLINE vf pool_add(vf acc, vf x) { return vf_add(acc, x); }

/* Sums longer than this are added up in parts, so that rounding errors do not pile up. */
#define POOL_PART 64

/* vecs vectors from channel c on; of a single one only n lanes exist if n < VF_LANES. */
SIMD_INLINE void pool_f32_block(const pool_f32_args *p, size_t pixel, size_t c, size_t n,
                                const int vecs, pool_step *step, const bool scaled) {
    const float *const *rows = p->x.rows + pixel * p->x.step;
    const size_t taps = p->x.lines * p->x.width;
    const vf neutral = vf_set1(scaled ? 0.0f : -INFINITY);
    const size_t at = p->x.offset + c;
    vf total[POOL_VECS];
    SIMD_UNROLL for (int v = 0; v < vecs; v++) total[v] = neutral;
    for (size_t t = 0; t < taps;) {
        const size_t end = taps - t < POOL_PART ? taps : t + POOL_PART;
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
    for (size_t pixel = 0; pixel < p->x.pixels; pixel++) {
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
