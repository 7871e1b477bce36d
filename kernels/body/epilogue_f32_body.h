/* SPDX-License-Identifier: Apache-2.0
 *
 * How a block of accumulators leaves the registers: what all fp32 micro-kernels share.
 */
#ifndef HONE_EPILOGUE_F32_BODY_H
#define HONE_EPILOGUE_F32_BODY_H

#include <math.h>

#include "kernels.h"

/* rows x vecs accumulators; both are constants of each use, so that all of them are registers. */
#define TILE_ROWS 14
#define TILE_VECS 16
typedef vf tile_acc[TILE_ROWS][TILE_VECS];

/* Where the block goes: y and the epilogue's matrices at row `row`, column `col` of them. */
typedef struct tile_out {
    float *y;
    size_t ldy;
    size_t row, col;
    bool accumulate;
    const epilogue_f32 *ep; /* or NULL */
} tile_out;

SIMD_INLINE void tile_zero(tile_acc acc, const int rows, const int vecs) {
    SIMD_UNROLL for (int i = 0; i < rows; i++) {
        SIMD_UNROLL for (int v = 0; v < vecs; v++) acc[i][v] = vf_zero();
    }
}

/* acc += the block of p. */
SIMD_INLINE void tile_add(tile_acc acc, const int rows, const int vecs, const float *p, size_t ld) {
    SIMD_UNROLL for (int i = 0; i < rows; i++) {
        SIMD_UNROLL for (int v = 0; v < vecs; v++) {
            acc[i][v] = vf_add(acc[i][v], vf_load(p + (size_t)i * ld + (size_t)(v * VF_LANES)));
        }
    }
}

SIMD_INLINE void tile_store(const tile_acc acc, const int rows, const int vecs, float *p,
                            size_t ld) {
    SIMD_UNROLL for (int i = 0; i < rows; i++) {
        SIMD_UNROLL for (int v = 0; v < vecs; v++) {
            vf_store(p + (size_t)i * ld + (size_t)(v * VF_LANES), acc[i][v]);
        }
    }
}

/* Writes the block, whole vectors. */
SIMD_INLINE void tile_finish(tile_acc acc, const int rows, const int vecs, const tile_out *o) {
    const epilogue_f32 *ep = o->ep;
    float *y = o->y + o->row * o->ldy + o->col;
    if (o->accumulate) tile_add(acc, rows, vecs, y, o->ldy);
    if (ep && ep->bias) tile_add(acc, rows, vecs, ep->bias + o->col, 0);
    if (ep && ep->residual)
        tile_add(acc, rows, vecs, ep->residual + o->row * ep->ldr + o->col, ep->ldr);
    if (ep && (ep->lo > -INFINITY || ep->hi < INFINITY)) {
        const vf lo = vf_set1(ep->lo), hi = vf_set1(ep->hi);
        SIMD_UNROLL for (int i = 0; i < rows; i++) {
            SIMD_UNROLL for (int v = 0; v < vecs; v++) {
                acc[i][v] = vf_min(hi, vf_max(lo, acc[i][v]));
            }
        }
    }
    tile_store(acc, rows, vecs, y, o->ldy);
}

/* Writes a block of `cols` columns, which end inside a vector: tile holds its rows, ld apart. The
 * same arithmetic. Out of line, because every shape of tile has this behind it. */
static __attribute__((noinline)) void tile_finish_edge(const float *tile, size_t ld, size_t rows,
                                                       size_t cols, const tile_out *o) {
    const epilogue_f32 *ep = o->ep;
    const bool add = o->accumulate, bias = ep && ep->bias, residual = ep && ep->residual;
    const vf lo = vf_set1(ep ? ep->lo : -INFINITY), hi = vf_set1(ep ? ep->hi : INFINITY);
    for (size_t j = 0; j < cols; j += VF_LANES) {
        const size_t n = cols - j < VF_LANES ? cols - j : VF_LANES, col = o->col + j;
        const vf b = bias ? vf_load_n(ep->bias + col, n) : vf_zero();
        float *y = o->y + o->row * o->ldy + col;
        for (size_t i = 0; i < rows; i++, y += o->ldy) {
            vf x = vf_load(tile + i * ld + j);
            if (add) x = vf_add(x, vf_load_n(y, n));
            if (bias) x = vf_add(x, b);
            if (residual) x = vf_add(x, vf_load_n(ep->residual + (o->row + i) * ep->ldr + col, n));
            vf_store_n(y, n, vf_min(hi, vf_max(lo, x)));
        }
    }
}

#endif
