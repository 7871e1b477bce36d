/* SPDX-License-Identifier: Apache-2.0
 *
 * The fp32 matrix micro-kernels over the vector vocabulary; kernels.h states their contract.
 *
 * A chunk is `rows` rows by `vecs` vectors of C, held in registers over the whole depth. One step
 * of the depth loads `vecs` vectors of B, broadcasts one element of each row of A and does rows *
 * vecs multiply-adds. rows and vecs are constants at every call of an always-inlined function, so
 * each combination is a loop of its own and a tile of one row costs one row.
 *
 *               columns     16 of a panel, or several panels side by side
 *            B  +-------+   step kk is one line of 64 bytes of each panel
 *         kk .. |       |
 *               +-------+
 *   A  rows     C
 *   +-------+   +-------+
 *   |   kk  |   |       |   accumulators
 *   +-------+   +-------+
 *
 * Registers: 6 x 2 of 8 lanes is 12 accumulators, 2 of B and 1 or 2 of A of the 16 of AVX2; 14 x 2
 * of 16 lanes is 28 + 2 + 1 of 32 of AVX-512; 6 x 4 of 4 lanes is 24 + 4 + 1 of 32 of NEON. At
 * least 8 accumulators are needed to hide the latency of the multiply-adds.
 */
#ifndef HONE_GEMM_F32_BODY_H
#define HONE_GEMM_F32_BODY_H

#include "../body/epilogue_f32_body.h"
#include "kernels.h"

#if VF_LANES == 16
#define GEMM_MR         14
#define GEMM_NR         32
#define GEMM_VECS       2
#define GEMM_MC         252
#define GEMM_KC         384
#define GEMV_VECS(rows) 4
#define GEMM_WIDE_MR    6
#define GEMM_SHAPE      "14x32"
#elif VF_LANES == 8
#define GEMM_MR         6
#define GEMM_NR         16
#define GEMM_VECS       2
#define GEMM_MC         144
#define GEMM_KC         384
#define GEMV_VECS(rows) ((rows) == 1 ? 8 : (rows) == 4 ? 2 : 4)
#define GEMM_SHAPE      "6x16"
#elif VF_LANES == 4
#define GEMM_MR         6
#define GEMM_NR         16
#define GEMM_VECS       4
#define GEMM_MC         144
#define GEMM_KC         256
#define GEMV_VECS(rows) ((rows) == 1 ? 16 : (rows) == 4 ? 4 : 8)
#define GEMM_SHAPE      "6x16"
#else
#define GEMM_MR         4
#define GEMM_NR         16
#define GEMM_VECS       2
#define GEMM_MC         64
#define GEMM_KC         256
#define GEMV_VECS(rows) ((rows) == 1 ? 8 : (rows) == 4 ? 2 : 4)
#define GEMM_SHAPE      "4x16"
#endif

#ifndef GEMM_WIDE_MR
#define GEMM_WIDE_MR GEMM_MR
#endif
#define GEMV_MR                4
#define GEMV_NR                64
#define GEMM_AHEAD             512 /* floats that B is prefetched ahead in a stream */
#define GEMM_NAME_(isa, shape) "gemm_f32_" #isa "_" shape
#define GEMM_NAME(isa, shape)  GEMM_NAME_(isa, shape)

/* Vector v of a chunk at step 0: panels are ldb apart, vectors inside a panel are neighbours. */
SIMD_INLINE const float *gemm_f32_vector(const float *b, size_t ldb, int v) {
    const int per_panel = GEMM_PANEL / VF_LANES;
    return b + (size_t)(v / per_panel) * ldb + (size_t)(v % per_panel) * VF_LANES;
}

/* One step of the depth. The order of the loops decides what stays in registers: all of B for tall
 * chunks, all of A for wide ones. */
SIMD_INLINE void gemm_f32_step(tile_acc acc, const float *const a[], size_t ka, const float *b,
                               size_t ldb, const int rows, const int vecs) {
    vf av[GEMM_MR], bv[TILE_VECS];
    if (rows > vecs) {
        SIMD_UNROLL for (int v = 0; v < vecs; v++) bv[v] = vf_load(gemm_f32_vector(b, ldb, v));
        SIMD_UNROLL for (int i = 0; i < rows; i++) {
            av[0] = vf_set1(a[i][ka]);
            SIMD_UNROLL for (int v = 0; v < vecs; v++) acc[i][v] = vf_fma(av[0], bv[v], acc[i][v]);
        }
    } else {
        SIMD_UNROLL for (int i = 0; i < rows; i++) av[i] = vf_set1(a[i][ka]);
        SIMD_UNROLL for (int v = 0; v < vecs; v++) {
            bv[0] = vf_load(gemm_f32_vector(b, ldb, v));
            SIMD_UNROLL for (int i = 0; i < rows; i++) acc[i][v] = vf_fma(av[i], bv[0], acc[i][v]);
        }
    }
}

/* Where a chunk's operands come from: rows of A in place or packed, with B in L1; or A in L1 and B
 * streamed from memory, in up to four panels at once. */
typedef enum gemm_mode { GEMM_IN_PLACE, GEMM_PACKED, GEMM_WIDE, GEMM_STREAM } gemm_mode;

/* Row pointers of a tap in t->a. */
SIMD_INLINE size_t gemm_f32_mr(const gemm_mode mode) {
    return mode == GEMM_STREAM ? GEMV_MR : mode == GEMM_WIDE ? GEMM_WIDE_MR : GEMM_MR;
}

/* Hardware prefetchers stop at the end of a page; panels do not. */
SIMD_INLINE void gemm_f32_prefetch(const float *b, size_t ldb, const int vecs) {
    SIMD_UNROLL for (int v = 0; v < vecs; v += GEMM_PANEL / VF_LANES) {
        SIMD_PREFETCH(gemm_f32_vector(b, ldb, v) + GEMM_AHEAD);
        SIMD_PREFETCH(gemm_f32_vector(b, ldb, v) + GEMM_AHEAD + GEMM_PANEL);
    }
}

/* rows x vecs of the tile from column `col` on. */
SIMD_INLINE void gemm_f32_chunk(const gemm_tile_f32 *t, size_t col, const int rows, const int vecs,
                                const gemm_mode mode) {
    const size_t mr = gemm_f32_mr(mode);
    const size_t k = t->k, ldb = t->ldb;
    const size_t step = mode == GEMM_PACKED ? mr : 1;
    const float *b = t->b + col / GEMM_PANEL * ldb + col % GEMM_PANEL;
    const float *next = t->next;
    tile_acc acc;
    tile_zero(acc, rows, vecs);
    SIMD_UNROLL for (int i = 0; i < rows; i++) SIMD_PREFETCH(t->c + (size_t)i * t->ldc + col);
    for (size_t tap = 0; tap < t->taps; tap++) {
        const float *a[GEMM_MR];
        SIMD_UNROLL for (int i = 0; i < rows; i++) {
            a[i] = mode == GEMM_PACKED ? t->packed + i : t->a[tap * mr + (size_t)i] + t->offset;
        }
        size_t kk = 0;
        for (; kk + 2 <= k; kk += 2, b += 2 * GEMM_PANEL) {
            if (mode == GEMM_STREAM) {
                gemm_f32_prefetch(b, ldb, vecs);
            } else {
                SIMD_PREFETCH_L2(next);
                next += t->next_step;
            }
            gemm_f32_step(acc, a, kk * step, b, ldb, rows, vecs);
            gemm_f32_step(acc, a, (kk + 1) * step, b + GEMM_PANEL, ldb, rows, vecs);
        }
        if (kk < k) {
            gemm_f32_step(acc, a, kk * step, b, ldb, rows, vecs);
            b += GEMM_PANEL;
        }
    }
    const tile_out out = {
        .y = t->c, .ldy = t->ldc, .col = col, .accumulate = t->accumulate, .ep = t->ep};
    if (t->nr - col >= (size_t)(vecs * VF_LANES)) {
        tile_finish(acc, rows, vecs, &out);
    } else {
        float tile[GEMM_MR * GEMM_NR]; /* at least rows * vecs * VF_LANES */
        tile_store(acc, rows, vecs, tile, (size_t)(vecs * VF_LANES));
        tile_finish_edge(tile, (size_t)(vecs * VF_LANES), (size_t)rows, t->nr - col, &out);
    }
}

/* Vectors of a panel, or of a chunk that is less. */
SIMD_INLINE int gemm_f32_narrow(const int vecs) {
    return vecs < GEMM_PANEL / VF_LANES ? vecs : GEMM_PANEL / VF_LANES;
}

/* Chunks of several panels while there are columns for them. */
SIMD_INLINE size_t gemm_f32_panels(const gemm_tile_f32 *t, size_t col, const int rows,
                                   const int vecs, const gemm_mode mode) {
    const size_t padded = (t->nr + GEMM_PANEL - 1) / GEMM_PANEL * GEMM_PANEL;
    const size_t cols = (size_t)(vecs * VF_LANES);
    if (vecs <= gemm_f32_narrow(vecs)) return col;
    for (; col + cols <= padded; col += cols) gemm_f32_chunk(t, col, rows, vecs, mode);
    return col;
}

/* All columns of `rows` rows, in chunks of `vecs` vectors, of half as many and so on down to half a
 * panel; of the four of GEMM_WIDE, three as well. Whole vectors of B can be read because panels are
 * padded with zeros. */
SIMD_INLINE void gemm_f32_rows(const gemm_tile_f32 *t, const int rows, const int vecs,
                               const gemm_mode mode) {
    const int narrow = gemm_f32_narrow(vecs);
    size_t col = gemm_f32_panels(t, 0, rows, vecs, mode);
    if (mode == GEMM_WIDE) col = gemm_f32_panels(t, col, rows, 3, mode);
    if (vecs > 1) col = gemm_f32_panels(t, col, rows, vecs / 2, mode);
    if (vecs > 2) col = gemm_f32_panels(t, col, rows, vecs / 4, mode);
    for (; col < t->nr; col += (size_t)(narrow * VF_LANES)) {
        if (narrow > 1 && t->nr - col <= (size_t)(narrow / 2 * VF_LANES)) {
            gemm_f32_chunk(t, col, rows, narrow / 2, mode);
            return;
        }
        gemm_f32_chunk(t, col, rows, narrow, mode);
    }
}

/* A tile as two of half as many rows, which are enough to keep the multiply-adds busy: so that not
 * every number of rows needs code of its own. */
static void gemm_f32_halves(const gemm_tile_f32 *t, gemm_tile_f32_fn *tile) {
    gemm_tile_f32 half = *t;
    epilogue_f32 ep;
    half.mr = (t->mr + 1) / 2;
    tile(&half);
    half.a += half.mr;
    half.c += half.mr * t->ldc;
    if (t->ep && t->ep->residual) {
        ep = *t->ep;
        ep.residual += half.mr * ep.ldr;
        half.ep = &ep;
    }
    half.mr = t->mr / 2;
    tile(&half);
}

static void gemm_f32_tile(const gemm_tile_f32 *t) {
    if (t->packed) {
        gemm_f32_rows(t, GEMM_MR, GEMM_VECS, GEMM_PACKED);
        return;
    }
#define GEMM_ROWS(n)                                                                               \
    case n: gemm_f32_rows(t, n, GEMM_VECS, GEMM_IN_PLACE); break;
    switch (t->mr) {
        GEMM_ROWS(1)
        GEMM_ROWS(2)
        GEMM_ROWS(3)
        GEMM_ROWS(4)
#if GEMM_MR >= 6
        GEMM_ROWS(5)
        GEMM_ROWS(6)
#endif
#if GEMM_MR >= 14
        GEMM_ROWS(7)
        GEMM_ROWS(14)
#endif
    default: gemm_f32_halves(t, gemm_f32_tile); break;
    }
#undef GEMM_ROWS
}

/* Where registers allow it: fewer rows, whose pointers stay in registers too, and more columns. */
#if VF_LANES == 16
static void gemm_wide_f32_tile(const gemm_tile_f32 *t) {
    switch (t->mr) {
    case 1: gemm_f32_rows(t, 1, 4, GEMM_WIDE); break;
    case 2: gemm_f32_rows(t, 2, 4, GEMM_WIDE); break;
    case 3: gemm_f32_rows(t, 3, 4, GEMM_WIDE); break;
    case 6: gemm_f32_rows(t, 6, 4, GEMM_WIDE); break;
    default: gemm_f32_halves(t, gemm_wide_f32_tile); break;
    }
}
#endif

static void gemv_f32_tile(const gemm_tile_f32 *t) {
    switch (t->mr) {
    case 1: gemm_f32_rows(t, 1, GEMV_VECS(1), GEMM_STREAM); break;
    case 2: gemm_f32_rows(t, 2, GEMV_VECS(2), GEMM_STREAM); break;
    case 3: gemm_f32_rows(t, 3, GEMV_VECS(3), GEMM_STREAM); break;
    case 4: gemm_f32_rows(t, 4, GEMV_VECS(4), GEMM_STREAM); break;
    default: break;
    }
}

/* Blocks of VF_LANES steps are transposed in registers, VF_LANES rows at a time. When MR is no
 * multiple of VF_LANES, the last store of a step spills over into the next one, which is written
 * after it. */
static void gemm_f32_pack_rows(const float *const *a, size_t offset, size_t taps, size_t k,
                               float *packed) {
    enum { GROUPS = (GEMM_MR + VF_LANES - 1) / VF_LANES };
    for (size_t tap = 0; tap < taps; tap++, a += GEMM_MR) {
        size_t kk = 0;
        for (; kk + VF_LANES <= k; kk += VF_LANES, packed += GEMM_MR * VF_LANES) {
            vf block[GROUPS][VF_LANES];
            SIMD_UNROLL for (int g = 0; g < GROUPS; g++) {
                SIMD_UNROLL for (int i = 0; i < VF_LANES; i++) {
                    const int row = g * VF_LANES + i;
                    block[g][i] = row < GEMM_MR ? vf_load(a[row] + offset + kk) : vf_zero();
                }
                vf_transpose(block[g]);
            }
            SIMD_UNROLL for (int i = 0; i < VF_LANES; i++) {
                SIMD_UNROLL for (int g = 0; g < GROUPS; g++) {
                    vf_store(packed + i * GEMM_MR + g * VF_LANES, block[g][i]);
                }
            }
        }
        for (; kk < k; kk++, packed += GEMM_MR)
            for (int i = 0; i < GEMM_MR; i++) packed[i] = a[i][offset + kk];
    }
}

static void fill_gemm(kernels *k) {
    k->gemm_f32 = (gemm_f32_kernel){
        .tile = gemm_f32_tile,
        .pack = gemm_f32_pack_rows,
        .mr = GEMM_MR,
        .nr = GEMM_NR,
        .mc = GEMM_MC,
        .kc = GEMM_KC,
        .name = GEMM_NAME(SIMD_ISA, GEMM_SHAPE),
    };
    k->gemm_wide_f32 = k->gemm_f32;
    k->gemm_wide_f32.pack = NULL;
#if VF_LANES == 16
    k->gemm_wide_f32 = (gemm_f32_kernel){
        .tile = gemm_wide_f32_tile,
        .mr = GEMM_WIDE_MR,
        .nr = 64,
        .mc = GEMM_MC,
        .kc = GEMM_KC,
        .name = GEMM_NAME(SIMD_ISA, "6x64"),
    };
#endif
    k->gemv_f32 = (gemm_f32_kernel){
        .tile = gemv_f32_tile,
        .mr = GEMV_MR,
        .nr = GEMV_NR,
        .mc = GEMV_MR,
        .kc = GEMM_KC,
        .name = GEMM_NAME(SIMD_ISA, "4x64"),
    };
}

#endif
