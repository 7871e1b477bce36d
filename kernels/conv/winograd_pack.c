/* SPDX-License-Identifier: Apache-2.0
 *
 * Weights of Winograd convolutions: G g G' of every window, and the way back. Along an axis of one
 * tap there is nothing to transform.
 */
#include "conv/winograd_f32.h"
#include "gemm/gemm_pack.h"
#include "gemm/sat_size.h"

/* Input channels that are transformed together, on the stack. */
#define CHUNK      64
#define MAX_PLANES 36
#define MAX_TAPS   9

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
    size_t row[MAX_PLANES];
    float weight[MAX_PLANES];
} mix;

static void mix_add(mix *m, size_t row, double weight) {
    if (weight == 0) return;
    m->row[m->n] = row;
    m->weight[m->n++] = (float)weight;
}

static size_t taps_of(const winograd_f32_filter *f) { return (size_t)(f->taps[0] * f->taps[1]); }

/* How much tap `tap` of an axis counts in value i of its side. */
static double forward(const winograd_f32_filter *f, int axis, size_t i, size_t tap) {
    if (f->taps[axis] == 1) return 1;
    return f->tile == 2 ? g2[i][tap] : g4[i][tap];
}

static double backward(const winograd_f32_filter *f, int axis, size_t tap, size_t i) {
    if (f->taps[axis] == 1) return 1;
    return f->tile == 2 ? inverse2[tap][i] : inverse4[tap][i];
}

/* What a plane is made of: the taps. */
static mix plane_mix(const winograd_f32_filter *f, size_t plane) {
    const size_t side = winograd_f32_side(f, 1), wide = (size_t)f->taps[1];
    mix m = {0};
    for (size_t t = 0; t < taps_of(f); t++)
        mix_add(&m, t,
                forward(f, 0, plane / side, t / wide) * forward(f, 1, plane % side, t % wide));
    return m;
}

/* What tap t is made of: planes. */
static mix tap_mix(const winograd_f32_filter *f, size_t t) {
    const size_t side = winograd_f32_side(f, 1), wide = (size_t)f->taps[1];
    mix m = {0};
    for (size_t plane = 0; plane < winograd_f32_planes(f); plane++)
        mix_add(&m, plane,
                backward(f, 0, t / wide, plane / side) * backward(f, 1, t % wide, plane % side));
    return m;
}

static void blend(const kernels *ks, const mix *m, size_t n, const float *from, size_t ld,
                  float *to) {
    const float *rows[MAX_PLANES];
    for (size_t i = 0; i < m->n; i++) rows[i] = from + m->row[i] * ld;
    ks->blend_f32(n, m->n, rows, m->weight, to);
}

size_t winograd_f32_packed_floats(const winograd_f32_filter *f) {
    const size_t plane = gemm_f32_packed_floats((size_t)f->ic, (size_t)f->oc);
    const size_t floats = sat_mul(plane, winograd_f32_planes(f));
    return sat_mul(floats, sizeof(float)) > PTRDIFF_MAX ? SIZE_MAX : floats;
}

void winograd_f32_pack(const kernels *ks, const winograd_f32_filter *f, const float *w,
                       float *packed) {
    const size_t ic = (size_t)f->ic, oc = (size_t)f->oc, taps = taps_of(f);
    float lines[GEMM_PANEL * CHUNK];
    for (size_t plane = 0; plane < winograd_f32_planes(f); plane++) {
        const mix m = plane_mix(f, plane);
        for (size_t o = 0; o < oc; o += GEMM_PANEL) {
            const size_t cols = oc - o < GEMM_PANEL ? oc - o : GEMM_PANEL;
            for (size_t c = 0; c < ic; c += CHUNK) {
                const size_t k = ic - c < CHUNK ? ic - c : CHUNK;
                for (size_t i = 0; i < cols; i++)
                    blend(ks, &m, k, w + (o + i) * taps * ic + c, ic, lines + i * CHUNK);
                gemm_f32_pack(ks, GEMM_B_COLUMNS, k, cols, lines, CHUNK,
                              packed + o * ic + c * GEMM_PANEL, GEMM_PANEL * ic);
            }
        }
        packed += gemm_f32_packed_floats(ic, oc);
    }
}

void winograd_f32_unpack(const kernels *ks, const winograd_f32_filter *f, const float *packed,
                         float *w) {
    const size_t ic = (size_t)f->ic, oc = (size_t)f->oc, taps = taps_of(f);
    const size_t planes = winograd_f32_planes(f), floats = gemm_f32_packed_floats(ic, oc);
    /* some channels of a panel: [column][plane][channels] */
    float lines[MAX_PLANES * GEMM_PANEL * 4];
    mix mixes[MAX_TAPS];
    for (size_t t = 0; t < taps; t++) mixes[t] = tap_mix(f, t);
    for (size_t o = 0; o < oc; o += GEMM_PANEL) {
        const size_t cols = oc - o < GEMM_PANEL ? oc - o : GEMM_PANEL;
        for (size_t c = 0; c < ic; c += 4) {
            const size_t k = ic - c < 4 ? ic - c : 4;
            for (size_t plane = 0; plane < planes; plane++)
                gemm_f32_unpack(ks, GEMM_B_COLUMNS, k, cols,
                                packed + plane * floats + o * ic + c * GEMM_PANEL, GEMM_PANEL * ic,
                                lines + plane * 4, planes * 4);
            for (size_t t = 0; t < taps; t++)
                for (size_t i = 0; i < cols; i++)
                    blend(ks, &mixes[t], k, lines + i * planes * 4, 4,
                          w + ((o + i) * taps + t) * ic + c);
        }
    }
}
