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

static void SIMD_NAME(transpose_b32)(size_t rows, size_t cols, const void *x, size_t ldx, void *y,
                                     size_t ldy) {
    transpose_tiles(rows, cols, x, ldx, y, ldy, 4, VF_LANES, transpose_block_vf);
}

#endif
