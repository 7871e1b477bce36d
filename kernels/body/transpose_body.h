/* SPDX-License-Identifier: Apache-2.0
 *
 * Transposes: y[j * ldy + i] = x[i * ldx + j]. Include after a simd header.
 *
 *        x: rows x cols            y: cols x rows
 *        +----+----+--+            +----+---+
 *        | A  | B  |e |            | A' |e' |    A, B   blocks, turned over in registers
 *        +----+----+--+     ->     +----+---+    e      edges, one element at a time
 *        |e   |e   |e |            | B' |e' |
 *        +----+----+--+            ...
 *
 * Blocks are visited tile by tile, so that the cache lines of x and y that a tile touches stay in
 * the first-level cache until all of their elements have been moved.
 */
#ifndef HONE_TRANSPOSE_BODY_H
#define HONE_TRANSPOSE_BODY_H

/* Lines of one tile, in x and in y. */
#define TRANSPOSE_TILE 64

/* Turns over one full block; strides are in bytes. */
typedef void transpose_block(const char *x, size_t ldx, char *y, size_t ldy);

/* Elements of `size` bytes. */
SIMD_INLINE void transpose_edge(size_t rows, size_t cols, const char *x, size_t ldx, char *y,
                                size_t ldy, size_t size) {
    for (size_t j = 0; j < cols; j++)
        for (size_t i = 0; i < rows; i++)
            memcpy(y + j * ldy + i * size, x + i * ldx + j * size, size);
}

/* One tile of at most TRANSPOSE_TILE rows and columns, in blocks of `side` x `side`. */
SIMD_INLINE void transpose_tile(size_t rows, size_t cols, const char *x, size_t ldx, char *y,
                                size_t ldy, size_t size, size_t side, transpose_block *block) {
    const size_t full_rows = rows - rows % side, full_cols = cols - cols % side;
    for (size_t j = 0; j < full_cols; j += side)
        for (size_t i = 0; i < full_rows; i += side)
            block(x + i * ldx + j * size, ldx, y + j * ldy + i * size, ldy);
    transpose_edge(rows - full_rows, cols, x + full_rows * ldx, ldx, y + full_rows * size, ldy,
                   size);
    transpose_edge(full_rows, cols - full_cols, x + full_cols * size, ldx, y + full_cols * ldy, ldy,
                   size);
}

/* ldx and ldy in elements; `size`, `side` and `block` are constants of the caller. */
SIMD_INLINE void transpose_tiles(size_t rows, size_t cols, const char *x, size_t ldx, char *y,
                                 size_t ldy, size_t size, size_t side, transpose_block *block) {
    ldx *= size, ldy *= size;
    for (size_t j = 0; j < cols; j += TRANSPOSE_TILE) {
        const size_t tile_cols = cols - j < TRANSPOSE_TILE ? cols - j : TRANSPOSE_TILE;
        for (size_t i = 0; i < rows; i += TRANSPOSE_TILE) {
            const size_t tile_rows = rows - i < TRANSPOSE_TILE ? rows - i : TRANSPOSE_TILE;
            transpose_tile(tile_rows, tile_cols, x + i * ldx + j * size, ldx,
                           y + j * ldy + i * size, ldy, size, side, block);
        }
    }
}

/* VF_LANES x VF_LANES elements of 4 bytes. */
SIMD_INLINE void transpose_block_vf(const char *x, size_t ldx, char *y, size_t ldy) {
    vf row[VF_LANES];
    for (size_t i = 0; i < VF_LANES; i++)
        row[i] = vf_load((const float *)(const void *)(x + i * ldx));
    vf_transpose(row);
    for (size_t j = 0; j < VF_LANES; j++) vf_store((float *)(void *)(y + j * ldy), row[j]);
}

/* Up to 4 dense columns are taken apart, and so many rows put together, by loops that the compiler
 * turns into shuffles: colours of pixels, blocks of 2 x 2. */
SIMD_INLINE void transpose_split(size_t n, const float *restrict x, float *y, size_t ldy,
                                 const size_t cols) {
    float *restrict a = y, *restrict b = y + ldy, *restrict c = y + (cols > 2 ? 2 * ldy : 0);
    float *restrict d = y + (cols > 3 ? 3 * ldy : 0);
    for (size_t i = 0; i < n; i++) {
        a[i] = x[i * cols];
        b[i] = x[i * cols + 1];
        if (cols > 2) c[i] = x[i * cols + 2];
        if (cols > 3) d[i] = x[i * cols + 3];
    }
}
SIMD_INLINE void transpose_join(size_t n, const float *x, size_t ldx, float *restrict y,
                                const size_t rows) {
    const float *restrict a = x, *restrict b = x + ldx;
    const float *restrict c = x + (rows > 2 ? 2 * ldx : 0);
    const float *restrict d = x + (rows > 3 ? 3 * ldx : 0);
    for (size_t j = 0; j < n; j++) {
        y[j * rows] = a[j];
        y[j * rows + 1] = b[j];
        if (rows > 2) y[j * rows + 2] = c[j];
        if (rows > 3) y[j * rows + 3] = d[j];
    }
}
SIMD_INLINE bool transpose_few(size_t rows, size_t cols, const float *x, size_t ldx, float *y,
                               size_t ldy) {
    if (ldx == cols) {
        switch (cols) {
        case 2: transpose_split(rows, x, y, ldy, 2); return true;
        case 3: transpose_split(rows, x, y, ldy, 3); return true;
        case 4: transpose_split(rows, x, y, ldy, 4); return true;
        default: break;
        }
    }
    if (ldy == rows) {
        switch (rows) {
        case 2: transpose_join(cols, x, ldx, y, 2); return true;
        case 3: transpose_join(cols, x, ldx, y, 3); return true;
        case 4: transpose_join(cols, x, ldx, y, 4); return true;
        default: break;
        }
    }
    return false;
}

static void SIMD_NAME(transpose_b32)(size_t rows, size_t cols, const void *x, size_t ldx, void *y,
                                     size_t ldy) {
    if (transpose_few(rows, cols, x, ldx, y, ldy)) return;
    transpose_tiles(rows, cols, x, ldx, y, ldy, 4, VF_LANES, transpose_block_vf);
}

#endif
