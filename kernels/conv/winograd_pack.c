/* SPDX-License-Identifier: Apache-2.0
 *
 * Weights of Winograd convolutions: G g G' of every 3 x 3 window, and the way back.
 */
#include "conv/winograd_f32.h"
#include "gemm/gemm_pack.h"
#include "gemm/sat_size.h"

/* Input channels that are transformed together, on the stack. */
#define CHUNK 64
#define TAPS  9

static const double g2[4][3] = {{1, 0, 0}, {.5, .5, .5}, {.5, -.5, .5}, {0, 0, 1}};
static const double g4[6][3] = {{1 / 4., 0, 0},
                                {-1 / 6., -1 / 6., -1 / 6.},
                                {-1 / 6., 1 / 6., -1 / 6.},
                                {1 / 24., 1 / 12., 1 / 6.},
                                {1 / 24., -1 / 12., 1 / 6.},
                                {0, 0, 1}};
/* Left inverses. Of a line the first and the last value are weights themselves, the others tell the
 * middle one. */
static const double inverse2[3][4] = {{1, 0, 0, 0}, {0, 1, -1, 0}, {0, 0, 0, 1}};
static const double inverse4[3][6] = {{4, 0, 0, 0, 0, 0}, {0, -3, 3, 0, 0, 0}, {0, 0, 0, 0, 0, 1}};

/* Weighted sum of rows, without those whose weight is 0. */
typedef struct mix {
    size_t n;
    size_t row[TAPS * 4];
    float weight[TAPS * 4];
} mix;

static void mix_add(mix *m, size_t row, double weight) {
    if (weight == 0) return;
    m->row[m->n] = row;
    m->weight[m->n++] = (float)weight;
}

static double forward(int tile, size_t i, size_t tap) {
    return tile == 2 ? g2[i][tap] : g4[i][tap];
}

static double backward(int tile, size_t tap, size_t i) {
    return tile == 2 ? inverse2[tap][i] : inverse4[tap][i];
}

/* What plane f is made of: the taps. */
static mix plane_mix(int tile, size_t f) {
    const size_t side = (size_t)tile + 2;
    mix m = {0};
    for (size_t t = 0; t < TAPS; t++)
        mix_add(&m, t, forward(tile, f / side, t / 3) * forward(tile, f % side, t % 3));
    return m;
}

/* What tap t is made of: planes. */
static mix tap_mix(int tile, size_t t) {
    const size_t side = (size_t)tile + 2;
    mix m = {0};
    for (size_t f = 0; f < side * side; f++)
        mix_add(&m, f, backward(tile, t / 3, f / side) * backward(tile, t % 3, f % side));
    return m;
}

static void blend(const kernels *ks, const mix *m, size_t n, const float *from, size_t ld,
                  float *to) {
    const float *rows[TAPS * 4];
    for (size_t i = 0; i < m->n; i++) rows[i] = from + m->row[i] * ld;
    ks->blend_f32(n, m->n, rows, m->weight, to);
}

size_t winograd_f32_packed_floats(int tile, size_t ic, size_t oc) {
    const size_t side = (size_t)tile + 2;
    const size_t floats = sat_mul(gemm_f32_packed_floats(ic, oc), side * side);
    return sat_mul(floats, sizeof(float)) > PTRDIFF_MAX ? SIZE_MAX : floats;
}

void winograd_f32_pack(const kernels *ks, int tile, size_t ic, size_t oc, const float *w,
                       float *packed) {
    const size_t side = (size_t)tile + 2, plane = gemm_f32_packed_floats(ic, oc);
    float lines[GEMM_PANEL * CHUNK];
    for (size_t f = 0; f < side * side; f++, packed += plane) {
        const mix m = plane_mix(tile, f);
        for (size_t o = 0; o < oc; o += GEMM_PANEL) {
            const size_t cols = oc - o < GEMM_PANEL ? oc - o : GEMM_PANEL;
            for (size_t c = 0; c < ic; c += CHUNK) {
                const size_t k = ic - c < CHUNK ? ic - c : CHUNK;
                for (size_t i = 0; i < cols; i++)
                    blend(ks, &m, k, w + (o + i) * TAPS * ic + c, ic, lines + i * CHUNK);
                gemm_f32_pack(ks, GEMM_B_COLUMNS, k, cols, lines, CHUNK,
                              packed + o * ic + c * GEMM_PANEL, GEMM_PANEL * ic);
            }
        }
    }
}

void winograd_f32_unpack(const kernels *ks, int tile, size_t ic, size_t oc, const float *packed,
                         float *w) {
    const size_t side = (size_t)tile + 2, planes = side * side;
    const size_t plane = gemm_f32_packed_floats(ic, oc);
    float lines[36 * GEMM_PANEL * 4]; /* some channels of a panel: [column][plane][channels] */
    for (size_t o = 0; o < oc; o += GEMM_PANEL) {
        const size_t cols = oc - o < GEMM_PANEL ? oc - o : GEMM_PANEL;
        for (size_t c = 0; c < ic; c += 4) {
            const size_t k = ic - c < 4 ? ic - c : 4;
            for (size_t f = 0; f < planes; f++)
                gemm_f32_unpack(ks, GEMM_B_COLUMNS, k, cols,
                                packed + f * plane + o * ic + c * GEMM_PANEL, GEMM_PANEL * ic,
                                lines + f * 4, planes * 4);
            for (size_t t = 0; t < TAPS; t++) {
                const mix m = tap_mix(tile, t);
                for (size_t i = 0; i < cols; i++)
                    blend(ks, &m, k, lines + i * planes * 4, 4, w + ((o + i) * TAPS + t) * ic + c);
            }
        }
    }
}
