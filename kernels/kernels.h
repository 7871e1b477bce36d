/* SPDX-License-Identifier: Apache-2.0
 *
 * The kernel table: one function pointer (or one per element type) for each slot of slots.def.
 *
 * Kernels take raw pointers, sizes and small parameter structs. They know no tensor, no graph, no
 * thread, allocate nothing and cannot fail. A kernel reads and writes only inside the ranges its
 * arguments describe (tails are masked or scalar, never over-read), accepts n == 0, and may be
 * called with y equal to an input only where its type below says so.
 *
 * A table is built for an ISA level: the scalar filler sets every slot, then each level up to the
 * asked one overrides the slots it improves. No slot that slots.def promises is ever NULL.
 */
#ifndef HONE_KERNELS_H
#define HONE_KERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ISA levels are bundles of CPU features, ordered within an architecture. */
typedef enum isa_level {
    ISA_SCALAR,
    ISA_AVX2,       /* AVX2 + FMA + F16C + BMI2 */
    ISA_AVX512,     /* + AVX-512 F, BW, DQ, VL */
    ISA_AVX512VNNI, /* + AVX-512 VNNI */
    ISA_NEON,       /* AArch64 baseline */
    ISA_NEONDOT,    /* + dot product */
    ISA_COUNT
} isa_level;

/* Element types that kernels compute in. 16-bit floats are widened to f32 by the caller. */
typedef enum ktype {
    KT_F32,
    KT_F64,
    KT_I8,
    KT_I16,
    KT_I32,
    KT_I64,
    KT_U8,
    KT_U16,
    KT_U32,
    KT_U64,
    KT_BOOL, /* one byte, 0 or 1 */
    KT_COUNT
} ktype;

#define KT_BIT(t)   (1u << (t))
#define KT_FLOAT    (KT_BIT(KT_F32) | KT_BIT(KT_F64))
#define KT_SIGNED   (KT_BIT(KT_I8) | KT_BIT(KT_I16) | KT_BIT(KT_I32) | KT_BIT(KT_I64))
#define KT_UNSIGNED (KT_BIT(KT_U8) | KT_BIT(KT_U16) | KT_BIT(KT_U32) | KT_BIT(KT_U64))
#define KT_INTEGER  (KT_SIGNED | KT_UNSIGNED)
#define KT_NUMBER   (KT_FLOAT | KT_INTEGER)
#define KT_ANY      (KT_NUMBER | KT_BIT(KT_BOOL))

/* y[i] = f(x[i]) for i < n. y may equal x. `param` holds the formula's constants in the order that
 * slots.def states, as doubles, so that every element type can round them itself (the clip of
 * integers cuts them towards zero and to the range); it may be NULL for formulas without
 * constants. */
typedef void unary_fn(size_t n, const void *x, void *y, const double *param);

/* y[i] = f(a[i * astep], b[i * bstep]) with steps of 0 (broadcast) or 1. y may equal an input whose
 * step is 1. Comparisons and logic write one byte (0 or 1) an element. */
typedef void binary_fn(size_t n, const void *a, size_t astep, const void *b, size_t bstep, void *y);

/* y[i] = c[i * cstep] ? a[i * astep] : b[i * bstep]; c is one byte an element. */
typedef void select_fn(size_t n, const uint8_t *c, size_t cstep, const void *a, size_t astep,
                       const void *b, size_t bstep, void *y);

/* *y = fold of f over x[0..n). The order of the fold depends on n only. n == 0 gives the neutral
 * element (0 for sums, the type's lowest value for max, and so on). */
typedef void reduce_fn(size_t n, const void *x, void *y);

/* Narrow and widen 16-bit floats, round to nearest even. */
typedef void widen_fn(size_t n, const uint16_t *x, float *y);
typedef void narrow_fn(size_t n, const float *x, uint16_t *y);

/* One row of softmax (or log-softmax): y = exp(x - max) / sum. y may equal x. n >= 1. */
typedef void softmax_fn(size_t n, const float *x, float *y);
/* The same for each of `cols` columns of n lines that are ld apart, in x and in y. The bits of a
 * column do not depend on the others. */
typedef void softmax_columns_fn(size_t n, size_t cols, size_t ld, const float *x, float *y);

/* The same for a row that comes in blocks, of scores: x = exp(x * scale + mask - max) in place, max
 * being the largest so far and mask NULL or as long. Sums of the blocks before are too large if the
 * maximum has grown: state->sum is corrected, the result is the factor for what the caller has. The
 * state begins as {-INFINITY, 0}; what is -inf counts 0. */
typedef struct softmax_state {
    float max;
    double sum;
} softmax_state;
typedef float softmax_block_fn(size_t n, float *x, float scale, const float *mask,
                               softmax_state *state);

/* One row of a normalisation: y[i] = (x[i] - mean) * inv_std * scale[i] + bias[i]. scale and bias
 * may be NULL. The RMS form leaves the mean out. stats, if not NULL, receives {mean, inv_std}. y
 * may equal x. */
typedef void norm_fn(size_t n, const float *x, const float *scale, const float *bias, float eps,
                     float *y, float *stats);

/* y[i] = sum over t < taps of w[t] * rows[t][i] for i < n, in the order of t. */
typedef void blend_fn(size_t n, size_t taps, const float *const *rows, const float *w, float *y);

/* Floats to integers. y may equal x where elements have the same size. */
typedef void cast_fn(size_t n, const float *x, void *y);

/* Between floats and bytes. Element i has scale[i * by] and zero[i * by], by is 0 or 1; zero may be
 * NULL (0) and holds whole numbers of the byte's range. The same bits at all levels. */
typedef void quantize_fn(size_t n, const float *x, const float *scale, const float *zero, size_t by,
                         void *y);
typedef void dequantize_fn(size_t n, const void *x, const float *scale, const float *zero,
                           size_t by, float *y);

/* A unary f32 kernel with its constants. */
typedef struct epilogue_act {
    unary_fn *fn; /* or NULL */
    double param[2];
} epilogue_act;

/* What happens to finished rows, in this order: + bias[column], + residual, clamp to [lo, hi], then
 * each act up to the first without a kernel. Micro-kernels do all but the acts, which the drivers
 * of gemm/ and conv/ apply to whole rows that are still in cache. */
#define EPILOGUE_ACTS 2
typedef struct epilogue_f32 {
    const float *bias;     /* per column, or NULL */
    const float *residual; /* same shape as the output, or NULL */
    size_t ldr;            /* row stride of residual, in elements */
    float lo, hi;          /* -INFINITY, INFINITY when there is no clamp */
    epilogue_act act[EPILOGUE_ACTS];
} epilogue_f32;

/* The acts on n elements. */
static inline void epilogue_activate(const epilogue_f32 *ep, size_t n, float *y) {
    for (int i = 0; i < EPILOGUE_ACTS && ep->act[i].fn; i++)
        ep->act[i].fn(n, y, y, ep->act[i].param);
}

/* Micro-kernel: C[mr x nr] = (accumulate ? C : 0) + sum over taps and k of A * B, then the epilogue
 * (if ep is not NULL; only on the last K block). MR is the mr of the gemm_f32_kernel.
 *
 *   a       taps x MR row pointers: row i's k values of tap t start at a[t * MR + i] + offset
 *   packed  NULL, or the same values to be read instead of a: packed[kk * MR + i]; then taps == 1
 *           and mr == MR
 *   b       panels of 16 columns, K-major: b[(t * k + kk) * 16 + column], next panel b + ldb
 *   c       row i at c + i * ldc;  1 <= mr <= MR rows and 1 <= nr <= NR columns are written
 *
 *   next    NULL, or memory that a later call needs: every second step of the depth prefetches the
 *           line at next into L2 and goes next_step elements on
 *
 * A plain matrix product has taps == 1 and a[i] = A + i * lda. taps or k may be 0. Every element is
 * one chain of multiply-adds in the order of b, whatever mr, nr and packed are. */
#define GEMM_MAX_MR 16
#define GEMM_PANEL  16
typedef struct gemm_tile_f32 {
    const float *const *a;
    size_t offset;
    const float *packed;
    const float *b;
    size_t ldb; /* elements from one 16-column panel to the next */
    float *c;
    size_t ldc;
    size_t mr, nr, k, taps;
    const float *next;
    size_t next_step;
    bool accumulate;
    const epilogue_f32 *ep; /* bias and residual already point at this tile's first column/row */
} gemm_tile_f32;
typedef void gemm_tile_f32_fn(const gemm_tile_f32 *t);

/* Copies MR rows into the order of `packed`: packed[(t * k + kk) * MR + i] = a[t * MR + i][offset +
 * kk]. May write GEMM_MAX_MR elements past the end. */
typedef void gemm_pack_f32_fn(const float *const *a, size_t offset, size_t taps, size_t k,
                              float *packed);

/* The tile a level's micro-kernel wants; block sizes travel with the kernel that wants them. */
typedef struct gemm_f32_kernel {
    gemm_tile_f32_fn *tile;
    gemm_pack_f32_fn *pack; /* NULL: tile wants packed == NULL */
    uint8_t mr, nr;         /* nr is a multiple of GEMM_PANEL */
    uint16_t mc;            /* rows of A kept in L2 */
    uint16_t kc;            /* depth of one K block, a multiple of 8 */
    const char *name;
} gemm_f32_kernel;

/* The same in double, plainer: c[i][j] = (accumulate ? c[i][j] : 0) + sum over l < k of a[i][l] *
 * b[l][j] for any number of rows and all GEMM_F64_PANEL columns j. Every element is one chain of
 * multiply-adds in the order of l. */
#define GEMM_F64_PANEL 8
typedef struct gemm_tile_f64 {
    const double *a, *b;
    double *c; /* overlaps no operand */
    size_t lda, ldb, ldc;
    size_t rows, k;
    bool accumulate;
} gemm_tile_f64;
typedef void gemm_f64_fn(const gemm_tile_f64 *t);

/* A run of output pixels of a channels-last depthwise convolution, then the epilogue except act:
 *
 *   y[p][c] = sum over t of rows[p * step + t][offset + c] * w[t][c]
 *
 * for p < pixels, c < channels, in the order of t. Neighbouring pixels may share pointers (step <
 * taps). Padding points at zeros. */
typedef struct dwconv_f32_args {
    const float *const *rows;
    size_t offset;
    const float *w;
    float *y;
    size_t pixels, taps, step, channels, ldw, ldy;
    const epilogue_f32 *ep; /* or NULL */
} dwconv_f32_args;
typedef void dwconv_f32_fn(const dwconv_f32_args *d);

/* The same for whole output lines with square windows, whose columns are neighbours:
 *
 *   y[o * out + p][c] = clamp to [lo, hi] of bias[c] + sum over j, l < size of w[j * size + l][c] *
 *                       lines[o * line_step + l][(p * stride - pad + j) * ldx + c]
 *
 * for o < count, p < out, c < channels, with columns outside [0, in) left out. A line that is NULL
 * is zeros, so is bias. size is 3 or 5, stride 1 or 2. */
typedef struct dwband_f32_args {
    const float *const *lines;
    const float *w, *bias;
    float *y;
    size_t size, stride, line_step;
    size_t in, out, count, channels;
    int64_t pad;
    size_t ldx, ldw, ldy;
    float lo, hi;
} dwband_f32_args;
typedef void dwband_f32_fn(const dwband_f32_args *d);

/* Winograd convolution, 3 x 3 taps, tile x tile outputs from side x side inputs, side = tile + 2.
 * In: plane f of the result, v[f * ldv + c], is value f of B' d B for d = rows[..][c], side * side
 * pixels in lines. Out: A' m A for m = m[f * ldm + c], then the epilogue except act, for the first
 * height x width of the tile's outputs; lines of y are `line` apart, those of ep->residual
 * residual_line, and pixels ldy and ep->ldr. For c < channels. Strips are the same in one
 * dimension, 3 taps: side pixels and planes, the first width of tile outputs. */
typedef struct winograd_in_args {
    const float *const *rows;
    size_t channels;
    float *v;
    size_t ldv;
} winograd_in_args;
typedef void winograd_in_fn(const winograd_in_args *w);
typedef struct winograd_out_args {
    const float *m;
    size_t ldm, channels;
    float *y;
    size_t line, ldy, residual_line, height, width;
    const epilogue_f32 *ep; /* or NULL */
} winograd_out_args;
typedef void winograd_out_fn(const winograd_out_args *w);

/* y[p][c] = max (or scale[p] * sum) over t of rows[p * step + t][offset + c], for p < pixels,
 * c < channels. taps >= 1. NaN wins. */
typedef struct pool_f32_args {
    const float *const *rows;
    size_t offset;
    const float *scale; /* one a pixel; unused by max */
    float *y;
    size_t pixels, taps, step, channels, ldy;
} pool_f32_args;
typedef void pool_f32_fn(const pool_f32_args *p);

/* `steps` turns of PROBE_CHAINS independent multiply-adds in registers, nothing else; returns the
 * floating-point operations done. Timed, it is the machine's peak. state is PROBE_FLOATS floats. */
#define PROBE_CHAINS 12
#define PROBE_FLOATS (PROBE_CHAINS * 16)
typedef size_t probe_fn(size_t steps, float *state);

/* Blocked 2-D transpose: y[j * ldy + i] = x[i * ldx + j], elements of 1, 2, 4 or 8 bytes. */
typedef void transpose_fn(size_t rows, size_t cols, const void *x, size_t ldx, void *y, size_t ldy);

typedef struct kernels {
    isa_level level;
#define SLOT(name, type, doc)        type *name;
#define TYPED(name, type, mask, doc) type *name[KT_COUNT];
#define DATA(name, type, doc)        type name;
#include "slots.def"
} kernels;

/* Best level this machine supports (CPUID and operating-system state), before any cap. */
isa_level isa_detect(void);
const char *isa_name(isa_level level);
/* Level called `name`, or ISA_COUNT. */
isa_level isa_from_name(const char *name);
/* Does this machine run `level`? ISA_SCALAR always. */
bool isa_supported(isa_level level);

/* Fills *out for `level`, which must be supported. Pure: any number of tables can exist. */
void kernels_fill(isa_level level, kernels *out);

/* What the processor calls itself, or its architecture. */
enum { CPU_NAME = 64 };
void cpu_name(char out[CPU_NAME]);

/* The process-wide table: the detected level, capped by the environment variable HONE_ISA (an
 * unknown or unsupported name is ignored). Built once, thread-safe. */
const kernels *kernels_default(void);

size_t ktype_size(ktype t);

#endif
