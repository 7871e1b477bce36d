/* SPDX-License-Identifier: Apache-2.0
 *
 * Transposes of 1-, 2- and 8-byte elements without vectors: blocks of small elements are turned
 * over in 64-bit words. Include after transpose_body.h. Expects little-endian words.
 */

/* lanes x lanes elements of 64 / lanes bits, one row a word: swaps the off-diagonal quarters of
 * ever smaller sub-blocks. */
SIMD_INLINE void transpose_words(const char *x, size_t ldx, char *y, size_t ldy, size_t lanes) {
    uint64_t row[8];
    for (size_t i = 0; i < lanes; i++) memcpy(&row[i], x + i * ldx, 8);
    for (size_t d = lanes / 2; d > 0; d /= 2) {
        const size_t shift = d * 64 / lanes;
        const uint64_t low = UINT64_MAX / ((UINT64_C(1) << shift) + 1);
        for (size_t i = 0; i < lanes; i++) {
            if (i & d) continue;
            const uint64_t swap = ((row[i] >> shift) ^ row[i + d]) & low;
            row[i + d] ^= swap;
            row[i] ^= swap << shift;
        }
    }
    for (size_t j = 0; j < lanes; j++) memcpy(y + j * ldy, &row[j], 8);
}

SIMD_INLINE void transpose_block_b8(const char *x, size_t ldx, char *y, size_t ldy) {
    transpose_words(x, ldx, y, ldy, 8);
}
SIMD_INLINE void transpose_block_b16(const char *x, size_t ldx, char *y, size_t ldy) {
    transpose_words(x, ldx, y, ldy, 4);
}
SIMD_INLINE void transpose_block_b64(const char *x, size_t ldx, char *y, size_t ldy) {
    transpose_edge(4, 4, x, ldx, y, ldy, 8);
}

static void SIMD_NAME(transpose_b8)(size_t rows, size_t cols, const void *x, size_t ldx, void *y,
                                    size_t ldy) {
    transpose_tiles(rows, cols, x, ldx, y, ldy, 1, 8, transpose_block_b8);
}
static void SIMD_NAME(transpose_b16)(size_t rows, size_t cols, const void *x, size_t ldx, void *y,
                                     size_t ldy) {
    transpose_tiles(rows, cols, x, ldx, y, ldy, 2, 4, transpose_block_b16);
}
static void SIMD_NAME(transpose_b64)(size_t rows, size_t cols, const void *x, size_t ldx, void *y,
                                     size_t ldy) {
    transpose_tiles(rows, cols, x, ldx, y, ldy, 8, 4, transpose_block_b64);
}

static void fill_transpose_words(kernels *k) {
    k->transpose_b8 = SIMD_NAME(transpose_b8);
    k->transpose_b16 = SIMD_NAME(transpose_b16);
    k->transpose_b64 = SIMD_NAME(transpose_b64);
}
